"""The walk as hypothesis' state machine: which control and what value are drawn, a failing walk is shrunk."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis import strategies as some
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from tests.journeys.walker import FIRST, Walk
from tests.journeys.world import Log

ANY = some.integers(0, 2**16)
STEPS = 40  # of one visit
REOPENED = 5  # after so many actions the link is opened elsewhere


def machine(log: Log, counted: Callable[[], None]) -> type[RuleBasedStateMachine]:
    """Visits of a person who presses anything; ``counted`` is called once an action."""

    class Visitor(RuleBasedStateMachine):
        def __init__(self) -> None:
            super().__init__()
            self.walk: Walk | None = None

        @rule(first=some.sampled_from(FIRST), picks=some.lists(some.tuples(ANY, ANY), min_size=1, max_size=REOPENED))
        def act(self, first: tuple[str, dict[str, str]], picks: list[tuple[int, int]]) -> None:
            """Some actions, then the link; the visit begins with a link where it has not begun."""
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
    """Visits until so many actions are done; returns how many were. Raises Finding with the way to it.

    ``shrink`` looks for the shortest, which takes minutes.
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
            derandomize=False,  # the seed says it
            database=None,
            phases=(Phase.generate, Phase.shrink) if shrink else (Phase.generate,),
            suppress_health_check=list(HealthCheck),
            print_blob=False,
        )
        run_state_machine_as_test(seed(number)(machine(log, count)), settings=options)  # type: ignore[no-untyped-call]
        number += 1_000
        visits = max(1, (actions - done) // STEPS)
    return done
