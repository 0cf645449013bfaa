"""Greedy visitors beside an honest one: ``python -m benchmarks.fairness`` opens websocket sessions on one server.

Each greedy session runs a beam search of 10 on one long sentence after the other and never pauses; with
``--reconnect`` each search comes from a new session. An honest visitor opens a first page, with a sentence that nobody
has run, once a second; another one searches like the greedy ones, but pauses. For all of them the seconds until the
server says that the page is done: first beside the greedy ones, then without them.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from urllib.parse import urlencode

import numpy as np

from benchmarks.browser import serve
from benchmarks.session import Session

WORDS = ["学校", "朋友", "今天", "昨天", "苹果", "老师", "书", "车", "咖啡", "照片", "城里", "商店", "山上", "学生"]
PAUSE = 1.0  # seconds between two visits of the honest one


def link(rng: random.Random, words: int, **more: str) -> str:
    """A query with a text of so many words that was not decoded before."""
    return urlencode({"lang": "en", "text": "，".join(rng.choices(WORDS, k=words // 2)) + "。", **more})


async def be_greedy(address: str, seed: int, words: int, reconnect: bool, done: list[float]) -> None:
    """Search with a beam of 10 for ever, in one session or in a new one each time; appends the seconds of each run."""
    rng, session = random.Random(seed), None
    while True:
        start = time.perf_counter()
        query = link(rng, words, mode="free", strategy="beam", beam="10", tab="beam_tab")
        if session is None or reconnect:
            if session is not None:
                await session.close()
            session = Session(query)
            await session.open(address)
        else:
            session.query = query
            await session.run(back=True)
        done.append(time.perf_counter() - start)


async def be_honest(address: str, seed: int, visits: int) -> list[float]:
    """Open a first page, several times; returns the seconds of each."""
    rng, samples = random.Random(f"honest {seed}"), []
    for _ in range(visits):
        session = Session(link(rng, 16, ref="my friend went to school with the teacher and bought some books ."))
        start = time.perf_counter()
        await session.open(address)
        samples.append(time.perf_counter() - start)
        assert "lanes" in session.given, "no lane came"
        await session.close()
        await asyncio.sleep(PAUSE)
    return samples


async def be_patient(address: str, seed: int, words: int, visits: int) -> list[float]:
    """Search with a beam of 10 in one session, several times; returns the seconds of each."""
    rng, samples = random.Random(f"patient {seed}"), []
    session = Session(link(rng, 16))
    await session.open(address)
    for _ in range(visits):
        await asyncio.sleep(PAUSE)
        session.query = link(rng, words, mode="free", strategy="beam", beam="10", tab="beam_tab")
        start = time.perf_counter()
        await session.run(back=True)
        samples.append(time.perf_counter() - start)
    await session.close()
    return samples


async def measure(address: str, options: argparse.Namespace) -> None:
    """The honest visitors beside the greedy ones on a server that has run nothing, then without them."""
    done: list[float] = []
    others = [
        asyncio.create_task(be_greedy(address, seed, options.words, options.reconnect, done))
        for seed in range(options.greedy)
    ]
    first_pages, searches = await honest(address, 1, options)
    for other in others:
        other.cancel()
    await asyncio.gather(*others, return_exceptions=True)
    report("greedy run", done)
    report(f"first page beside {options.greedy}", first_pages)
    report(f"search beside {options.greedy}", searches)
    await asyncio.sleep(options.rest)
    first_pages, searches = await honest(address, 2, options)
    report("first page without them", first_pages)
    report("search without them", searches)


async def honest(address: str, seed: int, options: argparse.Namespace) -> tuple[list[float], list[float]]:
    """The seconds of the first pages of one honest visitor, and of the searches of another."""
    pages = be_honest(address, seed, options.visits)
    return tuple(await asyncio.gather(pages, be_patient(address, seed, options.search_words, options.searches)))


def report(name: str, samples: list[float]) -> None:
    """A line with the number of samples, the first, p50, p95 and the slowest, in seconds."""
    if samples:
        first, (p50, p95, most) = samples[0], np.quantile(samples, (0.5, 0.95, 1))
        print(f"{name:26} n {len(samples):4}   first {first:6.2f}   p50 {p50:6.2f}   p95 {p95:6.2f}   most {most:6.2f}")


def main() -> None:
    """Start a server, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--greedy", type=int, default=12)
    parser.add_argument("--visits", type=int, default=20)
    parser.add_argument("--searches", type=int, default=6)
    parser.add_argument(
        "--search-words", type=int, default=60, help="of the sentences that the honest one searches for"
    )
    parser.add_argument("--words", type=int, default=60, help="of a greedy visitor's sentence")
    parser.add_argument("--reconnect", action="store_true", help="the greedy ones open a new session for each run")
    parser.add_argument("--rest", type=float, default=20.0, help="seconds until the greedy ones' last work has ended")
    options = parser.parse_args()
    with serve() as (address, _):
        asyncio.run(measure(address.removeprefix("http://"), options))
    print(f"load {', '.join(f'{x:.1f}' for x in os.getloadavg())} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
