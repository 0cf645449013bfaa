"""Visitors of two replicas behind nginx: they stay on one, vote once, and lose nothing when a replica ends."""

from __future__ import annotations

import asyncio
import random
import re
import signal
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TypeVar
from urllib.parse import urlencode

import pytest
from playwright.sync_api import Browser, expect
from sqlalchemy import Engine

from benchmarks.classroom import SHOWN, SOURCE, WORDS, Student
from benchmarks.deployment import COOKIE, ROOT, Deployment, Replica
from benchmarks.session import Session
from s2s.errors import say
from s2s.settings import Settings
from s2s.store import rooms, votes
from s2s.store.database import connect
from s2s.store.rooms import Question, Truth
from tests.store.frozen import frozen
from tests.visitors import Visitors
from tests.wait import until

Result = TypeVar("Result")
CLASS = 60
SEEN = 2.0  # seconds until the teacher sees the last vote
PAGES = sorted(path.stem for path in (ROOT / "pages").glob("*.py") if path.stem not in ("room", "step_through"))


class Visitor(Student):
    """A student who comes through nginx, and again by the same link when the connection ends."""

    def __init__(self, deployment: Deployment, code: str, name: int) -> None:
        super().__init__(code, name, random.Random(name))
        self.deployment, self.code, self.cookie, self.returns, self.lost = deployment, code, "", 0, True

    async def come(self) -> None:
        """Open the page: the cookie says which replica answered last."""
        session = Session(f"room={self.code}&lang=en")
        self.cookie = self.cookie or await asyncio.to_thread(self.deployment.cookie)
        await session.open(self.deployment.address, self.cookie)
        self.cookie = session.cookie(COOKIE) or self.cookie
        self.session, self.seq, self.lost = session, 0, False

    async def persist(self, act: Callable[[], Awaitable[Result]]) -> Result:
        """Do it, after each lost connection again."""
        while True:
            try:
                if self.lost:
                    await self.come()
                return await act()
            except OSError:  # also ConnectionError
                if not self.lost:
                    await self.session.close()
                self.returns += 1
                self.lost = True

    async def choose(self, number: int) -> int:
        """Vote for a random source word; returns the acknowledged choice."""
        if not self.voter:
            await self.ask("join")
            answer = self.session.data["asking"]["answer"]
            assert "voter" in answer, answer
            self.voter = answer["voter"]
        place = self.rng.randrange(len(SOURCE))
        await self.ask("vote", number=number, voter=self.voter, place=place, word=0)
        answer = self.session.data["asking"]["answer"]
        assert "error" not in answer, answer
        return place


@asynccontextmanager
async def entered(deployment: Deployment, code: str, size: int) -> AsyncIterator[list[Visitor]]:
    """A class that opened the room's page, until it leaves."""
    students = [Visitor(deployment, code, name) for name in range(size)]
    await asyncio.gather(*(student.come() for student in students))
    yield students
    for student in students:
        await student.session.close()


def in_a_thread(work: Coroutine[None, None, Result]) -> Result:
    """Run it to its end, away from the event loop that the browser's fixture has in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def ask(engine: Engine, room: tuple[str, str]) -> tuple[int, Question]:
    """Ask a question as the teacher's page does."""
    asked = Question(0, SOURCE, (), WORDS)
    return rooms.ask_question(engine, *room, asked, Truth((1.0,) * len(SOURCE), (0.2,) * len(WORDS), 0)), asked


def counted(engine: Engine, room: tuple[str, str], number: int, asked: Question) -> list[int]:
    """The votes of a question for each source word."""
    return list(votes.count_votes(engine, room[0], number, asked).places)


def tally(choices: list[int]) -> list[int]:
    """The same from what was acknowledged."""
    return [Counter(choices)[place] for place in range(len(SOURCE))]


@pytest.fixture(scope="module")
def engine(deployment: Deployment) -> Engine:
    """The database of the replicas."""
    return connect(deployment.replicas[0].environment["LOOKBACK_DATABASE"])


@pytest.fixture
def room(engine: Engine) -> tuple[str, str]:
    """The code and the key of a new room."""
    return rooms.open_room(engine)


def replicas_of(deployment: Deployment, cookie: str) -> set[str]:
    """The servers that answered requests with a cookie, from nginx's log."""
    lines = (line.split() for line in (deployment.folder / "access.log").read_text().splitlines())
    return {upstream for _, upstream, _, value in lines if f"{COOKIE}={value}" == cookie}


def test_a_visit_stays_on_one_replica(deployment: Deployment) -> None:
    cookies = {deployment.cookie() for _ in range(12)}
    assert len(cookies) == 2  # new visitors come to both
    for cookie in cookies:
        for path in ("", "_stcore/health", "_stcore/host-config", "lesson"):
            request = urllib.request.Request(f"http://{deployment.address}/{path}", headers={"Cookie": cookie})
            with urllib.request.urlopen(request) as answer:
                given = answer.headers.get_all("Set-Cookie", [])
                assert not any(value.startswith(COOKIE) for value in given), path
    until(lambda: all(len(replicas_of(deployment, cookie)) == 1 for cookie in cookies))
    first, second = (replicas_of(deployment, cookie) for cookie in cookies)
    assert first != second


