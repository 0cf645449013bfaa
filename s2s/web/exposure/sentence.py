"""Exposure bias on one sentence: both lanes, what happens at ◆, the recovery curve."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from s2s.checkpoint.find import VIEW
from s2s.errors import UserError
from s2s.figures import exposure
from s2s.figures import step as panel
from s2s.figures.numbers import signed
from s2s.trace.trace import Trace
from s2s.web.components.player import mount_player
from s2s.web.exposure.source_share import source_share_section
from s2s.web.shell import controls, language, models
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.formulas import explain
from s2s.web.shell.lanes import decode_lanes
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.titles import contrasts

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.exposure.recovery import Recovery


@dataclass(frozen=True)
class SentenceRun:
    """One checkpoint's lanes of the sentence, with the recovery curve."""

    checkpoint: Checkpoint
    lanes: Mapping[str, Trace]
    recovery: Recovery | None  # None without a reference


def exposure_state() -> PageState:
    """The page's state. Decoding is greedy here, whatever another page has set."""
    fields = ("model", "compare", "text", "ref", "layer", "head")
    return PageState(**{name: st.session_state[name] for name in fields})


def load_checkpoints(state: PageState) -> list[Checkpoint]:
    """The chosen checkpoints with the chosen head; an error is shown for each that cannot be loaded."""
    checkpoints = []
    for chosen in filter(None, (state.model, state.compare)):
        name = controls.viewed_name(chosen, state.layer, state.head)
        try:
            with st.spinner(t("step.loading"), show_time=False):
                checkpoints.append(models.load(name, models.changed(name)))
        except UserError as error:
            st.error(language.explain(error))
    return checkpoints


def without_head(checkpoints: list[Checkpoint]) -> list[Checkpoint]:
    """The same checkpoints without a chosen head, which no measure of a file depends on."""
    names = [_base_name(checkpoint) for checkpoint in checkpoints]
    return [models.load(name, models.changed(name)) for name in names]


def _base_name(checkpoint: Checkpoint) -> str:
    """The checkpoint's name without the chosen head."""
    return checkpoint.name.partition(VIEW)[0]


def sentence_section(checkpoints: list[Checkpoint], state: PageState) -> None:
    """Draw the players, then the cards of the divergence and the recovery curve."""
    runs, shown = [], set[tuple[str, str]]()
    for checkpoint in checkpoints:
        lanes, messages = decode_lanes(replace(state, model=_base_name(checkpoint)))
        for kind, message in messages:
            if (kind, message) not in shown:
                getattr(st, kind)(message)
            shown.add((kind, message))
        if lanes:
            runs.append((checkpoint, lanes))
    if not runs:
        return
    with st.container(key="sentence-lanes"):
        _players(runs, state)
    whole = [SentenceRun(*run, _recovery(_base_name(run[0]), run[1])) for run in runs if "forced" in run[1]]
    if whole:
        _divergence_cards(whole)
        _recovery_curve(whole)
        found = _titles(whole)
        for run in whole:
            source_share_section(run.checkpoint, run.lanes, found[run.checkpoint.name] if len(whole) > 1 else "")


def _players(runs: list[tuple[Checkpoint, dict[str, Trace]]], state: PageState) -> None:
    address = controls.address(state)
    if len(runs) == 1:
        _player(*runs[0], address)
        return
    found = contrasts(checkpoint.name for checkpoint, _ in runs)
    tabs = st.tabs([plain(title) for title in found.values()], key=f"player_of-{language.current()}", on_change="rerun")
    for tab, (checkpoint, lanes) in zip(tabs, runs, strict=True):
        if tab.open:
            with tab:
                _player(checkpoint, lanes, address)


def _player(checkpoint: Checkpoint, lanes: dict[str, Trace], address: dict[str, str]) -> None:
    """A player that opens at ◆, if there is one and the address names no step."""
    at = lanes["forced"].divergence if "forced" in lanes else None
    reached = at is not None and "free" in lanes and at < len(lanes["free"].steps)
    begin = None if at is None else ("free" if reached else "forced", at)
    mount_player(lanes, len(checkpoint.target.vocab), address, begin=begin)


def _recovery(name: str, lanes: Mapping[str, Trace]) -> Recovery:
    forced = lanes["forced"]
    return models.recover(name, models.changed(name), forced.source_text, str(forced.reference))


