"""The page of Step through with a browser's requests."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.web.step_through.asker import REFERENCE, TEXT, Asker, Visit


@pytest.fixture
def asker(visit: Visit) -> Callable[..., Asker]:
    return lambda **query: Asker(visit(**{"text": TEXT, "ref": REFERENCE, "model": "tiny-general"} | query))
