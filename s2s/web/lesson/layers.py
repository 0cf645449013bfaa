"""Chapter Layers and model: the source of the loaded layers, line by line, beside the values of one step."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

import streamlit as st

from s2s.errors import UserError
from s2s.figures.numbers import signed
from s2s.web.lesson import computed
from s2s.web.shell import language, layout, models
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState

if TYPE_CHECKING:
    from s2s.lesson.annotated_source import Line, Piece, Value

LAYERS_STEP = "layers-step"

STYLE = """<style>
.lb-code { border-collapse: collapse; width: 100%; font-size: 0.86rem; }
.lb-code td { border: 0; padding: 1px 10px 1px 0; vertical-align: top; }
.lb-code td.code { font-family: "Source Code Pro", ui-monospace, monospace; }
.lb-code td.code { white-space: pre-wrap; overflow-wrap: anywhere; width: 58%; }
.lb-code tr.over td.code { opacity: 0.75; font-style: italic; }
.lb-code td.value { font-variant-numeric: tabular-nums; }
.lb-code td.value { color: color-mix(in srgb, var(--lb-attention) 64%, currentColor); }
.lb-code td.value b { font-weight: 600; }
.lb-scroll { overflow-x: auto; }
@media (max-width: 760px) {
  .lb-code tr, .lb-code td, .lb-code td.code { display: block; width: auto; }
  .lb-code td.value { padding-left: 18px; }
}
</style>"""


def layers_chapter(state: PageState) -> None:
    """The choice of a step, and the source of its functions with the values of each line."""
    name, text = state.model, state.text
    changed = models.changed(name)
    try:
        with st.spinner(t("step.loading"), show_time=False):
            trace = models.decode(name, changed, text, "", "free", ())
            steps = len(trace.steps)
            if st.session_state.get(LAYERS_STEP, 1) > steps:
                st.session_state[LAYERS_STEP] = steps
            outputs = [code(step.output) for step in trace.steps]
            at = (
                st.slider(t("layers.step"), 1, max(steps, 2), key=LAYERS_STEP, persist_state="session")
                if steps > 1
                else 1
            )
            pieces = computed.step_as_it_runs(name, changed, text, at - 1)
    except UserError as error:
        st.error(language.explain(error))
        return
    st.markdown(t("layers.at", step=at, word=outputs[at - 1], words=len(trace.source_tokens)))
    for piece in pieces:
        around = piece.name.startswith(("decoder.", "seq2seq."))  # the callers of the layers, which begin collapsed
        with st.expander(f"`{piece.name}`", expanded=not around, key=piece.name):
            st.html(STYLE + _table(piece))
    blind = trace.checkpoint["attention"] == "none"
    layout.question("layers", "try_blind" if blind else "try", ("answer_blind" if blind else "answer",))


def _table(piece: Piece) -> str:
    given = " · ".join(map(_value, piece.given))
    head = f"<p>{escape(t('layers.given'))} {given}</p>" if given else ""
    lines = "".join(map(_line, piece.lines))
    return f'{head}<div class="lb-scroll" tabindex="0"><table class="lb-code">{lines}</table></div>'


def _line(line: Line) -> str:
    values = " · ".join(map(_value, line.values))
    ran = "" if line.ran else ' class="over"'
    return f'<tr{ran}><td class="code">{escape(line.text) or " "}</td><td class="value">{values}</td></tr>'


def _value(value: Value) -> str:
    shape = "×".join(map(str, value.shape)) or "1"
    numbers = ", ".join(signed(f"{x:.3f}") for x in value.numbers)
    more = ", …" if len(value.numbers) == 3 else ""
    return f"<b>{escape(value.name)}</b> {shape} ({numbers}{more})"
