"""Sketches: short versions of states that give a lower bound on the distance of any two states.

For a state x, let u be x/‖x‖ minus the mean of all unit vectors, written in an orthonormal basis whose first D
directions are the principal ones. The sketch of x has these D coordinates, the length r of the rest of u, and the
squared length of u. By the Cauchy-Schwarz inequality |u - v|² ≥ |u_D - v_D|² + (r_u - r_v)² for any basis, so
states that the bound rules out need not be read.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from s2s.inspect.states.store import Double, Half

DIRECTIONS = 64  # principal directions of a sketch, at most
SAMPLE = 100_000  # evenly spaced states that the basis is computed from, at most
CHUNK = 8192  # states processed at a time


def unit(states_NM: np.ndarray) -> Double:
    """Rows scaled to length 1, in double precision; a row of zeros stays zero."""
    wide = np.asarray(states_NM, dtype=np.float64)
    lengths = np.sqrt((wide * wide).sum(axis=1, keepdims=True))
    out: Double = wide / np.maximum(lengths, np.finfo(np.float64).tiny)
    return out


def basis(states_NM: Half, directions: int = DIRECTIONS) -> tuple[Double, list[float]]:
    """The mean of the unit vectors over their principal directions, (1 + D, M), and the directions' variance shares.

    The largest component of each direction is positive.
    """
    count, size = min(len(states_NM), SAMPLE), states_NM.shape[1]
    sample = np.linspace(0, len(states_NM) - 1, count).round().astype(np.int64)
    total, squares, start = np.zeros(size), np.zeros((size, size)), 0
    for chunk in chunked(states_NM):
        first, last = np.searchsorted(sample, [start, start + len(chunk)])
        part = unit(chunk[sample[first:last] - start])
        total += part.sum(axis=0)
        squares += part.T @ part
        start += len(chunk)
    mean = total / count
    variances, vectors = np.linalg.eigh(squares / count - np.outer(mean, mean))
    kept = vectors[:, ::-1][:, :directions].T
    kept = kept * np.sign(kept[np.arange(len(kept)), np.abs(kept).argmax(axis=1)])[:, None]
    shares = variances[::-1][:directions].clip(0) / max(variances.clip(0).sum(), np.finfo(np.float64).tiny)
    return np.concatenate([mean[None], kept]), shares.tolist()


def sketched(states_NM: np.ndarray, basis_DM: Double) -> Double:
    """The sketches of states, (N, D + 2): D coordinates, the length of the rest, the squared length."""
    centred = unit(states_NM) - basis_DM[0]
    coordinates_ND = centred @ basis_DM[1:].T
    squared_N = (centred * centred).sum(axis=1)
    rest_N = np.sqrt((squared_N - (coordinates_ND * coordinates_ND).sum(axis=1)).clip(0))
    return np.concatenate([coordinates_ND, rest_N[:, None], squared_N[:, None]], axis=1)


def sketch(states_NM: Half, directory: Path, kind: str) -> list[float]:
    """Write the basis and the sketches of a kind; return each direction's share of the variance."""
    basis_DM, shares = basis(states_NM)
    np.save(directory / f"{kind}.basis.npy", basis_DM)
    header = {"descr": "<f4", "fortran_order": False, "shape": (len(states_NM), len(basis_DM) + 1)}
    with open(directory / f"{kind}.sketch.npy", "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        for part in chunked(states_NM):
            file.write(sketched(part, basis_DM).astype("<f4").tobytes())
    return shares


def chunked(states_NM: Half) -> Iterator[Half]:
    """Yield the states in chunks; those of a file are read, because mapped pages would count as process memory."""
    if not isinstance(states_NM, np.memmap):
        yield from (states_NM[start : start + CHUNK] for start in range(0, len(states_NM), CHUNK))
        return
    size = states_NM.shape[1]
    with open(str(states_NM.filename), "rb") as file:
        file.seek(states_NM.offset)
        while len(part := np.fromfile(file, np.float16, CHUNK * size)):
            yield part.reshape(-1, size)