def _divergence_cards(runs: list[SentenceRun]) -> None:
    st.markdown(f"#### {t('exposure.divergence')}")
    found = _titles(runs)
    for run in runs:
        if len(runs) > 1:
            st.markdown(f"**{plain(found[run.checkpoint.name])}**")
        at = run.lanes["forced"].divergence
        if at is None:
            st.success(t("exposure.no_divergence"))
        else:
            _divergence_card(run, at)
    explain("gap")


def _divergence_card(run: SentenceRun, at: int) -> None:
    """Draw both lanes' words at the first divergence, and the steps after each of the two words."""
    forced, step = run.lanes["forced"], run.lanes["forced"].steps[at]
    gold, own = step.target, step.top[0]
    assert gold is not None and run.recovery is not None
    st.markdown(t("exposure.at", step=at + 1, gold=code(gold.token), own=code(own.token)))
    gap = own.log_prob - gold.log_prob
    log_probs = {"gold": signed(f"{gold.log_prob:.3f}"), "own": signed(f"{own.log_prob:.3f}")}
    sizes = {"rank": gold.rank, "words": len(run.checkpoint.target.vocab), "gap": gap, "times": math.exp(gap)}
    st.markdown(t("exposure.gap", **log_probs, **sizes))
    panels = [_step_panel(forced, at, own.token, t("exposure.before", step=at + 1))]
    for mode, word in (("forced", gold.token), ("free", own.token)):
        trace = run.lanes[mode]
        head = t(f"exposure.after_{mode}", step=at + 2, word=word)
        if at + 1 < len(trace.steps):
            panels.append(_step_panel(trace, at + 1, trace.steps[at + 1].top[0].token, head))
        else:
            panels.append(f"<section><h4>{escape(head)}</h4><p>{escape(t('exposure.over'))}</p></section>")
    st.html(f'{panel.STYLE}<div class="lb-panels">{"".join(panels)}</div>')
    _recovery_verdict(run, at)


def _step_panel(trace: Trace, t_: int, chosen: str, head: str) -> str:
    text = language.strings("player")
    step = trace.steps[t_]
    label = t("exposure.attention", step=t_ + 1)
    shades = panel.attention_row(trace.source_tokens, step, label) if trace.looks else ""
    return f"<section><h4>{escape(head)}</h4>{panel.word_table(step, chosen, text)}{shades}</section>"


def _recovery_verdict(run: SentenceRun, at: int) -> None:
    """Draw whether the model recovers if it is given the reference's word at this step."""
    from s2s.exposure.sentence import rests_after_divergence

    assert run.recovery is not None
    target, tokens = run.checkpoint.target, run.lanes["forced"].reference_tokens
    both = rests_after_divergence(run.recovery, at, target)
    st.markdown(f"**{t('exposure.recovers')}**")
    if both is None:
        st.markdown(t("exposure.reference_over"))
        return
    gold, own = both
    word = code(tokens[at])
    answer = "yes" if gold.accuracy == 1 else "partly" if gold.f1 > own.f1 else "no"
    st.markdown(t(f"exposure.recovers_{answer}", word=word))
    text = language.strings("exposure")
    heads = ["", text["rest"], text["score_at"], text["score_f1"]]
    rows = [[text["rest_reference"], target.segmenter.join(list(tokens[at + 1 :])), "", ""]]
    for name, rest in (("rest_gold", gold), ("rest_own", own)):
        rows.append([text[name], rest.text, f"{100 * rest.accuracy:.0f} %", f"{rest.f1:.2f}"])
    st.html(panel.step_table(heads, rows))


def _titles(runs: list[SentenceRun]) -> dict[str, str]:
    return contrasts(run.checkpoint.name for run in runs)


def _recovery_curve(runs: list[SentenceRun]) -> None:
    st.markdown(f"#### {t('exposure.curve')}")
    found = _titles(runs)
    rows = {
        found[run.checkpoint.name]: {"at": run.recovery.accuracy.tolist(), "f1": run.recovery.f1.tolist()}
        for run in runs
        if run.recovery is not None
    }
    marks = {found[run.checkpoint.name]: at for run in runs if (at := run.lanes["forced"].divergence) is not None}
    gold = runs[0].lanes["forced"].reference_tokens
    figure = exposure.sentence(rows, gold, marks, language.strings("curve"))
    st.plotly_chart(figure, key="sentence-curve", config={"displayModeBar": False})
    st.markdown(t("exposure.curve_help"))
    explain("at", "f1")
