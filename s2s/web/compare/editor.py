"""The editor of B's source: edit a word, or choose another segmentation of the text; with undo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from s2s.text import edits
from s2s.text.align import aligned_columns
from s2s.web.compare.side import Side
from s2s.web.shell import controls, keys, language, models
from s2s.web.shell.bound import shows
from s2s.web.shell.foreign import plain
from s2s.web.shell.language import t
from s2s.web.shell.link_values import MAX_VALUE
from s2s.web.shell.page_state import spelt

B_EDITED = "b_edited"  # the text of B as the editor wrote it last
B_HISTORY = "b_history"  # earlier texts and tokens of B, for Undo
B_ORIGIN = "b_origin"  # text and tokens of A from which B was edited
CHIP = "chip"  # position of the chosen word of B, from 0
TYPED = "typed"  # words to insert

Tokens = tuple[str, ...]
MOST = 400  # most characters of a typed word


def tokens_of(side: Side) -> Tokens:
    """The tokens that the side's model reads."""
    source = side.state.source
    return tuple(side.checkpoint.source.words(source)) if isinstance(source, str) else source


def word_editor(a: Side, b: Side, line: Any, below: Any) -> None:
    """B's text and other segmentations in ``line``, its words in ``below``; after both, the chosen word's actions."""
    _begin_again_with(a)
    history, of_a, of_b = st.session_state[B_HISTORY], tokens_of(a), tokens_of(b)
    line.text_area(
        t("compare.b_text"),
        **shows(keys.B_TEXT),
        height=68,
        max_chars=MAX_VALUE,
        placeholder=t("compare.b_text_place"),
        on_change=controls.count_run,
        persist_state="session",  # it is not always on the page
    )
    with line:
        st.button(t("compare.undo"), key="undo", on_click=_undo, disabled=not history)
        same = not st.session_state[keys.B_TEXT]
        st.button(t("compare.as_a"), key="as_a", on_click=_store, args=("", ""), disabled=same)
    if of_b:
        with line:
            _segmentations(b, of_b)
        with below:
            position = _chips(of_a, of_b, b)
        if position is not None:
            _actions(b, of_b, position)


def _begin_again_with(a: Side) -> None:
    """When A's text has changed, make B a copy of A again, unless B's text was typed."""
    state = st.session_state
    state.setdefault(B_HISTORY, [])
    origin = (a.state.text, a.state.tokens)
    if state.setdefault(B_ORIGIN, origin) != origin:
        state[B_ORIGIN] = origin
        if state[keys.B_TEXT] == state.get(B_EDITED):
            _store("", "")
            st.rerun()


def _store(text: str, tokens: str) -> None:
    state = st.session_state
    state[B_HISTORY] = [*state[B_HISTORY][-99:], (state[keys.B_TEXT], state[keys.B_TOKENS])]
    state.update({keys.B_TEXT: text, keys.B_TOKENS: tokens, B_EDITED: text})


def _undo() -> None:
    text, tokens = st.session_state[B_HISTORY].pop()
    st.session_state.update({keys.B_TEXT: text, keys.B_TOKENS: tokens, B_EDITED: text})


def _edit(b: Side, tokens: Tokens, position: int | None = None) -> None:
    """Make these the tokens of B, and select the word at ``place``.

    The text stays if they spell it, else it is joined from them. Tokens that the model would choose are not stored.
    """
    source, words = b.checkpoint.source, " ".join(tokens)
    text = b.state.text
    if not spelt(text, words):
        text = source.segmenter.join(list(tokens))
    _store(text, "" if tuple(source.words(text)) == tokens else words)
    if position is not None:
        st.session_state[CHIP] = min(position, len(tokens) - 1) if tokens else None


