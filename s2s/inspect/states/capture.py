"""The model's states at every source position and every step of an inspected corpus, saved in half precision.

Each kind is a matrix with a row per state, sentences in the table's order: ``encoder`` has a row per source
token, ``decoder`` and ``context`` have a row per step. The sizes are known in advance, so that each window is
written at its offset, by one process or several, and marked as done after it is flushed to disk.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import torch
from numpy.typing import NDArray
from torch import Tensor

from s2s import disk
from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import pad
from s2s.errors import UserError, reason
from s2s.evaluate.batching import chunks
from s2s.inspect.states.sketch import sketch
from s2s.inspect.states.store import KINDS, SCHEMA, StateStore
from s2s.inspect.table import Examples
from s2s.model import Model
from s2s.model.kernels import linear
from s2s.text.vocab import BOS, UNK
from s2s.trace.trace import Trace
from s2s.train.distributed import Group

Progress = Callable[[int], None]  # gets the number of sentences done since the last call
Half = NDArray[np.float16]


class Lane(NamedTuple):
    """The source ids, the T ids that the decoder reads, and by step the weights that replace the model's."""

    source: Sequence[int]
    read: Sequence[int]
    attention: Mapping[int, NDArray[np.float32]] = {}


class Vectors(NamedTuple):
    """The states of one lane: encoder states, the decoder's top layer after each step, and contexts."""

    encoder_SM: Tensor
    decoder_TH: Tensor
    context_TM: Tensor


@torch.inference_mode()
def lane_states(model: Model, lanes: Sequence[Lane]) -> list[Vectors]:
    """The states of each lane of a batch; the output layer is not run."""
    memory, state = model.encode(pad([lane.source for lane in lanes]), torch.tensor([len(la.source) for la in lanes]))
    read_BT = pad([lane.read for lane in lanes])
    hidden, contexts = list[Tensor](), list[Tensor]()
    with linear.one_pass():
        for t, read_B in enumerate(read_BT.unbind(1)):
            given_BS = None
            if any(t in lane.attention for lane in lanes):
                _, step_attention = model.attend(state, read_B, memory)
                given_BS = step_attention.attention_BS.clone()
                for row, lane in enumerate(lanes):
                    if t in lane.attention:
                        given_BS[row, : len(lane.source)] = torch.tensor(lane.attention[t])
            state, step_attention = model.attend(state, read_B, memory, given_BS)
            hidden.append(state.top_BH)
            contexts.append(step_attention.context_BM)
    hidden_BTH, context_BTM = torch.stack(hidden, dim=1), torch.stack(contexts, dim=1)
    return [
        Vectors(
            memory.states_BSM[row, : len(lane.source)],
            hidden_BTH[row, : len(lane.read)],
            context_BTM[row, : len(lane.read)],
        )
        for row, lane in enumerate(lanes)
    ]


