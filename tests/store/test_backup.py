"""What is restored from a backup is what was on the server, row by row and byte by byte."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tarfile
import threading
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import select

from s2s.errors import UserError
from s2s.store import rooms, votes
from s2s.store.backup import back_up, restore
from s2s.store.database import METADATA, connect, reading
from s2s.store.labels import Labels
from s2s.store.slices import Slices
from tests.fuzz.mutate import mutated
from tests.paths import ROOT

MANIFEST = {"file": {"sha256": "f" * 64}, "checkpoint": {"digest": "c" * 12}}


def rows(database: Path) -> dict[str, list[tuple[Any, ...]]]:
    with reading(connect(f"sqlite:///{database}")) as connection:
        return {
            table.name: sorted(map(tuple, connection.execute(select(table))), key=repr)
            for table in METADATA.sorted_tables
        }


def files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".sqlite" not in path.name
    }


def fill(home: Path) -> Path:
    """Labels, a slice, a room with a vote, and two inspections; returns the database."""
    database = home / "inspected" / "lookback.sqlite"
    engine = connect(f"sqlite:///{database}")
    labels = Labels(engine, MANIFEST)
    labels.set_verdict(1, "李雷", "wrong")
    labels.set_note(2, "Ann", "时态\nof it")
    labels.set_category(2, "Ann", labels.add_category("词序"), True)
    Slices(engine, MANIFEST).add("短句", '{"errors":true}')
    code, key = rooms.open_room(engine)
    rooms.ask_question(engine, code, key, rooms.Question(0, ["我"], [], ["I"]), rooms.Truth([1.0], [1.0], 0))
    votes.set_seats(engine, code, key, 30, locked=False)
    votes.record_vote(engine, code, 1, votes.join_room(engine, code, lambda: None), 0, None)
    for name, content in (("ours/manifest.json", b"{}"), (".asked/u-1.json", b"1"), (".uploads/a.tsv", bytes(10**5))):
        path = home / "inspected" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return database


def command(home: Path, *arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith("LOOKBACK_")}
    own |= {"LOOKBACK_HOME": str(home)} | environment
    line = [sys.executable, "-m", "s2s", *map(str, arguments)]
    return subprocess.run(line, cwd=ROOT, env=own, capture_output=True, text=True, timeout=120)


def test_a_home_is_restored_row_by_row_and_byte_by_byte(tmp_path: Path) -> None:
    database = fill(tmp_path / "old")
    made = command(tmp_path / "old", "backup", tmp_path / "lookback.tar.gz")
    assert (made.returncode, made.stderr) == (0, f"Wrote {tmp_path}/lookback.tar.gz: 4 files.\n")
    back = command(tmp_path / "new", "restore", tmp_path / "lookback.tar.gz")
    assert (back.returncode, back.stderr) == (0, f"Restored 4 files from {tmp_path}/lookback.tar.gz.\n")
    restored = rows(tmp_path / "new" / "inspected" / "lookback.sqlite")
    assert restored == rows(database) and all(restored.values())
    assert files(tmp_path / "new" / "inspected") == files(tmp_path / "old" / "inspected") and len(files(tmp_path)) == 7
    again = command(tmp_path / "new", "restore", tmp_path / "lookback.tar.gz")
    assert again.returncode == 2 and "already something at" in again.stderr and len(again.stderr.splitlines()) == 1


def test_of_postgresql_the_folders_are_saved_and_the_tool_is_named(tmp_path: Path, postgres_database: str) -> None:
    database = fill(tmp_path / "old")
    own = {"LOOKBACK_DATABASE": postgres_database}
    made = command(tmp_path / "old", "backup", tmp_path / "lookback.tar.gz", **own)
    assert made.returncode == 0 and "use pg_dump" in made.stderr
    back = command(tmp_path / "new", "restore", tmp_path / "lookback.tar.gz", **own)
    assert back.returncode == 0 and "use pg_restore" in back.stderr
    assert files(tmp_path / "new" / "inspected") == files(tmp_path / "old" / "inspected")
    back_up(tmp_path / "sqlite.tar.gz", tmp_path / "old" / "inspected", database)
    with pytest.raises(UserError, match="contains an SQLite database"):
        restore(tmp_path / "sqlite.tar.gz", tmp_path / "third", None)
    assert not (tmp_path / "third").exists()


def test_a_backup_of_a_server_at_work_is_of_one_moment(tmp_path: Path) -> None:
    database = fill(tmp_path / "old")
    labels, ready, end = Labels(connect(f"sqlite:///{database}"), MANIFEST), threading.Event(), threading.Event()

    def write() -> None:
        n = 0
        while not end.is_set():
            labels.set_category(n, "Ann", 1, True)  # two rows, in one transaction
            ready.set()
            n += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        ready.wait(60)
        back_up(tmp_path / "lookback.tar.gz", tmp_path / "old" / "inspected", database)
    finally:
        end.set()
        writer.join()
    restore(tmp_path / "lookback.tar.gz", tmp_path / "new", tmp_path / "new.sqlite")
    restored, now = rows(tmp_path / "new.sqlite"), rows(database)
    assert set(restored["label_marks"]) <= set(now["label_marks"]) and len(restored["label_marks"]) > 1
    assert {row[2] for row in restored["label_marks"]} - {row[2] for row in restored["labels"]} == set()


def test_files_that_are_no_backup_are_refused_and_leave_nothing(tmp_path: Path) -> None:
    file, empty = tmp_path / "lookback.tar.gz", tmp_path / "new" / "inspected"
    outside = tmp_path / "outside"
    outside.write_text("a")
    for name in ("../outside", "/outside", "elsewhere/a", "inspected", "database.sqlite/a", "inspected/../../a"):
        with tarfile.open(file, "w:gz") as tar:
            tar.add(outside, name)
        with pytest.raises(UserError, match="not a complete backup"):
            restore(file, empty, tmp_path / "new.sqlite")
    with tarfile.open(file, "w:gz") as tar:
        link = tarfile.TarInfo("inspected/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    with pytest.raises(UserError, match="not a complete backup"):
        restore(file, empty, tmp_path / "new.sqlite")
    assert not empty.exists() and not (tmp_path / "new.sqlite").exists() and not (tmp_path / "a").exists()


def test_a_changed_or_cut_backup_is_restored_whole_or_refused(tmp_path: Path) -> None:
    database = fill(tmp_path / "old")
    back_up(tmp_path / "lookback.tar.gz", tmp_path / "old" / "inspected", database)
    content = (tmp_path / "lookback.tar.gz").read_bytes()
    for seed in range(60):
        changed = mutated(content, random.Random(seed)) if seed % 2 else content[: seed * len(content) // 60]
        (tmp_path / "changed.tar.gz").write_bytes(changed)
        try:
            restore(tmp_path / "changed.tar.gz", tmp_path / f"{seed}", tmp_path / f"{seed}.sqlite")
        except UserError as error:
            assert "not a complete backup" in str(error) and not (tmp_path / f"{seed}").exists()
        else:  # a bit of the header, such as the time
            assert files(tmp_path / f"{seed}") == files(tmp_path / "old" / "inspected")
            assert rows(tmp_path / f"{seed}.sqlite") == rows(database)


def test_what_the_page_says_of_postgresql_brings_its_rows_back(postgres: str, tmp_path: Path) -> None:
    page = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8").replace("~/", f"{tmp_path}/")
    dump, back = re.findall("^runuser -u postgres -- (pg_.*)$", page, re.MULTILINE)
    own = os.environ | {"PGHOST": postgres.partition("host=")[2], "PGUSER": "lookback"}
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE lookback")
        engine = connect(postgres.replace("/postgres?", "/lookback?"))
        try:
            room = rooms.open_room(engine)
            voter = votes.join_room(engine, room[0], lambda: None)
            subprocess.run(["bash", "-c", dump], env=own, check=True)
            rooms.end_room(engine, *room)
            later, _ = rooms.open_room(engine)
            subprocess.run(["bash", "-c", back], env=own, check=True)
            assert rooms.is_teacher(engine, *room) and not rooms.is_teacher(engine, later, room[1])
            rooms.ask_question(engine, *room, rooms.Question(0, ["我"], [], ["I"]), rooms.Truth([1.0], [1.0], 0))
            votes.record_vote(engine, room[0], 1, voter, 0, None)
        finally:
            engine.dispose()
            server.execute("DROP DATABASE lookback")
