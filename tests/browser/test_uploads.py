"""Files just below and just above each limit: the page answers the first, and says the limit of the second."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from s2s.errors import say
from s2s.settings import MEGABYTE, Settings
from tests.browser.conftest import OpenPage
from tests.visitors import rest
from tests.web.test_upload_limits import FIELDS

ARRIVES = 60_000  # milliseconds for 99 MB on a busy machine
BELOW, ABOVE = 0.99, 1.01  # sizes of files, as shares of the limit
LINK = b"one two " * 60 + b"\t" + b"uno dos " * 60 + b"\t0-0 1-1 7-9\n"
PAIR = b"one two " * 60 + b"\t" + b"uno dos " * 60 + b"\n"


class Upload(NamedTuple):
    """A field, how it is reached, a file's name and line, and what of the page's own tells that it has come."""

    lang: str
    path: str
    query: Mapping[str, str]
    click: str  # key of the text that opens the field, if it is closed
    name: str
    line: bytes
    answer: Callable[[Page, str], Locator]
    refused: bool = False  # whether the answer refuses the file, of a field that holds one


def said(key: str, **values: object) -> Callable[[Page, str], Locator]:
    """A sentence of ours, up to a value that is not given."""
    return lambda page, lang: page.get_by_text(say(key, lang, **{"reason": "§", "found": "§"} | values).split("§")[0])


def first(most: int, line: bytes) -> Callable[[Page, str], Locator]:
    """That the first lines of the file that is below the limit were read, and how many were not."""
    every = int(BELOW * Settings().small_file_mb * MEGABYTE / len(line))
    return said("exposure.pairs_of", count=most, rest=every - most, all=every)


def start(page: Page, lang: str) -> Locator:
    """The button that can be pressed once there is a file."""
    return page.get_by_role("button", name=say("inspect.start", lang), disabled=False)


FOLDED = {
    "doctor_train": "doctor.page.more_train",
    "doctor_links": "doctor.page.more_links",
    "doctor_run_links": "doctor.page.more_links",
}  # of fields in a section that is closed: its title


def field_of(page: Page, key: str, lang: str, click: str = "") -> Locator:
    """The field for files, after a click on what opens it; beside inspections the form of a new one is folded."""
    if key == "inspect_file":
        page.locator("[class*='st-key-inspect_new'] details").wait_for()
        if page.locator("[class*='st-key-inspect_new'] details:not([open])").count():
            page.get_by_text(say("inspect.new", lang), exact=True).click()
    elif click:
        page.get_by_text(say(click, lang), exact=True).first.click()
    if key in FOLDED:
        rest(page)
        page.get_by_text(say(FOLDED[key], lang), exact=True).click()
        expect(page.locator(f"[class*='st-key-{key}']").get_by_test_id("stFileUploaderDropzone")).to_be_visible()
    return page.locator(f"[class*='st-key-{key}'] input[type=file]")


UPLOADS = {
    "doctor_file": Upload(
        "en", "doctor", {}, "doctor.page.what_file", "run.json", b"[1, 2]\n",
        said("error.doctor_run", file="run.json"), True,
    ),
    "doctor_pairs": Upload(
        "zh", "doctor", {}, "doctor.page.what_pairs", "pairs.tsv", PAIR, first(50, PAIR)
    ),
    "doctor_train": Upload(
        "en", "doctor", {}, "doctor.page.what_pairs", "pairs.tsv", PAIR, first(200, PAIR)
    ),
    "doctor_links": Upload(
        "zh", "doctor", {}, "doctor.page.what_pairs", "links.tsv", LINK, first(200, LINK)
    ),
    "doctor_run_links": Upload(
        "en", "doctor", {}, "doctor.page.what_file", "links.tsv", LINK, first(200, LINK)
    ),
    "evidence_file": Upload("zh", "evidence", {}, "", "pairs.tsv", PAIR, first(50, PAIR)),
    "test_file": Upload("en", "exposure", {}, "", "pairs.tsv", PAIR, first(500, PAIR)),
    "inspect_file": Upload("zh", "inspection", {}, "", "pairs.tsv", PAIR, start),
    "submission": Upload(
        "en", "lesson", {"chapter": "homework"}, "lesson.homework.submission", "submission.csv", b"QID,Answer\n",
        said("error.submission_header", file="submission.csv", expected="QID,Prediction"), True,
    ),
    "saved_files": Upload(
        "en", "checkpoints", {}, "saved.title", "run.json", b"[1, 2]\n", said("error.saved_no_trace", file="run.json")
    ),
    "zip": Upload(
        "zh", "checkpoints", {}, "cards.bring", "mine.zip", b"no zip\n",
        said("error.archive_broken", file="mine.zip"), True,
    ),
}  # fmt: skip


def test_every_field_is_tried() -> None:
    assert UPLOADS.keys() == FIELDS.keys()


@pytest.mark.parametrize("key", UPLOADS)
def test_a_file_below_the_limit_arrives_and_one_above_leaves_it_there(
    open_page: OpenPage, tmp_path: Path, key: str
) -> None:
    upload, most = UPLOADS[key], getattr(Settings(), FIELDS[key])
    for share, folder in ((BELOW, "below"), (ABOVE, "above")):
        (tmp_path / folder).mkdir()
        content = upload.line * int(share * most * MEGABYTE / len(upload.line))
        (tmp_path / folder / upload.name).write_bytes(content)
    page = open_page({"lang": upload.lang, **upload.query}, player=False, path=upload.path)
    field = field_of(page, key, upload.lang, upload.click)
    field.set_input_files(tmp_path / "below" / upload.name)
    expect(upload.answer(page, upload.lang)).to_be_visible(timeout=ARRIVES)
    field.set_input_files(tmp_path / "above" / upload.name)
    reason = page.get_by_text(say("builtin.too_large", upload.lang, size=f"{most}.0MB"))
    page.wait_for_function("reason => reason.clientWidth > 100", arg=reason.element_handle())  # not for readers alone
    expect(upload.answer(page, upload.lang)).to_be_visible(visible=not upload.refused)


REFUSED = {
    "doctor_file": b"[1, 2]\n",
    "doctor_pairs": b"one\n",
    "doctor_train": b"one\n",
    "doctor_links": b"one\n",
    "doctor_run_links": b"one\n",
    "evidence_file": b"one\n",
    "test_file": b"one\n",
    "inspect_file": b"one\n",
    "submission": b"QID,Answer\n",
    "zip": b"no zip\n",
}  # of each field that holds one file: a content that the server refuses


@pytest.mark.parametrize("key", REFUSED)
def test_of_two_refused_files_the_page_speaks_of_the_second(open_page: OpenPage, tmp_path: Path, key: str) -> None:
    upload, content = UPLOADS[key], REFUSED[key]
    names = [f"{stem}{Path(upload.name).suffix}" for stem in ("first", "second", "large")]
    for name in names[:2]:
        (tmp_path / name).write_bytes(content)
    (tmp_path / names[2]).write_bytes(bytes(int(ABOVE * getattr(Settings(), FIELDS[key]) * MEGABYTE)))
    page = open_page({"lang": upload.lang, **upload.query}, player=False, path=upload.path)
    field = field_of(page, key, upload.lang, upload.click)
    about = [page.get_by_test_id("stAlert").filter(has_text=name) for name in names]
    for name in names[:2]:
        field.set_input_files(tmp_path / name)
        expect(page.get_by_test_id("stFileChip").filter(has_text=name)).to_be_visible()  # as a person sees, who presses
        expect(page.get_by_test_id("stFileChipIconSpinner")).to_have_count(0)
        rest(page)
        if key == "inspect_file":
            page.get_by_role("button", name=say("inspect.start", upload.lang), disabled=False).click()
        expect(about[names.index(name)]).to_be_visible()
    expect(about[0]).to_have_count(0)
    field.set_input_files(tmp_path / names[2])
    expect(page.get_by_text(names[2])).to_be_visible()
    expect(about[1]).to_be_hidden()
    page.get_by_test_id("stFileChip").filter(has_text=names[2]).get_by_role("button").click()
    expect(about[1]).to_be_visible()  # the field holds that file again
    page.get_by_test_id("stFileChip").filter(has_text=names[1]).get_by_role("button").click()
    if key != "inspect_file":
        expect(about[1]).to_have_count(0)


@pytest.mark.parametrize("key", REFUSED)
def test_after_a_file_that_the_browser_refused_the_page_says_why_it_refuses_another(
    open_page: OpenPage, tmp_path: Path, key: str
) -> None:
    upload, ending = UPLOADS[key], Path(UPLOADS[key].name).suffix
    (tmp_path / f"large{ending}").write_bytes(bytes(int(ABOVE * getattr(Settings(), FIELDS[key]) * MEGABYTE)))
    (tmp_path / f"broken{ending}").write_bytes(REFUSED[key])
    page = open_page({"lang": upload.lang, **upload.query}, player=False, path=upload.path)
    field = field_of(page, key, upload.lang, upload.click)
    field.set_input_files(tmp_path / f"large{ending}")
    expect(page.locator("[data-testid=stFileChip][aria-invalid=true]")).to_be_visible()
    field.set_input_files(tmp_path / f"broken{ending}")
    if key == "inspect_file":
        page.get_by_role("button", name=say("inspect.start", upload.lang), disabled=False).click()
    expect(page.get_by_test_id("stAlert").filter(has_text=f"broken{ending}")).to_be_visible()


@pytest.mark.parametrize(
    ("path", "key", "button"),
    [
        ("inspection", "inspect_file", "inspect.start"),
        ("exposure", "test_file", "exposure.measure"),
        ("evidence", "evidence_file", "exposure.measure"),
    ],
)
def test_a_start_waits_for_the_file_that_is_on_its_way(
    open_page: OpenPage, tmp_path: Path, path: str, key: str, button: str
) -> None:
    page = open_page({"lang": "en"}, player=False, path=path)
    field = field_of(page, key, "en")
    start = page.get_by_role("button", name=say(button, "en"), exact=True)
    for name in ("first.tsv", "second.tsv"):
        (tmp_path / name).write_bytes(PAIR)
    field.set_input_files(tmp_path / "first.tsv")
    expect(start).to_be_enabled()
    expect(start).to_have_css("pointer-events", "auto")
    held: list[Route] = []
    uploads = "**/_stcore/upload_file/**"  # the first file is deleted there, too
    page.route(uploads, lambda route: held.append(route) if route.request.method == "PUT" else route.continue_())
    with page.expect_request(lambda request: request.method == "PUT"):
        field.set_input_files(tmp_path / "second.tsv")
    expect(start).to_have_css("pointer-events", "none")
    held[0].continue_()
    expect(start).to_have_css("pointer-events", "auto")
    start.click()
    expect(page.get_by_text("second.tsv").first).to_be_visible()
