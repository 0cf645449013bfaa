"""Groups Keras arrays into layers, and assigns each layer its role in the tutorial's model, by shape.

Names differ between versions of Keras and between models; shapes do not. If shapes allow several assignments, words
in the names decide (``encoder``, ``attention``, ``forward``), and then the user.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from s2s.adapters.arrays import Arrays, short_printable
from s2s.errors import UserError

MATRICES = (
    "encoder.embedding",
    "decoder.embedding",
    "attention.query",
    "attention.key",
    "attention.v",
    "decoder.output",
)
GRUS = ("encoder.gru", "decoder.gru", "encoder.backward")  # the last one only with Bidirectional
ROLES = (*MATRICES, *GRUS)
ENCODER = {"encoder.embedding", "encoder.gru", "encoder.backward"}
HINTS = {  # word in a layer's path → roles that it allows
    "encoder": ENCODER,
    "decoder": set(ROLES) - ENCODER,
    "attention": {"attention.query", "attention.key", "attention.v"},
    "forward": {"encoder.gru"},
    "backward": {"encoder.backward"},
}
ORDER = {"embeddings": 0, "kernel": 0, "recurrent_kernel": 1, "bias": 2}
POINTER = re.compile(r"pointer|p_gen|pgen|cover")  # in the path of a layer
LISTED = 24  # layers that an error message lists, at most


@dataclass(frozen=True)
class Layer:
    """The weights of one layer: ``matrix``, ``dense`` (kernel, bias) or ``gru`` (kernel, recurrent, bias)."""

    kind: str
    path: str
    arrays: tuple[np.ndarray, ...]

    @property
    def kernel(self) -> np.ndarray:
        """The first matrix: (inputs, outputs), or (tokens, size) of an embedding."""
        return self.arrays[0]

    @property
    def bias(self) -> np.ndarray:
        """The bias of a Dense layer; zeros if it has none."""
        return self.arrays[1] if self.kind == "dense" else np.zeros(self.kernel.shape[1], np.float32)

    @property
    def size(self) -> int:
        """The size of the output."""
        return int(self.arrays[1].shape[0] if self.kind == "gru" else self.kernel.shape[1])


Roles = dict[str, Layer]  # role → layer


def group_layers(file: Path, arrays: Arrays) -> list[Layer]:
    """The arrays grouped into layers. UserError for a layer that this model cannot have."""
    groups: dict[tuple[str, ...], list[tuple[str, np.ndarray]]] = {}
    for name, array in arrays.items():
        *within, last = re.split(r"[/.]", re.sub(r":\d+$", "", name))
        if within and within[-1] == "vars":
            del within[-1]
        groups.setdefault(tuple(within), []).append((last, array))
    found = []
    for parents, members in groups.items():
        if parents:
            members.sort(key=lambda member: ORDER.get(member[0], int(member[0]) if member[0].isdecimal() else 0))
        path = "/".join(parents)
        for name, kind, group in _parse(members):
            where = path if path and kind == "whole" else "/".join(filter(None, (path, name)))
            found.append(_layer(file, where, group))
    return found


def _parse(members: Sequence[tuple[str, np.ndarray]]) -> Iterator[tuple[str, str, tuple[np.ndarray, ...]]]:
    """Split a group's arrays into layers, in order; ``whole`` marks a group of one layer, named by the group."""
    at = 0
    while at < len(members):
        shapes = [array.shape for _, array in members[at : at + 3]]
        taken = 3 if _recurrent(shapes) else 2 if _dense(shapes) else 1
        group = tuple(array for _, array in members[at : at + taken])
        yield members[at][0], "whole" if taken == len(members) else "part", group
        at += taken


def _recurrent(shapes: Sequence[tuple[int, ...]]) -> bool:
    if len(shapes) < 3 or [len(s) for s in shapes[:2]] != [2, 2]:
        return False
    (_, wide), (size, same) = shapes[:2]
    return same == wide and size > 0 and wide in (3 * size, 4 * size) and shapes[2][-1:] == (wide,)


def _dense(shapes: Sequence[tuple[int, ...]]) -> bool:
    return len(shapes) >= 2 and len(shapes[0]) == 2 and shapes[1] == shapes[0][1:]


def _layer(file: Path, path: str, group: tuple[np.ndarray, ...]) -> Layer:
    if max(array.ndim for array in group) > 2 and len(group) == 1:
        raise UserError("keras_heads", file=str(file), key=short_printable(path), found=list(group[0].shape))
    if group[0].ndim != 2 or not group[0].size:
        raise UserError("keras_alone", file=str(file), key=short_printable(path), found=list(group[0].shape))
    if len(group) < 3:
        return Layer(("matrix", "dense")[len(group) - 1], path, group)
    size, wide = group[1].shape
    if wide == 4 * size:
        raise UserError("keras_lstm", file=str(file), key=short_printable(path))
    if group[2].shape not in ((2, wide), (wide,)):  # the second of reset_after=False
        raise UserError("keras_reset", file=str(file), key=short_printable(path))
    return Layer("gru", path, group)


