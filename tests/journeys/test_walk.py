"""Short random walks; ``python -m tests.journeys.walk`` runs long ones."""

from __future__ import annotations

import pytest

from tests.journeys import machine
from tests.journeys.browser import Wanderer
from tests.journeys.walk_rules import Finding
from tests.journeys.walker import Walk
from tests.journeys.world import small
from tests.visitors import Visitors


@pytest.mark.parametrize("number", [1, 2])
def test_random_actions_through_apptest_find_no_fault(number: int) -> None:
    with small() as log:
        assert machine.walk(log, 240, number) >= 240


def test_a_walk_reports_a_changed_field_and_a_logged_error() -> None:
    with small() as log:
        walk = Walk(log, "", {"lang": "en", "model": "tiny-additive", "text": "我喜欢苹果。"})
        walk.app.session_state["seed"] = 9  # behind the back of its control
        walk.app.run()
        with pytest.raises(Finding, match="seed: 0 -> 9"):
            walk.check(set(), {})
        log.lines.append("Traceback")
        with pytest.raises(Finding, match="logged error"):
            walk.check({"seed"}, {})


def test_random_actions_in_a_browser_find_no_fault(visitors: Visitors) -> None:
    Wanderer(visitors, 1).wander(50)
