"""Slices that are found, within the conditions of what was searched; the expander of a small inspection."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.errors import LANGUAGES, say
from s2s.inspect.query import MOST_SEARCHES, Query, Search
from s2s.inspect.slice import Slice
from s2s.inspect.worst import query_of
from s2s.store.label import LabelFilter
from s2s.web.inspection.findings import narrowed
from tests.web.inspection.test_page import made, said

Visit = Callable[..., AppTest]


def test_a_found_slice_is_a_part_of_what_was_searched() -> None:
    base = Slice(
        Query(errors=True, ranges={"source_length": (None, 9)}, searches=(Search("tea"),), unknown=("source",)),
        LabelFilter(verdict="wrong"),
    )
    short = narrowed(base, query_of("source_length", (3, 12)))
    assert short is not None and short.query.ranges == {"source_length": (3, 9)} and short.labels == base.labels
    assert short.query.errors and short.query.searches == base.query.searches
    word = narrowed(base, query_of("word", "茶"))
    assert word is not None and word.query.searches == (Search("tea"), Search("茶", "word", "source"))
    again = narrowed(base, query_of("unknown", "source"))
    assert again == base
    both = narrowed(base, query_of("unknown", "reference"))
    assert both is not None and both.query.unknown == ("source", "reference")
    own = narrowed(base, query_of("extra", ("domain", "news")))
    assert own is not None and own.query.extra == {"domain": "news"}
    full = Slice(Query(searches=tuple(Search(f"w{n}") for n in range(MOST_SEARCHES))))
    assert narrowed(full, query_of("word", "茶")) is None


@pytest.mark.parametrize("lang", LANGUAGES)
def test_few_examples_have_words_but_no_slices(visit_inspection: Visit, root: Path, places: Path, lang: str) -> None:
    app = visit_inspection(lang=lang, inspection=made(root))
    searched = say("findings.too_few", lang, least=20, rows=9)
    assert searched not in said(app)
    app.session_state["inspect_findings"] = True  # open
    app.run()
    assert not app.exception and searched in said(app)
    assert f"**{say('findings.words', lang)}**" in said(app) and f"**{say('findings.ngrams', lang)}**" not in said(app)
    assert app.selectbox(key=f"inspect_worst_score-{lang}").options == [
        say(f"findings.by_{name}", lang) for name in ("chrf", "error", "nll")
    ]
