"""A class in real browsers: a teacher and a student, from the room to the reveal."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlsplit

from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.browser.conftest import OpenPage
from tests.browser.test_player import REFERENCE, TEXT
from tests.visitors import open_from_menu, project_and_leave

SMALL = {"viewport": {"width": 1280, "height": 720}}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}


# How far below the top of its button each word stands.
INDENTS = """(buttons) => buttons.map((button) => Math.round(
  button.querySelector(".token").getBoundingClientRect().top - button.getBoundingClientRect().top))"""


def press(page: Page, key: str, **values: object) -> None:
    page.get_by_role("button", name=re.compile(re.escape(say(f"classroom.{key}", "en", **values)))).click()


def open_menu(page: Page) -> None:
    """Open the popover with what the teacher may change about the room."""
    page.locator(".st-key-room-menu button").first.click()


def unfold(page: Page, key: str) -> None:
    """In the room's popover, unfold what asks before it acts."""
    page.locator("summary").get_by_text(say(f"classroom.{key}", "en"), exact=True).click()


def room_code(page: Page) -> str:
    return page.locator(".lb-join b").last.inner_text().strip()


def on_screen(page: Page) -> None:
    """The whole board is in the window, without scrolling."""
    page.wait_for_function("document.querySelector('.lb-board').getBoundingClientRect().bottom <= innerHeight")
    assert page.evaluate("document.querySelector('.lb-board').getBoundingClientRect().top >= 0")


def heard(page: Page, event: str = "framereceived") -> list[bytes]:
    """What the server sends this page from its next load on; with ``framesent`` what the page sends."""
    frames: list[bytes] = []

    def keep(payload: str | bytes) -> None:
        frames.append(payload.encode() if isinstance(payload, str) else payload)

    page.on("websocket", lambda socket: socket.on(event, keep))
    return frames


