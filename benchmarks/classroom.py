"""A class votes at once: ``python -m benchmarks.classroom`` opens websocket sessions on one server process.

Every session polls as the page does, at random times. For each question: the time until the last student has it, until
each vote is acknowledged and until the teacher's page shows all votes; and whether each vote was counted once.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import tempfile
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import numpy as np
from sqlalchemy import Engine

from benchmarks.browser import serve
from benchmarks.session import Session
from s2s.errors import say
from s2s.store import rooms
from s2s.store.database import VARIABLE, connect
from s2s.store.rooms import Question, Truth

SOURCE = ("我", "妹妹", "每天", "早上", "骑", "自行车", "去", "学校", "。")
WORDS = ("My", "Every", "my", "I", "His")
PAUSE = (2.0, 4.0)  # seconds between two polls of a student's page, as in s2s/web/components/room/room.js
TEACHER = 1.0  # seconds between two polls of the teacher's page
SHOWN = re.escape(say("classroom.voters", "en", count=0)).replace("0", r"(\d+)")


class Student:
    """A student's page: it polls for news, and votes on request."""

    def __init__(self, code: str, name: int, rng: random.Random) -> None:
        self.session, self.name, self.rng, self.seq = Session(f"room={code}&lang=en"), name, rng, 0
        self.turn, self.voter = asyncio.Lock(), ""

    async def ask(self, kind: str, **fields: object) -> None:
        """Send one request as ask.js does; returns when the answer has arrived."""
        async with self.turn:
            self.seq = seq = self.seq + 1
            request = {"seq": seq, "kind": kind, "page": self.session.data["asking"]["page"], **fields}
            await self.session.run(True, {"request": request})
            await self.session.until(lambda: self.session.data["asking"]["seq"] >= seq)

    async def look(self) -> None:
        """Poll for ever."""
        while True:
            await asyncio.sleep(self.rng.uniform(*PAUSE))
            await self.ask("look")

    async def vote(self, number: int) -> float:
        """Vote; returns the seconds until it was acknowledged."""
        start = time.perf_counter()
        if not self.voter:
            await self.ask("join")
            self.voter = self.session.data["asking"]["answer"]["voter"]
        fields = {"place": self.rng.randrange(len(SOURCE)), "word": self.rng.randrange(len(WORDS))}
        await self.ask("vote", number=number, voter=self.voter, **fields)
        answer = self.session.data["asking"]["answer"]
        assert "error" not in answer, answer
        return time.perf_counter() - start


async def watch(teacher: Session) -> None:
    """Poll with the teacher's page once a second."""
    while True:
        await asyncio.sleep(TEACHER)
        await teacher.run(True)


def server_seconds() -> float:
    """Seconds of processor time that this process's children, the server, have taken; 0 on other systems than Linux."""
    children = Path(f"/proc/self/task/{os.getpid()}/children")
    if not children.exists():
        return 0.0
    spent = [
        Path(f"/proc/{child}/stat").read_text().rsplit(")", 1)[1].split()[11:13]
        for child in children.read_text().split()
    ]
    return sum(int(ticks) for pair in spent for ticks in pair) / os.sysconf("SC_CLK_TCK")


async def question(
    engine: Engine, room: tuple[str, str], teacher: Session, students: list[Student], step: int
) -> dict[str, Any]:
    """One question from asking to the last vote on the teacher's screen; seconds."""
    asked = Question(step, SOURCE, (), WORDS)
    number = rooms.ask_question(engine, *room, asked, Truth((1.0,) * 9, (0.2,) * 5, 0))
    start = time.perf_counter()
    await asyncio.gather(*(s.session.until(lambda s=s: s.session.data["state"]["number"] == number) for s in students))
    followed = time.perf_counter() - start
    await teacher.until(lambda: teacher.number(SHOWN) == 0)
    start = time.perf_counter()

    async def shown() -> float:
        await teacher.until(lambda: teacher.number(SHOWN) == len(students))
        return time.perf_counter() - start

    waiting = asyncio.create_task(shown())
    votes = await asyncio.gather(*(student.vote(number) for student in students))
    seen = await waiting
    found = votes.count_votes(engine, room[0], number, asked)
    assert found.voters == sum(found.places) == sum(found.words) == len(students), found
    rooms.set_phase(engine, *room, "revealed")
    return {"followed": followed, "votes": votes, "seen": seen}


async def measure(address: str, size: int, rounds: int) -> list[dict[str, Any]]:
    """Measure ``rounds`` questions in a class of ``size`` students."""
    engine = connect()
    room = rooms.open_room(engine)
    query = {"lang": "en", "text": "".join(SOURCE), "teach": ".".join(room)}
    teacher = Session(urlencode(query), "classroom")
    await teacher.open(address)
    students = [Student(room[0], n, random.Random(n)) for n in range(size)]
    for student in students:
        await student.session.open(address)
    tasks = [asyncio.create_task(watch(teacher)), *(asyncio.create_task(student.look()) for student in students)]
    spent, asked = server_seconds(), sum(student.seq for student in students)
    found = [await question(engine, room, teacher, students, step) for step in range(rounds)]
    spent, asked = server_seconds() - spent, sum(student.seq for student in students) - asked
    print(f"server: {1000 * spent / asked:.1f} ms of processor time a request, the teacher's page included")
    for task in tasks:
        task.cancel()
    for session in (teacher, *(student.session for student in students)):
        await session.close()
    return found


def report(found: list[dict[str, Any]], size: int) -> str:
    """The figures as a table, with the load under which they were taken."""
    votes = 1000 * np.concatenate([one["votes"] for one in found])
    seen, followed = ([one[name] for one in found] for name in ("seen", "followed"))
    rows = [
        (
            "vote acknowledged, p50 / p95 / slowest",
            " / ".join(f"{q:.0f}" for q in np.quantile(votes, (0.5, 0.95, 1))) + " ms",
        ),
        (f"all {size} on the teacher's page, median / slowest", f"{np.median(seen):.2f} / {max(seen):.2f} s"),
        ("a new question on every phone, median / slowest", f"{np.median(followed):.2f} / {max(followed):.2f} s"),
    ]
    head = f"| {size} sessions voting at once, {len(found)} questions | |\n|---|---:|\n"
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    return (
        head + "\n".join(f"| {name} | {value} |" for name, value in rows) + f"\n\nload {load} on {os.cpu_count()} cores"
    )


def main() -> None:
    """Start a server on a database of its own, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--students", type=int, default=50)
    parser.add_argument("--questions", type=int, default=8)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ[VARIABLE] = f"sqlite:///{Path(folder) / 'class.sqlite'}"
        with serve() as (address, _):
            place = address.removeprefix("http://")
            found = asyncio.run(measure(place, options.students, options.questions))
    print(report(found, options.students))


if __name__ == "__main__":
    main()