def assign_roles(file: Path, found: Sequence[Layer], named: Mapping[str, str], words: tuple[int, int]) -> Roles:
    """Assign every layer its role, by shapes, names and ``named`` (role → path), which the user gave.

    ``words``: the sizes of both vocabularies, used only if everything else leaves a choice. UserError unless exactly
    one assignment is possible.
    """
    grus = [layer for layer in found if layer.kind == "gru"]
    others = [layer for layer in found if layer.kind != "gru"]
    for layer in others if len(others) > len(MATRICES) else ():
        if POINTER.search(layer.path.lower()) or layer.kernel.shape[0] == 1:
            raise UserError("keras_pointer", file=str(file), key=short_printable(layer.path))
    ways = list(_assignments(grus, others)) if len(grus) in (2, 3) and len(others) == len(MATRICES) else []
    tutorial = [way for way in ways if gru_reads_context(way) and not output_reads_context(way)]
    ways = tutorial or ways
    if not ways:
        raise UserError("keras_structure", file=str(file), found=describe_layers(found))
    for role, path in named.items():
        ways = [way for way in ways if role in way and _path_matches(way[role], path)]
        if not ways:
            raise UserError("keras_map", key=role, path=path, found=describe_layers(found))
    for word in HINTS:
        ways = [way for way in ways if _fits_names(way, word)] or ways
    ways = [way for way in ways if _vocabulary_sizes(way) == words] or ways
    if len(ways) > 1:
        _raise_ambiguous(file, ways)
    return ways[0]


def _assignments(grus: Sequence[Layer], others: Sequence[Layer]) -> Iterator[Roles]:
    """Every assignment in which each layer's input size is the output size of the layers before it."""
    for recurrent in itertools.permutations(grus):
        for rest in itertools.permutations(others):
            way = dict(zip(ROLES, (*rest, *recurrent), strict=False))
            if way["encoder.embedding"].kind == way["decoder.embedding"].kind == "matrix" and _fits(way):
                yield way


def gru_reads_context(way: Roles) -> bool:
    """Whether the decoder's GRU reads word and context, as in the tutorial, or the word alone."""
    return bool(way["decoder.gru"].kernel.shape[0] != way["decoder.embedding"].size)


def output_reads_context(way: Roles) -> bool:
    """Whether the output layer reads state and context, or the state alone, as in the tutorial."""
    return bool(way["decoder.output"].kernel.shape[0] != way["decoder.gru"].size)


def _fits(way: Roles) -> bool:
    state, memory = way["decoder.gru"].size, way["attention.key"].kernel.shape[0]
    units = way["encoder.gru"].size
    read = way["decoder.embedding"].size + memory * gru_reads_context(way)
    joined = state + memory * output_reads_context(way)
    expected = {
        "encoder.gru": (way["encoder.embedding"].size, 3 * units),
        "encoder.backward": (way["encoder.embedding"].size, 3 * units),
        "decoder.gru": (read, 3 * state),
        "attention.query": (state, way["attention.key"].size),
        "attention.v": (way["attention.key"].size, 1),
        "decoder.output": (joined, way["decoder.embedding"].kernel.shape[0]),
    }
    somewhere = gru_reads_context(way) or output_reads_context(way)
    return (
        somewhere
        and memory in (units, 2 * units)
        and all(way[r].kernel.shape == s for r, s in expected.items() if r in way)
    )


def _path_matches(layer: Layer, path: str) -> bool:
    """Whether one is the end of the other: messages name layers by the end of their path."""
    return f"/{layer.path}".endswith(f"/{path}") or f"/{path}".endswith(f"/{layer.path}")


def _fits_names(way: Roles, word: str) -> bool:
    """Whether every layer whose path contains the word has a role that the word allows."""
    return all(role in HINTS[word] for role, layer in way.items() if word in layer.path.lower())


def _vocabulary_sizes(way: Roles) -> tuple[int, int]:
    return way["encoder.embedding"].kernel.shape[0], way["decoder.embedding"].kernel.shape[0]


def _raise_ambiguous(file: Path, ways: Sequence[Roles]) -> None:
    """Raise a UserError that asks for the first role on which the assignments differ."""
    for role in ("attention.query", *ROLES):
        paths = sorted({_unique_ending(way[role], way) for way in ways if role in way})
        if len(paths) > 1:
            known = " / ".join(map(short_printable, paths))
            raise UserError(
                "keras_query" if role == "attention.query" else "keras_ambiguous",
                file=str(file),
                key=role,
                known=known,
                path=short_printable(paths[0]),
            )


def _unique_ending(layer: Layer, way: Roles) -> str:
    """The shortest suffix of a layer's path that no other layer has."""
    parts = layer.path.split("/")
    ends = ("/".join(parts[-count:]) for count in range(1, len(parts)))
    alone = (end for end in ends if sum(_path_matches(other, end) for other in way.values()) == 1)
    return next(alone, layer.path)


def describe_layers(found: Sequence[Layer]) -> str:
    """The layers for an error message: path, kind and shape of the first matrix."""
    shapes = (
        f"{short_printable(layer.path)} {layer.kind} {'×'.join(map(str, layer.kernel.shape))}"
        for layer in found[:LISTED]
    )
    return ", ".join(shapes) + (", …" if len(found) > LISTED else "")
