"""What the model's states were, of every source position and every step of an inspected corpus, in half precision.

A matrix a kind, a row a state, the sentences in the table's order: ``encoder``, a row a source token;
``decoder`` and ``context``, a row a step. Their sizes are known before anything is computed, so that
each window is written at its place, by one process or several, and marked when it is on the disk.
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
from s2s.errors import UserError
from s2s.evaluate.batching import chunks
from s2s.inspect.states.sketch import sketch
from s2s.inspect.states.store import KINDS, SCHEMA, StateStore
from s2s.inspect.table import Examples
from s2s.model import Model
from s2s.model.kernels import linear
from s2s.text.vocab import BOS, UNK
from s2s.trace.trace import Trace
from s2s.train.distributed import Group

Progress = Callable[[int], None]  # told how many sentences more are done
Half = NDArray[np.float16]


class Lane(NamedTuple):
    """A source's ids, the T ids that the decoder reads, and attention that replaces the model's at some steps."""

    source: Sequence[int]
    read: Sequence[int]
    attention: Mapping[int, NDArray[np.float32]] = {}


class Vectors(NamedTuple):
    """The states of one lane: of S source positions; of T steps, the top layer's after the step; its contexts."""

    encoder_SM: Tensor
    decoder_TH: Tensor
    context_TM: Tensor


@torch.inference_mode()
def lane_states(model: Model, lanes: Sequence[Lane]) -> list[Vectors]:
    """The states of a batch of lanes; the output layer is not run."""
    memory, state = model.encode(pad([lane.source for lane in lanes]), torch.tensor([len(la.source) for la in lanes]))
    read_BT = pad([lane.read for lane in lanes])
    hidden, contexts = list[Tensor](), list[Tensor]()
    with linear.one_pass():
        for t, read_B in enumerate(read_BT.unbind(1)):
            given_BS = None
            if any(t in lane.attention for lane in lanes):
                _, look = model.look(state, read_B, memory)
                given_BS = look.attention_BS.clone()
                for row, lane in enumerate(lanes):
                    if t in lane.attention:
                        given_BS[row, : len(lane.source)] = torch.tensor(lane.attention[t])
            state, look = model.look(state, read_B, memory, given_BS)
            hidden.append(state.top_BH)
            contexts.append(look.context_BM)
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
    said = [step.output for step in trace.steps[:-1]]
    forced = trace.mode == "forced"
    read = checkpoint.target.vocab.encode(said) if forced else [known.get(token, UNK) for token in said]
    edited = {t: step.attention for t, step in enumerate(trace.steps) if step.own_attention is not None}
    source = checkpoint.source.vocab.encode(trace.source_tokens)
    return lane_states(checkpoint.model, [Lane(source, [BOS, *read], edited)])[0]


@dataclass(frozen=True)
class _Columns:
    """Which columns of the table a lane's tokens are in."""

    said: str
    forced: bool

    @property
    def names(self) -> list[str]:
        return ["id", "source_tokens", self.said, *([] if self.forced else ["cut_off"])]


