"""States of an inspection: a plane of all of them with a sentence's path, and what is nearest to one of its states."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st

from s2s.errors import UserError
from s2s.figures.states import Group, cloud
from s2s.inspect.states import projection
from s2s.inspect.states.nearest import nearest
from s2s.inspect.states.occurrences import all_words, occurrences, own
from s2s.inspect.states.projection import Cloud, Neighbourhoods, Plane
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples
from s2s.server.job import Job
from s2s.web.shell import controls, csv_table, job_panel, language, models
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t

COMMON = 7  # words with a colour of their own
SEED = 0
MEGABYTES = 1_000  # of states that a visitor may have kept on the server; more is for the command line
MOST = 400  # characters of a typed sentence
PLANES = ("pca", "umap")
COLOURS = ("word", "error")
Choose = Callable[[tuple[int, ...]], None]


@dataclass(frozen=True)
class Sentence:
    """What is looked at: its words, its states of a kind, and the example's id if it is one."""

    words: list[str]
    states_NM: np.ndarray
    example: int | None


@st.cache_resource(max_entries=8, show_spinner=False)
def _kept(directory: str, stamp: int) -> StateStore:
    return StateStore(Path(directory))


@st.cache_resource(max_entries=6, show_spinner=False)
def _plane(directory: str, stamp: int, kind: str, how: str) -> Plane | Neighbourhoods:
    """A map of a kind's states."""
    kept = _kept(directory, stamp)
    return Plane(kept, kind) if how == "pca" else Neighbourhoods(kept, kind, SEED)


@st.cache_resource(max_entries=6, show_spinner=False)
def _drawn(
    directory: str, stamp: int, kind: str, how: str, _examples: Examples
) -> tuple[Cloud, list[str], np.ndarray, np.ndarray]:
    """The points, and of each its word, its example's id, and whether that has an error."""
    kept, made = _kept(directory, stamp), _plane(directory, stamp, kind, how).cloud(np.random.default_rng(SEED))
    words = all_words(_examples, kept, kind)[made.rows].tolist()
    table = _examples.columns("id", "error")
    ids = kept.ids(kind, made.rows)
    places = np.searchsorted(table["id"].to_numpy(), ids)
    wrong = table["error"].fill_null(False).to_numpy()[places].astype(bool)
    return made, words, ids, wrong


def section(examples: Examples, row: int | None, chosen: tuple[int, ...], choose: Choose) -> None:
    """Neighbours and plane, of the example that is open or of a typed sentence; first a button that keeps the states.

    ``chosen`` are the examples that the table is confined to, ``choose`` does that.
    """
    st.markdown(f"#### {t('states.title')}")
    if StateStore.whole(examples.directory):
        _section(examples, row, chosen, choose)
        return
    st.caption(t("states.none"))
    try:
        made = job_panel.run("states_", True, lambda: _keeping(examples), "states.keep")
    except UserError as error:
        st.error(language.explain(error))
        return
    if made is not None and StateStore.whole(examples.directory):
        st.rerun()


def _keeping(examples: Examples) -> Task:
    """The job that keeps the states of an inspection. UserError without its checkpoint, or where they are too many."""
    name = examples.manifest["checkpoint"]["name"]
    checkpoint = models.load(name, models.changed(name))

    def work(tell: Callable[[float], None]) -> bool:
        import torch

        from s2s.inspect.states.record import States
        from s2s.train.distributed import Group

        torch.set_num_threads(1)
        states, done = States(examples, checkpoint), 0
        if states.megabytes > MEGABYTES:
            raise UserError("states_too_many", found=states.megabytes, limit=MEGABYTES)

        def progress(sentences: int) -> None:
            nonlocal done
            done += sentences
            tell(done / len(examples))

        states.make(Group(0, 1, torch.device("cpu")), progress)
        return True

    return Task(examples.manifest["file"]["name"], Job(work))


@st.fragment
def _section(examples: Examples, row: int | None, chosen: tuple[int, ...], choose: Choose) -> None:
    """What is kept, where it is asked for."""
    if not st.toggle(t("states.show"), key="states_show"):
        return
    stamp = (examples.directory / "states" / "states.json").stat().st_mtime_ns
    kept = _kept(str(examples.directory), stamp)
    kind = _choice("kind", KINDS)
    st.caption(t(f"states.about_{kind}"))
    sentence = _sentence(examples, kept, kind, row)
    if sentence is not None:
        _neighbours(examples, kept, kind, sentence)
    _brush(_map(examples, stamp, kind, sentence), chosen, choose)


def _choice(name: str, options: Sequence[str]) -> str:
    labels = {option: t(f"states.{name}_{option}") for option in options}
    return controls.own_radio(f"states-{name}", t(f"states.{name}"), labels)


