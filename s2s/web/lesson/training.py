"""Chapter Training: attention takes shape, in the film of a checkpoint and in a model trained in the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from s2s.errors import UserError
from s2s.train import live
from s2s.web import film, language, models, trainings
from s2s.web.language import t
from s2s.web.lesson import layout
from s2s.web.panel import code
from s2s.web.trainings import Training

POLL = 1.0  # seconds between two looks at a training
SHOWN = "filmed"  # the name in the session of the film that is on screen


def show() -> None:
    """The choices, the training of this visitor, the film of it or of a checkpoint."""
    mine = models.own()
    running = bool(mine) and mine[-1].look()
    if not running:
        trainings.warm()
    _choices(running)
    if problem := st.session_state.pop("training_problem", None):
        st.error(problem)
    if mine:
        st.fragment(_progress, run_every=POLL if running else None)(running)
    if not running:
        _film()
    layout.question("training")


def _choices(running: bool) -> None:
    """What can be chosen about a training, and the button that begins it."""
    lasting: Any = {"persist_state": "session", "disabled": running}
    with st.container(key="choices", horizontal=True, vertical_alignment="bottom", gap="small"):
        for name, allowed in live.CHOICES.items():
            key, label, default = f"train_{name}", t(f"training.{name}"), getattr(live.Choice(), name)
            if name == "feeding":
                st.toggle(label, key=key, help=t("training.feeding_help"), **lasting)
            else:
                st.selectbox(label, allowed, allowed.index(default), key=key, width=132, **lasting)
        st.button(t("training.start"), key="train", type="primary", on_click=_start, disabled=running)


def chosen() -> live.Choice:
    """What the visitor has chosen. Raises UserError for what cannot be."""
    values = {name: st.session_state[f"train_{name}"] for name in live.CHOICES if name != "feeding"}
    return live.Choice(**values, feeding="sampling" if st.session_state["train_feeding"] else "teacher")


def _start() -> None:
    """Begin a training; the oldest of more than a few makes way."""
    mine = st.session_state.setdefault("trainings", [])
    try:
        if mine and mine[-1].look():
            return
        mine.append(trainings.begin(chosen()))
    except UserError as error:
        st.session_state["training_problem"] = language.explain(error)
        return
    st.session_state.pop(SHOWN, None)
    for old in mine[: -trainings.KEPT]:
        mine.remove(old)
        for field in ("model", "compare"):
            if st.session_state.get(field) == old.name:
                st.session_state[field] = models.names()[0] if field == "model" else ""


def _resume(training: Training) -> None:
    """Go on with one that ended early; it is the last one again."""
    mine = models.own()
    mine.append(mine.pop(mine.index(training)))
    st.session_state.pop(SHOWN, None)  # its film is the one to see, also where it ended before it had any
    training.resume()


def _progress(running: bool) -> None:
    """Where the visitor's last training is, with its film while it runs."""
    training = models.own()[-1]
    if running and not training.look():
        st.rerun()
    left, right = st.columns([5, 1], vertical_alignment="center")
    if not running:
        with left:
            _end(training)
        _ways_on(training)
        return
    job = training.job
    state = "waiting" if job.waiting else "saving" if job.ending else "running" if training.moments else "starting"
    values = {"place": job.place, "step": training.done, "steps": training.steps, "name": code(training.name)}
    left.progress(training.done / training.steps, t(f"training.{state}", **values))
    right.button(t("training.stop"), key="train-stop", on_click=job.stop, disabled=job.ending, width="stretch")
    if training.moments:
        film.show(film.values(training.name, training.moments, training.frames, training.steps), "film")


def _end(training: Training) -> None:
    """How a training ended, in a sentence."""
    mistake = training.job.mistake()
    last = training.moments[-1] if training.moments else None
    values: dict[str, Any] = {"name": code(training.name), "step": training.done, "steps": training.steps}
    values["exact"] = 100 * last.exact if last else 0.0
    if mistake is not None:
        st.error(language.explain(mistake))
    elif training.late:
        st.warning(t("training.late", **values))
    elif training.job.stopped:
        st.markdown(t("training.stopped", **values))
    else:
        st.markdown(t("training.done", **values))


def _ways_on(training: Training) -> None:
    """Resume what ended early; open the checkpoint in the player."""
    with st.container(key="ways-on", horizontal=True):
        if not training.job.result:
            st.button(t("training.resume"), key="train-resume", on_click=_resume, args=(training,))
        ready = training.name in models.names()
        if ready and st.button(t("training.open"), key="train-open", on_click=_open, args=(training.name,)):
            st.switch_page("pages/step_through.py")


def _open(name: str) -> None:
    source, target = live.FIXED[0]
    st.session_state.update(model=name, text=source, ref=target, tokens="")


def _film() -> None:
    """The film of the visitor's training or of a checkpoint; how to get one where the loaded one has none."""
    model = st.session_state["model"]
    filmed = [tr.name for tr in reversed(models.own()) if tr.moments] + [n for n in models.names() if models.filmed(n)]
    filmed = list(dict.fromkeys(filmed))
    if model not in filmed and not models.own():
        st.caption(t("training.no_film", name=code(model)))
    if not filmed:
        return
    if st.session_state.get(SHOWN) not in filmed:
        st.session_state[SHOWN] = filmed[0]
    if len(filmed) > 1:
        st.selectbox(t("training.film"), filmed, key=SHOWN, width=360)
    name = st.session_state[SHOWN]
    try:
        training = next((tr for tr in models.own() if tr.name == name), None)
        if training:
            film.show(film.values(name, training.moments, training.frames, training.steps), "film")
        elif shown := film.kept(str(models.place(name)), name, models.changed(name)):
            film.show(shown, "film")
    except UserError as error:
        st.error(language.explain(error))
