"""People at the site in Chromium: the first screen, a typed sentence, every chapter, links, theme, projector, phone."""

from __future__ import annotations

import json
import re

import pytest
from playwright.sync_api import Page, Route, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.lesson.loss import sentence_loss
from tests.paths import SHIPPED
from tests.site.conftest import Come

LANGUAGES = ("zh", "en")
LOCALES = {"zh": "zh-CN", "en": "en-GB"}
CHAPTERS = (
    "encoder_decoder", "attention", "layers", "cross_entropy", "prior", "exposure", "training", "predict",
)  # fmt: skip
SHOWN = {  # what each chapter draws of the sentence, of a film, of the source
    "encoder_decoder": ".network .step",
    "attention": ".weighing .panel",
    "layers": "table.code",
    "cross_entropy": ".bars button",
    "prior": ".draw span",
    "exposure": ".player",
    "training": ".film",
    "predict": ".player .predict",
}
TYPED = "他每天早上喝茶。"


def lesson(page: Page, chapter: str, lang: str) -> None:
    """The chapter is whole: its title, its figure, its question."""
    title = f"{CHAPTERS.index(chapter) + 1} · {say(f'lesson.{chapter}.title', lang)}"
    expect(page.locator("main h1")).to_have_text(title)
    expect(page.locator(SHOWN[chapter]).first).to_be_visible()
    expect(page.locator(".question").first).to_be_visible()
    expect(page.locator(".problem:not(:empty)")).to_have_count(0)


def run(page: Page, text: str, reference: str = "") -> None:
    """Type a sentence and its reference into the form, and press Enter."""
    page.locator("form textarea").nth(1).fill(reference)
    page.locator("form textarea").nth(0).fill(text)
    page.keyboard.press("Enter")


def test_the_first_screen_is_there_before_any_weight(come: Come) -> None:
    page = come(service_workers="block")  # the browser's own requests are to be held up
    expect(page.locator("h1")).to_have_text(say("app.tagline", "en"))
    held: list[Route] = []
    page.route("**/model.safetensors*", lambda route: held.append(route))  # never answered
    page.get_by_role("link", name=say("page.step", "en")).first.click()
    expect(page.locator(".player .where")).to_have_text(say("player.where", "en", step=1, steps=9))
    page.keyboard.press("ArrowRight")
    expect(page.locator(".player .where")).to_have_text(say("player.where", "en", step=2, steps=9))
    for chapter in CHAPTERS:
        page.goto(re.sub("#.*", f"#page=lesson&chapter={chapter}", page.url))
        lesson(page, chapter, "en")
    assert held, "nobody asked for the weights"


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_sentence_is_decoded_where_it_is_typed(come: Come, lang: str) -> None:
    page = come(locale=LOCALES[lang])
    page.get_by_role("link", name=say("page.step", lang)).first.click()
    page.locator(".player").wait_for()
    reference = "He drinks tea every morning."
    run(page, TYPED, reference)
    model = load(SHIPPED / "zh-en-luong")
    free, forced = trace(model, TYPED, reference), trace(model, TYPED, reference, "forced")
    expect(page.locator(".player .output")).to_contain_text(free.text)
    where = say("player.where", lang, step=1, steps=len(free.steps))
    expect(page.locator(".player .where")).to_have_text(where)
    weights = [f"{w:.2f}" if w >= 0.005 else "" for w in free.steps[0].attention.tolist()]
    expect(page.locator(".chip .weight")).to_have_text(weights)
    page.locator(".player").focus()
    page.keyboard.press("t")
    expect(page.locator(".player .where")).to_have_text(say("player.where", lang, step=1, steps=len(forced.steps)))
    # the address has it all, for another visitor and in another language
    page.keyboard.press("End")
    page.wait_for_function("steps => location.hash.includes(`step=${steps}`)", arg=len(forced.steps))
    link = page.url.split("#")[1]
    other = come(locale=LOCALES["zh" if lang == "en" else "en"])
    other.goto(f"{other.url}#{link}")
    where = say("player.where", lang, step=len(forced.steps), steps=len(forced.steps))
    expect(other.locator(".player .where")).to_have_text(where)
    expect(other.locator("form textarea").first).to_have_value(TYPED)


