"""Random walks as a hypothesis state machine, which draws controls and values, and can shrink a failing walk."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.journeys.app_visit import FIRST_VISITS
from tests.journeys.walker import Walk
from tests.journeys.world import Log

ANY = some.integers(0, 2**16)
STEPS = 40  # actions of one visit, on average
REOPENED = 5  # actions at most before the page's link is opened in a fresh visit


def machine(log: Log, counted: Callable[[], None]) -> type[RuleBasedStateMachine]:
    """A state machine whose every example is one visit; ``counted`` is called before each action."""

    class Visitor(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.walk: Walk | None = None

        @rule(
            first=some.sampled_from(FIRST_VISITS),
            picks=some.lists(some.tuples(ANY, ANY), min_size=1, max_size=REOPENED),
        )
        def act(self, first: tuple[str, dict[str, str]], picks: list[tuple[int, int]]) -> None:
            """Do some actions, then open the page's link; the first call begins the visit at ``first``."""
            self.walk = self.walk or Walk(log, *first)
            try:
                for which, what in picks:
                    counted()
                    self.walk.step(which, what)
                self.walk.reopen()
            except BaseException as error:
                error.add_note("What was done:\n  " + "\n  ".join(self.walk.done))
                raise

    return Visitor


def walk(log: Log, actions: int, number: int, shrink: bool = False) -> int:
    """Make visits until ``actions`` actions are done; returns their number. Raises Finding, with the visit's actions.

    ``shrink`` looks for the shortest failing visit, which takes minutes.
    """
    done = 0

    def count() -> None:
        nonlocal done
        done += 1

    visits = max(1, actions // STEPS)
    while done < actions:
        options = settings(
            max_examples=visits,
            stateful_step_count=STEPS // REOPENED * 2,  # lists are half as long as they may be
            deadline=None,
            derandomize=False,  # the seed decides
            database=None,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        run_state_machine_as_test(seed(number)(machine(log, count)), settings=options)  # type: ignore[no-untyped-call]
        number += 1_000
        visits = max(1, (actions - done) // STEPS)
    return done
