"""A checkpoint's card: the same numbers in both languages, and all texts of its files have a bounded length."""

from __future__ import annotations

import functools
import json
import math
import re
import tomllib
from html import unescape
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import given

from s2s.checkpoint.facts import LONGEST, bounded_facts
from s2s.errors import LANGUAGES, say, strings
from s2s.web.checkpoints import page
from s2s.web.lesson import prior
from s2s.web.shell import architecture, card, controls, models, same_data
from tests.checkpoint.test_facts import FILES
from tests.factory import SCORES, TRAINING
from tests.paths import ROOT

SHIPPED = sorted(path.parent for path in (ROOT / "checkpoints").glob("*/config.json"))
LETTERS = re.compile(r"[A-Za-z]{2,}")
# What a Chinese reader meets in a card as it is: names, addresses, commands, signatures.
NAMES = {
    "BLEU",
    "chrF",
    "ROUGE",
    "unk",
    "GRU",
    "LSTM",
    "Bahdanau",
    "Luong",
    "general",
    "Tatoeba",
    "Tom",
    "CC",
    "BY",
    "FR",
}
NAMES |= {"https", "tatoeba", "org", "NiuTrans", "Classical", "Modern", "github", "com", "MIT", "AMD", "EPYC", "python"}
NAMES |= {"FR", "s2s", "generate", "date", "hard", "car", "report", "test", "unseen", "book", "chrf", "bleu"}


def entry(directory: Path) -> dict[str, Any]:
    return {
        part: json.loads((directory / f"{part}.json").read_text(encoding="utf-8")) for part in ("config", "metrics")
    }


def shown(found: dict[str, Any], language: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The card's HTML; what the model is made of is asked in the language of a visit."""
    said = functools.partial(_say, language)
    monkeypatch.setattr(architecture, "t", said)
    return card.html(found, said)


def _say(language: str, key: str, **values: object) -> str:
    return say(key, language, **values)


def texts(html: str) -> str:
    """What is read: without marks, code, and what heads say again on a phone."""
    return unescape(re.sub(r"<[^>]*>", " ", re.sub(r"<code>.*?</code>", " ", html)))


@pytest.mark.parametrize("directory", SHIPPED, ids=lambda path: path.name)
def test_a_shipped_models_card_is_chinese_for_a_chinese_reader(
    directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    chinese, english = (shown(entry(directory), language, monkeypatch) for language in LANGUAGES)
    assert set(LETTERS.findall(texts(chinese))) <= NAMES
    numbers = re.compile(r"\d[\d,.]*\d|\d")
    assert sorted(numbers.findall(texts(chinese))) == sorted(numbers.findall(texts(english)))
    assert f"{entry(directory)['metrics']['training']['parameters']:,}" in english


def test_every_origin_that_ships_has_a_translation() -> None:
    known = set(strings("card.known", "en").values())
    for directory in SHIPPED:
        found = entry(directory)
        assert found["config"]["data"]["origin"] in known, directory.name
    for path in (ROOT / "configs").glob("*.toml"):
        assert tomllib.loads(path.read_text(encoding="utf-8"))["data"]["origin"] in known, path.name


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_text_of_a_file_is_a_text(language: str, monkeypatch: pytest.MonkeyPatch) -> None:
    evil = "</p><script>alert(1)</script>\n\n# big\n![x](https://x.example/y.png)" + "long " * 10_000
    config = {"data": {"origin": evil}, "text": evil, "model": {"attention": evil}}
    metrics = {
        evil: SCORES | {"sentences": evil, "signatures": {evil: evil}},
        "training": {name: evil for name in TRAINING},
    }
    html = shown(bounded_facts(config, metrics), language, monkeypatch)
    assert "<script" not in html and "&lt;script&gt;" in html and len(html) < 12_000


@given(FILES, FILES)
def test_what_pages_show_of_any_files_is_bounded(config: dict[str, Any], metrics: dict[str, Any]) -> None:
    found = bounded_facts(config, metrics)
    for language in LANGUAGES:
        said = functools.partial(_say, language)
        with patch.object(architecture, "t", said):
            assert len(card.html(found, said) + architecture.described(found)) < 200_000
    assert len(str(page._flatten(found["config"]))) < 50_000
    numbers = [*page._scores(found).values(), page._parameters(found)]
    with patch.object(models, "about", lambda *_: found), patch.object(models, "names", lambda: ["mine"]):
        numbers += [prior._bleu("mine"), *controls.sizes("mine")]
        assert len(same_data.training_file("mine")) <= LONGEST
        controls.first_example("mine")
    assert all(number is None or math.isfinite(number) for number in numbers)
