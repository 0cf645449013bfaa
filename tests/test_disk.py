from __future__ import annotations

import errno
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from s2s import disk
from s2s.checkpoint.native import store_scores
from s2s.checkpoint.open import load
from s2s.errors import UserError
from tests.factory import SCORES, make_checkpoint
from tests.paths import ROOT
from tests.wait import until


def fill(content: str) -> object:
    return lambda fresh: [(fresh / name).write_text(content) for name in ("a", "b")]


def content(directory: Path) -> list[str]:
    return [(directory / name).read_text() for name in ("a", "b")]


@pytest.mark.parametrize("exchange", [True, False])
def test_a_directory_is_replaced_and_nothing_is_left(
    tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(disk, "_exchange", lambda *_: False)
    for words in ("first", "second", "third"):
        disk.write_directory(tmp_path / "made", fill(words))  # type: ignore[arg-type]
        assert content(tmp_path / "made") == [words, words]
        assert [p.name for p in tmp_path.iterdir()] == ["made"]


class Killed(BaseException):
    pass


@pytest.mark.parametrize("exchange", [True, False])
def test_at_every_step_of_a_replacement_a_reader_sees_old_or_new(
    tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not exchange:
        monkeypatch.setattr(disk, "_exchange", lambda *_: False)
    made, steps = tmp_path / "made", []
    real = {name: getattr(module, name) for module, name in ((os, "replace"), (shutil, "rmtree"))}

    def stop_at(last: int) -> None:
        steps.clear()

        def watched(name: str) -> object:
            def step(*arguments: object, **options: object) -> None:
                steps.append(name)
                if len(steps) == last:
                    raise Killed
                real[name](*arguments, **options)

            return step

        monkeypatch.setattr(os, "replace", watched("replace"))
        monkeypatch.setattr(shutil, "rmtree", watched("rmtree"))

    for last in range(1, 8):
        stop_at(0)
        disk.write_directory(made, fill("old"))  # type: ignore[arg-type]
        stop_at(last)
        try:
            disk.write_directory(made, fill("new"))  # type: ignore[arg-type]
        except Killed:
            assert content(disk.readable(made)) in (["old", "old"], ["new", "new"])
        else:
            assert len(steps) < last and content(made) == ["new", "new"]
    stop_at(0)
    disk.write_directory(made, fill("end"))  # type: ignore[arg-type]
    assert content(made) == ["end", "end"] and [p.name for p in tmp_path.iterdir()] == ["made"]


def test_a_reader_never_finds_a_checkpoint_missing_or_mixed(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path)
    digest, wrong, done, reads = load(path).digest, list[object](), threading.Event(), []

    def read() -> None:
        while not done.is_set():
            try:
                reads.append(load(path).digest == digest and path.joinpath("config.json").exists())
            except Exception as error:
                wrong.append(error)

    reader = threading.Thread(target=read)
    reader.start()
    for _ in range(40):
        make_checkpoint(tmp_path)
        store_scores(path, "test", SCORES)
        seen = len(reads)
        until(lambda seen=seen: len(reads) > seen or wrong)
    done.set()
    reader.join()
    assert not wrong and len(reads) > 5 and all(reads)


def test_a_full_disk_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = make_checkpoint(tmp_path)
    before = {p.name: p.read_bytes() for p in path.iterdir()}
    written: list[Path] = []

    def full(self: Path, *_: object, **__: object) -> int:
        written.append(self)
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_text", full)
    for change in (lambda: make_checkpoint(tmp_path), lambda: store_scores(path, "test", SCORES)):
        with pytest.raises(UserError) as error:
            change()
        assert error.value.key == "error.disk_write" and "磁盘已满" in error.value.say("zh")
    assert len(written) == 2 and {p.name: p.read_bytes() for p in path.iterdir()} == before
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_a_first_save_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def full(fresh: Path) -> None:
        (fresh / "a").write_text("half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with pytest.raises(UserError, match="the disk is full"):
        disk.write_directory(tmp_path / "made", full)
    assert not list(tmp_path.iterdir())
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError):
        disk.write_text(tmp_path / "file" / "a.json", "{}")


@pytest.mark.parametrize("exchange", [True, False])
def test_all_that_was_written_is_on_the_disk_before_the_rename_and_the_rename_after_it(
    tmp_path: Path, exchange: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[tuple[str, int]] = []
    real = {"fsync": os.fsync, "replace": os.replace, "exchange": disk._exchange}

    def fsync(descriptor: int) -> None:
        calls.append(("fsync", os.fstat(descriptor).st_ino))
        real["fsync"](descriptor)

    def replace(old: Path, new: Path) -> None:
        calls.append(("rename", os.stat(old).st_ino))
        real["replace"](old, new)

    def swap(one: Path, other: Path) -> bool:
        if exchange:
            calls.append(("rename", os.stat(one).st_ino))
        return exchange and bool(real["exchange"](one, other))

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(disk, "_exchange", swap)

    def check(new: Path, files: list[Path]) -> None:
        """The last rename is that of ``new``; ``files`` were flushed before it, the directory around it after it."""
        last = max(n for n, call in enumerate(calls) if call[0] == "rename")
        assert calls[last][1] == new.stat().st_ino
        assert {("fsync", file.stat().st_ino) for file in files} <= {*calls[:last]}
        assert ("fsync", new.parent.stat().st_ino) in calls[last:]
        calls.clear()

    made = tmp_path / "made"
    for words in ("first", "second"):
        disk.write_directory(made, fill(words))  # type: ignore[arg-type]
        check(made, [made / "a", made / "b", made])
    disk.write_text(tmp_path / "a.json", "{}")
    check(tmp_path / "a.json", [tmp_path / "a.json"])
    with disk.fresh_files(tmp_path) as (scratch, names):
        for name in ("c", "d"):
            (scratch / name).write_text(name)
            names.append(name)
    check(tmp_path / "d", [tmp_path / "c", tmp_path / "d"])


SCORER = """
import json, os, signal, sys
from pathlib import Path
from s2s import disk
from s2s.checkpoint import card
from s2s.checkpoint.native import store_scores

directory, scores, real, kills = Path(sys.argv[1]), json.loads(sys.argv[2]), os.replace, 0
while True:
    child = os.fork()
    if not child:
        left = [kills]

        def step(change):
            for position in ("before", "after"):
                left[0] -= 1
                if left[0] < 0:
                    os.kill(os.getpid(), signal.SIGKILL)
                result = change() if position == "before" else result
            return result

        exchange = disk._exchange
        disk._exchange = lambda one, other: step(lambda: exchange(one, other))
        os.replace = lambda old, new: step(lambda: real(old, new))
        store_scores(directory, "test", {**scores, "bleu": 10.0 + kills})
        os._exit(0)
    status = os.waitpid(child, 0)[1]
    held = disk.readable(directory)
    config, metrics = (json.loads((held / f"{name}.json").read_text()) for name in ("config", "metrics"))
    assert (held / "README.md").read_text() == card.render_card(directory.name, config, metrics), kills
    if status == 0:
        break
    assert os.WIFSIGNALED(status), status
    kills += 1
print(kills, metrics["test"]["bleu"], *sorted(os.listdir(directory.parent)))
"""


def test_a_kill_at_any_step_leaves_a_card_with_the_scores_of_metrics_json(tmp_path: Path) -> None:
    path = make_checkpoint(tmp_path)
    command = [sys.executable, "-c", SCORER, str(path), json.dumps(SCORES)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    kills, bleu, *left = done.stdout.split()
    assert int(kills) >= 6 and float(bleu) == 10.0 + int(kills) and left == [path.name]


def test_scratch_directories_of_the_dead_are_removed_and_those_of_the_living_stay(tmp_path: Path) -> None:
    (tmp_path / ".new-dead").mkdir()
    with disk.fresh_files(tmp_path) as (living, names):
        (living / "a").write_text("a")
        names.append("a")
        with disk.fresh_files(tmp_path):
            assert len(list(tmp_path.iterdir())) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize("kind", ["fifo", "socket", "device"])
@pytest.mark.parametrize("linked", [False, True])
def test_special_files_are_refused_also_through_links(tmp_path: Path, kind: str, linked: bool) -> None:
    path = tmp_path / "special"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "socket":
        with socket.socket(socket.AF_UNIX) as bound:
            bound.bind(str(path))
    else:
        path = Path("/dev/zero")
    if linked:
        (tmp_path / "link").symlink_to(path)
        path = tmp_path / "link"
    with pytest.raises(UserError) as found:
        disk.refuse_special(path)
    assert found.value.key == "error.file_special" and path.name in str(found.value)
    if path.parent == tmp_path:
        with pytest.raises(UserError):
            disk.directory_files(tmp_path)


def test_files_directories_and_missing_files_are_none(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "file").write_text("content")
    (tmp_path / "link").symlink_to(tmp_path / "inner" / "file")
    for path in (tmp_path, tmp_path / "inner" / "file", tmp_path / "link", tmp_path / "missing", Path("a\0b")):
        assert disk.refuse_special(path) == path
    assert disk.directory_files(tmp_path) == [tmp_path / "inner" / "file", tmp_path / "link"]


@pytest.mark.parametrize("kind", ["link", "fifo"])
def test_only_plain_files_are_moved_into_place(tmp_path: Path, kind: str) -> None:
    inner = tmp_path / "outer" / "inner"
    inner.mkdir(parents=True)
    if kind == "link":
        (inner / "made").symlink_to("/etc/passwd")
    else:
        os.mkfifo(inner / "made")
    with pytest.raises(OSError):
        disk.unwrap(inner, tmp_path / "outer")
    (inner / "made").unlink()
    (inner / "made").write_text("plain")
    disk.unwrap(inner, tmp_path / "outer")
    assert [path.name for path in (tmp_path / "outer").iterdir()] == ["made"]
    assert [path.name for path in tmp_path.iterdir()] == ["outer"]