def test_a_class_votes_and_hears_the_truth_when_the_teacher_reveals_it(open_page: OpenPage) -> None:
    query = {"lang": "en", "text": TEXT, "ref": REFERENCE}
    screen = {"viewport": {"width": 1280, "height": 720}}
    teacher = open_page(query, player=False, path="classroom", **screen)
    press(teacher, "open")
    code = room_code(teacher)
    assert re.fullmatch("[2-9A-Z]{6}", code)
    expect(teacher.get_by_alt_text(say("classroom.qr", "en"))).to_be_visible()
    assert "teach" not in teacher.url
    student = open_page({"room": code.lower(), "lang": "zh"}, player=False, **PHONE)
    expect(student.locator(".said")).to_have_text(say("room.waiting", "zh"))
    expect(student.get_by_test_id("stSidebar")).to_have_count(0)
    expect(teacher.get_by_text(say("classroom.taken", "en", taken=1, seats=60))).to_be_visible()
    own = teacher.context.new_page()  # the teacher's browser takes no seat
    own.goto(f"{teacher.url.split('/classroom')[0]}/?room={code}&lang=en")
    expect(own.get_by_text(say("room.teacher", "en"))).to_be_visible()
    open_menu(teacher)
    teacher.get_by_text(say("classroom.locked", "en")).click()
    teacher.keyboard.press("Escape")
    expect(teacher.get_by_text(say("classroom.taken", "en", taken=1, seats=60))).to_be_visible()
    own.close()
    late = open_page({"room": code, "lang": "en"}, player=False, path="classroom", **PHONE)  # the teacher's own address
    expect(late.get_by_role("alert")).to_have_text(say("error.room_locked", "en"))
    expect(late.get_by_role("dialog")).to_have_count(0)
    expect(late.get_by_text(say("room.waiting", "en"))).to_have_count(0)
    press(teacher, "ask", step=1)
    expect(student.locator(".candidate")).to_have_count(5)  # the page follows by itself
    on_screen(teacher)
    reloaded = open_page({"room": code, "lang": "en"}, player=False, **PHONE)  # too late: no seat, and no question
    expect(reloaded.get_by_role("alert")).to_have_text(say("error.room_locked", "en"))
    expect(reloaded.locator(".candidate")).to_have_count(0)
    offered = student.locator(".candidate .token").all_text_contents()
    student.locator(".chip").nth(1).tap()
    student.locator(".candidate").nth(0).tap()
    student.locator(".vote").tap()
    expect(student.locator(".status")).to_have_text(say("room.counted", "zh"))
    count = teacher.get_by_text(say("classroom.voters", "en", count=1))
    expect(count).to_be_visible()

    frames = heard(student)
    student.reload()  # the vote is shown again, and a change replaces it
    expect(student.locator(".chip").nth(1)).to_have_attribute("aria-checked", "true")
    student.locator(".chip").nth(0).tap()
    student.locator(".vote").tap()
    expect(student.locator(".status")).to_have_text(say("room.counted", "zh"))
    expect(teacher.locator(".lb-places li").first).to_have_attribute("aria-label", re.compile("1 vote · 100 %"))
    expect(teacher.locator(".lb-places li").nth(1)).to_have_attribute("aria-label", re.compile("0 votes · 0 %"))
    expect(count).to_be_visible()
    student.locator(".status").evaluate("(node) => (node.dataset.known = 'yes')")
    press(teacher, "close")
    expect(student.locator(".status")).to_have_text(say("room.closed", "zh"))
    assert student.locator(".chip:enabled, .candidate:enabled, .vote").count() == 0
    assert not any(b'"attention"' in frame or b"My sister" in frame for frame in frames)
    assert "%" not in student.locator(".room").inner_text() and student.locator(".weight").count() == 0
    expect(teacher.locator(".lb-board i.model")).to_have_count(0)
    press(teacher, "reveal")
    expect(student.locator(".told")).to_contain_text("My")
    assert student.locator(".verdict").all_inner_texts() == _verdicts(student, 0, offered[0])
    told = [say("room.question_told", "zh", step=1), say("room.word_told", "zh")]
    assert student.locator("h2").all_inner_texts() == told
    expect(student.locator(".chip .votes")).to_have_count(1)
    for kind in ("chip", "candidate"):  # the words of a row stand at one height, with and without votes
        assert len(set(student.locator(f".{kind}").evaluate_all(INDENTS))) == 1
    # a screen reader announces the verdict: it came into the element that was there before
    expect(student.locator(".status[role=status]")).to_have_attribute("data-known", "yes")
    assert any(b'"attention"' in frame for frame in frames)
    expect(teacher.locator(".lb-board i.model")).to_have_count(9 + 5)
    told = [say(f"classroom.{name}_told", "en") for name in ("look", "word")]
    assert teacher.locator(".lb-board h4").all_inner_texts() == told
    on_screen(teacher)
    expect(student.locator(".said")).to_contain_text("My")
    assert teacher.locator(".lb-words .word").all_text_contents() == [f"{w} ●" if w == "My" else w for w in offered]
    assert student.evaluate("document.documentElement.scrollWidth") <= 390
    press(teacher, "ask", step=2)
    expect(student.locator(".said")).to_contain_text("My")
    expect(student.locator(".chip[aria-checked=true]")).to_have_count(0)

    intruder = open_page({"lang": "en", "teach": f"{code}.{'x' * 24}"}, player=False, path="classroom")
    expect(intruder.get_by_text(say("classroom.closed", "en"))).to_be_visible()
    expect(intruder.locator(".lb-board")).to_have_count(0)

    sent = heard(student, "framesent")
    student.clock.install()
    student.reload()
    expect(student.locator(".candidate")).to_have_count(5)
    open_menu(teacher)
    unfold(teacher, "end")
    press(teacher, "end_now")
    for phone, lang in ((student, "zh"), (late, "en")):
        expect(phone.locator(".said")).to_have_text(say("room.ended", lang))
        expect(phone.get_by_role("alert")).to_have_count(0)
    assert sent
    sent.clear()
    student.clock.run_for(60_000)  # many times the pause
    assert not [frame for frame in sent if b"look" in frame]


