"""The label panel of an example: the visitor's verdict, categories and note, each saved at once, and others' labels."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from s2s.errors import UserError
from s2s.store.database import connect
from s2s.store.label import MAX_NAME, MAX_NOTE, VERDICTS, Label, clean_name
from s2s.store.labels import Labels
from s2s.web.shell.foreign import code, plain
from s2s.web.shell.language import explain, t

LABEL_NEW = "label-new"  # name of a label to be added
LABEL_NEW_LOST = "label_new_lost"  # the name that could not be added, for when its field is drawn again
LABEL_PERSON = "label-person"  # the name as it is typed
LABEL_MISTAKE = "label_mistake"  # UserError of the last change, shown once
PERSON = "person"  # name of the person who labels

# By widget key, what could not be written, and why: it is shown, and tried again. Not in the widget's own state, which
# Streamlit forgets when the page cannot draw the widget, as when the database cannot be read either.
UNSAVED = "label_unsaved"


@dataclass(frozen=True)
class _LabelEdit:
    """The label that one person edits: that of one example."""

    labels: Labels
    example: int
    person: str

    def key(self, part: str) -> str:
        """The key of a widget, different for every example, person and inspection."""
        return f"label-{part}-{self.labels.file[:12]}-{self.labels.checkpoint}-{self.example}-{self.person}"


def label_panel(manifest: Mapping[str, Any], id: int) -> None:
    """Draw the labels of an inspection's example; a visitor who has given a name can change their own."""
    st.markdown(f"#### {t('labels.title')}")
    try:
        _label_columns(Labels(connect(), manifest), id)
    except UserError as error:
        st.error(explain(error))


def _label_columns(labels: Labels, id: int) -> None:
    left, right = st.columns([3, 2], gap="medium")
    with left:
        person = _person_field()
    try:
        everybody = labels.of_example(id)
        if person:
            own = next((label for label in everybody if label.person == person), None)
            _own_label(_LabelEdit(labels, id, person), own, left, right)
        else:
            left.caption(t("labels.who_first"))
        with right:
            _other_labels([label for label in everybody if label.person != person])
    except UserError as error:
        st.error(explain(error))


def current_person() -> str:
    """The visitor's name from the session, at first from the link; empty without one."""
    state = st.session_state
    if PERSON not in state:
        state[PERSON] = _clean_name_or_empty(st.query_params.get("person", ""))
    return str(state[PERSON])


def _person_field() -> str:
    """Draw the field of the visitor's name; returns the name."""
    state = st.session_state
    state.setdefault(LABEL_PERSON, current_person())

    def keep() -> None:
        state[PERSON] = _clean_name_or_empty(state[LABEL_PERSON])

    st.text_input(t("labels.who"), key=LABEL_PERSON, max_chars=MAX_NAME, on_change=keep, help=t("labels.who_help"))
    return current_person()


def _clean_name_or_empty(text: str) -> str:
    try:
        return clean_name(text)
    except UserError:
        return ""


def _own_label(edit: _LabelEdit, label: Label | None, left: DeltaGenerator, right: DeltaGenerator) -> None:
    """Draw the controls of the visitor's own label; every change is written before the page is drawn again."""
    labels, names = edit.labels, edit.labels.categories()
    numbers = {name: number for number, name in names.items()}
    marked = [numbers[name] for name in (label.categories if label else ()) if name in numbers]

    def write_verdict(value: str | None) -> None:
        labels.set_verdict(edit.example, edit.person, value)

    def write_categories(value: Sequence[int]) -> None:
        for category in set(value) ^ set(marked):
            labels.set_category(edit.example, edit.person, category, category in value)

    def write_note(value: str) -> None:
        labels.set_note(edit.example, edit.person, value)

    stored = {"verdict": label.verdict if label else None, "marks": marked, "note": label.note if label else ""}
    _fill_widgets(edit, stored, {"verdict": write_verdict, "marks": write_categories, "note": write_note})

    def changed(part: str, write: Callable[[Any], None]) -> Callable[[], None]:
        return lambda: _write_change(edit.key(part), write)

    left.segmented_control(
        t("labels.verdict"),
        VERDICTS,
        format_func={verdict: t(f"labels.verdict.{verdict}") for verdict in VERDICTS}.__getitem__,
        key=edit.key("verdict"),
        on_change=changed("verdict", write_verdict),
    )
    if names:
        left.pills(
            t("labels.categories"),
            list(names),
            format_func=lambda number: plain(names.get(number, "")),
            selection_mode="multi",
            key=edit.key("marks"),
            on_change=changed("marks", write_categories),
        )
    right.text_area(
        t("labels.note"), key=edit.key("note"), max_chars=MAX_NOTE, height=130, on_change=changed("note", write_note)
    )
    with left:
        _category_editor(labels, names)


