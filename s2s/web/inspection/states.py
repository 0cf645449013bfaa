"""The stored states of an inspection: a plane with a sentence's path, and the nearest neighbours of a state."""

from __future__ import annotations

import gc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from s2s import settings
from s2s.errors import UserError
from s2s.figures.numbers import storage
from s2s.figures.states import Group, cloud
from s2s.inspect.states import projection
from s2s.inspect.states.nearest import nearest
from s2s.inspect.states.occurrences import all_words, example_states, occurrences
from s2s.inspect.states.projection import Cloud, Neighbourhoods, Plane
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples
from s2s.server import inspection_quota
from s2s.server.states import start_states
from s2s.web.inspection import holdings
from s2s.web.shell import controls, csv_table, job_panel, language, models
from s2s.web.shell.gone import rerun_if_gone
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t

COMMON = 7  # words with a colour of their own
SEED = 0
MAX_SENTENCE = 400  # characters of a typed sentence
PLANES = ("pca", "umap")
COLOURS = ("word", "error")
ShowOnly = Callable[[tuple[int, ...]], None]


@dataclass(frozen=True)
class Sentence:
    """A sentence with its states of one kind: N words, N states of M numbers."""

    words: list[str]
    states_NM: np.ndarray
    example: int | None  # the id; None for a typed sentence


@st.cache_resource(max_entries=8, show_spinner=False)
def _state_store(directory: str, stamp: int) -> StateStore:
    return StateStore(Path(directory))


@st.cache_resource(max_entries=6, show_spinner=False)
def _plane(directory: str, stamp: int, kind: str, how: str) -> Plane | Neighbourhoods:
    """The projection of a kind's states by PCA or UMAP."""
    store = _state_store(directory, stamp)
    return Plane(store, kind) if how == "pca" else Neighbourhoods(store, kind, SEED)


@st.cache_resource(max_entries=6, show_spinner=False)
def _points(
    directory: str, stamp: int, kind: str, how: str, _examples: Examples
) -> tuple[Cloud, list[str], np.ndarray, np.ndarray]:
    """The drawn points, and for each its word, its example's id, and whether that example has an error."""
    store = _state_store(directory, stamp)
    points = _plane(directory, stamp, kind, how).cloud(np.random.default_rng(SEED))
    words = all_words(_examples, store, kind)[points.rows].tolist()
    table = _examples.columns("id", "error")
    ids = store.ids(kind, points.rows)
    rows = np.searchsorted(table["id"].to_numpy(), ids)
    wrong = table["error"].fill_null(False).to_numpy()[rows].astype(bool)
    return points, words, ids, wrong


def states_section(examples: Examples, row: int | None, chosen: tuple[int, ...], show_only: ShowOnly) -> None:
    """Draw neighbours and plane; before the states are stored, a button that starts that job.

    ``chosen`` are the ids to which the table is restricted, ``show_only`` restricts it.
    """
    st.markdown(f"#### {t('states.title')}")
    if StateStore.whole(examples.directory):
        size = storage(inspection_quota.states_size(examples.directory))
        with job_panel.result("states_", t("announce.saved", size=size)):
            _states_fragment(examples, row, chosen, show_only)
        holdings.states_deletion(examples.directory, _forget)
        return
    off = settings.is_off("states") or settings.is_off("inspections")
    st.caption(t("error.switched_off" if off else "states.none"))
    try:
        ended = job_panel.run("states_", not off, lambda: _recording_task(examples), "states.keep")
    except UserError as error:
        st.error(language.explain(error))
        return
    if ended is not None and StateStore.whole(examples.directory):
        st.rerun()


def _forget() -> None:
    """Close the files of all states: an open one keeps its room on the disk. Others read theirs again."""
    for cached in (_points, _plane, _state_store):
        cached.clear()
    gc.collect()


def _recording_task(examples: Examples) -> Task:
    """Start the job that stores the states. Raises UserError if the checkpoint is missing."""
    name = examples.manifest["checkpoint"]["name"]
    checkpoint = models.load(name, models.changed(name))
    job = start_states(examples, checkpoint)
    return Task(examples.manifest["file"]["name"], job, doing="announce.saving")


@st.fragment
def _states_fragment(examples: Examples, row: int | None, chosen: tuple[int, ...], show_only: ShowOnly) -> None:
    """Draw the states once the visitor has switched them on."""
    if not st.toggle(t("states.show"), key="states_show"):
        return
    with rerun_if_gone(lambda: examples.is_there() and StateStore.whole(examples.directory)):
        stamp = (examples.directory / "states" / "states.json").stat().st_mtime_ns
        store = _state_store(str(examples.directory), stamp)
        kind = _option_radio("kind", KINDS)
        st.caption(t(f"states.about_{kind}"))
        sentence = _chosen_sentence(examples, store, kind, row)
        if sentence is not None:
            _neighbour_table(examples, store, kind, sentence)
        _brush_buttons(_plane_chart(examples, stamp, kind, sentence), chosen, show_only)


def _option_radio(name: str, options: Sequence[str]) -> str:
    labels = {option: t(f"states.{name}_{option}") for option in options}
    return controls.own_radio(f"states-{name}", t(f"states.{name}"), labels)


