"""Trainings on the server: queue, stop, kill and resume, limits, privacy; the lesson's chapter in both languages.

The processes are real, but they do not train: they write the moments of a film that the test has, and wait.
"""

from __future__ import annotations

import gc
import json
import math
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from s2s import settings
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError, say
from s2s.lesson.film import UNITS, film_values
from s2s.server import job, trainings
from s2s.server.job import WorkQueue
from s2s.server.registry import IN_USE
from s2s.server.trainings import Training
from s2s.trace.film import CURVE, NAME, FilmFrame, FilmMoment, curve, film
from s2s.train.live import Choice, steps
from s2s.web.components import film as shown
from s2s.web.shell import models
from s2s.web.shell.foreign import quoted
from tests.setting import Setting
from tests.titles import title_of
from tests.wait import until
from tests.web.conftest import components as components
from tests.web.conftest import messages, refused
from tests.web.conftest import root as root
from tests.web.conftest import visit as visit
from tests.web.conftest import visit_page as visit_page
from tests.web.fragments import alone, as_in_a_browser, click

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
# Films the first moments, waits for a file called go or SIGTERM, then leaves the checkpoint.
STAND_IN = """
import json, os, shutil, signal, sys, time
from pathlib import Path
asked, made = json.loads(sys.stdin.readline()), Path(sys.argv[1])
directory, stopped = Path(asked["directory"]), []
signal.signal(signal.SIGTERM, lambda *_: stopped.append(1))
(directory / "run").mkdir(exist_ok=True)
for name in ("film.jsonl", "curve.jsonl"):
    shutil.copyfile(made / name, directory / "run" / name)
if (made / "error.json").exists():
    shutil.copyfile(made / "error.json", directory / "error.json")
    sys.exit(2)
while not stopped and not (made / "go").exists():
    time.sleep(0.01)
if not (directory / asked["name"]).exists():
    shutil.copytree(made, directory / asked["name"])
sys.exit(143 if stopped else 0)
"""


@pytest.fixture
def made(root: Path, tmp_path: Path) -> Path:
    """A checkpoint with a film of two moments."""
    return with_film(tmp_path / "tiny-additive")


def with_film(directory: Path) -> Path:
    """Add a film of two moments to a checkpoint."""
    checkpoint = load(directory)
    frames = [
        FilmFrame(s, 0, trace(checkpoint, TEXT, REFERENCE, "forced"), trace(checkpoint, TEXT).text) for s in (0, 10)
    ]
    moments = [FilmMoment(0, 0.0, None, 2.5, 0.0, 4), FilmMoment(10, 1.5, 2.25, 1.5, 0.75, 4)]
    (directory / NAME).write_text("".join(f.to_json() + "\n" for f in frames), encoding="utf-8")
    (directory / CURVE).write_text("".join(m.to_json() + "\n" for m in moments), encoding="utf-8")
    return directory


@pytest.fixture
def processes(made: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[subprocess.Popen[str]]]:
    """The processes that were started, in order; one works at a time."""
    started: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        command = [sys.executable, "-S", "-c", STAND_IN, str(made)]
        started.append(subprocess.Popen(command, stdin=subprocess.PIPE, text=True))
        return started[-1]

    monkeypatch.setattr(trainings, "_start_process", start)
    monkeypatch.setattr(trainings, "QUEUE", WorkQueue())
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait(10)
        assert process.stdin
        process.stdin.close()


def ended(training: Training) -> None:
    until(lambda: not training.poll())


def test_one_trains_and_the_others_have_a_position_in_the_queue(
    processes: list[subprocess.Popen[str]], made: Path
) -> None:
    first, second, third = (trainings.start_training(Choice()) for _ in range(3))
    until(lambda: (first.poll() or True) and first.moments)
    assert [tr.job.queue_position for tr in (first, second, third)] == [0, 1, 2] and len(processes) == 1
    second.job.stop()
    ended(second)
    assert third.job.queue_position == 1 and second.job.stopped and not second.checkpoint.exists()
    first.job.stop()
    ended(first)
    until(lambda: third.job.queue_position == 0 and len(processes) == 2)
    (made / "go").touch()
    ended(third)
    assert third.job.result and third.job.user_error() is None and third.done == 10
    assert third.frames == list(film(made)) and third.moments == list(curve(made))


