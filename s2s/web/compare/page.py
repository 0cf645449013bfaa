"""Two runs beside each other: A, as in Step through, and B, which differs in source, checkpoint or decoding."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import streamlit as st

from s2s.errors import UserError, joined
from s2s.figures.numbers import share, signed
from s2s.trace.compare import Comparison, lane_output
from s2s.trace.step import Step
from s2s.trace.trace import Trace
from s2s.web.compare import editor
from s2s.web.compare.side import Side
from s2s.web.components.comparison import mount_comparison
from s2s.web.shell import controls, keys, language, models
from s2s.web.shell.bound import marks
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.language import t
from s2s.web.shell.page_state import DIFFERS, FIELDS, SETTINGS, PageState

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


def more_of_a() -> None:
    """A's settings of decoding and the example sentences, in the line of the sentence."""
    with st.popover(t("compare.a_settings")):
        controls.settings()
    controls.example_sentences()


def _choose_differences() -> None:
    """The choice in what B differs from A."""
    key = f"differs-{language.current()}"
    st.session_state[key] = [name for name in st.session_state[keys.DIFFERS].split(",") if name]
    names = {name: t(f"compare.{name}") for name in DIFFERS}
    st.caption(t("compare.differs"), width="content")
    st.pills(
        t("compare.differs"),
        DIFFERS,
        selection_mode="multi",
        format_func=names.__getitem__,
        **marks(key),
        on_change=_differ,
        args=(key,),
        label_visibility="collapsed",
        width="content",
    )


def _differ(key: str) -> None:
    chosen = st.session_state[key]
    st.session_state[keys.DIFFERS] = ",".join(name for name in DIFFERS if name in chosen)


def side_b(state: PageState) -> PageState:
    """B as a state of Step through: A with the chosen differences."""
    differs, b = state.differs.split(","), state
    if "checkpoint" in differs and state.compare:
        b = replace(b, model=state.compare)
        if _cut(state.model) != _cut(b.model):
            b = replace(b, tokens="")  # B's segmenter is another: A's tokens do not suit it
    if "source" in differs and state.b_text:
        b = replace(b, text=state.b_text, tokens=state.b_tokens)
    if "decoding" in differs:
        b = replace(b, **{name: getattr(state, f"b_{name}") for name in SETTINGS})
    return b


def _cut(name: str) -> Any:
    return models.about(name, models.changed(name))["config"].get("text", {}).get("source")


def without_comparison(state: PageState) -> PageState:
    """A side's state without the fields of a comparison, for a link to Step through."""
    plain = PageState()
    return replace(
        state, **{name: getattr(plain, name) for name in FIELDS if name.startswith("b_") or name in COMPARISON_FIELDS}
    )


COMPARISON_FIELDS = ("compare", "differs", "compared")


def render_comparison(names: list[str]) -> None:
    """The line of B, then both runs."""
    differs = st.session_state[keys.DIFFERS].split(",")
    with controls.line("b"):
        _choose_differences()
        if "checkpoint" in differs:
            controls.comparison(names)
        if "decoding" in differs:
            with st.popover(t("compare.b_settings")):
                controls.settings("b_")
        source = st.container(key="line-source", horizontal=True, vertical_alignment="center", gap="small")
    below = st.container(key="words", horizontal=True, vertical_alignment="center", gap="small")
    state = controls.state()
    a, b = (_loaded(name, side) for name, side in (("A", state), ("B", side_b(state))))
    if a is None or b is None:
        return
    if "source" in differs:
        editor.word_editor(a, b, source, below)
    if state.ref.strip():
        modes = {"free": t("step.mode_free"), "forced": t("step.mode_forced")}
        with below:
            controls.radio("compared", t("step.mode"), modes, label_visibility="collapsed", width="content")
    _runs(a, b, state)


def _loaded(name: str, state: PageState) -> Side | None:
    try:
        with st.spinner(t("step.loading"), show_time=False):
            return Side(name, state, models.load(controls.model_name(state), models.changed(state.model)))
    except UserError as error:
        st.error(f"**{plain(name)}** · {language.explain(error)}")
        return None


def _runs(a: Side, b: Side, state: PageState) -> None:
    """Decode both; show the summary, the component and the downloads."""
    reference = state.ref.strip()
    mode = st.session_state[keys.COMPARED] if reference else "free"
    calls = [_usable(side, mode, reference) for side in (a, b)]
    if calls[0] is None or calls[1] is None:
        return
    compared = models.compared(calls[0], calls[1])
    st.markdown(joined(*summary(compared)))
    mount_comparison(compared, controls.address(state))
    if sentences := limits(compared, a.checkpoint, b.checkpoint):
        st.caption("\n\n".join(sentences))
    _take_away(compared, a, b)


