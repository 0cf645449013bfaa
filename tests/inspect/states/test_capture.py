"""Kept states are those of decoding, to half precision, killed in between or not, by one process or two."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch

from s2s import disk
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace, walk
from s2s.decode.prefix_cache import PrefixCache
from s2s.errors import UserError
from s2s.inspect.states import capture as module
from s2s.inspect.states.capture import Lane, StateWriter, lane_states, trace_states
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples
from s2s.text.vocab import BOS, EOS
from s2s.trace.branch import Edit
from tests.factory import make_checkpoint
from tests.inspect.corpus import ONE, inspected
from tests.paths import ROOT

MODELS = [("additive", {}), ("general", {"cell": "lstm", "encoder_layers": 2}), ("local-p", {"input_feeding": False})]
SCRIPT = """
import os, signal, sys
from pathlib import Path
from s2s.checkpoint.open import load
from s2s.inspect.states import capture
from s2s.inspect.table import Examples
from s2s.train.distributed import join, leave

place, name, kill_after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
write, written = capture._Rows.write, []
def count(self, row, values):
    if kill_after and len(written) >= kill_after:
        write(self, row, values[: len(values) // 2])  # in the middle of a sentence
        self.file.flush()
        os.kill(os.getpid(), signal.SIGKILL)
    write(self, row, values)
    written.append(row)
capture._Rows.write = count
told = []
capture.StateWriter(Examples(place / name), load(place / "tiny-general")).make(join(), told.append)
os.write(1, f"\\nTOLD {sum(told)} WRITTEN {len(written)}\\n".encode())  # in one piece, beside another process
leave()
"""


def decoded(checkpoint: Checkpoint, source: Sequence[int], ids: Sequence[int]) -> list[np.ndarray]:
    """The states of a lane, one sentence alone, step by step as a trace is made."""
    reading = PrefixCache(checkpoint.model, source)
    _, places = walk(reading, lambda log_probs_V, t: ids[t], len(ids), {})
    hidden = torch.stack([place.state.hidden_LBH[-1, 0] for place in places])
    context = torch.stack([place.output.attention.context_BM[0] for place in places if place.output])
    return [part.numpy() for part in (reading.memory.states_BSM[0], hidden, context)]


def same(one: StateStore, other: StateStore) -> bool:
    files = [f"{kind}{part}.npy" for kind in KINDS for part in ("", ".basis", ".sketch")]
    return all(
        (one.directory / name).read_bytes() == (other.directory / name).read_bytes() for name in ("index.npy", *files)
    )


@pytest.mark.parametrize(("attention", "model"), MODELS)
def test_kept_states_are_those_of_decoding(tmp_path: Path, attention: str, model: dict[str, object]) -> None:
    examples, checkpoint = inspected(tmp_path, attention, **model)
    told = list[int]()
    StateWriter(examples, checkpoint).make(ONE, told.append)
    kept, ids = StateStore(examples.directory), {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    assert (sum(told), kept.lane) == (23, "free")
    ends = dict.fromkeys(KINDS, 0)
    for row in examples.rows(np.arange(23), ["id", "source_tokens", "output_tokens", "cut_off"]):
        said = [ids[token] for token in row["output_tokens"]] + ([] if row["cut_off"] else [EOS])
        expected = decoded(checkpoint, checkpoint.source.vocab.encode(row["source_tokens"]), said)
        for kind, values in zip(KINDS, expected, strict=True):
            rows = kept.rows(kind, row["id"])
            assert (rows.start, len(rows)) == (ends[kind], len(values))
            ends[kind] = rows.stop
            found = kept.states(kind)[rows.start : rows.stop].astype(np.float64)
            assert (np.abs(found - values) <= np.abs(values) * 2**-11 + 1e-5).all()  # half precision, and rounding
            places = kept.positions(kind, np.array(rows))
            assert [(place.id, place.position) for place in places] == [(row["id"], n) for n in range(len(rows))]
            assert set(kept.ids(kind, np.array(rows)).tolist()) == {row["id"]}
    assert ends == {kind: len(kept.states(kind)) for kind in KINDS}
    assert kept.states("decoder").dtype == np.float16


def test_the_reference_s_lane_where_there_is_no_other(tmp_path: Path) -> None:
    examples, checkpoint = inspected(tmp_path, mode="forced", count=7)
    StateWriter(examples, checkpoint).make(ONE, lambda done: None)
    kept = StateStore(examples.directory)
    row = examples.example(4)
    gold = [*checkpoint.target.vocab.encode(row["reference_tokens"]), EOS]
    expected = decoded(checkpoint, checkpoint.source.vocab.encode(row["source_tokens"]), gold)
    rows = kept.rows("decoder", 4)
    assert kept.lane == "forced" and len(rows) == len(gold)
    np.testing.assert_allclose(kept.states("decoder")[rows.start : rows.stop], expected[1], atol=1e-3)


@pytest.mark.parametrize(("attention", "model"), MODELS)
def test_states_of_a_trace_with_a_fork_and_an_edit(tmp_path: Path, attention: str, model: dict[str, object]) -> None:
    checkpoint = load(make_checkpoint(tmp_path, attention, scale=0.7, **model))
    edits = {1: Edit.parse("uniform"), 2: Edit.parse("1")}
    made = trace(checkpoint, "我喜欢喝茶。", "I like tea.", prefix="he do", attention=edits)
    known = {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    ids = [known[step.output] for step in made.steps]
    reading = PrefixCache(checkpoint.model, checkpoint.source.vocab.encode(made.source_tokens))
    _, places = walk(reading, lambda log_probs_V, t: ids[t], len(ids), edits)
    found = trace_states(checkpoint, made)
    for t, place in enumerate(places):
        assert place.output is not None
        torch.testing.assert_close(found.decoder_TH[t], place.state.hidden_LBH[-1, 0], atol=1e-5, rtol=0)
        torch.testing.assert_close(found.context_TM[t], place.output.attention.context_BM[0], atol=1e-5, rtol=0)
        np.testing.assert_allclose(found.context_TM[t][:4], made.steps[t].context, atol=1e-5)
    np.testing.assert_allclose(found.encoder_SM[:, :4], made.memory, atol=1e-5)
    forced = trace(checkpoint, "我喜欢喝茶。", "I like tea.", "forced")
    np.testing.assert_allclose(
        trace_states(checkpoint, forced).context_TM[:, :4], [step.context for step in forced.steps], atol=1e-5
    )


def test_padding_and_an_edit_of_one_lane_leave_the_others(tmp_path: Path) -> None:
    checkpoint = load(make_checkpoint(tmp_path, "general", scale=0.7))
    lanes = [Lane([4, 5, 6], [BOS, 4], {1: np.array([0, 0, 1], np.float32)}), Lane([7], [BOS, 6, 5, 4])]
    for both, lane in zip(lane_states(checkpoint.model, lanes), lanes, strict=True):
        for found, expected in zip(both, lane_states(checkpoint.model, [lane])[0], strict=True):
            torch.testing.assert_close(found, expected, atol=1e-5, rtol=0)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, an inspection without states, and the same with those that one process makes in one go."""
    place = tmp_path_factory.mktemp("states")
    _, checkpoint = inspected(place)
    shutil.copytree(place / "made", place / "whole")
    StateWriter(Examples(place / "whole"), checkpoint).make(ONE, lambda done: None)
    (place / "script.py").write_text(SCRIPT)
    return place


def run(place: Path, name: str, kill_after: int = 0, processes: int = 1) -> tuple[int, list[list[str]]]:
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(several if processes > 1 else []), str(place / "script.py"), str(place), name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, str(kill_after)], env=environment, capture_output=True, text=True, timeout=300)
    return done.returncode, [line.split() for line in done.stdout.splitlines() if line.startswith("TOLD")]