def _chosen_sentence(examples: Examples, store: StateStore, kind: str, row: int | None) -> Sentence | None:
    """The typed sentence, else the open example, else the first example; None after an error, which is shown."""
    typed = st.text_input(
        t("states.typed"), key="states_typed", max_chars=MAX_SENTENCE, help=t("states.typed_help")
    ).strip()
    try:
        if typed:
            return _decode_typed(examples, store, kind, typed)
        id = row or int(store.index[0, 0])
        return Sentence(*example_states(examples, store, kind, id), id)
    except UserError as error:
        st.error(language.explain(error))
        return None


def _decode_typed(examples: Examples, store: StateStore, kind: str, text: str) -> Sentence:
    """Decode a sentence with the inspected checkpoint. Raises UserError if that has changed, and as ``decode`` does."""
    inspected = examples.manifest["checkpoint"]
    name = inspected["name"]
    checkpoint = models.load(name, models.changed(name))
    if checkpoint.digest != inspected["digest"]:
        raise UserError("states_checkpoint", checkpoint=checkpoint.name, directory=examples.directory.name)
    trace, vectors = models.states(name, models.changed(name), text)
    words = list(trace.source_tokens) if kind == "encoder" else [step.output for step in trace.steps]
    return Sentence(words, vectors[KINDS.index(kind)], None)


def _neighbour_table(examples: Examples, store: StateStore, kind: str, sentence: Sentence) -> None:
    """Draw the choice of a word of the sentence, and a table of the states nearest to its state."""
    labels = [f"{n} · {word}" for n, word in enumerate(sentence.words, start=1)]
    index = st.selectbox(
        t("states.which"),
        range(len(labels)),
        format_func=labels.__getitem__,
        key=f"states-place-{kind}-{hash(tuple(labels))}",  # the widget starts anew with another sentence
    )
    neighbours = nearest(store, kind, sentence.states_NM[index], 10, sentence.example).neighbours
    words = occurrences(examples, store, kind, [neighbour.origin for neighbour in neighbours])
    around = [word.around() for word in words]
    columns: dict[str, list[Any]] = {
        "cosine": [neighbour.cosine for neighbour in neighbours],
        "before": [before for before, _ in around],
        "word": [word.word for word in words],
        "after": [after for _, after in around],
        "source": [word.source for word in words],
        "error": [bool(word.error) for word in words],
        "id": [word.id for word in words],
    }
    named = {t(f"states.column_{name}"): values for name, values in columns.items()}
    formats = {t("states.column_cosine"): st.column_config.NumberColumn(format="%.3f")}
    csv_table.show_table(named, f"{examples.directory.name}-neighbours", "states_neighbours", formats)
    st.caption(t("states.exact", count=len(store.states(kind))))


def _plane_chart(examples: Examples, stamp: int, kind: str, sentence: Sentence | None) -> list[int]:
    """Draw the plane with the sentence's path; returns the example ids of the selected points."""
    left, right = st.columns(2)
    with left:
        how = _option_radio("plane", PLANES if projection.has_umap() else PLANES[:1])
    with right:
        colour = _option_radio("colour", COLOURS)
    if not projection.has_umap():
        st.caption(t("states.umap_missing", package=projection.UMAP))
    directory = str(examples.directory)
    with st.spinner(t("states.projecting")):
        plane = _plane(directory, stamp, kind, how)
        points, words, ids, wrong = _points(directory, stamp, kind, how, examples)
        path = None if sentence is None else (plane.project(sentence.states_NM), sentence.words)
    figure = cloud(points.points_N2, words, ids, _groups(colour, words, wrong), _axes(plane.shares), path)
    event = st.plotly_chart(
        figure, key=f"states-plane-{kind}-{how}", on_select="rerun", selection_mode=("box", "lasso")
    )
    st.caption(
        t(
            "states.sample" if len(points.rows) < points.total else "states.all",
            drawn=len(points.rows),
            count=points.total,
        )
    )
    return [int(point["customdata"]) for point in event["selection"]["points"] if "customdata" in point]


def _axes(shares: Sequence[float]) -> dict[str, str]:
    """The titles of the axes (PCA: the direction's share of the variance) and of the path."""
    names = ("first", "second")
    axes = [t(f"states.{n}", share=100 * share) for n, share in zip(names, shares, strict=False)]
    return dict(zip(names, axes or ["", ""], strict=True)) | {"path": t("states.path")}


def _groups(colour: str, words: Sequence[str], wrong: np.ndarray) -> list[Group]:
    """Points grouped by colour: the most frequent words and the rest, or examples with and without an error."""
    if colour == "error":
        return [
            Group(t("states.right"), np.flatnonzero(~wrong)),
            Group(t("states.wrong"), np.flatnonzero(wrong)),
        ]
    names, codes, counts = np.unique(np.array(words, dtype=object), return_inverse=True, return_counts=True)
    common = np.argsort(-counts, kind="stable")[:COMMON]
    rest = np.flatnonzero(~np.isin(codes, common))
    groups = [Group(str(names[code]), np.flatnonzero(codes == code)) for code in common]
    return [*([Group(t("states.others"), rest, rest=True)] if len(rest) else []), *groups]


def _brush_buttons(points: Sequence[int], chosen: tuple[int, ...], show_only: ShowOnly) -> None:
    """Draw the buttons that restrict the table to the selected points' examples, and that lift the restriction."""
    ids = tuple(sorted(set(points)))
    left, right = st.columns(2)
    label = t("states.brush", count=len(ids)) if ids else t("states.brush_none")
    if left.button(label, disabled=not ids, key="states_brush"):
        show_only(ids)
        st.rerun()
    if chosen and right.button(t("states.unbrush", count=len(chosen)), key="states_unbrush"):
        show_only(())
        st.rerun()
