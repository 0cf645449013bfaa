"""Checkpoints of every kind, each written once."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s.api import LoadedCheckpoint, load

KINDS = ("marian", "bart", "t5", "mt5", "umt5", "pegasus", "blenderbot", "blenderbot-small",
         "mbart", "mbart50", "m2m_100", "nllb", "plbart", "bart-chinese")  # fmt: skip


def write(folder: Path, kind: str) -> Path:
    """The directory of a kind's checkpoint, brought from a directory of Hugging Face's."""
    pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")
    from s2s.checkpoint import huggingface
    from tests.model.huggingface import random_models

    source, target, _ = random_models.LANGUAGES.get(kind, ("", "", ""))
    theirs, ours = random_models.write(folder / "theirs", kind), folder / f"tiny-{kind}"
    huggingface.import_huggingface(str(theirs), ours, "", source, target)
    return ours


@pytest.fixture(scope="session")
def brought(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The directory of any kind's checkpoint, written once and not to be written to."""
    return functools.cache(lambda kind: write(tmp_path_factory.mktemp(kind), kind))


@pytest.fixture(scope="session", params=KINDS)
def every(request: pytest.FixtureRequest, brought: Callable[[str], Path]) -> LoadedCheckpoint:
    """A checkpoint of each kind."""
    return load(brought(request.param))


@pytest.fixture(scope="session", params=KINDS[:3])
def checkpoint(request: pytest.FixtureRequest, brought: Callable[[str], Path]) -> LoadedCheckpoint:
    """One of each way to compute: positions that are computed, that are learnt, distances."""
    return load(brought(request.param))


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of one checkpoint, not to be written to; tests elsewhere import it."""
    return write(tmp_path_factory.mktemp("marian"), "marian")
