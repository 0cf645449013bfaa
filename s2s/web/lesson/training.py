"""Chapter Training: how attention forms, in the film of a checkpoint or of a model that is trained in the page."""

from __future__ import annotations

from typing import Any

import streamlit as st

from s2s import settings
from s2s.errors import UserError
from s2s.lesson import learning
from s2s.lesson.film import Film, film_values
from s2s.server import trainings
from s2s.server.trainings import Training
from s2s.train import live
from s2s.web.components import film, playground
from s2s.web.lesson.tables import STYLE, numbers
from s2s.web.shell import announce, keys, language, layout, models, turns
from s2s.web.shell.announce import Work
from s2s.web.shell.foreign import code, quoted
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.shell.titles import choose_model, title

TRAIN_ATTENTION = "train_attention"
TRAIN_FEEDING = "train_feeding"
TRAINING_PROBLEM = "training_problem"  # message of the last error, shown once

WORK = "training"  # what the announcements call it
POLL = 1.0  # seconds between two updates of the progress
FILM = "film_chosen"  # the checkpoint of the film on screen
FILM_MODEL = "film_model"  # the model that was chosen when a film was drawn last


def training_chapter(state: PageState) -> None:
    """The choices, the visitor's training, its film or that of a checkpoint."""
    mine = models.own_trainings()
    running = bool(mine) and mine[-1].poll()
    if not running and not settings.is_off("trainings"):
        trainings.start_spare_process()
    _choices(running)
    if problem := st.session_state.pop(TRAINING_PROBLEM, None):
        st.error(problem)
    if running:
        _progress()
        layout.question("training", answers=("answer_later",))
    else:
        if mine:
            _end(mine[-1])
        _question(_film(state.model))
    if st.toggle(t("playground.title"), key="playground", help=t("playground.help")):
        playground.mount_playground("playground-component")


def _choices(running: bool) -> None:
    """The choices of a training, and the button that starts it."""
    lasting: Any = {"persist_state": "session", "disabled": running}
    with st.container(key="choices", horizontal=True, vertical_alignment="bottom", gap="small"):
        for name, allowed in live.CHOICES.items():
            key, label, default = f"train_{name}", t(f"training.{name}"), getattr(live.Choice(), name)
            if name == "feeding":
                st.toggle(label, key=key, help=t("training.feeding_help"), **lasting)
            elif name == "attention":
                _attention(label, allowed, running)
            else:
                st.selectbox(label, allowed, allowed.index(default), key=key, width=132, **lasting)
        switched_off = settings.is_off("trainings")
        st.button(t("training.start"), key="train", type="primary", on_click=_start, disabled=running or switched_off)
    if switched_off:
        st.caption(t("error.switched_off"))


def _attention(label: str, allowed: tuple[str, ...], running: bool) -> None:
    """The choice of the attention by its translated name; one widget a language, as in ``controls.radio``."""

    def keep() -> None:
        st.session_state[TRAIN_ATTENTION] = st.session_state[key]

    key = f"train_attention-{language.current()}"
    st.session_state[key] = st.session_state.setdefault(TRAIN_ATTENTION, live.Choice().attention)
    names = {kind: t(f"training.kind.{kind}") for kind in allowed}
    shown: Any = {"format_func": names.__getitem__, "width": 132, "disabled": running}
    st.selectbox(label, allowed, key=key, on_change=keep, **shown)


def chosen() -> live.Choice:
    """The visitor's choices. Raises UserError for a combination that is not possible."""
    values = {name: st.session_state[f"train_{name}"] for name in live.CHOICES if name != "feeding"}
    return live.Choice(**values, feeding="sampling" if st.session_state[TRAIN_FEEDING] else "teacher")


def _start() -> None:
    """Start a training, and forget the oldest ones beyond the limit of a session."""
    mine = st.session_state.setdefault(keys.TRAININGS, [])
    try:
        if mine and mine[-1].poll():
            return
        mine.append(trainings.start_training(chosen(), turns.visitor().client))
    except UserError as error:
        st.session_state[TRAINING_PROBLEM] = language.explain(error)
        return
    announce.begin(WORK)
    st.session_state.pop(FILM, None)
    for old in mine[: -settings.current().trainings_per_session]:
        mine.remove(old)
        for field in ("model", "compare"):
            if st.session_state.get(field) == old.name:
                st.session_state[field] = models.names()[0] if field == "model" else ""


def _resume(training: Training) -> None:
    """Resume a training that ended early, unless it gave way meanwhile; it becomes the last one of the list."""
    mine = models.own_trainings()
    if training not in mine:
        return
    st.session_state[keys.TRAININGS] = [*(other for other in mine if other is not training), training]
    st.session_state.pop(FILM, None)  # show its film, even if it had none before
    training.resume()
    announce.begin(WORK)


def _work() -> Work:
    return Work(WORK, t("announce.training"), ("train", "train-resume"), "train-stop")


@st.fragment(run_every=POLL)
def _progress() -> None:
    """Progress and film of the running training. When it ends, the whole page is rerun."""
    mine = models.own_trainings()
    if not mine:  # all gave way to other visitors'
        st.rerun()
    training = mine[-1]
    if not training.poll():
        st.rerun()
    work, job = _work(), training.job
    with st.container(key=work.bar):
        left, right = st.columns([5, 1], vertical_alignment="center")
    state = "waiting" if job.waiting else "saving" if job.ending else "running" if training.moments else "starting"
    values = {"place": job.queue_position, "step": training.done, "steps": training.steps, "name": code(training.name)}
    left.progress(training.done / training.steps, t(f"training.{state}", **values))
    right.button(t("training.stop"), key=work.stop, on_click=job.stop, disabled=job.ending, width="stretch")
    announce.under_way(work, training.done / training.steps, job.waiting)
    if training.moments:
        film.mount_film(film_values(training.name, training.moments, training.frames, training.steps), "film")