def test_killed_in_the_middle_it_goes_on_with_one_process_or_two(place: Path) -> None:
    """Three writes a sentence, five sentences a window: killed in the third window."""
    shutil.copytree(place / "made", place / "killed")
    assert run(place, "killed", kill_after=37) == (-9, [])
    done = {path.name: path.stat().st_mtime_ns for path in (place / "killed" / "states" / "done").iterdir()}
    assert sorted(done) == ["000000", "000001"] and not StateStore.whole(place / "killed")
    with pytest.raises(UserError, match="no saved states"):
        StateStore(place / "killed")
    shutil.copytree(place / "killed", place / "two")
    for name, processes in (("killed", 1), ("two", 2)):
        status, told = run(place, name, processes=processes)
        assert status == 0
        assert sum(int(line[1]) for line in told) == 23 and sum(int(line[3]) for line in told) == 3 * 13
        assert same(StateStore(place / name), StateStore(place / "whole"))
        assert not (place / name / "states" / "done").exists()


def test_what_is_there_is_not_made_again(place: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in (place / "whole" / "states").iterdir()}
    StateWriter(Examples(place / "whole"), load(place / "tiny-general")).make(
        ONE, lambda done: pytest.fail("made again")
    )
    assert {path: path.stat().st_mtime_ns for path in (place / "whole" / "states").iterdir()} == before
    held = json.loads((place / "whole" / "states" / "states.json").read_text())
    assert held["checkpoint"] == load(place / "tiny-general").digest
    assert held["kinds"]["encoder"]["size"] == 12 and held["kinds"]["decoder"]["size"] == 10


def test_another_checkpoint_is_refused(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="a different checkpoint"):
        StateWriter(Examples(place / "made"), load(make_checkpoint(tmp_path, "additive")))


def test_a_full_disk_is_found_out_before_anything_is_computed(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int, offset: int, length: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "posix_fallocate", full)
    monkeypatch.setattr(module, "lane_states", lambda *given: pytest.fail("computed"))
    shutil.copytree(place / "made", place / "full")
    with pytest.raises(UserError, match="the disk is full"):
        StateWriter(Examples(place / "full"), load(place / "tiny-general")).make(ONE, lambda done: None)
    assert not (place / "full" / "states").exists()
    disk.remove(place / "full")