def _chips(of_a: Tokens, of_b: Tokens, b: Side) -> int | None:
    """B's words as pills: ✎ changed, + added, unknown ones marked; below, A's words that B lacks."""
    aligned, known = aligned_columns(of_a, of_b), b.checkpoint.source.vocab.ids
    marks = {r: "+" for column in aligned if not column.a for r in column.b}
    marks |= {
        r: "✎"
        for column in aligned
        if column.a and [of_a[s] for s in column.a] != [of_b[r] for r in column.b]
        for r in column.b
    }

    def name(position: int) -> str:
        token = of_b[position]
        unknown = "" if token in known or token == edits.MASK else " :small[:red[unk]]"
        return f":small[{position + 1}] {marks.get(position, '')}{plain(token)}{unknown}"

    if (st.session_state.get(CHIP) or 0) >= len(of_b):
        st.session_state[CHIP] = None
    positions = range(len(of_b))
    st.caption(t("compare.words"), help=t("compare.words_help"), width="content")
    chosen: int | None = st.pills(
        t("compare.words"), positions, format_func=name, key=CHIP, label_visibility="collapsed", width="content"
    )
    gone = [f"~~{plain(of_a[s])}~~" for column in aligned if not column.b for s in column.a]
    if gone:
        st.caption(t("compare.gone", words=" ".join(gone)), width="content")
    return chosen


def _actions(b: Side, tokens: Tokens, position: int) -> None:
    """Actions on the word at ``place``: delete, mask, join, replace by typed words, by its parts or by a neighbour."""
    token = tokens[position]

    def act(label: str, key: str, changed: Tokens | None) -> None:
        usable = changed is not None and bool(changed)
        st.button(label, key=f"act-{key}", on_click=_edit, args=(b, changed or (), position), disabled=not usable)

    with st.container(horizontal=True, key="actions", gap="small"):
        act(t("compare.delete"), "delete", edits.delete(tokens, position))
        act(t("compare.mask"), "mask", edits.mask(tokens, position) if token != edits.MASK else None)
        joined = edits.join(tokens, position) if edits.can_join(tokens, position) else None
        act(t("compare.join"), "join", joined)
        st.text_input(
            t("compare.typed"),
            key=TYPED,
            placeholder=t("compare.typed"),
            label_visibility="collapsed",
            width=200,
            max_chars=MOST,
            on_change=_typed,
            args=(b, tokens, position),
        )
    pieces = models.splits(token)
    if pieces:
        with st.container(horizontal=True, key="splits", gap="small", vertical_alignment="center"):
            st.caption(t("compare.split"), width="content")
            for i, cut in enumerate(pieces):
                act(" · ".join(map(plain, cut)), f"split-{i}", edits.split(tokens, position, cut))
    name = b.state.model
    near = models.neighbours(name, models.changed(name), token)
    with st.container(horizontal=True, key="neighbours", gap="small", vertical_alignment="center"):
        st.caption(t("compare.neighbours") if near else t("compare.no_neighbours"), width="content")
        for i, (word, cosine) in enumerate(near):
            act(f"{plain(word)} :small[:gray[{cosine:.2f}]]", f"near-{i}", edits.replace(tokens, position, word))


def _typed(b: Side, tokens: Tokens, position: int) -> None:
    """Replace the chosen word by the typed words, segmented as the model does."""
    words = [word for part in st.session_state[TYPED].split() for word in _cut(b, part)]
    if words:
        _edit(b, edits.replace(tokens, position, *words), position)
    st.session_state[TYPED] = ""


def _cut(b: Side, part: str) -> Sequence[str]:
    return [part] if part == edits.MASK else b.checkpoint.source.words(part)


def _segmentations(b: Side, tokens: Tokens) -> None:
    """A choice among the segmentations of B's text."""
    name, known = b.state.model, b.checkpoint.source.vocab.ids
    segmentations = models.segmentations(name, models.changed(name), b.state.text)
    cuts = [segmentation.tokens for segmentation in segmentations]

    def caption(position: int) -> str:
        unknown = [token for token in dict.fromkeys(cuts[position]) if token not in known and token != edits.MASK]
        parts = [t(f"compare.cut.{segmentations[position].kind}")]
        log_prob = segmentations[position].log_prob
        parts += [f"log P {log_prob:.1f}".replace("-", "−")] if log_prob is not None else []
        parts += [t("compare.unknown", words=" ".join(map(plain, unknown)))] if unknown else []
        return " · ".join(parts)

    key = f"segmentation-{language.current()}"
    st.session_state[key] = cuts.index(tokens) if tokens in cuts else None
    with st.popover(t("compare.segmentations", count=len(cuts))):
        st.radio(
            t("compare.segmentations", count=len(cuts)),
            range(len(cuts)),
            format_func=lambda position: " · ".join(map(plain, cuts[position])),
            captions=[caption(position) for position in range(len(cuts))],
            key=key,
            on_change=lambda: _edit(b, cuts[st.session_state[key]]),
            label_visibility="collapsed",
        )
