"""Tables of the words that systems get right by training frequency, and of the n-grams that one says more often."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import streamlit as st

from s2s.figures.numbers import chance, signed
from s2s.inspect.pair_findings import pair_words
from s2s.inspect.paired import Paired
from s2s.inspect.table import Examples
from s2s.inspect.target_words import words_by_rank
from s2s.web.inspection.state import InspectionView
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t
from s2s.web.shell.titles import pair_titles


@st.cache_resource(max_entries=32, show_spinner=False)
def _findings(rows_key: tuple[Any, ...], _examples: Examples, _rows_N: np.ndarray | None) -> dict[str, Any]:
    if isinstance(_examples, Paired):
        return pair_words(_examples, _rows_N)
    return {"words": words_by_rank(_examples, _rows_N), "ngrams": []}


def word_tables(view: InspectionView) -> None:
    """Draw the tables, of the rows that fit; nothing for what was not measured."""
    found = _findings(view.rows_key, view.examples, view.rows_N)
    names = [""]
    if isinstance(view.examples, Paired):
        names = [*pair_titles(view.entry.checkpoint, view.examples.second.manifest["checkpoint"]["name"])]
    if found["words"]:
        st.markdown(f"**{t('findings.words')}**", help=t("findings.words_help"))
        st.table(_word_columns(found["words"], names), hide_index=True, border="horizontal")
    if any(found["ngrams"]):
        st.markdown(f"**{t('findings.ngrams')}**", help=t("findings.ngrams_help"))
        for column, side in zip(st.columns(2), (0, 1), strict=True):
            with column:
                st.markdown(t("findings.ngrams_of", checkpoint=plain(names[side])))
                st.table(_ngram_columns(found["ngrams"][side], names), hide_index=True, border="horizontal")


def _word_columns(words: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[str]]:
    columns = {
        t("findings.rank"): [_bucket(one) for one in words],
        t("findings.reference_words"): [f"{one['reference']:,}" for one in words],
    }
    for side, name in enumerate(names):
        title = f"F1 (%) · {plain(name)}" if name else "F1 (%)"
        columns[title] = [_percent(one["f1"][side]) for one in words]
    if len(names) == 2:
        columns[t("findings.f1_difference")] = [_percent(one["difference"]) for one in words]
    return columns


def _bucket(one: Mapping[str, Any]) -> str:
    return f"{one['first']:,}–{one['last']:,}" if one["first"] else t("findings.outside")


def _percent(one: Mapping[str, Any]) -> str:
    """A share of 1 with its interval, in per cent."""
    value, low, high = (one[name] for name in ("value", "low", "high"))
    if value is None:
        return "–"
    between = "" if low is None or high is None else f" [{100 * low:.1f}, {100 * high:.1f}]"
    return signed(f"{100 * value:.1f}{between}")


def _ngram_columns(ngrams: Sequence[Mapping[str, Any]], names: Sequence[str]) -> dict[str, list[str]]:
    """N-grams, how often each system says them rightly, of all the times it says them, and p."""
    columns = {t("findings.ngram"): [plain(" ".join(one["tokens"])) for one in ngrams]}
    for side, name in enumerate(names):
        columns[t("findings.right", checkpoint=plain(name))] = [
            t("findings.right_of", right=one["right"][side], said=one["said"][side]) for one in ngrams
        ]
    columns["p"] = [chance(one["p"]).removeprefix("= ") for one in ngrams]
    return columns
