"""A class at work on the whole deployment: ``python -m benchmarks.load`` (nginx, two replicas, PostgreSQL or SQLite).

Every session opens the first page through nginx, and then types another sentence after each pause, as a student does.
A table says how long a run took, from sending it to its end, how many ended in an error, and how much memory each
replica used over time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import tempfile
import time
from pathlib import Path
from urllib.parse import urlencode

import numpy as np

from benchmarks.deployment import Deployment, deployed
from benchmarks.session import Session

PAUSE = (4.0, 12.0)  # seconds that a student reads and types
WORDS = ("我", "你", "他", "今天", "明天", "昨天", "喜欢", "去", "学校", "看", "电影", "喝", "茶", "老师", "朋友", "书")
SAMPLES = 10  # of memory


def sentence(rng: random.Random) -> str:
    """A text that nobody has typed before."""
    return "".join(rng.choices(WORDS, k=rng.randint(4, 14))) + "。"


async def student(
    deployment: Deployment, number: int, begin: float, end: float, times: list[float], errors: list[str]
) -> None:
    """Open the page and run sentences until the end; what begins before ``begin`` is not counted."""
    rng = random.Random(number)
    await asyncio.sleep(rng.uniform(0, PAUSE[1]))
    cookie = await asyncio.to_thread(deployment.cookie)
    session = None
    while time.monotonic() < end:
        query = urlencode({"lang": "en", "model": "zh-en-luong", "text": sentence(rng)})
        began = time.monotonic()
        try:
            if session is None:
                session = Session(query)
                await session.open(deployment.address, cookie)
            else:
                session.query = query
                await session.run(back=True)  # the link is read again
            if began >= begin:
                times.append(time.monotonic() - began)
            errors += session.exceptions
            session.exceptions.clear()
        except (OSError, TimeoutError) as error:
            errors.append(repr(error))
            session = None
        await asyncio.sleep(rng.uniform(*PAUSE))
    if session is not None:
        await session.close()


async def measure(deployment: Deployment, size: int, seconds: float, warm: float) -> str:
    """Run the class; returns the report."""
    times: list[float] = []
    errors: list[str] = []
    memory: list[list[float]] = []
    begin = time.monotonic() + warm
    end = begin + seconds
    tasks = [asyncio.create_task(student(deployment, n, begin, end, times, errors)) for n in range(size)]
    await asyncio.sleep(warm)
    for _ in range(SAMPLES):
        await asyncio.sleep(seconds / SAMPLES)
        memory.append([replica.memory() / 1e6 for replica in deployment.replicas])
    await asyncio.gather(*tasks)
    p50, p95, slowest = np.quantile(times, (0.5, 0.95, 1))
    rows = [
        f"| {size} sessions, {seconds:.0f} s, {len(deployment.replicas)} replicas | |",
        "|---|---:|",
        f"| runs, errors | {len(times)}, {len(errors)} |",
        f"| a run, p50 / p95 / slowest | {p50:.2f} / {p95:.2f} / {slowest:.2f} s |",
        *(
            f"| memory of replica {n}, each tenth of the time | {', '.join(f'{one[n - 1]:.0f}' for one in memory)} MB |"
            for n in range(1, len(deployment.replicas) + 1)
        ),
    ]
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return "\n".join([*rows, "", f"load {load} on {os.cpu_count()} cores", *errors[:5]])


def main() -> None:
    """Start the deployment, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sessions", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=300.0)
    parser.add_argument("--warm", type=float, default=20.0, help="seconds at the beginning that are not counted")
    parser.add_argument("--database", help="URL of the database; a file of SQLite without it")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        database = options.database or f"sqlite:///{folder}/lookback.sqlite"
        with deployed(Path(folder), database) as deployment:
            print(asyncio.run(measure(deployment, options.sessions, options.seconds, options.warm)))


if __name__ == "__main__":
    main()