def test_a_step_is_forked_and_back_returns(come: Come) -> None:
    page = come({"page": "step", "model": "date"})
    expect(page.locator(".player .where")).to_have_text(say("player.where", "en", step=1, steps=11))
    field = page.locator(".player .forkForm input, .player input[type=text]").first
    field.fill("1")
    page.keyboard.press("Enter")
    expect(page.locator(".player tr.branch, .player .branch").first).to_be_visible()
    run(page, "5 March 1999")
    expect(page.locator(".player .output")).to_contain_text("1999-03-05")
    run(page, "6 March 1999")
    expect(page.locator(".player .output")).to_contain_text("1999-03-06")
    page.go_back()
    expect(page.locator(".player .output")).to_contain_text("1999-03-05")
    page.go_forward()
    expect(page.locator(".player .output")).to_contain_text("1999-03-06")
    page.get_by_role("link", name=say("page.lesson", "en"), exact=True).click()
    lesson(page, "encoder_decoder", "en")
    expect(page.locator("form textarea").first).to_have_value("6 March 1999")
    page.go_back()
    expect(page.locator(".player .output")).to_contain_text("1999-03-06")


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_lesson_is_read_from_its_first_chapter_to_its_last(come: Come, lang: str) -> None:
    page = come(locale=LOCALES[lang])
    page.locator("[data-card=lesson]").click()
    for n, chapter in enumerate(CHAPTERS):
        lesson(page, chapter, lang)
        if n and n % 2:
            page.locator("h1").press("PageDown")
        elif n < len(CHAPTERS) - 1:
            page.locator(".ways a").last.click()
            expect(page.locator("main h1")).to_be_focused()
    page.go_back()
    lesson(page, CHAPTERS[-2], lang)
    other = "en" if lang == "zh" else "zh"
    page.locator(f"[data-language={other}]").click()
    lesson(page, CHAPTERS[-2], other)
    expect(page.locator(f"[data-language={other}]")).to_be_focused()
    expect(page.locator("html")).to_have_attribute("lang", other)
    page.reload()
    lesson(page, CHAPTERS[-2], other)


def test_the_scores_of_a_typed_sentence_are_dragged(come: Come) -> None:
    page = come({"page": "lesson", "chapter": "attention"})
    lesson(page, "attention", "en")
    run(page, TYPED)
    panel = page.locator(".weighing .panel").nth(1)
    model = load(SHIPPED / "zh-en-luong")
    own = trace(model, TYPED)
    expect(panel.locator(".path button")).to_have_count(len(own.steps))
    first = own.steps[0]
    expect(panel.locator("td.weight span").first).to_have_text(f"{first.attention[0]:.3f}")
    expect(panel.locator(".top li").first).to_contain_text(first.top[0].token)
    rows = panel.locator("tbody tr:not(.pad) input[type=range]")
    least = int(first.attention.argmin())
    rows.nth(least).focus()
    page.keyboard.press("End")  # as far to the right as it goes
    expect(panel.locator("tr.moved")).to_have_count(1)
    expect(panel.locator(".top li .p").first).to_contain_text("→")
    expect(panel.locator(".problem")).to_be_empty()


