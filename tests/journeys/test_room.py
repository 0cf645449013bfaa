"""A teacher with a class: a room that survives a reload and other pages, votes by phone, the lesson by remote."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.journeys.people import PHONE, TEXT, go, run, sees_no_error, write
from tests.visitors import Visitors, rest


def press(page: Page, key: str, **values: object) -> None:
    page.get_by_role("button", name=re.compile(re.escape(say(f"classroom.{key}", "zh", **values)))).click()


def code(page: Page) -> str:
    """The room's code, as it is shown to the class."""
    shown = page.locator(".lb-join b").last
    expect(shown).to_have_text(re.compile(r"^[2-9A-Z]{6}$"))
    return shown.inner_text().strip()


def test_a_room_outlives_a_reload_and_another_page_and_a_phone_votes(visitors: Visitors) -> None:
    teacher = visitors.come()
    write(teacher, "zh", TEXT, "")
    run(teacher, "zh")
    go(teacher, "zh", "classroom")
    press(teacher, "open")
    room = code(teacher)
    teacher.reload()
    assert code(teacher) == room
    go(teacher, "zh", "lesson")
    sees_no_error(teacher)
    go(teacher, "zh", "step")
    teacher.wait_for_selector(".player")
    sees_no_error(teacher)
    go(teacher, "zh", "classroom")
    assert code(teacher) == room
    teacher.wait_for_function("!location.search.includes('teach=')")  # the class reads the address, too

    student = visitors.come({"room": room}, player=False, **PHONE)
    expect(student.locator(".said")).to_have_text(say("room.waiting", "zh"))
    press(teacher, "ask", step=1)
    expect(student.locator(".candidate")).to_have_count(5)
    student.locator(".chip").nth(1).tap()
    student.locator(".candidate").nth(2).tap()
    student.locator(".vote").tap()
    expect(student.locator(".status")).to_have_text(say("room.counted", "zh"))
    student.reload()
    expect(student.locator(".chip").nth(1)).to_have_attribute("aria-checked", "true")
    expect(student.locator(".candidate").nth(2)).to_have_attribute("aria-checked", "true")
    expect(teacher.get_by_text(say("classroom.voters", "zh", count=1))).to_be_visible()
    teacher.reload()  # in the middle of a question
    assert code(teacher) == room
    expect(teacher.get_by_text(say("classroom.voters", "zh", count=1))).to_be_visible()
    press(teacher, "close")
    expect(student.locator(".status")).to_have_text(say("room.closed", "zh"))
    press(teacher, "reveal")
    expect(student.locator(".told")).to_contain_text("My")
    assert student.evaluate("document.documentElement.scrollWidth") <= 390
    sees_no_error(teacher)
    sees_no_error(student)


def test_the_lesson_by_a_presenters_remote(visitors: Visitors) -> None:
    page = visitors.come({"lang": "en", "text": TEXT}, player=False, path="lesson", locale="en-US")
    rest(page)
    page.locator(".st-key-contents button").nth(8).wait_for()
    titles = [name for name in page.locator(".st-key-contents button").all_inner_texts() if name.strip()]
    assert len(titles) == 9
    for title in titles[1:]:
        page.keyboard.press("PageDown")
        heading = page.get_by_role("heading", name=title.replace(" ", " · ", 1), exact=True)
        expect(heading).to_be_in_viewport()  # a chapter begins at its beginning
        rest(page)
        sees_no_error(page)
    page.keyboard.press("PageUp")
    expect(page.locator(".st-key-contents button[kind=primary]")).to_contain_text(titles[-2])
