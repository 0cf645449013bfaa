"""Is a prettier heatmap a truer one? Shipped models side by side: how well attention aligns, how much it decides."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from s2s.evaluate.measured import Measured
from s2s.explain.heatmaps import PERCENT, PRETTY, SHIPPED, TRUE, Heatmaps, load_heatmaps
from s2s.figures.numbers import chance, signed
from s2s.web.shell import titles
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t

NAMES = {"luong": "zh-en-luong", "bahdanau": "zh-en-bahdanau", "guided": "zh-en-guided"}
SAID = ("short_attention", "short_erasure", "tau_erasure", "permuted_variation", "idle", "disagrees")


def heatmaps_section() -> None:
    """Tables of the committed comparison, and what follows from it."""
    found = load_heatmaps(SHIPPED)
    st.markdown(f"### {t('heatmaps.title')}")
    st.markdown(t("heatmaps.answer", **_answer(found)))
    st.markdown(f"#### {t('heatmaps.pretty')}")
    _table(found, PRETTY, _aligned)
    diagonals = {f"diagonal_{kind}": 100 * measured.value for kind, measured in found.diagonal.items()}
    st.caption(t("heatmaps.pretty_help", **found.sentences, **diagonals))
    st.markdown(f"#### {t('heatmaps.true')}")
    _table(found, TRUE, lambda name: t(f"heatmaps.measure_{name}"))
    st.caption(t("heatmaps.true_help", sentences=found.sentences["evidence"]))
    st.markdown(f"#### {t('heatmaps.good')}")
    _table(found, ["bleu"], lambda _: "BLEU")
    for one in found.differences:
        shown = titles.contrasts((one.name, one.base))
        names = {"name": plain(shown[one.name]), "base": plain(shown[one.base])}
        st.caption(t("heatmaps.difference", **names, bleu=cell("bleu", one.bleu), p=chance(one.p)))
    st.caption(t("heatmaps.made", test=found.sentences["test"], date=found.date, level=100 * found.level))


def cell(name: str, measured: Measured) -> str:
    """A value with its interval; error rates and shares of steps in per cent."""
    value, low, high = (_shown(name, number) for number in (measured.value, measured.low, measured.high))
    return f"{value} [{low}, {high}]"


def _shown(name: str, number: float) -> str:
    if name in PERCENT:
        return f"{100 * number:.1f}"
    return signed(f"{number:.1f}" if name == "bleu" else f"{number:.2f}")


def _answer(found: Heatmaps) -> dict[str, Any]:
    """What the answer calls the three models, and their numbers, such as ``luong_idle``."""
    measures, shown = {system.name: system.measures for system in found.systems}, titles.contrasts(NAMES.values())
    numbers = {
        f"{key}_{said}": _shown(said, measures[name][said].value) for key, name in NAMES.items() for said in SAID
    }
    return {**{key: plain(shown[name]) for key, name in NAMES.items()}, **numbers}


def _table(found: Heatmaps, names: Sequence[str], label: Callable[[str], str]) -> None:
    shown = titles.contrasts(system.name for system in found.systems)
    table = {t("exposure.measure_name"): [label(name) for name in names]}
    for system in found.systems:
        table[plain(shown[system.name])] = [cell(name, system.measures[name]) for name in names]
    st.table(table, hide_index=True, border="horizontal")


def _aligned(name: str) -> str:
    kind, _, row = name.partition("_")
    return t("app.list").join((t(f"heatmaps.{kind}"), t(f"evidence.row_{row}")))
