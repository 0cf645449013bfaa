"""Chapter Encoder-decoder: a sentence through the network, and how much one fixed vector must encode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import streamlit as st

from s2s.errors import UserError
from s2s.evaluate import lengths
from s2s.figures import exposure, step
from s2s.web.components.network import mount_network
from s2s.web.lesson import computed
from s2s.web.shell import language, layout, models, projector
from s2s.web.shell.foreign import code, plain, quoted
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.same_data import training_file
from s2s.web.shell.titles import contrasts, title

if TYPE_CHECKING:
    from s2s.evaluate.lengths import Lengths
    from s2s.lesson.network import Flow

TRIED_LENGTHS = "tried_lengths"  # by model and text: number of words, and chrF

TRIED = 60  # most of the visitor's outputs in the chart of lengths


def encoder_decoder_chapter(state: PageState) -> None:
    """The network, the outputs of both models, quality by length, the question."""
    name, text, reference = state.model, state.text, state.ref.strip()
    runs = []
    for one in filter(None, (name, contrasting_checkpoint(name))):
        try:
            with st.spinner(t("step.loading"), show_time=False):
                runs.append(computed.flow(one, models.changed(one), text))
        except UserError as error:
            (st.warning if runs else st.error)(language.explain(error))
    if not runs:
        return
    mount_network(runs)
    _outputs(runs, reference)
    measured = _measured(runs[0].checkpoint)
    _lengths(runs, text, reference, measured)
    _question(runs, measured)


def contrasting_checkpoint(name: str) -> str | None:
    """A checkpoint with the same training file and without attention; with attention if ``name`` has none."""
    train, blind = training_file(name), _attention(name) == "none"
    for other in models.names() if train else []:
        if other != name and training_file(other) == train and (_attention(other) == "none") != blind:
            return other
    return None


def _attention(name: str) -> str:
    return str(models.model_config(name).get("attention", ""))


def _outputs(runs: Sequence[Flow], reference: str) -> None:
    """A table of both outputs, with chrF if there is a reference."""
    heads = [t("network.model"), t("step.output"), *(["chrF"] if reference else [])]
    names = contrasts(run.checkpoint for run in runs)
    rows = [[names[run.checkpoint], run.text, *([f"{_chrf(run, reference):.1f}"] if reference else [])] for run in runs]
    st.html(step.STYLE + step.step_table(heads, rows))
    if len(runs) == 1:
        st.caption(t("network.no_partner" if _blind(runs) else "network.no_contrast"))


def _chrf(run: Flow, reference: str) -> float:
    from s2s.inspect.scores import SentenceScores

    checkpoint = models.load(run.checkpoint, models.changed(run.checkpoint))
    return SentenceScores(checkpoint.target).chrf(run.text, reference)


def _measured(name: str) -> Lengths | None:
    """Measured quality by length of models with the same training file; None if there is no such measurement."""
    train = training_file(name)
    return next(iter(lengths.lengths_about(train, lengths.FOLDER)), None) if train else None


def _lengths(runs: Sequence[Flow], text: str, reference: str, measured: Lengths | None) -> None:
    """The chart of quality by length: the measured curves, if there are any, and the visitor's own sentences."""
    tried: dict[tuple[str, str], tuple[int, float]] = st.session_state.setdefault(TRIED_LENGTHS, {})
    if reference:
        for run in runs:
            tried[run.checkpoint, text] = (run.sizes["S"], _chrf(run, reference))
        for old in list(tried)[:-TRIED]:
            del tried[old]
    points = {run.checkpoint: [p for (name, _), p in tried.items() if name == run.checkpoint] for run in runs}
    if not measured and not any(points.values()):
        return
    st.markdown(f"#### {t('network.lengths')}")
    systems = measured.systems if measured else ()
    names = contrasts([*(system.name for system in systems), *points])
    if measured:
        measured = replace(measured, systems=tuple(replace(system, name=names[system.name]) for system in systems))
    tried_points = {names[name]: some for name, some in points.items() if some}
    figure = exposure.lengths(measured, tried_points, language.strings("lengths"))
    projector.show_chart(figure, key="lengths", config={"displayModeBar": False})
    if measured:
        sentences = sum(b.sentences for b in measured.bins)
        epochs = t("card.join").join(t("lengths.epochs", name=plain(s.name), epochs=s.epochs) for s in measured.systems)
        st.caption(t("lengths.measured", test=code(measured.test), sentences=sentences, level=100 * measured.level))
        st.caption(epochs)
    else:
        st.caption(t("lengths.own_only"))


def _blind(runs: Sequence[Flow]) -> Flow | None:
    """The run of a model without attention; None if there is none."""
    return next((run for run in runs if run.attention == "none"), None)


def _question(runs: Sequence[Flow], measured: Lengths | None) -> None:
    """The question how much one vector must encode, with the numbers of the models on screen."""
    blind = _blind(runs)
    sizes = (blind or runs[0]).sizes
    values: dict[str, Any] = {"words": sizes["S"], "size": sizes["M"]}
    if blind is None:
        layout.question("encoder_decoder", "try_alone", ("answer_alone",), **values)
        return
    values["blind"], answers = quoted(title(blind.checkpoint)), ["answer"]
    own = next((system for system in measured.systems if system.name == blind.checkpoint), None) if measured else None
    if measured and own and len(measured.systems) > 1:
        others = [system for system in measured.systems if system is not own]
        values["bins"], values["epochs"] = len(measured.bins), own.epochs
        values["behind"] = sum(
            all(mine.value < other.chrf[n].value for other in others) for n, mine in enumerate(own.chrf)
        )
        answers.append("behind")
    layout.question("encoder_decoder", answers=answers, **values)
