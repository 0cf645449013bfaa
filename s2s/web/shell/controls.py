"""Controls that several pages share; the session holds their values by the names of the fields of ``PageState``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st

from s2s.checkpoint.examples import examples, first_marked, marks
from s2s.checkpoint.find import VIEW
from s2s.decode.ranges import ON_PAGES
from s2s.errors import UserError
from s2s.web.shell import architecture, branches, card, draft, keys, language, models, page_state
from s2s.web.shell.address import restore
from s2s.web.shell.bound import chooses, shows
from s2s.web.shell.foreign import code, plain, quoted
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.titles import choose_model, title

RUNS = "runs"  # how many times the visitor has run a sentence
MODEL_WIDTH = 280  # pixels of the choice of the model
MAX_TYPED = 100_000  # characters of a field; a message of more than settings.message_mb would end the connection


def example_pairs(name: str) -> list[tuple[str, str]]:
    """The example pairs of a checkpoint, which may be empty."""
    config = models.about(name, models.changed(name))["config"]
    if (text := config.get("text")) is None:
        return []
    cut = str(text.get("source")), str(text.get("target"))
    return examples(name, *cut) or examples(str(config.get("name")), *cut)  # an upload has another name than its config


def first_example(name: str) -> dict[str, Any]:
    """``text`` and ``ref`` of the first example of a checkpoint; empty if it has no examples."""
    pairs = example_pairs(name)
    return {"text": pairs[0][0], "ref": pairs[0][1]} if pairs else {}


def begin() -> list[str]:
    """Start a page: at the beginning of a visit, fill the session from the link. Returns the names of the checkpoints.

    If there is no checkpoint, the page ends here with a sentence.
    """
    names = models.names()
    if not names:
        st.info(t("step.no_checkpoint"))
        st.stop()
    restore(names, first_example)
    # An upload or a training may have given way to others.
    for name in sorted({st.session_state[keys.MODEL], st.session_state[keys.COMPARE]} - {"", *names}):
        st.warning(language.explain(UserError("checkpoint_missing", checkpoint=name)))
    if st.session_state[keys.MODEL] not in names:
        st.session_state.update({keys.MODEL: names[0], **first_example(names[0])})
    if st.session_state[keys.COMPARE] not in names:
        st.session_state[keys.COMPARE] = ""
    if st.session_state[keys.COMPARE] == st.session_state[keys.MODEL]:  # nothing is compared with itself
        st.session_state[keys.COMPARE] = ""
    return names


def line(name: str = "") -> Any:
    """A line for the controls of a page, above what the page shows; ``name`` if there are several."""
    key = f"line-{name}" if name else "line"
    return st.container(key=key, horizontal=True, vertical_alignment="center", gap="small")


@contextmanager
def sentence_line() -> Iterator[None]:
    """A line that begins with the form of the sentence; the body of the ``with`` adds the page's other controls."""
    with line():
        _sentence()
        with st.container(key="line-more", horizontal=True, vertical_alignment="center", gap="small", width="content"):
            yield
    with st.container(key="sentence-notes", gap=None):  # an empty note takes no room
        draft.unrun_note()
        draft.reference_warning(example_pairs(st.session_state[keys.MODEL]), _is_reference_used)


def _is_reference_used() -> bool:
    """Whether the model can use the reference."""
    name, reference = st.session_state[keys.MODEL], st.session_state[keys.REFERENCE]
    return models.reference_mistake(name, models.changed(name), reference.strip()) is None


def checkpoint(names: list[str], more: Callable[[], None] | None = None) -> None:
    """The choice of the checkpoint, and a popover with its card; ``more`` adds to the popover, above the card."""
    before = st.session_state[keys.MODEL]
    label, collapsed = t("step.checkpoint"), {"width": MODEL_WIDTH, "label_visibility": "collapsed"}
    choose_model(keys.MODEL, label, names, lambda: _switched(before), **collapsed)
    with st.popover(t("step.card"), key="card"):
        if more:
            more()
        _facts(st.session_state[keys.MODEL])


def _facts(name: str) -> None:
    """A checkpoint's name, architecture, scores and card."""
    entry = models.about(name, models.changed(name))
    st.caption(code(name))
    metrics = entry["metrics"].get("test", {})
    if architecture.parts(entry):  # for a model of many heads choose_head says this
        st.caption(plain(architecture.described(entry)))
    bleu, chrf, perplexity = (metrics.get(score) for score in ("bleu", "chrf", "perplexity"))
    if None not in (bleu, chrf, perplexity):
        name_of_bleu = card.bleu_name(metrics, t)
        st.caption(t("card.scores", name=name_of_bleu, bleu=bleu, chrf=chrf, perplexity=perplexity))
    card.show_card(name)


