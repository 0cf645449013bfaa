"""What is examined: a model on its examples or on pairs of a file, in a job with Stop, or a picture, at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, cast

import streamlit as st

from s2s.data.readers import Columns, Pair
from s2s.errors import UserError, joined
from s2s.server.job import Job
from s2s.server.user_files import parse_pairs
from s2s.web.doctor.result import Shown, clause, render_diagnosis
from s2s.web.shell import controls, job_panel, language, models
from s2s.web.shell.foreign import code
from s2s.web.shell.job_panel import Task
from s2s.web.shell.language import t
from s2s.web.shell.upload import explain_refusal, file_field

if TYPE_CHECKING:
    from streamlit.runtime.uploaded_file_manager import UploadedFile

    from s2s.checkpoint.record import Checkpoint
    from s2s.data.text_file import Form
    from s2s.doctor import Diagnosis

OF_MODEL, OF_FILE = "doctor_found", "doctor_read"  # what came of the last job; of the last file, by its id
WHAT = ("examples", "pairs", "file")
MAX_PAIRS = 200  # of one file
MAX_CELLS, MAX_UNPACKED = 1_000_000, 16  # weights of a matrix; MB of a packed file


def examine(
    checkpoint: Checkpoint, pairs: Sequence[Pair], train: Sequence[Pair], run: Path
) -> Callable[[Callable[[float], None]], Diagnosis]:
    """The work of a job that examines a model, its curve and its film in the directory ``run``.

    It uses one core, so that pages can still decode.
    """

    def work(report: Callable[[float], None]) -> Diagnosis:
        import torch

        from s2s import doctor
        from s2s.trace import film

        torch.set_num_threads(1)
        curve = [vars(moment) for moment in film.curve(run)]
        return doctor.examine_checkpoint(checkpoint, pairs, report, train or None, curve, film=film.film(run))

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
    pairs, train, name = _pairs_of_files() if what == "pairs" else (_examples(model), [], "")
    directory, field = models.checkpoint_directory(model), "doctor_pairs" if what == "pairs" else None

    def start() -> Task:
        with st.spinner(t("step.loading"), show_time=False):
            checkpoint = models.load(model, models.changed(model))
        return Task(name or model, Job(examine(checkpoint, pairs, train, directory)), what, "doctor.page.doing")

    try:
        done = job_panel.run("doctor_", bool(pairs), start, "doctor.page.examine", field)
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


def _pairs_of_files() -> tuple[list[Pair], list[Pair], str]:
    """The pairs of both files, and the name of the first one. Without a usable file there are none."""
    st.caption(t("doctor.page.help_pairs", most=MAX_PAIRS))
    file = file_field(t("doctor.page.pairs"), "doctor_pairs", "small_file_mb")
    left, middle, right = st.columns(3)
    source = left.text_input(t("exposure.source_column"), "source", key="doctor_source", max_chars=100)
    target = middle.text_input(t("exposure.target_column"), "target", key="doctor_target", max_chars=100)
    most = int(right.number_input(t("exposure.most"), 1, MAX_PAIRS, 50, key="doctor_most"))
    columns = Columns(source or "source", target or "target")
    pairs = _read("doctor_pairs", file, columns, most)
    st.caption(t("doctor.page.help_train"))
    more = file_field(t("doctor.page.train"), "doctor_train", "small_file_mb")
    train = _read("doctor_train", more, columns, MAX_PAIRS)
    if more is not None and not train:  # a file that was refused is not left out in silence
        pairs = []
    return pairs, train, file.name if file is not None else ""


def _read(key: str, file: UploadedFile | None, columns: Columns, most: int) -> list[Pair]:
    """The first pairs of a file; none of one that is refused, with a sentence."""
    if file is None:
        return []
    forms: list[Form] = []
    try:
        pairs = parse_pairs(file.name, file.getvalue(), columns, most, forms.append)
    except UserError as error:
        explain_refusal(key, error)
        return []
    st.caption(joined(t("exposure.pairs", count=len(pairs)), forms[0].remark(language.current(), code(file.name))))
    return pairs


def _picture() -> None:
    """The field for a trace or a matrix, and what is wrong with it; no model runs."""
    st.caption(t("doctor.page.help_file"))
    file = file_field(t("doctor.page.file"), "doctor_file", "small_file_mb", ["json", "npz"])
    state = st.session_state
    if file is not None and state.get(OF_FILE, ("",))[0] != file.file_id:
        state[OF_FILE] = (file.file_id, _examined(file))
    if OF_FILE not in state:
        return
    found: Shown | UserError = state[OF_FILE][1]
    if not isinstance(found, UserError):
        render_diagnosis(found)
    elif file is not None:
        explain_refusal("doctor_file", found)


def _examined(file: UploadedFile) -> Shown | UserError:
    from s2s.doctor.read import examine_content

    try:
        found = examine_content(file.name, file.getvalue(), MAX_CELLS, MAX_UNPACKED)
    except UserError as error:
        return error
    return Shown(found.diagnosis, file.name, found.sheet)
