"""The time left, on a clock that the test moves."""

from __future__ import annotations

import io
import random

import pytest
from tqdm import tqdm

from s2s.train.pace import BAR, Pace, duration


def test_the_bar_has_one_colon() -> None:
    out = io.StringIO()
    with tqdm(total=4, bar_format=BAR, file=out) as bar:
        bar.set_description("epoch 1/2")
    assert "epoch 1/2:   0%|" in out.getvalue()


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def run(pace: Pace, clock: Clock, steps: int, tokens: int, rate: float) -> None:
    for _ in range(steps):
        with pace.step(tokens):
            clock.now += tokens / rate


def test_nothing_is_said_before_the_first_step() -> None:
    assert Pace().left(1000, 1) is None


def test_tokens_and_scorings_that_are_left_take_what_they_took() -> None:
    clock = Clock()
    pace = Pace(clock)
    run(pace, clock, 100, 500, 2000)
    assert pace.left(20_000, 0) == pytest.approx(10)
    assert pace.left(20_000, 3, 4000) == pytest.approx(10 + 3 * 2)  # guessed: as long as 4,000 tokens of training
    with pace.scoring():
        clock.now += 7
    assert pace.left(20_000, 3, 4000) == pytest.approx(10 + 3 * 7) and pace.rate == pytest.approx(2000)
    with pace.writing():  # a tenth of the time of training so far
        clock.now += 2.5
    assert pace.left(20_000, 0) == pytest.approx(11)


def test_batches_of_any_length_and_a_stall_do_not_move_it() -> None:
    """Steps counted alike, long batches would make it jump; a mean would be moved by ten seconds of another program."""
    clock, rng = Clock(), random.Random(0)
    pace, total, told = Pace(clock), 1_000_000, []
    done = 0
    while done < total:
        tokens = rng.choice((64, 200, 900, 2500))
        rate = 100 if 300_000 < done < 301_000 else 2000 * rng.uniform(0.8, 1.2)
        run(pace, clock, 1, tokens, rate)
        done += tokens
        told.append((clock.now, pace.left(total - done, 0)))
    end = clock.now
    for now, left in told[100:]:
        assert left is not None and abs(left - (end - now)) <= 0.15 * (end - now) + 12


def test_a_speed_that_stays_low_is_believed_within_the_minutes_that_are_kept() -> None:
    clock = Clock()
    pace = Pace(clock)
    run(pace, clock, 2000, 500, 2000)
    run(pace, clock, 20, 500, 500)
    assert pace.rate == pytest.approx(2000) and pace.recent == pytest.approx(500)
    run(pace, clock, 200, 500, 500)
    assert pace.rate == pytest.approx(500)


def test_durations_are_read_as_hours_or_minutes() -> None:
    assert [duration(s) for s in (0.4, 61, 4500, 15840)] == ["0:00 min", "1:01 min", "1:15 h", "4:24 h"]