def _switched(before: str) -> None:
    """After another model was chosen: replace an example of the last model by one of this model; keep a typed text."""
    text, name = st.session_state[keys.TEXT], st.session_state[keys.MODEL]
    st.session_state.update({keys.LAYER: 0, keys.HEAD: 0})
    draft.count_switch()
    if text in dict(example_pairs(before)) and text not in dict(example_pairs(name)):
        st.session_state.update(first_example(name))


def comparison(names: list[str]) -> None:
    """The choice of a second checkpoint, or of none."""
    others = ["", *(name for name in names if name != st.session_state[keys.MODEL])]
    if st.session_state[keys.COMPARE] not in others:
        st.session_state[keys.COMPARE] = ""
    choose_model(keys.COMPARE, t("exposure.compare"), others, width=MODEL_WIDTH)
    layer, head, name = (st.session_state[part] for part in (keys.LAYER, keys.HEAD, keys.COMPARE))
    if any(sizes(name)) and (layer or head) and viewed_name(name, layer, head) == name:
        st.caption(t("heads.other_mean", checkpoint=quoted(title(name))))


def runs() -> int:
    """How many times the visitor has run a sentence; when the number grows, a component takes the keyboard's focus."""
    return int(st.session_state.get(RUNS, 0))


def count_run() -> None:
    """Count one more run, and drop the warnings about the link."""
    st.session_state[keys.IGNORED] = []
    st.session_state[RUNS] = runs() + 1


def _use(text: str, reference: str) -> None:
    st.session_state.update({keys.TEXT: text, keys.REFERENCE: reference})
    count_run()


def marked_examples() -> dict[str, dict[str, Any]]:
    """``number`` and ``text`` of the model's first example that goes ``well`` and of the first that goes ``wrong``."""
    name = st.session_state[keys.MODEL]
    found = {mark: first_marked(name, mark) for mark in ("well", "wrong")}
    pairs = example_pairs(name)
    return {mark: {"number": n, "text": pairs[n][0]} for mark, n in found.items() if n is not None and n < len(pairs)}


def use_example(number: int) -> None:
    """Put one of the model's examples, by its number from 0, in place of the sentence; call it before the form."""
    _use(*example_pairs(st.session_state[keys.MODEL])[number])


def _submitted() -> None:
    """After Run: delete the reference of an example if the text is not that example's any more."""
    count_run()
    for source, target in example_pairs(st.session_state[keys.MODEL]):
        if st.session_state[keys.REFERENCE] == target and st.session_state[keys.TEXT] != source:
            st.session_state[keys.REFERENCE] = ""


def _sentence() -> None:
    """The form with text, reference and the button Run: one line, of which a field grows while somebody types in it."""
    with st.form("sentence", border=False), st.container(key="sentence-fields", horizontal=True, gap="small"):
        shared: dict[str, Any] = {"height": 68, "max_chars": MAX_TYPED}
        st.text_area(t("step.text"), **shows(keys.TEXT), placeholder=t("step.text_place"), **shared)
        place = t("step.reference_place")
        st.text_area(t("step.reference"), **shows(keys.REFERENCE), placeholder=place, **shared)
        st.form_submit_button(t("step.run"), key="run", type="primary", on_click=_submitted)


def example_sentences() -> None:
    """A popover with the model's example sentences; a click puts one into the form."""
    if pairs := example_pairs(st.session_state[keys.MODEL]):
        with st.popover(t("step.examples"), key=f"examples-{runs()}"):  # a choice closes it
            for number, (text, reference) in enumerate(pairs):
                label = _marked(number, text)
                st.button(label, on_click=_use, args=(text, reference), width="stretch", type="tertiary")


def _marked(number: int, text: str) -> str:
    """An example as it stands in the list: its text, and what is known of it before it is run."""
    known = " · ".join(t(f"step.mark_{mark}") for mark in marks(st.session_state[keys.MODEL], number, text))
    return f"{plain(text)} :small[({known})]" if known else plain(text)


def radio(name: str, label: str, labels: dict[str, str], **options: Any) -> None:
    """Radio buttons whose choice survives a switch of the language; ``labels`` by value."""
    bound = chooses(name, language.current(), list(labels))
    st.radio(label, **bound, format_func=labels.__getitem__, horizontal=True, **options)