def test_a_training_ends_when_nobody_polls_it(
    processes: list[subprocess.Popen[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "POLL_TIMEOUT", 0.3)
    left, waiting = trainings.start_training(Choice()), trainings.start_training(Choice())
    left.job._thread.join(20)
    waiting.job._thread.join(20)
    assert left.job.stopped and waiting.job.stopped and trainings.QUEUE.size() == 0
    assert len(processes) == 1 and processes[0].poll() is not None


def test_a_killed_process_is_reported_and_resumed(processes: list[subprocess.Popen[str]], made: Path) -> None:
    training = trainings.start_training(Choice())
    until(lambda: (training.poll() or True) and training.moments)
    processes[0].send_signal(signal.SIGKILL)
    ended(training)
    mistake = training.job.user_error()
    assert mistake is not None and mistake.key == "error.training_died" and training.done == 10
    (made / "go").touch()
    training.resume()
    ended(training)
    assert training.job.result and len(training.frames) == 2 and training.checkpoint.exists()


def test_a_user_error_of_the_process_is_raised(processes: list[subprocess.Popen[str]], made: Path) -> None:
    (made / "error.json").write_text(json.dumps(UserError("loss_not_finite", step=7).packed()), encoding="utf-8")
    training = trainings.start_training(Choice())
    ended(training)
    assert str(training.job.user_error()) == str(UserError("loss_not_finite", step=7))


def test_time_and_number_are_bounded(processes: list[subprocess.Popen[str]], setting: Setting) -> None:
    training = trainings.start_training(Choice())
    until(lambda: (training.poll() or True) and training.moments)
    setting(training_seconds=-1)  # it has passed
    ended(training)
    setting(training_seconds=240)
    assert training.timed_out and training.job.stopped and training.checkpoint.exists()
    setting(trainings=len(trainings._TRAININGS.entries()))
    with pytest.raises(UserError):
        trainings.start_training(Choice())
    training.used -= IN_USE + 1  # its visitor has long done nothing: it gives way
    other = trainings.start_training(Choice())
    assert not trainings.is_held(training) and not training.directory.exists() and trainings.is_held(other)


def test_one_address_leaves_trainings_to_others(processes: list[subprocess.Popen[str]], setting: Setting) -> None:
    setting(trainings_per_client=1)
    held = [trainings.start_training(Choice(), "192.0.2.1")]
    with pytest.raises(UserError) as error:
        trainings.start_training(Choice(), "192.0.2.1")
    assert error.value.key == "error.trainings_of_client"
    held.append(trainings.start_training(Choice(), "192.0.2.2"))
    assert all(trainings.is_held(training) for training in held)


def test_a_training_that_nothing_holds_is_deleted(processes: list[subprocess.Popen[str]], made: Path) -> None:
    (made / "go").touch()
    training = trainings.start_training(Choice())
    ended(training)
    name, directory = training.name, training.directory
    assert trainings.checkpoint_directory(name) == directory / name and oct(directory.stat().st_mode & 0o777) == "0o700"
    del training
    gc.collect()
    assert trainings.checkpoint_directory(name) is None and not directory.exists()


def test_a_frame_reaches_the_browser_unchanged(made: Path) -> None:
    data = shown.load_film(str(made), "tiny-additive", 1)
    assert data is not None
    frames = film(made)
    for moment, frame in zip(data["frames"], frames, strict=True):
        (packed,), attention_TS = moment, frame.trace.attention_TS
        weights_TS = np.array(packed["weights"]).reshape(attention_TS.shape) / UNITS
        assert np.abs(weights_TS - attention_TS).max() <= 0.5 / UNITS + 1e-9
        assert packed["said"] == [step.top[0].token for step in frame.trace.steps]
        right = [math.exp(step.target.log_prob) for step in frame.trace.steps if step.target]
        assert packed["right"] == pytest.approx(right, abs=0.5e-4)
        assert packed["text"] == frame.text
    assert data["sentences"][0]["target"][-1] == "<eos>" and data["sentences"][0]["reference"] == REFERENCE
    assert [m["step"] for m in data["moments"]] == [0, 10] and data["moments"][0]["train"] is None
    unfilmed = film_values("x", curve(made), frames[:1], 10)
    assert [m["step"] for m in unfilmed["moments"]] == [0]  # a moment without its frame is not shown yet


def component(app: AppTest) -> dict[str, object]:
    data = [json.loads(box.proto.json) for box in app.get("bidi_component")]
    (one,) = [values for values in data if "moments" in values]
    return dict(one)


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_chapter_trains_a_model_for_this_visitor_alone(
    visit_page: Visit, processes: list[subprocess.Popen[str]], made: Path, root: Path, lang: str
) -> None:
    app = visit_page("lesson", chapter="training", lang=lang, model="tiny-general")
    assert not app.exception and component(app)["name"] == "tiny-additive"  # the one that has a film
    told = [box.value for box in app.caption]
    general, additive = (quoted(title_of(root / name, lang)) for name in ("tiny-general", "tiny-additive"))
    assert say("training.other_film", lang, name=general, shown=additive) in told
    assert say("training.no_film", lang, name=general) not in told
    app.selectbox(key=f"train_attention-{lang}").set_value("dot")
    app.toggle(key="train_feeding").set_value(True)
    app.button(key="train").click().run()
    (training,) = app.session_state["trainings"]
    assert training.choice == Choice(attention="dot", feeding="sampling") and training.name.startswith("date-dot-")
    until(lambda: (training.poll() or True) and training.moments)
    app.run()
    assert not app.exception and component(app)["total"] == steps(training.choice)
    assert app.button(key="train").disabled
    app.button(key="train-stop").click().run()
    ended(training)
    app.run()
    assert not app.exception and messages(app) == []
    sentence = say("training.stopped", lang, name="", step=10, steps=training.steps, exact=75.0)
    assert sentence in [box.value for box in app.markdown]
    assert any(training.name in option for option in app.selectbox(key=f"model-{lang}").options)
    other = visit_page("lesson", chapter="training", lang=lang, model=training.name)
    assert not any(training.name in option for option in other.selectbox(key=f"model-{lang}").options)
    assert refused(other, lang, "model", training.name)
    app.button(key="train-resume").click().run()
    (made / "go").touch()
    ended(training)
    app.run()
    assert app.session_state["trainings"] == [training] and training.job.result


def test_a_fourth_training_replaces_the_first(
    visit_page: Visit, processes: list[subprocess.Popen[str]], made: Path
) -> None:
    (made / "go").touch()
    app = visit_page("lesson", chapter="training", lang="en")
    names = []
    for _ in range(settings.current().trainings_per_session + 1):
        app.button(key="train").click().run()
        names.append(app.session_state["trainings"][-1].name)
        ended(app.session_state["trainings"][-1])
        app.run()
        if len(names) == 1:
            app.selectbox(key="model-en").set_value(names[0]).run()
    assert not app.exception and [tr.name for tr in app.session_state["trainings"]] == names[1:]
    assert app.session_state["model"] in models.names()


def test_resuming_shows_progress_and_stop_at_once(
    visit_page: Visit, processes: list[subprocess.Popen[str]], made: Path
) -> None:
    app = visit_page("lesson", chapter="training", model="tiny-general")
    app.button(key="train").click().run()
    (training,) = app.session_state["trainings"]
    until(lambda: (training.poll() or True) and training.moments)
    training.job.stop()
    ended(training)
    with as_in_a_browser(app) as homes:
        click(app, "train-resume", homes)
        assert not app.exception and training.job.poll()
        assert app.button(key="train-stop") and app.button(key="train").disabled
        assert [bar.proto.text for bar in app.get("progress")] != []
        done = say("training.done", "zh", name="", steps=training.steps, exact=75.0)
        assert not any(box.value.startswith(done[:4]) for box in app.markdown)
        click(app, "train-stop", homes)
        ended(training)
        alone(app, homes[app.button(key="train-stop").id])  # the fragment's own next look
        assert app.button(key="train-resume") and not app.button(key="train").disabled
