"""What is examined: a model on its examples or on pairs of a file, in a job with Stop, or a picture, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, TypeVar, cast

import streamlit as st

from s2s.data.readers import Columns, Note, Pair
from s2s.errors import UserError
from s2s.server.job import Job
from s2s.server.user_files import parse_alignments, parse_pairs
from s2s.web.doctor.result import Shown, clause, render_diagnosis
from s2s.web.shell import controls, job_panel, language, models
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t
from s2s.web.shell.upload import explain_refusal, file_field, tell_rows

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.doctor import Diagnosis
    from s2s.explain.gold_links import Gold

Row = TypeVar("Row")
OF_MODEL, OF_FILE = "doctor_found", "doctor_read"  # what came of the last job; of the last file, by its id
WHAT = ("examples", "pairs", "file")
MAX_PAIRS = 200  # of one file
LINKS = Path(__file__).with_name("links.tsv")  # an example of such a file
MAX_CELLS, MAX_UNPACKED = 1_000_000, 16  # weights of a matrix; MB of a packed file


class Given(NamedTuple):
    """The pairs that a model is examined on, those that it was trained on, links of people, and the file's name."""

    pairs: Sequence[Pair] = ()
    train: Sequence[Pair] = ()
    gold: Sequence[Gold] = ()
    name: str = ""


def examine(checkpoint: Checkpoint, given: Given, run: Path) -> Callable[[Callable[[float], None]], Diagnosis]:
    """The work of a job that examines a model, its curve and its film in the directory ``run``.

    Without pairs it reads the sentences of the links. It uses one core, so that pages can still decode.
    """

    def work(report: Callable[[float], None]) -> Diagnosis:
        import torch

        from s2s import doctor
        from s2s.explain.token_spans import texts_of
        from s2s.trace import film

        torch.set_num_threads(1)
        curve = [vars(moment) for moment in film.curve(run)]
        pairs, train = given.pairs or texts_of(checkpoint.source, checkpoint.target, given.gold), given.train or None
        return doctor.examine_checkpoint(checkpoint, pairs, report, train, curve, given.gold or None, film.film(run))

    return work


def doctor_page(model: str) -> None:
    """Draw the choice of what is examined, its fields, and what came of it."""
    choices = {what: t(f"doctor.page.what_{what}") for what in WHAT}
    what = controls.own_radio("doctor_what", t("doctor.page.what"), choices)
    if what == "file":
        _picture()
    else:
        _model(model, what)


def _model(model: str, what: str) -> None:
    given = _files() if what == "pairs" else Given(_examples(model))
    directory, field = models.checkpoint_directory(model), None
    if what == "pairs":
        field = "doctor_pairs" if given.pairs else "doctor_links"

    def start() -> Task:
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(model, models.changed(model))
        return Task(given.name or model, Job(examine(checkpoint, given, directory)), what, "doctor.page.doing")

    try:
        done = job_panel.run("doctor_", bool(given.pairs or given.gold), start, "doctor.page.examine", field)
    except UserError as error:  # of a model that cannot be loaded
        st.error(language.explain(error))
        return
    if done:
        file = done.file if done.kind == "pairs" else ""
        st.session_state[OF_MODEL] = Shown(cast("Diagnosis", done.job.result), file)
    if OF_MODEL in st.session_state:
        shown: Shown = st.session_state[OF_MODEL]
        with job_panel.result("doctor_", clause(shown.diagnosis)):
            render_diagnosis(shown)


def _examples(model: str) -> list[Pair]:
    pairs = controls.example_pairs(model)
    st.caption(t("doctor.page.help_examples", count=len(pairs)) if pairs else t("doctor.page.no_examples"))
    return pairs


def _files() -> Given:
    """What the three files say. Nothing if one of them was refused, which is not left out in silence."""
    st.caption(t("doctor.page.help_pairs", most=MAX_PAIRS))
    held_out = file_field(t("doctor.page.pairs"), "doctor_pairs", "small_file_mb")
    left, middle, right = st.columns(3)
    source = left.text_input(t("exposure.source_column"), "source", key="doctor_source", max_chars=100)
    target = middle.text_input(t("exposure.target_column"), "target", key="doctor_target", max_chars=100)
    most = int(right.number_input(t("exposure.most"), 1, MAX_PAIRS, 50, key="doctor_most"))
    columns = Columns(source or "source", target or "target")

    def parse(limit: int) -> Callable[[str, bytes, Note], list[Pair]]:
        return lambda name, content, note: parse_pairs(name, content, columns, limit, note)

    pairs = _read("doctor_pairs", held_out, parse(most))
    with st.expander(t("doctor.page.more_train"), key="more_doctor_train"):
        st.caption(t("doctor.page.help_train"))
        more = file_field(t("doctor.page.train"), "doctor_train", "small_file_mb")
        train = _read("doctor_train", more, parse(MAX_PAIRS))
    with st.expander(t("doctor.page.more_links"), key="more_doctor_links"):
        st.caption(t("doctor.page.help_links", most=MAX_PAIRS))
        _show_links()
        drawn = file_field(t("doctor.page.links"), "doctor_links", "small_file_mb")
        gold = _read("doctor_links", drawn, _links)
    if any(file is not None and not rows for file, rows in ((held_out, pairs), (more, train), (drawn, gold))):
        return Given()
    return Given(pairs, train, gold, next((file.name for file in (held_out, drawn) if file is not None), ""))


def _show_links() -> None:
    """An example of a file of links."""
    st.code(LINKS.read_text(encoding="utf-8"), language=None, wrap_lines=True)


def _links(name: str, content: bytes, note: Note) -> list[Gold]:
    return parse_alignments(name, content, note, MAX_PAIRS)


def _read(key: str, file: UploadedFile | None, parse: Callable[[str, bytes, Note], list[Row]]) -> list[Row]:
    """The first pairs of a file; none of one that is refused, with a sentence."""
    if file is None:
        return []
    forms: list[Form] = []
    try:
        pairs = parse(file.name, file.getvalue(), forms.append)
    except UserError as error:
        explain_refusal(key, error)
        return []
    tell_rows(pairs, file.name, forms[0])
    return pairs


def _picture() -> None:
    """The fields for a trace or a matrix and for links of its words, and what is wrong with it; no model runs."""
    st.caption(t("doctor.page.help_file"))
    file = file_field(t("doctor.page.file"), "doctor_file", "small_file_mb", ["json", "npz"])
    with st.expander(t("doctor.page.more_links"), key="more_doctor_run_links"):
        st.caption(t("doctor.page.help_run_links"))
        _show_links()
        drawn = file_field(t("doctor.page.links"), "doctor_run_links", "small_file_mb")
        gold = _read("doctor_run_links", drawn, _links)
    state = st.session_state
    given = tuple(one.file_id for one in (file, drawn) if one is not None)
    if file is not None and (gold or drawn is None) and state.get(OF_FILE, ("",))[0] != given:
        state[OF_FILE] = (given, _examined(file, gold))
    if OF_FILE not in state:
        return
    found: Shown | UserError = state[OF_FILE][1]
    if not isinstance(found, UserError):
        render_diagnosis(found)
    elif file is not None:
        explain_refusal("doctor_file", found)


def _examined(file: UploadedFile, gold: Sequence[Gold]) -> Shown | UserError:
    from s2s.doctor.read import examine_content

    try:
        found = examine_content(file.name, file.getvalue(), MAX_CELLS, MAX_UNPACKED, gold)
    except UserError as error:
        return error
    return Shown(found, file.name)
