"""Texts with {placeholders} in the browser's scripts: each is filled by ``fill`` with a value for every placeholder."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

import pytest

from s2s.errors import strings
from tests.paths import ROOT

SCRIPTS = sorted((ROOT / "s2s").rglob("*.js"))
SECTIONS = {  # of the locales, by folder of scripts
    "beam": ("beam",),
    "browser": ("player",),
    "browser_model": (),  # has no texts
    "builtin": (),  # has a table of places of its own: tests/web/shell/test_builtin.py
    "comparison": ("comparison",),
    "components": (),  # what they share has no texts
    "chapters": (),  # of the site, which fills texts by their names: s2s/site/browser/texts.js
    "lesson": (),  # has no texts
    "announce": (),  # what it says comes as sentences
    "draft": ("player",),
    "film": ("film",),
    "inspection": ("inspect_table", "inspect_charts"),
    "network": ("network",),
    "playground": ("playground",),
    "room": ("room",),
    "share": (),  # has no texts
    "text": (),  # has no texts
    "tour": ("tour",),
    "training": (),  # has no texts
    "projected": (),
    "weighing": ("weighing", "player"),
}
USE = re.compile(r"(?P<filled>fill\()?(?:\w+\.)*strings(?:\.(?P<name>\w+)|\[(?P<index>[^\]]*)\])")
FILLED = re.compile(r"fill\((?:\w+\.)*strings\.(?P<name>\w+), \{(?P<values>[^{}]*)\}\)")


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def scripts() -> Iterator[tuple[str, str, dict[str, set[str]]]]:
    """Each script's name and text, and the places of the sentences that it may use, of those that have some."""
    for path in SCRIPTS:
        named = {name: text for part in SECTIONS[path.parent.name] for name, text in strings(part, "en").items()}
        if path.parent.name == "inspection":
            named = strings(f"inspect_{path.stem}", "en")
        yield path.name, path.read_text(encoding="utf-8"), {k: found for k, t in named.items() if (found := places(t))}


def named_by(use: re.Match[str], known: dict[str, set[str]]) -> list[str]:
    """The sentences with places that are named in ``strings.name`` or ``strings[…]``; of a computed name the browser
    tests see the result."""
    names = [use["name"]] if use["name"] else re.findall(r'"(\w+)"', use["index"])
    return [name for name in names if name in known]


def test_every_folder_of_scripts_is_looked_at() -> None:
    assert {path.parent.name for path in SCRIPTS} == set(SECTIONS)


@pytest.mark.parametrize("name, text, known", [pytest.param(*found, id=found[0]) for found in scripts()])
def test_a_sentence_with_places_is_filled(name: str, text: str, known: dict[str, set[str]]) -> None:
    for use in USE.finditer(text):
        line = text[: use.start()].count("\n") + 1
        assert use["filled"] or not named_by(use, known), f"{name}:{line}: {use[0]}"
    for filled in FILLED.finditer(text):
        given = set(re.findall(r"(?:^|,)\s*(\w+)", filled["values"]))
        line = text[: filled.start()].count("\n") + 1
        assert "..." in filled["values"] or known.get(filled["name"], set()) <= given, f"{name}:{line}: {filled[0]}"
