"""Windows, parts, resuming, several processes: the table is the same however it was made."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch

from s2s.checkpoint.open import load
from s2s.errors import UserError
from s2s.inspect import run as module
from s2s.inspect.causes import TAGS, Trial, tag_columns
from s2s.inspect.rows import Example, Row, Rows
from s2s.inspect.run import Input, Inspection
from s2s.inspect.schema import PART, TABLE
from s2s.train.distributed import Group
from tests.factory import SOURCE, TARGET, make_checkpoint
from tests.paths import ROOT

ONE = Group(0, 1, torch.device("cpu"))
FILES = ("baselines.parquet", "examples.parquet", "manifest.json", "summary.json", "target_ranks.parquet")
SCRIPT = """
import os, signal, sys
from pathlib import Path
from s2s import disk
from s2s.__main__ import main
from s2s.inspect import run

run.WINDOW = 5
place, name, kill_after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
write, written = disk.write_file, []
def count(path, fill):
    if kill_after and len(written) >= kill_after:
        fill(path.with_name(path.name + ".new"))  # in the middle of the next part
        os.kill(os.getpid(), signal.SIGKILL)
    write(path, fill)
    written.append(path)
disk.write_file = count
run.disk.write_file = count
told, begin = [], run.Inspection.run
run.Inspection.run = lambda self, group, progress: begin(self, group, lambda n: (told.append(n), progress(n)))
status = main(["inspect", str(place / "tiny-general"), str(place / "pairs.tsv"), "--out", str(place / name)])
os.write(1, f"\\nTOLD {sum(told)}\\n".encode())  # in one piece, beside another process
sys.exit(status)
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint, 33 pairs, and the table that one process makes of them in one go."""
    place, rng = tmp_path_factory.mktemp("inspect"), random.Random(0)
    make_checkpoint(place, "general", scale=0.7)
    rows = []
    for _ in range(33):
        source = "".join(rng.choices(SOURCE.tokens[4:], k=rng.randint(1, 6)))
        rows.append(f"{source}\t{' '.join(rng.choices(TARGET.tokens[4:], k=rng.randint(1, 6)))}\n")
    (place / "pairs.tsv").write_text("".join(rows), encoding="utf-8")
    (place / "script.py").write_text(SCRIPT)
    assert run(place, "whole") == (0, 33)
    return place


def run(place: Path, name: str, kill_after: int = 0, processes: int = 1) -> tuple[int, int]:
    """Exit status and the pairs that progress was told of."""
    several = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", str(processes)]
    command = [sys.executable, *(several if processes > 1 else []), str(place / "script.py"), str(place), name]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(kill_after)], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300
    )
    told = [int(line.split()[1]) for line in done.stdout.splitlines() if line.startswith("TOLD")]
    return done.returncode, sum(told)


def same(one: Path, other: Path) -> None:
    """Two directories hold the same files, bit for bit."""
    assert sorted(path.name for path in one.iterdir()) == list(FILES)
    for name in FILES:
        assert (one / name).read_bytes() == (other / name).read_bytes(), name


def content(directory: Path) -> list[Row]:
    table = pq.read_table(directory / "examples.parquet")
    assert table.schema.names == TABLE.names
    rows: list[Row] = table.to_pylist()
    return rows


def test_each_pair_has_one_row_in_the_file_s_order(place: Path) -> None:
    rows = content(place / "whole")
    lines = (place / "pairs.tsv").read_text(encoding="utf-8").splitlines()
    assert [f"{row['source']}\t{row['reference']}" for row in rows] == lines
    assert [row["id"] for row in rows] == list(range(1, 34))
    manifest = json.loads((place / "whole" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["pairs"], manifest["examples"], manifest["left_out"], manifest["bad_rows"]) == (33, 33, 0, 0)
    assert manifest["checkpoint"]["digest"] == load(place / "tiny-general").digest
    assert manifest["file"]["bytes"] == (place / "pairs.tsv").stat().st_size
    assert sorted(p.name for p in (place / "whole").iterdir()) == list(FILES)
    assert pq.read_metadata(place / "whole" / "examples.parquet").num_row_groups == 7


def test_causes_follow_from_the_columns(place: Path) -> None:
    held = json.loads((place / "whole" / "manifest.json").read_text(encoding="utf-8"))["experiments"]
    trials = {name: Trial(*(one[key] for key in ("tried", "mended", "placebo", "p"))) for name, one in held.items()}
    assert {name: one["stated"] for name, one in held.items()} == {name: one.stated for name, one in trials.items()}
    for row in content(place / "whole"):
        tags = set(TAGS.values())
        assert {name: row[name] for name in tags} == tag_columns(row, trials)
        assert set(row) - tags == set(PART.names)


@pytest.mark.parametrize("after", [1, 4, 7, 8])
def test_killed_in_the_middle_it_goes_on_where_it_was(place: Path, after: int) -> None:
    """Written are the manifest, seven parts, the manifest again, the table; killed while the next is written."""
    name = f"killed-{after}"
    assert run(place, name, after) == (-9, 0)
    assert not (place / name / "examples.parquet").exists()
    done = {path.name: path.stat().st_mtime_ns for path in (place / name / "parts").glob("*.parquet")}
    assert len(done) == min(7, after - 1)
    assert run(place, name) == (0, 33)
    same(place / name, place / "whole")


def test_what_is_done_is_not_done_again(place: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in (place / "whole").iterdir()}
    assert run(place, "whole") == (0, 0)
    assert {path.name: path.stat().st_mtime_ns for path in (place / "whole").iterdir()} == before


def test_two_processes_make_the_same_table(place: Path) -> None:
    assert run(place, "two", processes=2) == (0, 33)
    same(place / "two", place / "whole")
    assert run(place, "mixed", kill_after=3)[0] == -9  # begun by one, ended by two
    assert run(place, "mixed", processes=2) == (0, 33)
    same(place / "mixed", place / "whole")


@pytest.mark.parametrize("what", ["checkpoint", "file", "settings", "schema"])
def test_another_inspection_is_never_written_over(place: Path, tmp_path: Path, what: str) -> None:
    directory, file, limit = place / "tiny-general", place / "pairs.tsv", None
    if what == "checkpoint":
        directory = make_checkpoint(tmp_path, "general", scale=0.5)
    if what == "file":
        file = tmp_path / "pairs.tsv"
        file.write_bytes((place / "pairs.tsv").read_bytes() + "茶\ttea\n".encode())
    if what == "settings":
        limit = 3
    held = place / "whole"
    if what == "schema":
        held = tmp_path / "old"
        held.mkdir()
        (held / "manifest.json").write_text('{"schema": "lookback-inspection/0"}')
    before = {path: path.read_bytes() for path in held.iterdir()}
    told = "another version" if what == "schema" else f"a different {what}"
    with pytest.raises(UserError, match=told):
        Inspection(held, load(directory), Input(file, limit=limit))
    assert {path: path.read_bytes() for path in held.iterdir()} == before


def test_a_directory_with_other_things_is_left_alone(place: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(UserError, match="not an inspection"):
        Inspection(tmp_path, load(place / "tiny-general"), Input(place / "pairs.tsv"))
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_bad_rows_are_named_or_counted(place: Path, tmp_path: Path) -> None:
    file, checkpoint = tmp_path / "bad.tsv", load(place / "tiny-general")
    file.write_bytes("我\tI\nno tab\n茶\ttea\n".encode() + b"\xff\xfe\n" + "水\t\n水\twater\n".encode())
    with pytest.raises(UserError, match=r"bad.tsv, row 2"):
        Inspection(tmp_path / "out", checkpoint, Input(file))
    assert not (tmp_path / "out").exists()
    Inspection(tmp_path / "out", checkpoint, Input(file, skip_bad=True)).run(ONE, lambda count: None)
    assert [(row["id"], row["source"]) for row in content(tmp_path / "out")] == [(1, "我"), (3, "茶"), (6, "水")]
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert (manifest["pairs"], manifest["bad_rows"]) == (3, 3)
    assert [next(n for n in (2, 4, 5) if f"row {n}" in said) for said in manifest["bad"]] == [2, 4, 5]


def test_pairs_that_the_model_cannot_take_are_counted(place: Path, tmp_path: Path) -> None:
    file, checkpoint = tmp_path / "long.tsv", load(place / "tiny-general")
    file.write_text("我\tI\n" + "我" * 401 + "\tI\n茶\ttea\n", encoding="utf-8")
    told = list[int]()
    Inspection(tmp_path / "out", checkpoint, Input(file)).run(ONE, told.append)
    assert [row["id"] for row in content(tmp_path / "out")] == [1, 3] and sum(told) == 3
    assert json.loads((tmp_path / "out" / "manifest.json").read_text())["left_out"] == 1
    file.write_text("我" * 401 + "\tI\n", encoding="utf-8")
    with pytest.raises(UserError, match="No pair in the file can be measured"):
        Inspection(tmp_path / "none", checkpoint, Input(file)).run(ONE, told.append)


def test_never_more_than_a_window_is_held(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the n-th part is begun no more than n windows of the file have been read."""
    monkeypatch.setattr(module, "WINDOW", 4)
    read, sizes = [0], list[tuple[int, int]]()
    pairs: Callable[..., Iterator[Any]] = Input.pairs
    rows: Callable[..., Iterator[Any]] = Rows.rows

    def counted(self: Input, *how: Any) -> Iterator[Any]:
        read[0] = 0
        for pair in pairs(self, *how):
            read[0] += 1
            yield pair

    def measured(self: Rows, examples: list[Example]) -> Iterator[list[Row]]:
        sizes.append((len(examples), read[0]))
        return rows(self, examples)

    monkeypatch.setattr(Input, "pairs", counted)
    monkeypatch.setattr(Rows, "rows", measured)
    source = Input(place / "pairs.tsv", limit=18)
    Inspection(tmp_path / "out", load(place / "tiny-general"), source).run(ONE, lambda count: None)
    assert sizes == [(4, 4), (4, 8), (4, 12), (4, 16), (2, 18)]
    assert len(content(tmp_path / "out")) == 18


def test_windows_change_no_row(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW", 33)
    Inspection(tmp_path / "out", load(place / "tiny-general"), Input(place / "pairs.tsv")).run(ONE, lambda count: None)
    for one, other in zip(content(tmp_path / "out"), content(place / "whole"), strict=True):
        for name, value in one.items():
            assert value == (pytest.approx(other[name], abs=1e-3) if is_float(value) else other[name]), name


def is_float(value: object) -> bool:
    return isinstance(value, float) or (isinstance(value, list) and bool(value) and isinstance(value[0], float))