def _fill_widgets(edit: _LabelEdit, stored: Mapping[str, Any], writers: Mapping[str, Callable[[Any], None]]) -> None:
    """Set widgets to the stored values; a widget whose change failed keeps its value, which is written again."""
    unsaved: dict[str, tuple[Any, UserError]] = st.session_state.setdefault(UNSAVED, {})
    for part, value in stored.items():
        key = edit.key(part)
        if key in unsaved:
            st.session_state.setdefault(key, unsaved[key][0])
            _write_change(key, writers[part])
            if key in unsaved:
                st.error(t("labels.unsaved", reason=explain(unsaved[key][1])))
        elif key not in st.session_state or st.session_state[key] != value:
            st.session_state[key] = value  # only if it differs: setting a key undoes what is being typed


def _write_change(key: str, write: Callable[[Any], None]) -> None:
    unsaved: dict[str, tuple[Any, UserError]] = st.session_state.setdefault(UNSAVED, {})
    unsaved.pop(key, None)
    value = st.session_state[key]
    try:
        write(value)
    except UserError as error:
        unsaved[key] = value, error.bare()


def _category_editor(labels: Labels, names: Mapping[int, str]) -> None:
    """Draw the controls that add, rename and delete categories, which all people share."""
    state = st.session_state
    if LABEL_NEW_LOST in state:
        state.setdefault(LABEL_NEW, state.pop(LABEL_NEW_LOST))

    def add() -> None:
        if _try_change(lambda: labels.add_category(state[LABEL_NEW])):
            state[LABEL_NEW] = ""
        else:
            state[LABEL_NEW_LOST] = state[LABEL_NEW]

    with st.popover(t("labels.manage")):
        st.text_input(t("labels.new"), key=LABEL_NEW, max_chars=MAX_NAME, help=t("labels.new_help"))
        st.button(t("labels.add"), on_click=add)
        if names:
            chosen = st.selectbox(
                t("labels.which"), list(names), format_func=lambda n: names.get(n, ""), key="label-which"
            )
            if chosen is not None:
                _category_fields(labels, int(chosen), names)
        if LABEL_MISTAKE in state:
            st.error(explain(state.pop(LABEL_MISTAKE)))


def _category_fields(labels: Labels, number: int, names: Mapping[int, str]) -> None:
    key = f"label-name-{number}"

    def rename() -> None:
        _try_change(lambda: labels.rename_category(number, st.session_state[key]))

    def remove() -> None:
        _try_change(lambda: labels.remove_category(number))

    st.text_input(t("labels.rename_to"), names.get(number, ""), key=key, max_chars=MAX_NAME)
    with st.container(horizontal=True):
        st.button(t("labels.rename"), on_click=rename)
        count = labels.count_marks(number)
        st.button(t("labels.remove", count=count), on_click=remove)


def _try_change(change: Callable[[], Any]) -> bool:
    """Return whether a change succeeded; its UserError is shown when the page is drawn again."""
    try:
        change()
    except UserError as error:
        st.session_state[LABEL_MISTAKE] = error.bare()
        return False
    return True


def _other_labels(labels: Sequence[Label]) -> None:
    """Draw other people's labels, sorted by name."""
    if labels:
        st.markdown(f"**{t('labels.others')}**")
    for label in labels:
        parts = [code(label.person)]
        if label.verdict:
            parts.append(t(f"labels.verdict.{label.verdict}"))
        st.markdown(" · ".join([*parts, *map(code, label.categories)]))
        if label.note:
            st.text(label.note)
