"""A visitor trains a model in the page; ``python -m benchmarks.training`` measures what they and others wait for.

Of the visitor: from the request to the curve's first point, to 95 % of the held-out dates exact, to the end. Of others:
websocket sessions on one server that each decode a text of their own every few seconds, with and without a training.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import Sequence
from urllib.parse import urlencode

import numpy as np

from benchmarks.browser import serve
from benchmarks.session import Session
from s2s.server import trainings
from s2s.server.trainings import Training
from s2s.train.live import Choice

VISITORS = 20
PAUSE = (2.0, 4.0)  # seconds between two texts of a visitor
WARM = 20.0  # seconds before the request, in which the process loads
DAYS = [f"{year}年{month}月{day}日" for year in range(1950, 2050) for month in range(1, 13) for day in (7, 19, 28)]


class Clock:
    """The times of a training's moments, in seconds after the request, as seen by repeated polls."""

    def __init__(self, training: Training) -> None:
        self.training, self.start = training, time.perf_counter()
        self.times: list[float] = []

    def poll(self) -> bool:
        """As the training's own."""
        running = self.training.poll()
        now = time.perf_counter() - self.start
        self.times += [now] * (len(self.training.moments) - len(self.times))
        return running


async def visit(address: str, number: int, days: Sequence[str], until: asyncio.Event) -> list[float]:
    """The seconds that a visitor waited for each text, none of them asked for before."""
    rng, waited = random.Random(number), list[float]()
    texts = list(days[number::VISITORS])
    rng.shuffle(texts)
    for text in texts:
        await asyncio.sleep(rng.uniform(*PAUSE))
        if until.is_set():
            break
        session = Session(urlencode({"model": "date", "text": text, "ref": "", "lang": "en"}))
        start = time.perf_counter()
        await session.open(address)
        assert session.data, text
        waited.append(time.perf_counter() - start)
        await session.close()
    return waited


async def first(address: str) -> None:
    """The first visit, which makes the server load its model."""
    session = Session(urlencode({"model": "date", "text": "1900-01-01", "ref": "", "lang": "en"}))
    await session.open(address)
    await session.close()


async def visitors(address: str, seconds: float | None, training: Clock | None) -> np.ndarray:
    """Run all visitors for some seconds, or while a training runs; returns their waiting times."""
    until, half = asyncio.Event(), len(DAYS) // 2
    days = DAYS[half:] if training else DAYS[:half]  # what has been decoded once is kept
    tasks = [asyncio.create_task(visit(address, number, days, until)) for number in range(VISITORS)]
    start = time.perf_counter()
    while training.poll() if training else time.perf_counter() - start < (seconds or 0):
        await asyncio.sleep(0.05)
    until.set()
    return np.concatenate(await asyncio.gather(*tasks))


def quantiles(waited: np.ndarray) -> str:
    """p50 and p95 in milliseconds."""
    return " / ".join(f"{1000 * q:.0f}" for q in np.quantile(waited, (0.5, 0.95))) + f" ms of {len(waited)}"


def report(clock: Clock, alone: np.ndarray, beside: np.ndarray, before: Sequence[float]) -> str:
    """The figures as a table, with the load under which they were taken."""
    moments = clock.training.moments
    hit = next((f"{s:.1f} s" for s, m in zip(clock.times, moments, strict=True) if m.exact >= 0.95), "never")
    rows = [
        ("first point of the curve", f"{clock.times[0]:.1f} s"),
        ("95 % of the held-out dates exact", hit),
        (f"the end, {100 * moments[-1].exact:.1f} % exact", f"{clock.times[-1]:.1f} s"),
        (f"a new text, {VISITORS} visitors, no training, p50 / p95", quantiles(alone)),
        ("the same beside the training, p50 / p95", quantiles(beside)),
    ]
    load = ", ".join(f"{x:.1f}" for x in before)
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"| Training in the page | |\n|---|---:|\n{table}\n\nload before {load} on {os.cpu_count()} cores"


def main() -> None:
    """Start a server, let visitors come, train beside it as the page does, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=40.0, help="of visitors without a training")
    parser.add_argument("--epochs", type=int, default=Choice().epochs)
    options = parser.parse_args()
    before = os.getloadavg()
    with serve() as (address, _):
        place = address.removeprefix("http://")
        asyncio.run(first(place))
        alone = asyncio.run(visitors(place, options.seconds, None))
        trainings.start_spare_process()
        time.sleep(WARM)
        clock = Clock(trainings.start_training(Choice(epochs=options.epochs)))
        beside = asyncio.run(visitors(place, None, clock))
    if mistake := clock.training.job.user_error():
        raise SystemExit(str(mistake))
    print(report(clock, alone, beside, before))


if __name__ == "__main__":
    main()
