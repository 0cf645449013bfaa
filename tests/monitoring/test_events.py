from __future__ import annotations

import ast
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from s2s import errors
from s2s.errors import UserError
from s2s.inspect.states.store import StateStore
from s2s.monitoring import events, metrics
from s2s.server import folders, states
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.store.labels import Labels
from tests.inspect.corpus import inspected
from tests.paths import ROOT
from tests.wait import until


@pytest.fixture(autouse=True)
def _visitor(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    monkeypatch.setattr(events, "_visitors", [lambda: "ann"])
    with caplog.at_level(logging.INFO, "s2s"):
        yield


def count(name: str, **labels: str) -> float:
    return metrics.REGISTRY.get_sample_value(f"lookback_{name}", labels) or 0.0


def fields(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str, dict[str, Any]]]:
    return [(record.name, record.getMessage(), getattr(record, "fields", {})) for record in caplog.records]


def test_the_audit_log_says_who_changed_what(caplog: pytest.LogCaptureFixture) -> None:
    before = count("events_total", event="vote")
    events.audit("vote", room="ABCDEF", question=2)
    assert fields(caplog) == [("s2s.audit", "vote", {"visitor": "ann", "room": "ABCDEF", "question": 2})]
    assert count("events_total", event="vote") == before + 1


def test_an_event_that_is_not_listed_is_no_label() -> None:
    with pytest.raises(AssertionError):
        events.audit("anything a visitor typed")


def test_a_run_is_written_without_its_text_unless_a_setting_says_so(
    caplog: pytest.LogCaptureFixture, setting: Any
) -> None:
    before = count("decode_seconds_count", mode="free")
    events.run("date", "free", 4, 5, 0.5, "秘密")
    assert "秘密" not in str(fields(caplog)) and count("decode_seconds_count", mode="free") == before + 1
    setting(log_text=1)
    events.run("date", "free", 4, 5, 0.5, "秘密")
    assert fields(caplog)[-1][2]["text"] == "秘密"


def test_an_error_that_stays_on_the_page_is_counted_once_and_by_its_key(caplog: pytest.LogCaptureFixture) -> None:
    before = count("refusals_total", key="path_outside")
    error = UserError("path_outside", path="typed/secret")
    for _ in range(3):
        events.refusal(error)
    assert fields(caplog) == [("s2s.events", "refusal", {"visitor": "ann", "key": "path_outside"})]
    assert count("refusals_total", key="path_outside") == before + 1


def test_the_audit_log_of_a_lesson(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    engine = connect(f"sqlite:///{tmp_path}/class.sqlite")
    question, truth = rooms.Question(0, ["我"], [], ["I"]), rooms.Truth([1.0], [1.0], 0)
    code, key = rooms.open_room(engine)
    rooms.ask_question(engine, code, key, question, truth)
    voter = votes.join_room(engine, code, lambda: None)
    votes.record_vote(engine, code, 1, voter, 0, None)
    with pytest.raises(UserError):
        votes.record_vote(engine, code, 2, voter, 0, None)
    rooms.set_phase(engine, code, key, "closed")
    rooms.set_phase(engine, code, key, "revealed")
    labels = Labels(engine, {"file": {"sha256": "f" * 64}, "checkpoint": {"digest": "c" * 12}})
    labels.set_note(7, "李雷", "a typed note")
    labels.set_category(7, "李雷", labels.add_category("a typed name"), True)
    seen = fields(caplog)
    assert [event for _, event, _ in seen] == [
        "room_opened",
        "question_asked",
        "room_joined",
        "vote",
        "question_closed",
        "question_revealed",
        "label",
        "category",
        "label",
    ]
    assert {name for name, _, _ in seen} == {"s2s.audit"}
    assert seen[3][2] == {"visitor": "ann", "room": code, "question": 1}
    assert seen[6][2]["example"] == 7 and seen[6][2]["field"] == "note"
    assert not any(typed in str(seen) for typed in ("typed", "李雷", key, voter))


def functions(*folders: str) -> Iterator[ast.FunctionDef]:
    for folder in folders:
        for path in (ROOT / "s2s" / folder).rglob("*.py"):
            tree = ast.parse(path.read_text(encoding="utf-8"))
            yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def calls(node: ast.AST) -> set[str]:
    found = {call.func for call in ast.walk(node) if isinstance(call, ast.Call)}
    return {name.id if isinstance(name, ast.Name) else getattr(name, "attr", "") for name in found}


def test_every_function_that_writes_to_the_database_writes_to_the_audit_log() -> None:
    writers = [node for node in functions("store") if "writing" in calls(node)]
    assert len(writers) > 8
    assert [node.name for node in writers if not calls(node) & {"audit", "_audit"}] == ["_create_tables"]


# Functions of the server that start a job, or write or remove a file, and are no visitor's change by themselves:
PARTS = {
    "_discard",  # of an upload: of one that was never whole; else ``remove_upload`` tells of it
    "_delete_unneeded",  # test files without an inspection, whose end is told
    "forget_job",  # a request whose file could not be read: nothing of it is kept
    "fill",  # the content of a file that the function around it writes
    "add_archive",  # ``_register`` tells of them
    "add_folder",
    "_enqueue",  # ``start_training`` and ``resume`` tell of it
    "_run_process",  # the message of the process before
    "clean",  # what dead processes left
    "_parse",  # a file that is read and removed at once
    "__init__",  # the job of ``start_inspection``, the directory of an upload or a training
    "leave",  # of a queue, whose members are not files
    "give_way",
    "remove",
}


def test_every_function_of_the_server_that_changes_what_is_kept_writes_to_the_audit_log() -> None:
    changes = {"write_text", "write_bytes", "write_file", "copyfile", "remove", "unlink", "Job", "_enqueue"}
    writers = [node for node in functions("server") if changes & calls(node)]
    silent = {node.name for node in writers if not calls(node) & {"audit", "upload"}}
    assert silent == PARTS and len(writers) > len(PARTS) + 5


def test_the_audit_log_of_states(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "INSPECTED", tmp_path)
    examples, checkpoint = inspected(tmp_path, count=5)
    job = states.start_states(examples, checkpoint)
    until(lambda: not job.poll())
    assert job.result and StateStore.whole(examples.directory)
    assert ("s2s.audit", "states_started", {"visitor": "ann", "name": "made"}) in fields(caplog)


def test_every_event_of_the_audit_log_is_written_somewhere() -> None:
    texts = {
        part.value if isinstance(part, ast.Constant) else ""
        for node in functions("store", "server")
        for part in ast.walk(node)
    }
    assert set(events.AUDITED) - texts == {"question_closed", "question_revealed"}  # f"question_{phase}"


def test_keys_of_errors_are_a_bounded_set() -> None:
    known = {key for key in errors.sentences("en") if key.startswith("error.")}
    assert 50 < len(known) < 1_000