# Until the page has begun to run: an observer misses no run, however short.
RUNS = """() => new Promise((done) => {
  const app = document.querySelector("[data-testid=stApp]");
  const look = () => app.dataset.testScriptState === "running" && done(true);
  new MutationObserver(look).observe(app, { attributes: true, attributeFilter: ["data-test-script-state"] });
})"""


def test_a_teacher_who_reloads_the_room_goes_on_to_another_page(open_page: OpenPage) -> None:
    teacher = open_page({"lang": "en", "text": TEXT, "ref": REFERENCE}, player=False, path="classroom")
    press(teacher, "open")
    ask = teacher.get_by_role("button", name=say("classroom.ask", "en", step=1))
    expect(ask).to_be_visible()
    teacher.wait_for_function("() => location.search.includes('text=')")
    teacher.reload()
    expect(ask).to_be_visible()
    teacher.evaluate(RUNS)  # the room looks again, once a second: a part of the page runs alone
    open_from_menu(teacher, "en", "lesson")
    expect(teacher.locator(".st-key-to-attention")).to_be_visible()
    expect(teacher.locator(".st-key-text textarea")).to_have_value(TEXT)
    expect(teacher.get_by_test_id("stException")).to_have_count(0)


def _verdicts(student: Page, place: int, word: str) -> list[str]:
    """The verdicts on a vote, from the weights that the student's page shows; the model says "My"."""
    weights = [float(text or 0) for text in student.locator(".chip .weight").all_inner_texts()]
    source = student.locator(".chip .token").all_inner_texts()
    most = weights.index(max(weights))
    look = {"place": most + 1, "most": source[most], "chosen_place": place + 1, "chosen": source[place]}
    return [
        ("✓ " if right else "✗ ") + say(f"room.{part}_{'right' if right else 'wrong'}", "zh", **values)
        for part, right, values in (
            ("look", place == most, look),
            ("word", word == "My", {"said": "My", "chosen": word}),
        )
    ]


def test_a_board_in_projector_mode_is_whole_and_large(open_page: OpenPage) -> None:
    """At 1280×720 no type is smaller than 18 pixels, before and after the reveal."""
    query = {"lang": "en", "text": TEXT, "ref": REFERENCE, "projector": "1"}
    teacher = open_page(query, player=False, path="classroom", viewport={"width": 1280, "height": 720})
    press(teacher, "open")
    expect(teacher.locator(".lb-join")).to_be_visible()
    for key in ("ask", "close", "reveal"):
        press(teacher, key, step=1)
        expect(teacher.locator(".lb-board")).to_be_visible()
        on_screen(teacher)
    expect(teacher.locator(".lb-board i.model")).to_have_count(9 + 5)
    on_screen(teacher)
    sizes = """() => [...document.querySelectorAll(".lb-board *")].filter((node) => node.innerText?.trim()).map(
      (node) => parseFloat(getComputedStyle(node).fontSize))"""
    assert min(teacher.evaluate(sizes)) >= 18


def test_into_the_projector_mode_and_out_of_it_the_board_has_the_focus(open_page: OpenPage) -> None:
    teacher = open_page({"lang": "en", "text": TEXT}, player=False, path="classroom")
    press(teacher, "open")
    press(teacher, "ask", step=1)
    board = teacher.locator(".st-key-class-board")
    expect(board.locator(".lb-board")).to_be_visible()
    teacher.locator("summary").get_by_text(say("classroom.sentence", "en"), exact=True).click()
    project_and_leave(teacher, board)