def given_cookie(deployment: Deployment, path: str, cookie: str) -> str:
    """The replica's cookie that comes with an answer, without its attributes; "" if none does."""
    request = urllib.request.Request(f"http://{deployment.address}/{path}", headers={"Cookie": cookie})
    with urllib.request.urlopen(request) as answer:
        given = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    return next((value for value in given if value.startswith(COOKIE)), "")


def test_a_file_that_another_replica_answers_does_not_part_a_visitor_from_the_visit(deployment: Deployment) -> None:
    with urllib.request.urlopen(f"http://{deployment.address}/") as page:
        script = re.search(r"static/js/index\.[\w-]+\.js", page.read().decode())
    assert script
    deployment.replicas[0].end(signal.SIGKILL)  # the other one answers for it
    try:
        for path in (script[0], "_stcore/health", "_stcore/host-config"):
            assert given_cookie(deployment, path, f"{COOKIE}=1") == "", path
        for path in ("", "lesson", "mediation"):
            assert given_cookie(deployment, path, f"{COOKIE}=1") == f"{COOKIE}=2", path
    finally:
        deployment.replicas[0].start()
        deployment.replicas[0].wait()


@pytest.mark.parametrize("path", ["metrics", "ready", "_stcore/metrics"])
def test_the_operators_pages_are_not_the_visitors(deployment: Deployment, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"http://{deployment.address}/{path}")


def test_every_page_works_under_the_policy_of_the_proxy(deployment: Deployment, browser: Browser) -> None:
    visitors = Visitors(browser, f"http://{deployment.address}")
    page = visitors.come({"lang": "en"})  # anything that the policy forbids is an error on the console
    headers = page.request.get(f"http://{deployment.address}/").headers
    assert "frame-ancestors 'self'" in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff" and "nginx/" not in headers["server"]
    for name in PAGES:
        page.goto(f"http://{deployment.address}/{name}?lang=en")
        page.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    visitors.leave()


def test_the_proxy_lets_through_what_the_settings_allow() -> None:
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    assert f"client_max_body_size {Settings.checkpoint_mb + 1}m;" in text


def test_a_class_on_both_replicas_is_counted_once_and_seen_in_time(
    deployment: Deployment, engine: Engine, room: tuple[str, str]
) -> None:
    async def lesson() -> list[float]:
        async with entered(deployment, room[0], CLASS) as students:
            assert len({student.cookie for student in students}) == 2
            teacher = Session(urlencode({"lang": "en", "text": "".join(SOURCE), "teach": ".".join(room)}), "classroom")
            await teacher.open(deployment.address, deployment.cookie())
            times = [await seen(students, teacher) for _ in range(3)]
            await teacher.close()
            return times

    async def seen(students: list[Visitor], teacher: Session) -> float:
        number, asked = ask(engine, room)
        choices = await asyncio.gather(*(student.choose(number) for student in students))
        assert counted(engine, room, number, asked) == tally(choices)
        loop = asyncio.get_running_loop()
        began = loop.time()
        while teacher.number(SHOWN) != CLASS:
            await teacher.run(True)  # the page does it once a second
        return loop.time() - began

    times = in_a_thread(lesson())
    assert sorted(times)[1] + 1.0 <= SEEN, times  # a second may pass until the page asks


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_no_vote_is_lost_or_doubled_when_replicas_end_one_after_the_other(
    deployment: Deployment, engine: Engine, room: tuple[str, str], how: signal.Signals
) -> None:
    async def lesson() -> None:
        async with entered(deployment, room[0], 20) as students:
            await vote_through_restarts(students)

    async def vote_through_restarts(students: list[Visitor]) -> None:
        number, asked = ask(engine, room)
        over = asyncio.Event()

        async def vote_on(student: Visitor) -> int:
            choice = await student.persist(lambda: student.choose(number))
            while not over.is_set():
                choice = await student.persist(lambda: student.choose(number))
            return choice

        voting = [asyncio.create_task(vote_on(student)) for student in students]
        for replica in deployment.replicas:
            await asyncio.to_thread(restart, replica, how)
        over.set()
        choices = await asyncio.gather(*voting)
        assert counted(engine, room, number, asked) == tally(choices)
        assert all(student.returns for student in students)  # each lost its replica, at least once

    in_a_thread(lesson())


def test_a_phone_keeps_what_was_chosen_while_the_database_is_away(
    deployment: Deployment, engine: Engine, room: tuple[str, str], postgres: str, browser: Browser
) -> None:
    ask(engine, room)
    visitors = Visitors(browser, f"http://{deployment.address}")
    phone = visitors.come({"room": room[0], "lang": "en"}, player=False, viewport={"width": 390, "height": 844})
    chosen = phone.locator(".chip").nth(1)
    chosen.click()
    with frozen(postgres):
        expect(phone.get_by_role("alert")).to_have_text(say("error.database_away", "en"), timeout=60_000)
    expect(chosen).to_have_attribute("aria-checked", "true", timeout=60_000)
    phone.locator(".vote").click()
    expect(phone.locator(".status")).to_have_text(say("room.counted", "en"), timeout=60_000)
    visitors.leave()


def restart(replica: Replica, how: signal.Signals) -> None:
    """End a replica and wait until a new one answers."""
    replica.end(how)
    replica.start()
    replica.wait()
