"""What others wrote (a checkpoint's files, pairs, labels, links, uploaded files) on every page, in both languages.

No page fails, and no part of it becomes Markdown or HTML. What a browser makes of it: tests/journeys/test_strangers.py.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
import torch
from google.protobuf.message import Message
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.inspect.run import Input, Inspection
from s2s.inspect.table import Examples
from s2s.server import folders
from s2s.store.database import connect
from s2s.store.labels import Labels
from s2s.train.distributed import Group
from s2s.web.lesson import CHAPTERS
from s2s.web.shell import models
from tests.checkpoint.test_archive import packed
from tests.factory import make_checkpoint
from tests.journeys.app_visit import PAGES, visit
from tests.journeys.world import Log, small

SHORT = "![p](https://evil.example/p.png) :red[r] <img src=x>``"  # fits the name of a person or a category
EVIL = f'{SHORT} [l](https://evil.example) $x$ `c` <a href="https://evil.example" onclick="window.hit=1">a</a>'
MODEL = "tiny-*b* :red[r] [l](x) `c` <b>"
METRICS: dict[str, Any] = {
    "dev": {"bleu": EVIL, "chrf": [1], "signatures": {EVIL: EVIL}, "sentences": 10**400},
    "test": {"bleu": 10**400, "chrf": True, "perplexity": {"a": 1}, "rouge_l": 2.5e308, "signatures": EVIL},
    EVIL: {"bleu": 1, "sentences": -1, "signatures": {"bleu": EVIL}},
    "training": {"command": EVIL, "hardware": EVIL, "parameters": 10**400, "pairs": EVIL, "epoch": None, "seconds": []},
}
# Fields of Streamlit's messages that are rendered as Markdown.
MARKDOWN = {"body", "label", "help", "captions", "caption", "content"}
INERT = re.compile(r"\\.|(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL)  # escaped characters and inline code
ACTIVE = re.compile(r"\]\(|:red\[|https?://evil|<(img|a|b)\b")


def make_hostile(root: Path) -> Path:
    """A checkpoint that can be loaded, with hostile texts in all its files and words."""
    path = make_checkpoint(root, "general").rename(root / MODEL)
    vocab, config = (json.loads((path / f"{name}.json").read_text(encoding="utf-8")) for name in ("vocab", "config"))
    vocab["target"]["tokens"][-1] = EVIL.replace(" ", "")
    config["name"] = config["data"]["origin"] = config["data"]["train"] = EVIL
    for name, value in {"vocab": vocab, "config": config, "metrics": METRICS}.items():
        (path / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
    (path / "README.md").write_text(EVIL * 1_000, encoding="utf-8")
    return path


def make_inspection(directory: Path, checkpoint: Path, data: Path) -> None:
    """An inspection of hostile pairs, with hostile labels."""
    text = io.StringIO()
    csv.writer(text).writerows([["source", "target", EVIL], *[[f"我喜欢茶。{EVIL}", EVIL, EVIL]] * 3])
    (data / f"{SHORT.replace('/', '')}.csv").write_text(text.getvalue(), encoding="utf-8")
    inspection = Inspection(directory, load(checkpoint), Input(data / f"{SHORT.replace('/', '')}.csv"))
    inspection.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)
    labels = Labels(connect(), Examples(directory).manifest)
    labels.add_category(SHORT)
    for person in (SHORT, f"{SHORT}2"):
        labels.set_note(1, person, EVIL)
        labels.set_verdict(1, person, "wrong")


@pytest.fixture(scope="module")
def world() -> Iterator[Log]:
    with small() as log:
        (root,) = models.FOLDERS
        make_inspection(folders.INSPECTED / "hostile", make_hostile(root), folders.DATA)
        yield log


def come(log: Log, page: str, **query: str) -> AppTest:
    link = {"model": MODEL, "text": f"我喜欢茶。{EVIL}", "ref": EVIL, "person": SHORT, "step": EVIL}
    return check(visit(page, {**link, **query}), log)


def check(app: AppTest, log: Log) -> AppTest:
    """The visit itself, in which nothing has failed and nothing of others is rendered."""
    assert not app.exception and not log.lines, (app.exception, log.lines)
    for element in elements(app._tree):
        name = type(element).__name__
        for field, text in texts(element):
            if name == "Html":
                assert tags(text) == [], text
            elif (field in MARKDOWN and name not in ("Text", "Code")) or (name, field) == ("Radio", "options"):
                assert not ACTIVE.search(INERT.sub("", text)), (name, field, text)
    return app


def elements(node: Any) -> Iterator[Message]:
    """The messages of all blocks and elements of a page."""
    if isinstance(proto := getattr(node, "proto", None), Message):
        yield proto
    for child in getattr(node, "children", {}).values():
        yield from elements(child)


def texts(message: Message) -> Iterator[tuple[str, str]]:
    """All texts of a message and of those within it, by the name of their field."""
    for field, value in message.ListFields():
        for one in [value] if isinstance(value, (str, Message)) else value if hasattr(value, "__iter__") else []:
            if isinstance(one, Message):
                yield from texts(one)
            elif isinstance(one, str):
                yield field.name, one


def tags(html: str) -> list[str]:
    """The elements of a text as HTML that ask another host or run something."""
    found = list[str]()

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            active = tag in ("script", "iframe", "a") or any(name.startswith("on") for name, _ in attrs)
            if active or "evil" in str(attrs):
                found.append(f"{tag} {attrs}")

    Reader().feed(html)
    return found


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_shows_it_as_text(world: Log, page: str, lang: str) -> None:
    app = come(world, page, lang=lang, inspection="hostile", row="1", compare=MODEL, differs="checkpoint")
    if page == "checkpoints":
        check(app.multiselect(key=f"cards-{lang}").set_value([MODEL, "tiny-none"]).run(), world)


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_a_chapter_shows_it_as_text(world: Log, chapter: str) -> None:
    come(world, "lesson", lang="en", chapter=chapter)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_says_it_as_text(world: Log, lang: str) -> None:
    header = f"{EVIL},b\n1,2\n".encode()
    for page, key in (("evidence", "evidence_file"), ("exposure", "test_file")):
        app = come(world, page, lang=lang)
        app.file_uploader(key=key).set_value([(f"{SHORT}.csv", header, "text/csv")])
        assert check(app.run(), world).error
    app = come(world, "checkpoints", lang=lang)
    run = json.dumps({"schema": "lookback-trace/1", "mode": EVIL}).encode()
    app.file_uploader(key="saved_files").set_value([(f"{SHORT}.json", run, "application/json")])
    assert check(app.run(), world).error
    app.file_uploader(key="zip-0").set_value([(f"{SHORT}.zip", packed({f"{EVIL}.pkl": b""}), "application/zip")])
    assert len(check(app.run(), world).error) == 2
