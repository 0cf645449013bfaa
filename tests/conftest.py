"""What every test may use."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import settings

from tests.factory import make_checkpoint

settings.register_profile("lookback", deadline=None, derandomize=True, max_examples=25)
settings.load_profile("lookback")


@pytest.fixture(scope="session")
def tiny_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint directory with a tiny additive model of random weights; not to be written to."""
    return make_checkpoint(tmp_path_factory.mktemp("checkpoints"))
