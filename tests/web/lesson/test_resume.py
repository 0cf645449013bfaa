"""Resuming one of several trainings, and one that gave way to others after its button was drawn."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import streamlit as st

from s2s.server import trainings
from s2s.server.trainings import Training
from s2s.train.live import Choice
from s2s.web.lesson.training import _resume
from s2s.web.shell import keys, models


@pytest.fixture
def mine(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Training]]:
    """Two trainings of the session, stopped."""
    monkeypatch.setattr(st, "session_state", {})
    held = [trainings.start_training(Choice()) for _ in range(2)]
    st.session_state[keys.TRAININGS] = list(held)
    for training in held:
        training.job.stop()
    yield held
    for training in held:
        training.job.stop()


def test_the_resumed_training_becomes_the_last_one(mine: list[Training]) -> None:
    first, second = mine
    _resume(first)
    assert models.own_trainings() == [second, first]


def test_one_that_gave_way_meanwhile_is_not_resumed(mine: list[Training]) -> None:
    first, second = mine
    trainings._TRAININGS.remove(first)
    before = first.job
    _resume(first)
    assert models.own_trainings() == [second] and first.job is before
