"""A teacher prepares: model, lanes and language in every order, before and after Run; pages back and forward."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from s2s.errors import say
from tests.journeys.people import (
    OTHER,
    REFERENCE,
    TEXT,
    address,
    becomes,
    choose,
    chosen,
    field,
    go,
    pick_model,
    run,
    sees_no_error,
    words,
    write,
)
from tests.visitors import Visitors, rest

USUAL = (
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "beam",
    "length_penalty",
    "coverage_penalty",
    "max_length",
    "strategy",
)


def speak(page: Page, lang: str) -> None:
    """Switch the language."""
    choose(page, {"zh": "中文", "en": "English"}[lang])


@pytest.mark.parametrize("order", list(itertools.permutations(("model", "lanes", "language"))), ids="-".join)
def test_model_lanes_and_language_in_every_order(visitors: Visitors, order: tuple[str, ...]) -> None:
    page = visitors.come(locale="zh-CN")
    now = {"lang": "zh"}

    def language(to: str) -> None:
        speak(page, to)
        now["lang"] = to

    acts: dict[str, Callable[[bool], None]] = {
        "model": lambda back: pick_model(page, now["lang"], "zh-en-luong" if back else "zh-en-bahdanau"),
        "lanes": lambda back: choose(page, say(f"step.mode_{'both' if back else 'free'}", now["lang"])),
        "language": lambda back: language("zh" if back else "en"),
    }
    for act in order:  # nothing has been run
        acts[act](False)
    becomes(page, model="zh-en-bahdanau", mode="free", lang="en", **dict.fromkeys(USUAL))
    chosen(page, say("step.mode_free", "en"))
    expect(page.locator("tr.lane.forced")).to_have_count(0)
    write(page, "en", TEXT, REFERENCE)
    run(page, "en")
    becomes(page, text=TEXT, ref=REFERENCE, model="zh-en-bahdanau", mode="free", lang="en", **dict.fromkeys(USUAL))
    said = words(page, "free")
    for act in reversed(order):
        acts[act](True)
    becomes(page, model="zh-en-luong", mode=None, lang="zh", text=TEXT, ref=REFERENCE, **dict.fromkeys(USUAL))
    expect(page.locator("tr.lane.forced")).to_have_count(1)
    expect(field(page, "zh")).to_have_value(TEXT)
    assert said and words(page, "free")
    sees_no_error(page)


def test_the_player_names_its_sentence_after_the_field_was_changed(visitors: Visitors) -> None:
    page = visitors.come({"lang": "en", "text": TEXT, "ref": REFERENCE})
    write(page, "en", OTHER)
    pick_model(page, "en", "zh-en-bahdanau")
    expect(field(page, "en")).to_have_value(OTHER)  # what was typed is not lost
    pieces = page.locator(".source .token")
    expect(pieces.filter(has_text="妹妹")).to_have_count(1)
    stale = page.get_by_role("button", name=say("player.stale_run", "en"))
    stale.click()
    expect(pieces.filter(has_text="妹妹")).to_have_count(0)
    rest(page)
    becomes(page, text=OTHER, model="zh-en-bahdanau")
    sees_no_error(page)


def test_pages_back_and_forward_lose_nothing(visitors: Visitors) -> None:
    page = visitors.come({"lang": "en"})
    write(page, "en", TEXT, REFERENCE)
    run(page, "en")
    choose(page, say("step.mode_free", "en"))
    page.keyboard.press("Escape")
    for name in ("lesson", "compare", "exposure", "evidence", "doctor", "checkpoints", "inspect", "classroom"):
        go(page, "en", name)
        sees_no_error(page)
        if name not in ("evidence", "doctor", "checkpoints", "inspect", "classroom"):
            expect(field(page, "en")).to_have_value(TEXT)
    page.go_back()
    page.wait_for_url("**/inspection**")
    rest(page)
    sees_no_error(page)
    page.go_forward()
    page.wait_for_url("**/classroom**")
    rest(page)
    go(page, "en", "step")
    page.wait_for_selector(".player")
    rest(page)
    expect(field(page, "en")).to_have_value(TEXT)
    becomes(page, text=TEXT, ref=REFERENCE, mode="free", **dict.fromkeys(USUAL))
    assert address(page)["lang"] == "en"
