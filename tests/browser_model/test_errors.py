"""Every mistake that a script of the browser's model reports has a sentence, whose places the script fills."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from s2s.errors import LANGUAGES, sentences
from tests.paths import ROOT
from tests.test_errors import places

SCRIPTS = sorted((ROOT / "s2s" / "browser_model").rglob("*.js"))
RAISED = re.compile(r"\b(?:new UserError|refusal)\(")
KEYS = re.compile(r'"(\w+)"')
NAMES = re.compile(r"[{,]\s*(\w+)")  # of an object's fields
ALWAYS = {"refusal": {"found"}}  # what a function of edit.js fills in


def arguments(code: str, start: int) -> str:
    """What stands between the bracket before ``start`` and the one that closes it."""
    depth, at = 1, start
    while depth:
        depth += {"(": 1, ")": -1}.get(code[at], 0)
        at += 1
    return code[start : at - 1]


def raised() -> Iterator[tuple[str, str, set[str]]]:
    """(key, file, names of the values) of every mistake whose key is written out."""
    for path in SCRIPTS:
        code = path.read_text(encoding="utf-8")
        for found in RAISED.finditer(code):
            first, _, values = arguments(code, found.end()).partition(", ")
            names = set(NAMES.findall(values)) | ALWAYS.get(found[0].rstrip("("), set())
            for key in KEYS.findall(first):
                yield key, path.name, names


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_mistake_has_a_sentence_and_fills_its_places(language: str) -> None:
    found = list(raised())
    assert len({key for key, _, _ in found}) > 20
    for key, name, values in found:
        assert f"error.{key}" in sentences(language), f"{name}: {key}"
        assert places(sentences(language)[f"error.{key}"]) <= values | {"program"}, f"{name}: {key}"