def test_the_loss_of_a_typed_pair_is_that_of_training(come: Come) -> None:
    page = come({"page": "lesson", "chapter": "cross_entropy", "model": "date"})
    lesson(page, "cross_entropy", "en")
    run(page, "5 March 1999", "1999-03-06")
    found = sentence_loss(load(SHIPPED / "date"), "5 March 1999", "1999-03-06")
    expect(page.locator(".live", has_text="PPL")).to_contain_text(f"= {found.loss:.4f}, PPL")
    hardest = found.nll.index(max(found.nll))
    expect(page.locator(".bars button[aria-pressed=true]")).to_have_attribute("aria-label", re.compile(r"^6: "))
    expect(page.locator(".live", has_text="−ln").last).to_contain_text(f"= {found.nll[hardest]:.4f}")
    page.locator(".bars button").first.click()
    expect(page.locator(".live", has_text="−ln").last).to_contain_text(f"{found.nll[0]:.4f}"[:5])
    sliders = page.locator(".halves input[type=range]")
    sliders.nth(1).fill("3")  # the question of the chapter: z2 is 3, too
    expect(page.locator(".live").first).to_have_text("L = −ln 0.49938 = 0.69439")
    page.get_by_role("button", name=say("lesson.cross_entropy.lecture", "en")).click()
    expect(page.locator(".live").first).to_have_text("L = −ln 0.87888 = 0.12911")


def test_the_prior_reads_an_example_of_its_own(come: Come) -> None:
    page = come({"page": "lesson", "chapter": "prior"})
    lesson(page, "prior", "en")
    page.get_by_role("button", name=say("lesson.prior.use", "en")).click()
    expect(page.locator(".rest td", has_text="将军不听，于是大败。").first).to_be_visible()
    page.get_by_role("button", name=say("lesson.prior.back", "en")).click()
    expect(page.locator(".draw span").first).to_have_text("她")


def test_two_models_are_trained_on_the_page(come: Come) -> None:
    page = come({"page": "lesson", "chapter": "training"})
    lesson(page, "training", "en")
    page.locator(".race > summary").click()
    page.locator(".playground").wait_for()
    page.locator(".playground .play").click()
    expect(page.locator(".playground .state").first).to_contain_text(re.compile(r"\b[1-9]\d* "))
    page.locator(".playground .play").click()


def test_a_broken_link_says_so_and_shows_what_there_is(come: Come) -> None:
    page = come({"page": "step", "model": "<b>gone</b>", "text": "x" * 3000, "step": "99"})
    expect(page.locator("main > .note")).to_contain_text("<b>gone</b>")
    expect(page.locator(".player .where")).to_have_text(say("player.where", "en", step=1, steps=9))
    page.goto(re.sub("#.*", "#page=nowhere&chapter=none&lang=fr", page.url))
    expect(page.locator("h1")).to_have_text(say("app.tagline", "en"))


def test_theme_and_projector(come: Come) -> None:
    page = come({"page": "lesson", "chapter": "exposure"}, color_scheme="light")
    lesson(page, "exposure", "en")
    dark = "node => node.classList.contains('dark')"
    assert not page.locator(".player").evaluate(dark)
    page.get_by_role("button", name=say("export.theme", "en")).click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert page.locator(".player").evaluate(dark)
    page.reload()
    lesson(page, "exposure", "en")
    assert page.locator(".player").evaluate(dark)
    page.get_by_role("button", name=say("site.projector", "en")).click()
    expect(page.locator("form")).to_be_hidden()
    expect(page.locator(".player")).to_be_visible()
    expect(page.get_by_role("button", name=say("site.leave", "en"))).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator("form")).to_be_visible()


@pytest.mark.parametrize("width", [360, 768])
def test_no_page_is_wider_than_a_phone(come: Come, width: int) -> None:
    page = come(viewport={"width": width, "height": 740})
    places = [{"page": "home"}, {"page": "step"}, *({"page": "lesson", "chapter": chapter} for chapter in CHAPTERS)]
    for place in places:
        page.goto(re.sub("(#.*)?$", "#" + "&".join(f"{k}={v}" for k, v in place.items()), page.url, count=1))
        if place["page"] == "lesson":
            lesson(page, place["chapter"], "en")
        wide = page.evaluate("() => document.documentElement.scrollWidth - innerWidth")
        assert wide <= 0, json.dumps(place)