def _usable(side: Side, mode: str, reference: str) -> tuple[Any, ...] | None:
    """The arguments of ``models.decode`` for a side; None after an error message.

    A free-running lane is decoded without its reference if the model cannot read that.
    """
    call = side.call(mode, reference)
    try:
        models.decode(*call)
        return call
    except UserError as error:
        if mode == "free" and error.key.startswith("error.reference"):
            st.warning(f"**{plain(side.name)}** · {language.explain(error)}")
            return _usable(side, mode, "")
        st.error(f"**{plain(side.name)}** · {language.explain(error)}")
        return None


def summary(compared: Comparison) -> list[str]:
    """The differences, in sentences."""
    if compared.identical:
        return [t("compare.identical")]
    log_probs = dict(zip("ab", (signed(f"{x:.2f}") for x in compared.log_probs_2), strict=True))
    of = "compare.log_prob" if compared.a.mode == "free" else "compare.log_prob_reference"
    return [_parted(compared), t(of, **log_probs)]


def _parted(compared: Comparison) -> str:
    at = compared.parting
    if at is None:
        return joined(t("compare.same_words"), _largest(compared))
    sides = (compared.a, compared.b)
    if any(at >= len(side.steps) for side in sides):
        longer = "A" if at < len(compared.a.steps) else "B"
        return t("compare.ends", step=at + 1, longer=longer)
    steps = [side.steps[at] for side in sides]
    words = [lane_output(step, side.mode) for step, side in zip(steps, sides, strict=True)]
    values: dict[str, object] = {"step": at + 1}
    for name, step, word, side, rival in zip("ab", steps, words, sides, reversed(words), strict=True):
        log_prob = step.top[0].log_prob if side.mode == "forced" else step.log_prob
        values |= {
            name: code(word),
            f"p_{name}": share(math.exp(log_prob)),
            f"looked_{name}": _looked(side, step),
            f"rival_{name}": _rank(step.top, rival),
        }
    return t("compare.parts", **values)


def _looked(side: Trace, step: Step) -> str:
    """The source word with the largest weight at a step, in words."""
    if not side.looks:
        return t("compare.looks_nowhere")
    position = int(step.attention.argmax())
    return t("compare.looked", word=code(side.source_tokens[position]), weight=f"{step.attention[position]:.2f}")


def _rank(top: Any, word: str) -> str:
    """The rank and probability of a word among a step's candidates, in words."""
    for candidate in top:
        if candidate.token == word:
            return t("compare.rank", rank=candidate.rank, p=share(math.exp(candidate.log_prob)))
    return t("compare.rank_below", most=len(top))


def _largest(compared: Comparison) -> str:
    """For two runs with the same output: the step whose probability changed most, in a sentence."""
    row = compared.largest
    steps = compared.steps(row)
    assert steps[0] is not None and steps[1] is not None
    p_a, p_b = (share(math.exp(step.log_prob)) for step in steps if step is not None)
    return t("compare.largest", step=row + 1, word=code(steps[0].output), p_a=p_a, p_b=p_b)


def limits(compared: Comparison, a: Checkpoint, b: Checkpoint) -> list[str]:
    """Sentences about what cannot be compared, or only in part."""
    only_a = sum(not column.b for column in compared.columns)
    only_b = sum(not column.a for column in compared.columns)
    joined = sum(len(column.a) > 1 or len(column.b) > 1 for column in compared.columns)
    words = [{step.output for step in side.steps} - {"<eos>"} for side in (compared.a, compared.b)]
    sentences = []
    if a.target.segmenter.name != b.target.segmenter.name:
        sentences.append(t("compare.limit_cut"))
    elif a.target.vocab.tokens != b.target.vocab.tokens:
        sentences.append(t("compare.limit_vocabulary", a=len(a.target.vocab), b=len(b.target.vocab)))
    if all(words) and not words[0] & words[1]:
        sentences.append(t("compare.limit_words"))
    if only_a or only_b:
        sentences.append(t("compare.limit_unmatched", a=only_a, b=only_b))
    if joined:
        sentences.append(t("compare.limit_joined", count=joined))
    return sentences


def _take_away(compared: Comparison, a: Side, b: Side) -> None:
    """A link and the JSON of each side, and the difference as CSV."""
    with st.container(horizontal=True, key="both-sides"):
        for side, trace in ((a, compared.a), (b, compared.b)):
            address = controls.address(without_comparison(side.state))
            st.link_button(t("compare.open", side=plain(side.name)), f"./?{urlencode(address)}")
            name = f"lookback-compare-{side.name}-{side.checkpoint.name}.json"
            st.download_button(
                t("compare.json", side=plain(side.name)), trace.to_json, name, "application/json", on_click="ignore"
            )
        csv = lambda: "\ufeff" + compared.to_csv()  # noqa: E731
        st.download_button(t("compare.csv"), csv, "lookback-compare.csv", "text/csv", on_click="ignore")
