"""An engineer with own files: inspect and label a test file, upload a checkpoint, import another library's model."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from s2s.__main__ import main
from s2s.checkpoint.examples import EXAMPLES
from s2s.errors import say
from tests.adapters.keras_model import KerasModel, save_h5, save_words
from tests.adapters.test_tf_checkpoint import FIXTURES
from tests.journeys.people import becomes, field, go, pick_model, run, sees_no_error, words, write
from tests.paths import ROOT
from tests.visitors import Visitors, rest, serve

PAIRS = [*EXAMPLES["zh-en"][:4], ("他喜欢喝茶。", "He likes coffee.")]


@pytest.fixture(scope="module")
def cold(folder: Path) -> Iterator[str]:
    """A server with one shipped model, and what the stories put beside it."""
    shutil.copytree(ROOT / "checkpoints" / "zh-en-luong", folder / "checkpoints" / "zh-en-luong")
    own = {name: str(folder / name.lower()) for name in ("CHECKPOINTS", "INSPECTED", "DATA")}
    with serve(folder, **{f"LOOKBACK_{name}": path for name, path in own.items()}) as address:
        yield address


def test_upload_inspect_open_a_row_and_label_it(visitors: Visitors, tmp_path: Path) -> None:
    file = tmp_path / "mine.tsv"
    file.write_text("".join(f"{source}\t{target}\n" for source, target in PAIRS), encoding="utf-8")
    page = visitors.come({"lang": "en"}, player=False, path="inspection", locale="en-US")
    page.locator("input[type=file]").set_input_files(file)
    rest(page)
    page.locator(".st-key-inspect_start button").click()
    rows = page.locator("tr[data-id]")
    expect(rows).to_have_count(len(PAIRS), timeout=60_000)
    rest(page)
    page.locator(f"tr[data-id='{len(PAIRS)}']").click()
    page.wait_for_selector(".player")
    rest(page)
    becomes(page, row=str(len(PAIRS)))
    expect(page.locator(".player").get_by_text("coffee", exact=True).first).to_be_attached()
    who = page.locator("[class*=st-key-label-person] input")
    who.fill("Ann")
    who.press("Enter")
    verdict = page.get_by_test_id("stButtonGroup").get_by_text(say("labels.verdict.wrong", "en"), exact=True)
    verdict.click()
    said = page.locator(f"tr[data-id='{len(PAIRS)}'] td.labels b")
    expect(said).to_have_text(say("labels.verdict.wrong", "en"))
    page.keyboard.press("j")
    page.reload()
    page.wait_for_selector(".player")
    expect(said).to_have_text(say("labels.verdict.wrong", "en"))
    expect(who).to_have_value("Ann")
    sees_no_error(page)
    colleague = visitors.come({"lang": "zh"}, player=False, path="inspection")
    rest(colleague)
    expect(colleague.locator("tr[data-id]")).to_have_count(0)  # an upload is private to who has its link


def test_a_checkpoint_of_ones_own_from_a_zip(visitors: Visitors, tiny_checkpoint: Path, tmp_path: Path) -> None:
    packed = shutil.make_archive(str(tmp_path / "mine"), "zip", tiny_checkpoint)
    page = visitors.come({"lang": "zh"}, player=False, path="checkpoints")
    rest(page)
    page.get_by_text(say("cards.bring", "zh"), exact=True).click()
    page.locator("input[type=file][accept*=zip]").set_input_files(packed)
    onward = page.locator("[class*=st-key-open-mine-] button")
    onward.click()
    page.wait_for_selector(".player")
    rest(page)
    page.wait_for_url(re.compile("model=mine-[0-9a-f]{12}"))
    becomes(page, temperature=None, beam=None)
    write(page, "zh", "我喜欢苹果。", "I like apples.")
    run(page, "zh")
    expect(page.locator(".source .token").nth(1)).to_have_text("喜欢")
    assert page.locator(".source .token").first.inner_text() == "我"
    stranger = visitors.come({"model": re.findall("model=([^&]+)", page.url)[0], "lang": "zh"})
    expect(stranger.get_by_test_id("stAlert").first).to_be_visible()  # nobody else has it, and is told so
    sees_no_error(page)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_checkpoint_of_tensorflow_from_a_zip(visitors: Visitors, tmp_path: Path, lang: str) -> None:
    """What its files do not say is asked, one question after the other, of the same file."""
    shutil.copytree(FIXTURES / "course-2", tmp_path / "course" / "training_checkpoints")
    shutil.copy(FIXTURES / "vocab.txt", tmp_path / "course")
    packed = shutil.make_archive(str(tmp_path / "mine"), "zip", tmp_path / "course")
    page = visitors.come({"lang": lang}, player=False, path="checkpoints")
    rest(page)
    page.get_by_text(say("cards.bring", lang), exact=True).click()
    page.locator("input[type=file][accept*=zip]").set_input_files(packed)
    asked = page.get_by_test_id("stAlert")
    expect(asked).to_contain_text("--carries-state")
    answer = page.get_by_role("textbox", name=say("cards.options", lang))
    answer.fill("--carries-state maybe")
    answer.press("Enter")
    expect(asked).to_contain_text("maybe")
    answer.fill("--carries-state no")
    answer.press("Enter")
    expect(asked).to_contain_text("--map attention.query=")
    answer.fill("--carries-state no --map attention.query=W2")
    answer.press("Enter")
    page.locator("[class*=st-key-open-mine-] button").click()
    field(page, lang).wait_for()
    rest(page)
    write(page, lang, "bako lemi kefa", "solu mito")
    run(page, lang)
    expect(page.locator(".source .token").nth(1)).to_have_text("bako")
    sees_no_error(page)


def test_import_trace_and_step_through(
    visitors: Visitors, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    save_h5(tmp_path / "m.h5", KerasModel.random().named())
    told = ["--vocab", *(str(path) for path in save_words(tmp_path)), "--carries-state", "no"]
    place = ["--map", "attention.query=W2", "--name", "theirs", "--out", str(folder / "checkpoints")]
    assert main(["import", "keras", str(tmp_path / "m.h5"), *told, *place]) == 0
    assert main(["trace", str(folder / "checkpoints" / "theirs"), "ana come pan."]) == 0
    printed = capsys.readouterr().out
    page = visitors.come({"lang": "en"}, locale="en-US")
    pick_model(page, "en", "theirs")
    expect(field(page, "en")).not_to_have_value("")
    write(page, "en", "ana come pan.", "")
    run(page, "en")
    becomes(page, model="theirs", text="ana come pan.")
    free = words(page, "free")
    assert free and all(word in printed for word in free)
    go(page, "en", "checkpoints")
    sees_no_error(page)