class StateWriter:
    """What is kept of the states of a finished inspection; ``make`` makes what is missing of it."""

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
        """How many there are: the table's row groups."""
        return len(self.examples.starts) - 1

    @property
    def sizes(self) -> dict[str, int]:
        """How many numbers a state of a kind has."""
        return self.checkpoint.model.sizes._asdict()

    @property
    def megabytes(self) -> int:
        """What they take on the disk, sketches left out."""
        lengths = np.concatenate([self._lengths(window) for window in range(self.windows)])
        _, sources, steps = lengths.sum(axis=0).tolist()
        numbers = sources * self.sizes["encoder"] + steps * (self.sizes["decoder"] + self.sizes["context"])
        used: int = round(2 * numbers / 1e6)
        return used

    def share(self, group: Group) -> int:
        """Sentences that are this process's to do."""
        return int(np.diff(self.examples.starts)[group.rank :: group.size].sum())

    def make(self, group: Group, progress: Progress) -> None:
        """All windows that are this process's and not there yet; then the first makes them searchable."""
        if StateStore.whole(self.examples.directory):
            return
        if group.first and not self.marks.is_dir():
            self._allocate()
        group.share(0)  # the others wait for the files
        for window in range(group.rank, self.windows, group.size):
            self._window(window)
            progress(int(self.examples.starts[window + 1] - self.examples.starts[window]))
        group.share(0)  # the first waits for the windows
        if group.first:
            self._finish()
        group.share(0)

    def _allocate(self) -> None:
        """The index, and room for every state: a disk that is too small is found out here."""
        try:
            self.directory.mkdir(exist_ok=True)
            index = np.concatenate([np.zeros((1, 3), np.int64), *map(self._lengths, range(self.windows))])
            index[:, 1:] = index[:, 1:].cumsum(axis=0)
            index[:-1, 0] = index[1:, 0]  # a row: id, first encoder row, first row of a step; the last row has the ends
            np.save(self.index, index)
            for kind in KINDS:
                count = int(index[-1, 1 if kind == "encoder" else 2])
                path = self.directory / f"{kind}.npy"
                made = np.lib.format.open_memmap(path, "w+", np.float16, (count, self.sizes[kind]))
                del made
                with open(path, "r+b") as file:
                    os.posix_fallocate(file.fileno(), 0, path.stat().st_size)
            self.marks.mkdir()
        except OSError as error:
            disk.remove(self.directory)
            raise UserError("disk_write", directory=str(self.directory), reason=error.strerror) from None

    def _lengths(self, window: int) -> NDArray[np.int64]:
        """Of each sentence: id, source tokens, steps."""
        table = self._read(window)
        steps = pc.list_value_length(table[self.columns.said]).to_numpy().astype(np.int64) + 1
        if not self.columns.forced:
            steps -= table["cut_off"].to_numpy()
        sources = pc.list_value_length(table["source_tokens"]).to_numpy()
        return np.stack([table["id"].to_numpy(), sources.astype(np.int64), steps], axis=1)

    def _read(self, window: int) -> Any:
        with pq.ParquetFile(self.examples.path) as file:
            return file.read_row_group(window, columns=self.columns.names)

    def _window(self, window: int) -> None:
        """The states of a window at their places; it is marked once they are on the disk."""
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
            raise UserError("disk_write", directory=str(self.directory), reason=error.strerror) from None

    def _vectors(self, window: int) -> Iterator[tuple[int, Vectors]]:
        """Each row of the table's window with its states, in another order."""
        lanes, model = self._lanes(self._read(window).to_pylist()), self.checkpoint.model
        width = 2 * model.sizes.encoder + 3 * model.sizes.decoder
        lengths = [([0] * len(lane.source), [0] * max(len(lane.source), len(lane.read))) for lane in lanes]
        for index in chunks(lengths, width):
            yield from zip(index, lane_states(model, [lanes[i] for i in index]), strict=True)

    def _lanes(self, rows: Sequence[Mapping[str, Any]]) -> list[Lane]:
        source, target = self.checkpoint.source.vocab, self.checkpoint.target.vocab
        known = {token: i for i, token in enumerate(target.tokens)}
        lanes = []
        for row in rows:
            said = row[self.columns.said]
            ids = target.encode(said) if self.columns.forced else [known[token] for token in said]
            read = [BOS, *ids]
            lanes.append(Lane(source.encode(row["source_tokens"]), read[:-1] if row.get("cut_off") else read))
        return lanes

    def _finish(self) -> None:
        """What a search reads, and the word that all is there."""
        kinds = {}
        for kind in KINDS:
            states_NM: Half = np.load(self.directory / f"{kind}.npy", mmap_mode="r")
            shares = sketch(states_NM, self.directory, kind)
            kinds[kind] = {"states": len(states_NM), "size": self.sizes[kind], "shares": shares}
        lane = "forced" if self.columns.forced else "free"
        made = {"schema": SCHEMA, "checkpoint": self.checkpoint.digest, "lane": lane, "kinds": kinds}
        disk.write_text(self.directory / "states.json", json.dumps(made, indent=1) + "\n")
        disk.remove(self.marks)


class _Rows:
    """Rows of a matrix on disk, written each at its place; a memory map would keep them all in memory."""

    def __init__(self, path: Path) -> None:
        held = np.load(path, mmap_mode="r")
        self.first, self.width = held.offset, held.shape[1] * held.itemsize
        self.file = open(path, "r+b")  # noqa: SIM115

    def write(self, row: int, values: Half) -> None:
        """Rows from ``row`` on."""
        self.file.seek(self.first + row * self.width)
        self.file.write(values.tobytes())

    def close(self) -> None:
        """All of it on the disk: what is marked must outlast a power cut."""
        self.file.flush()
        os.fsync(self.file.fileno())
        self.file.close()