def test_projected_from_the_opened_section_the_board_begins_at_the_top(open_page: OpenPage) -> None:
    """The switch is in a section below the board, to which the teacher has scrolled; projected, neither is seen."""
    teacher = open_page({"lang": "en", "text": TEXT}, player=False, path="classroom", **SMALL)
    press(teacher, "open")
    press(teacher, "ask", step=1)
    expect(teacher.locator(".lb-board")).to_be_visible()
    section = teacher.locator("[class*=st-key-class-sentence-]")
    section.locator("summary").click()
    switch = teacher.get_by_text(say("projector.switch", "en"), exact=True)
    expect(switch).to_be_visible()
    teacher.get_by_test_id("stMain").evaluate("(main) => main.scrollTo(0, main.scrollHeight)")
    assert teacher.get_by_test_id("stMain").evaluate("(main) => main.scrollTop") > 0
    switch.click()
    expect(teacher.locator(".st-key-class-board")).to_be_focused()
    expect(section).to_be_hidden()
    expect(teacher.locator(".st-key-projector-title")).to_be_in_viewport(ratio=1)
    press(teacher, "close")
    press(teacher, "reveal")
    press(teacher, "ask", step=2)
    expect(teacher.get_by_role("button", name=say("classroom.close", "en"))).to_be_in_viewport(ratio=1)
    expect(section).to_be_hidden()
    teacher.keyboard.press("p")
    expect(section).to_be_visible()


def test_in_projector_mode_tab_leads_to_the_menu_of_the_room_and_esc_back(open_page: OpenPage) -> None:
    teacher = open_page({"lang": "en", "text": TEXT}, player=False, path="classroom")
    press(teacher, "open")
    code = room_code(teacher)
    teacher.keyboard.press("p")
    expect(teacher.locator(".st-key-projector-leave")).to_be_attached()
    expect(teacher.locator(".st-key-class-board")).to_be_focused()
    head, menu = teacher.locator(".st-key-class-head"), teacher.locator(".st-key-room-menu button")
    expect(head).to_have_css("opacity", "0")
    for _ in range(12):
        teacher.keyboard.press("Shift+Tab")
        if menu.evaluate("node => node === document.activeElement"):
            break
    expect(menu).to_be_focused()
    expect(head).to_have_css("opacity", "1")
    expect(menu).to_be_in_viewport(ratio=1)
    teacher.keyboard.press("Enter")
    body = teacher.get_by_test_id("stPopoverBody")
    expect(body).to_contain_text(code)
    expect(body).to_be_in_viewport()
    teacher.keyboard.press("Escape")
    expect(body).to_have_count(0)
    expect(menu).to_be_focused()


def in_room(page: Page, code: str) -> None:
    expect(page.locator(".lb-join b").last).to_have_text(code)
    page.wait_for_function("!location.search.includes('teach')")


def test_a_room_stays_its_teachers_and_its_key_is_shown_nowhere(open_page: OpenPage) -> None:
    allowed = {"permissions": ["clipboard-read", "clipboard-write"]}
    teacher = open_page({"lang": "en", "text": TEXT}, player=False, path="classroom", **allowed)
    press(teacher, "open")
    code = room_code(teacher)
    copying = teacher.get_by_role("button", name=say("teacher.copy", "en"))
    copying.wait_for()  # what shows it stores the key
    teacher.reload()
    in_room(teacher, code)
    other = teacher.context.new_page()
    other.goto(teacher.url)
    in_room(other, code)
    other.close()
    copying.click()
    expect(teacher.get_by_text(say("teacher.copied", "en"))).to_be_visible()
    copied = teacher.evaluate("navigator.clipboard.readText()")
    key = re.fullmatch(rf".*[?&]teach={code}\.([\w-]{{24}})", copied)[1]  # type: ignore[index]
    assert key not in teacher.content() and key not in teacher.url
    query = dict(parse_qsl(urlsplit(copied).query))
    second = open_page(query, player=False, path="classroom", viewport=PHONE["viewport"])
    in_room(second, code)
    second.reload()
    in_room(second, code)
    open_menu(second)
    unfold(second, "leave")  # which asks first
    in_room(second, code)
    press(second, "leave_now")
    opening = second.get_by_role("button", name=say("classroom.open", "en"))
    opening.wait_for()
    second.reload()
    opening.wait_for()
    second.wait_for_selector("[data-testid=stApp][data-test-script-state=notRunning]")
    expect(second.locator(".lb-join")).to_have_count(0)
    in_room(teacher, code)
