"""Checkpoints of the three families, written once."""

from __future__ import annotations

from pathlib import Path

import pytest

from s2s.checkpoint import Checkpoint, load


@pytest.fixture(scope="session", params=["marian", "bart", "t5"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    """A checkpoint that was brought from a directory of Hugging Face's."""
    pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")
    from s2s.adapters import huggingface
    from tests.adapters.random_models import write

    folder = tmp_path_factory.mktemp(request.param)
    huggingface.bring(str(write(folder / "theirs", request.param)), folder / request.param)
    return load(folder / request.param)


@pytest.fixture(scope="session")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The directory of one checkpoint, not to be written to."""
    pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")
    from s2s.adapters import huggingface
    from tests.adapters.random_models import write

    folder = tmp_path_factory.mktemp("marian")
    huggingface.bring(str(write(folder / "theirs", "marian")), folder / "tiny-marian")
    return folder / "tiny-marian"
