"""Texts of links, files and visitors are shown as they are, never as Markdown, and with a bounded length."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as some
from streamlit.testing.v1 import AppTest

from s2s.errors import UserError
from s2s.web.shell import language
from s2s.web.shell.foreign import JOINER, LONGEST, code, plain
from tests.web.conftest import refused

EVIL = "![p](https://x.example/p.png) [Log in](https://x.example) :red[a] $x^2$ **b** `c` <i>d</i> www.x.example ~~e~~"
ACTIVE = re.compile(r"[`*\[\]<>$~]|:(?=[A-Za-z/])|www\.")
ESCAPED = re.compile(r"\\(.)")


def unseen(c: str) -> bool:
    """Whether a character is a control character that is no white space, or one that sets a direction of writing."""
    directs = unicodedata.bidirectional(c) in {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}
    return directs or c in "\u061c\u200e\u200f" or (unicodedata.category(c) == "Cc" and c not in "\t\n\r")


@given(some.text())
def test_every_mark_of_markdown_is_escaped_and_nothing_else_changes(text: str) -> None:
    shown = plain(text)
    assert "\n" not in shown and "\r" not in shown
    assert not ACTIVE.search(ESCAPED.sub(" ", shown))
    seen = "".join("\ufffd" if unseen(c) else c for c in text)
    lines = re.sub(r"\s*[\r\n\u2028\u2029]+\s*", " ", seen)
    assert ESCAPED.sub(r"\1", shown).replace(JOINER, "") == lines.replace(JOINER, "")
    assert not any(map(unseen, code(text)))


@given(some.text(some.characters(codec="utf-8") | some.just("`"), min_size=1))
def test_no_backtick_ends_a_text_that_is_shown_as_code(text: str) -> None:
    shown = code(text)
    fence = re.match("`+", shown)
    assert fence and shown.endswith(fence[0])
    assert fence[0] not in re.findall("`+", shown[len(fence[0]) : -len(fence[0])])


def test_an_error_repeats_little_and_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language, "current", lambda: "en")
    sentence = language.explain(UserError("file_missing", file=EVIL * 100))
    assert not ACTIVE.search(ESCAPED.sub(" ", sentence)) and len(sentence) < 2 * LONGEST
    assert EVIL in language.spoken(UserError("file_missing", file=EVIL))


@pytest.mark.parametrize("field", ["model", "step", "tab", "strategy", "chapter", "row"])
def test_what_a_link_says_is_code_until_something_is_run(visit: Callable[..., AppTest], field: str) -> None:
    def warned() -> list[str]:
        return [box.value for box in app.warning]

    app = visit(lang="en", **{field: EVIL})
    assert len(refused(app, "en", field, EVIL)) == 1
    app.button(key="run").click().run()
    assert not app.exception and not [text for text in warned() if "Log in" in text or "![p]" in text]


LIVE = (  # what is found in the text of a paragraph after it was parsed: addresses, mail, names of emoji
    re.compile(r"(https?://|www(?=\.))([-.\w]+)([^ \t\r\n]*)", re.IGNORECASE),
    re.compile(r"([-.\w+]+)@([-\w]+(?:\.[-\w]+)+)"),
    re.compile(r":\+1:|:-1:|:[\w-]+:"),
)


@given(
    some.lists(some.sampled_from(["http", "HTTPS", ":", "//", "www", ".", "e.vil", "@", "sob", "+1", "10", " ", "a"]))
)
def test_no_address_and_no_emoji_is_found_in_a_plain_text(parts: list[str]) -> None:
    text = "".join(parts)
    parsed = re.sub(r"\\(?=[!-/:-@\[-`{-~])", "", plain(text))
    assert [found[0] for one in LIVE for found in one.finditer(parsed)] == []
    assert parsed.replace(JOINER, "") == text