def _sentence(examples: Examples, kept: StateStore, kind: str, row: int | None) -> Sentence | None:
    """The typed sentence, else the example that is open, else the first one."""
    typed = st.text_input(t("states.typed"), key="states_typed", max_chars=MOST, help=t("states.typed_help")).strip()
    try:
        if typed:
            return _typed(examples, kept, kind, typed)
        id = row or int(kept.index[0, 0])
        return Sentence(*own(examples, kept, kind, id), id)
    except UserError as error:
        st.error(language.explain(error))
        return None


def _typed(examples: Examples, kept: StateStore, kind: str, text: str) -> Sentence:
    """A sentence through the checkpoint that the inspection was made with. Raises UserError as ``decode`` does."""
    held = examples.manifest["checkpoint"]
    name = held["name"]
    checkpoint = models.load(name, models.changed(name))
    if checkpoint.digest != held["digest"]:
        raise UserError("states_checkpoint", checkpoint=checkpoint.name, directory=examples.directory.name)
    trace, vectors = models.states(name, models.changed(name), text)
    words = list(trace.source_tokens) if kind == "encoder" else [step.output for step in trace.steps]
    return Sentence(words, vectors[KINDS.index(kind)], None)


def _neighbours(examples: Examples, kept: StateStore, kind: str, sentence: Sentence) -> None:
    """Which state of the sentence, and the states nearest to it."""
    labels = [f"{n} · {word}" for n, word in enumerate(sentence.words, start=1)]
    place = st.selectbox(
        t("states.which"),
        range(len(labels)),
        format_func=labels.__getitem__,
        key=f"states-place-{kind}-{hash(tuple(labels))}",  # other words are another choice
    )
    found = nearest(kept, kind, sentence.states_NM[place], 10, sentence.example).neighbours
    said = occurrences(examples, kept, kind, [one.place for one in found])
    around = [there.around() for there in said]
    columns: dict[str, list[Any]] = {
        "cosine": [one.cosine for one in found],
        "before": [before for before, _ in around],
        "word": [there.word for there in said],
        "after": [after for _, after in around],
        "source": [there.source for there in said],
        "error": [bool(there.error) for there in said],
        "id": [there.id for there in said],
    }
    named = {t(f"states.column_{name}"): values for name, values in columns.items()}
    formats = {t("states.column_cosine"): st.column_config.NumberColumn(format="%.3f")}
    csv_table.show_table(named, f"{examples.directory.name}-neighbours", "states_neighbours", formats)
    st.caption(t("states.exact", count=len(kept.states(kind))))


def _map(examples: Examples, stamp: int, kind: str, sentence: Sentence | None) -> list[int]:
    """The plane, the sentence's path in it; of the points that are selected the examples."""
    left, right = st.columns(2)
    with left:
        how = _choice("plane", PLANES if projection.has_umap() else PLANES[:1])
    with right:
        colour = _choice("colour", COLOURS)
    if not projection.has_umap():
        st.caption(t("states.umap_missing", package=projection.UMAP))
    directory = str(examples.directory)
    with st.spinner(t("states.projecting")):
        plane = _plane(directory, stamp, kind, how)
        made, words, ids, wrong = _drawn(directory, stamp, kind, how, examples)
        path = None if sentence is None else (plane.place(sentence.states_NM), sentence.words)
    figure = cloud(made.points_N2, words, ids, _groups(colour, words, wrong), _axes(plane.shares), path)
    event = st.plotly_chart(
        figure, key=f"states-plane-{kind}-{how}", on_select="rerun", selection_mode=("box", "lasso")
    )
    st.caption(
        t("states.sample" if len(made.rows) < made.total else "states.all", drawn=len(made.rows), count=made.total)
    )
    return [int(point["customdata"]) for point in event["selection"]["points"] if "customdata" in point]


def _axes(shares: Sequence[float]) -> dict[str, str]:
    """What the axes say: the share of the variance that a principal direction has."""
    names = ("first", "second")
    axes = [t(f"states.{n}", share=100 * share) for n, share in zip(names, shares, strict=False)]
    return dict(zip(names, axes or ["", ""], strict=True)) | {"path": t("states.path")}


def _groups(colour: str, words: Sequence[str], wrong: np.ndarray) -> list[Group]:
    """The most frequent words and the others, or the examples with an error and those without."""
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


def _brush(points: Sequence[int], chosen: tuple[int, ...], choose: Choose) -> None:
    """The examples of the points that are selected become the table's, until all are asked for again."""
    ids = tuple(sorted(set(points)))
    left, right = st.columns(2)
    label = t("states.brush", count=len(ids)) if ids else t("states.brush_none")
    if left.button(label, disabled=not ids, key="states_brush"):
        choose(ids)
        st.rerun()
    if chosen and right.button(t("states.unbrush", count=len(chosen)), key="states_unbrush"):
        choose(())
        st.rerun()