def own_radio(name: str, label: str, labels: dict[str, str]) -> str:
    """As ``radio`` for a value that is not part of the link, by default the first option; returns the choice."""
    if st.session_state.get(name) not in labels:
        st.session_state[name] = next(iter(labels))
    radio(name, label, labels)
    return str(st.session_state[name])


def select(name: str, label: str, labels: list[str]) -> None:
    """A list whose choice, a number from 0, survives a switch of the language."""
    bound = chooses(name, language.current(), range(len(labels)))
    st.selectbox(label, **bound, format_func=labels.__getitem__)


def decoding() -> None:
    """A popover with the choice of the lanes and the settings of decoding."""
    with st.popover(t("step.settings"), key="decoding"):
        modes = {mode: t(f"step.mode_{mode}") for mode in page_state.MODES}
        radio("mode", t("step.mode"), modes, help=t("step.mode_help"))
        settings()


def settings(prefix: str = "") -> None:
    """The settings of decoding; with the prefix ``b_`` those of side B of a comparison."""

    def field(name: str) -> dict[str, Any]:
        lasting = {"persist_state": "session"} if prefix else {}  # those of B are not always on the page
        return {**shows(f"{prefix}{name}"), **lasting}

    def slider(name: str, step: float, off: bool) -> None:
        st.slider(t(f"step.{name}"), *ON_PAGES[name], step=step, **field(name), disabled=off)

    def number(name: str, off: bool = False) -> None:
        st.number_input(t(f"step.{name}"), *ON_PAGES[name], **field(name), disabled=off)

    names = {"greedy": t("step.greedy"), "sampling": t("step.sampling"), "beam": t("step.beam_search")}
    radio(f"{prefix}strategy", t("step.strategy"), names)
    sampling, beam = (st.session_state[f"{prefix}strategy"] == s for s in ("sampling", "beam"))
    slider("temperature", 0.05, not sampling)
    number("top_k", not sampling)
    slider("top_p", 0.05, not sampling)
    number("seed", not sampling)
    number("beam", not beam)
    slider("length_penalty", 0.1, not beam)
    slider("coverage_penalty", 0.1, not beam)
    number("max_length")


def given_tokens(tokens: str) -> None:
    """If there are ``tokens`` that the model reads instead of the text: show them, with a button that drops them."""
    if tokens:
        note, back = st.columns([9, 3], vertical_alignment="center")
        note.caption(t("step.tokens", tokens=code(tokens)))
        back.button(t("step.own_tokens"), key="own_tokens", on_click=_own_tokens, width="stretch")


def _own_tokens() -> None:
    st.session_state[keys.TOKENS] = ""


def state() -> PageState:
    """The state of the page from the session, without the player's and the inspection's fields.

    Tokens that do not spell the text any more are dropped. Call it after the page's controls.
    """
    for text, tokens in (("text", "tokens"), ("b_text", "b_tokens")):
        if not page_state.spelt(st.session_state[text], st.session_state[tokens]):
            st.session_state[tokens] = ""
    last = st.session_state.get(keys.LAST_STATE, {})  # Streamlit deletes the values that have no widget on this page
    other = (*page_state.PLAYERS, *page_state.INSPECTION, "branches")
    fields = {
        name: st.session_state.get(name, last.get(name, parameter.default))
        for name, parameter in page_state.FIELDS.items()
        if name not in other
    }
    return PageState(**fields, branches=branches.list_branches())


def model_name(state: PageState) -> str:
    """The state's checkpoint by name; for a model of many heads with the layer and head to show."""
    return viewed_name(state.model, state.layer, state.head)


def viewed_name(name: str, layer: int, head: int) -> str:
    """``NAME@LAYER.HEAD``; the name alone for the mean over all heads, or if the model has no such layer or head."""
    layers, heads = sizes(name)
    return f"{name}{VIEW}{layer}.{head}" if layer <= layers and head <= heads and (layer or head) else name


def sizes(name: str) -> tuple[int, int]:
    """The numbers of decoder layers and of heads in each; zeros for a recurrent model."""
    model = models.model_config(name)
    known = model.get("attention") == "cross" and {"layers", "heads"} <= model.keys()
    return (model["layers"], model["heads"]) if known else (0, 0)


def address(state: PageState) -> dict[str, str]:
    """The parameters of a link to the state, to which the player adds its own."""
    return {**page_state.write_link(state), "text": state.text, "model": state.model, "lang": language.current()}
