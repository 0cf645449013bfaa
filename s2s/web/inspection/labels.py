"""What the visitor and others say of an example: verdict, categories, note, each written when it is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from s2s.errors import UserError
from s2s.inspect.table import read_manifest
from s2s.store.database import connect
from s2s.store.label import NAME, NOTE, VERDICTS, Label, named
from s2s.store.labels import Labels
from s2s.web.shell.foreign import code
from s2s.web.shell.language import explain, t

LABEL_NEW = "label-new"  # name of a label to be added
LABEL_PERSON = "label-person"  # the name as it is typed
LABEL_MISTAKE = "label_mistake"  # UserError of the last change, shown once
PERSON = "person"  # who labels

UNSAVED = "label_unsaved"  # what could not be written yet, by widget: it is shown, and tried again


@dataclass(frozen=True)
class _Edit:
    """One example under one person's hand."""

    labels: Labels
    example: int
    person: str

    def key(self, part: str) -> str:
        """Of a widget: another one for another example, person or inspection."""
        return f"label-{part}-{self.labels.file[:12]}-{self.labels.checkpoint}-{self.example}-{self.person}"


def labels_of(directory: Path) -> Labels:
    """The labels of an inspection, from the server's database. Raises UserError where that is lost."""
    return Labels(connect(), read_manifest(directory))


def panel(inspection: Path, id: int) -> None:
    """What is said of an example, to be changed by who has given a name."""
    st.markdown(f"##### {t('labels.title')}")
    try:
        _panel(labels_of(inspection), id)
    except UserError as error:
        st.error(explain(error))


def _panel(labels: Labels, id: int) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        person = _person()
    try:
        everybody = labels.of(id)
        if person:
            own = next((label for label in everybody if label.person == person), None)
            _own(_Edit(labels, id, person), own, left, right)
        else:
            left.caption(t("labels.who_first"))
        with right:
            _others([label for label in everybody if label.person != person])
    except UserError as error:
        st.error(explain(error))


def person() -> str:
    """The visitor's name: typed once, kept in the session and, by whoever writes it, in the page's address."""
    state = st.session_state
    if PERSON not in state:
        state[PERSON] = _known(st.query_params.get("person", ""))
    return str(state[PERSON])


def _person() -> str:
    """The name, and the field that changes it."""
    state = st.session_state
    state.setdefault(LABEL_PERSON, person())

    def keep() -> None:
        state[PERSON] = _known(state[LABEL_PERSON])

    st.text_input(t("labels.who"), key=LABEL_PERSON, max_chars=NAME, on_change=keep, help=t("labels.who_help"))
    return person()


def _known(text: str) -> str:
    try:
        return named(text)
    except UserError:
        return ""


def _own(edit: _Edit, label: Label | None, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """The visitor's own label; every change is written before the page is drawn again."""
    labels, names = edit.labels, edit.labels.categories()
    numbers = {name: number for number, name in names.items()}
    marked = [numbers[name] for name in (label.categories if label else ()) if name in numbers]

    def say(value: str | None) -> None:
        labels.say(edit.example, edit.person, value)

    def mark(value: Sequence[int]) -> None:
        for category in set(value) ^ set(marked):
            labels.mark(edit.example, edit.person, category, category in value)

    def note(value: str) -> None:
        labels.note(edit.example, edit.person, value)

    kept = {"verdict": label.verdict if label else None, "marks": marked, "note": label.note if label else ""}
    _fill(edit, kept, {"verdict": say, "marks": mark, "note": note})

    def changed(part: str, write: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: _write(edit.key(part), write)

    left.segmented_control(
        t("labels.verdict"),
        VERDICTS,
        format_func={verdict: t(f"labels.verdict.{verdict}") for verdict in VERDICTS}.__getitem__,
        key=edit.key("verdict"),
        on_change=changed("verdict", say),
    )
    if names:
        left.pills(
            t("labels.categories"),
            list(names),
            format_func=lambda number: names.get(number, ""),
            selection_mode="multi",
            key=edit.key("marks"),
            on_change=changed("marks", mark),
        )
    right.text_area(t("labels.note"), key=edit.key("note"), max_chars=NOTE, height=130, on_change=changed("note", note))
    with left:
        _categories(labels, names)


def _fill(edit: _Edit, kept: Mapping[str, Any], writers: Mapping[str, Callable[[Any], None]]) -> None:
    """Widgets show what is kept; of what could not be written, what was typed, which is tried again."""
    unsaved: dict[str, UserError] = st.session_state.setdefault(UNSAVED, {})
    for part, value in kept.items():
        key = edit.key(part)
        if key in unsaved:
            _write(key, writers[part])
        if key in unsaved:
            st.error(t("labels.unsaved", reason=explain(unsaved[key])))
        elif key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value  # not where it is the same: it would undo what is being typed


def _write(key: str, write: Callable[[Any], None]) -> None:
    unsaved: dict[str, UserError] = st.session_state.setdefault(UNSAVED, {})
    unsaved.pop(key, None)
    try:
        write(st.session_state[key])
    except UserError as error:
        unsaved[key] = error


def _categories(labels: Labels, names: Mapping[int, str]) -> None:
    """To add, rename and delete categories, which are everybody's."""
    state = st.session_state

    def add() -> None:
        if _told(lambda: labels.add(state[LABEL_NEW])):
            state[LABEL_NEW] = ""

    with st.popover(t("labels.manage")):
        st.text_input(t("labels.new"), key=LABEL_NEW, max_chars=NAME, help=t("labels.new_help"))
        st.button(t("labels.add"), on_click=add)
        if names:
            chosen = st.selectbox(
                t("labels.which"), list(names), format_func=lambda n: names.get(n, ""), key="label-which"
            )
            if chosen is not None:
                _category(labels, int(chosen), names)
        if LABEL_MISTAKE in state:
            st.error(explain(state.pop(LABEL_MISTAKE)))


def _category(labels: Labels, number: int, names: Mapping[int, str]) -> None:
    key = f"label-name-{number}"

    def rename() -> None:
        _told(lambda: labels.rename(number, st.session_state[key]))

    def remove() -> None:
        _told(lambda: labels.remove(number))

    st.text_input(t("labels.rename_to"), names.get(number, ""), key=key, max_chars=NAME)
    with st.container(horizontal=True):
        st.button(t("labels.rename"), on_click=rename)
        count = labels.marked(number)
        st.button(t("labels.remove", count=count), on_click=remove)


def _told(change: Callable[[], Any]) -> bool:
    """Whether it could be done; what was wrong is said at the next drawing."""
    try:
        change()
    except UserError as error:
        st.session_state[LABEL_MISTAKE] = error
        return False
    return True


def _others(labels: Sequence[Label]) -> None:
    """What others say, in the order of names."""
    if labels:
        st.markdown(f"**{t('labels.others')}**")
    for label in labels:
        parts = [code(label.person)]
        if label.verdict:
            parts.append(t(f"labels.verdict.{label.verdict}"))
        st.markdown(" · ".join([*parts, *map(code, label.categories)]))
        if label.note:
            st.text(label.note)
