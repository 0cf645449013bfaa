from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from s2s import errors
from s2s.errors import UserError
from s2s.monitoring import events, metrics


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


def test_keys_of_errors_are_a_bounded_set() -> None:
    known = {key for key in errors.sentences("en") if key.startswith("error.")}
    assert 50 < len(known) < 1_000