def trace_states(checkpoint: Checkpoint, trace: Trace) -> Vectors:
    """The states of a trace, forks and edited attention included."""
    known = {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    outputs = [step.output for step in trace.steps[:-1]]
    forced = trace.mode == "forced"
    read = checkpoint.target.vocab.encode(outputs) if forced else [known.get(token, UNK) for token in outputs]
    edited = {t: step.attention for t, step in enumerate(trace.steps) if step.own_attention is not None}
    source = checkpoint.source.vocab.encode(trace.source_tokens)
    return lane_states(checkpoint.model, [Lane(source, [BOS, *read], edited)])[0]


@dataclass(frozen=True)
class _Columns:
    """The column of the table with the target tokens, and whether the lane is the forced one."""

    target: str
    forced: bool

    @property
    def names(self) -> list[str]:
        return ["id", "source_tokens", self.target, *([] if self.forced else ["cut_off"])]


class StateWriter:
    """Writes the states of a finished inspection; ``make`` computes the missing windows.

    Raises UserError if the inspection is of another checkpoint.
    """

    def __init__(self, examples: Examples, checkpoint: Checkpoint) -> None:
        self.examples, self.checkpoint = examples, checkpoint
        self.directory = examples.directory / "states"
        self.marks, self.index = self.directory / "done", self.directory / "index.npy"
        if examples.manifest["checkpoint"]["digest"] != checkpoint.digest:
            raise UserError("inspect_other", directory=str(examples.directory), what="checkpoint")
        forced = examples.manifest["settings"]["mode"] == "forced"
        self.columns = _Columns("reference_tokens" if forced else "output_tokens", forced)

    @property
    def windows(self) -> int:
        """The number of windows, which are the table's row groups."""
        return len(self.examples.starts) - 1

    @property
    def sizes(self) -> dict[str, int]:
        """The number of components of a state by kind."""
        return self.checkpoint.model.sizes._asdict()

    @property
    def megabytes(self) -> int:
        """The size of the states on disk in MB, without sketches."""
        lengths = np.concatenate([self._lengths(window) for window in range(self.windows)])
        _, sources, steps = lengths.sum(axis=0).tolist()
        numbers = sources * self.sizes["encoder"] + steps * (self.sizes["decoder"] + self.sizes["context"])
        size: int = round(2 * numbers / 1e6)
        return size

    def share(self, group: Group) -> int:
        """The number of sentences that this process computes."""
        return int(np.diff(self.examples.starts)[group.rank :: group.size].sum())

    def make(self, group: Group, progress: Progress) -> None:
        """Compute this process's missing windows; the first process then writes the sketches for the search."""
        if StateStore.whole(self.examples.directory):
            return
        if group.first and not self.marks.is_dir():
            self._allocate()
        group.share(0)  # barrier: the files exist
        for window in range(group.rank, self.windows, group.size):
            self._window(window)
            progress(int(self.examples.starts[window + 1] - self.examples.starts[window]))
        group.share(0)  # barrier: all windows are written
        if group.first:
            self._finish()
        group.share(0)

    def _allocate(self) -> None:
        """Write the index and allocate all files; UserError if the disk is too small."""
        try:
            self.directory.mkdir(exist_ok=True)
            index = np.concatenate([np.zeros((1, 3), np.int64), *map(self._lengths, range(self.windows))])
            index[:, 1:] = index[:, 1:].cumsum(axis=0)
            index[:-1, 0] = index[1:, 0]  # columns: id, first encoder row, first step row; the last row has the ends
            np.save(self.index, index)
            for kind in KINDS:
                count = int(index[-1, 1 if kind == "encoder" else 2])
                path = self.directory / f"{kind}.npy"
                matrix = np.lib.format.open_memmap(path, "w+", np.float16, (count, self.sizes[kind]))
                del matrix
                with open(path, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            self.marks.mkdir()
        except OSError as error:
            disk.remove(self.directory)
            raise UserError("disk_write", directory=str(self.directory), reason=reason(error)) from None

    def _lengths(self, window: int) -> NDArray[np.int64]:
        """Id, number of source tokens and number of steps of each sentence: (N, 3)."""
        table = self._read_window(window)
        steps = pc.list_value_length(table[self.columns.target]).to_numpy().astype(np.int64) + 1
        if not self.columns.forced:
            steps -= table["cut_off"].to_numpy()
        sources = pc.list_value_length(table["source_tokens"]).to_numpy()
        return np.stack([table["id"].to_numpy(), sources.astype(np.int64), steps], axis=1)

    def _read_window(self, window: int) -> Any:
        with pq.ParquetFile(self.examples.path) as file:
            return file.read_row_group(window, columns=self.columns.names)

    def _window(self, window: int) -> None:
        """Write the states of a window at their offsets, and mark it as done after they are flushed to disk."""
        mark, first = self.marks / f"{window:06}", int(self.examples.starts[window])
        if mark.exists():
            return
        index = np.load(self.index)
        try:
            files = {kind: _Rows(self.directory / f"{kind}.npy") for kind in KINDS}
            for row, vectors in self._vectors(window):
                _, source, step = index[first + row].tolist()
                for kind, start, values in zip(KINDS, (source, step, step), vectors, strict=True):
                    files[kind].write(start, values.half().numpy())
            for file in files.values():
                file.close()
            mark.touch()
        except OSError as error:
            raise UserError("disk_write", directory=str(self.directory), reason=reason(error)) from None

    def _vectors(self, window: int) -> Iterator[tuple[int, Vectors]]:
        """Yield each row index of a window with its states, in order of length."""
        lanes, model = self._lanes(self._read_window(window).to_pylist()), self.checkpoint.model
        width = 2 * model.sizes.encoder + 3 * model.sizes.decoder
        lengths = [([0] * len(lane.source), [0] * max(len(lane.source), len(lane.read))) for lane in lanes]
        for index in chunks(lengths, width):
            yield from zip(index, lane_states(model, [lanes[i] for i in index]), strict=True)

    def _lanes(self, rows: Sequence[Mapping[str, Any]]) -> list[Lane]:
        source, target = self.checkpoint.source.vocab, self.checkpoint.target.vocab
        known = {token: i for i, token in enumerate(target.tokens)}
        lanes = []
        for row in rows:
            tokens = row[self.columns.target]
            ids = target.encode(tokens) if self.columns.forced else [known[token] for token in tokens]
            read = [BOS, *ids]
            lanes.append(Lane(source.encode(row["source_tokens"]), read[:-1] if row.get("cut_off") else read))
        return lanes

    def _finish(self) -> None:
        """Write the sketches, and last ``states.json``, which marks the states as complete."""
        kinds = {}
        for kind in KINDS:
            states_NM: Half = np.load(self.directory / f"{kind}.npy", mmap_mode="r")
            shares = sketch(states_NM, self.directory, kind)
            kinds[kind] = {"states": len(states_NM), "size": self.sizes[kind], "shares": shares}
        lane = "forced" if self.columns.forced else "free"
        content = {"schema": SCHEMA, "checkpoint": self.checkpoint.digest, "lane": lane, "kinds": kinds}
        disk.write_text(self.directory / "states.json", json.dumps(content, indent=1) + "\n")
        disk.remove(self.marks)


class _Rows:
    """Writes rows of a .npy matrix at their offsets; a memory map would keep all of them in memory."""

    def __init__(self, path: Path) -> None:
        matrix = np.load(path, mmap_mode="r")
        self.first, self.width = matrix.offset, matrix.shape[1] * matrix.itemsize
        self.file = open(path, "r+b")  # noqa: SIM115

    def write(self, row: int, values: Half) -> None:
        """Write consecutive rows, beginning with ``row``."""
        self.file.seek(self.first + row * self.width)
        self.file.write(values.tobytes())

    def close(self) -> None:
        """Flush to disk and close, so that a window marked as done survives a power cut."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