def _end(training: Training) -> None:
    """How a training ended, in a sentence, and what can be done next."""
    mistake = training.job.user_error()
    last = training.moments[-1] if training.moments else None
    values: dict[str, Any] = {"name": code(training.name), "step": training.done, "steps": training.steps}
    values["exact"] = 100 * last.exact if last else 0.0
    told: dict[str, str] = {"result": t("announce.trained", **values)}
    state = "done"
    if mistake is not None:
        st.error(language.explain(mistake))
        state, told = "failed", {"reason": language.spoken(mistake)}
    elif training.timed_out:
        st.warning(t("training.late", **values))
        state, told = "stopped", {"reason": t("training.late", **values)}
    elif training.job.stopped:
        st.markdown(t("training.stopped", **values))
        state, told = "stopped", {}
    else:
        st.markdown(t("training.done", **values))
    _ways_on(training)
    announce.ended(_work(), state, "ways-on", **told)


def _ways_on(training: Training) -> None:
    """Buttons to resume a training that ended early, and to open its checkpoint in the player."""
    with st.container(key="ways-on", horizontal=True):
        if not training.job.result:
            st.button(t("training.resume"), key="train-resume", on_click=_resume, args=(training,))
        ready = training.name in models.names()
        if ready and st.button(t("training.open"), key="train-open", on_click=_open, args=(training.name,)):
            st.switch_page("pages/step_through.py")


def _open(name: str) -> None:
    source, target = live.FIXED[0]
    st.session_state.update({keys.MODEL: name, keys.TEXT: source, keys.REFERENCE: target, keys.TOKENS: ""})


def _film(model: str) -> Film | None:
    """Show and return the film of the visitor's training or of a checkpoint; None, with a hint, if there is none."""
    own = [training.name for training in reversed(models.own_trainings()) if training.moments]
    filmed = list(dict.fromkeys([*own, *filter(models.filmed, models.names())]))
    if not filmed:
        st.caption(t("training.no_film", name=quoted(title(model))))
        return None
    name = _film_select(filmed, model)
    if model not in filmed:
        st.caption(t("training.other_film", name=quoted(title(model)), shown=quoted(title(name))))
    try:
        training = next((tr for tr in models.own_trainings() if tr.name == name), None)
        shown = (
            film_values(name, training.moments, training.frames, training.steps)
            if training
            else film.load_film(str(models.checkpoint_directory(name)), name, models.changed(name))
        )
    except UserError as error:
        st.error(language.explain(error))
        return None
    if shown:
        film.mount_film(shown, "film")
    else:
        st.caption(t("training.no_film", name=quoted(title(name))))
    return shown


def _film_select(filmed: list[str], model: str) -> str:
    """Draw the choice of a film and return its checkpoint: at first, and after another model is chosen, the model's."""
    state = st.session_state
    if model in filmed and state.get(FILM_MODEL) != model:
        state[FILM] = model
    state[FILM_MODEL] = model
    if state.get(FILM) not in filmed:
        state[FILM] = filmed[0]
    if len(filmed) > 1:
        choose_model(FILM, t("training.film"), filmed, width=360)
    return str(state[FILM])


def _question(shown: Film | None) -> None:
    """The question, and its answer from the film on screen."""
    if shown is None:
        layout.question("training", answers=("answer_no_film",))
        return
    date, last, at = learning.dated(shown), shown["moments"][-1], learning.steepest(shown)
    values = {"step": last["step"], "exact": 100 * last["exact"]}
    answers = ["answer" if date else "answer_words"]
    if at:
        before, after = shown["moments"][at - 1 : at + 1]
        answers.append("answer_loss")
        values |= {"from_": before["step"], "to": after["step"], "then": 100 * after["exact"]}
        values |= {"high": before["dev"], "low": after["dev"]}
    layout.question("training", "try" if date else "try_words", answers, lambda: _learnt(shown, date), **values)


def _learnt(shown: Film, date: bool) -> None:
    """A table of the steps at which the parts of each sentence were first right."""
    parts = {name: t(f"lesson.training.{name}") for name in learning.DATE}
    whole, first = t("lesson.training.whole"), t("lesson.training.earliest")
    rows = []
    for film_sentence, sentence in zip(shown["sentences"], learning.sentences(shown), strict=True):
        if date:
            earliest = [parts[name] for name in sentence.earliest]
            cells = [_when(part) for part in sentence.parts]
        else:
            earliest, cells = [film_sentence["target"][int(name) - 1] for name in sentence.earliest], []
        rows.append([sentence.source, _when(sentence.whole), *cells, ", ".join(earliest) or "—"])
    heads = [t("lesson.training.sentence"), whole, *(parts.values() if date else ()), first]
    st.html(STYLE + numbers(heads, rows))


def _when(part: learning.Part) -> str:
    """The step at which a part was first right, and notes: attended word, copied, when it was lost again."""
    if part.first is None:
        return t("lesson.training.never")
    notes = [t("lesson.training.looked", word=part.looked)] if part.looked else []
    if part.copied and part.name:
        notes.append(t("lesson.training.copied"))
    if part.stays is None:
        notes.append(t("lesson.training.lost"))
    elif part.stays != part.first:
        notes.append(t("lesson.training.stays", step=part.stays))
    return f"{part.first}" + (f" ({t('lesson.training.join').join(notes)})" if notes else "")
