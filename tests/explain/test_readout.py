"""How the context reaches a word, against the model of docs/FORMATS.md in numpy and against Hugging Face's own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace
from s2s.explain.readout import COMPONENTS, readout
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint
from tests.model.huggingface.conftest import brought, checkpoint  # noqa: F401
from tests.numpy_model import Array, Numbers, NumpyModel
from tests.test_formats import FAMILY, SPECIALS, TINY

TEXT, REFERENCE = "我喜欢 tea。", "I like tea ."


class Keeping(NumpyModel):
    """The model in numpy, and what the output layer read at every step."""

    def predict(self, numbers: Numbers, readout: Array, read: Array, source: list[int]) -> None:
        self.__dict__.setdefault("readouts", []).append(readout)
        super().predict(numbers, readout, read, source)


def lanes(made: Checkpoint) -> list[Trace]:
    edits = {} if made.config.model.attention == "none" else {1: Edit("uniform")}
    return [
        trace(made, TEXT, REFERENCE, mode="forced"),
        trace(made, TEXT, prefix=("I", "you", "water"), attention=edits),
    ]


@pytest.mark.parametrize("kind", [*TINY, *FAMILY])
def test_each_line_is_the_numpy_models(tmp_path: Path, kind: str) -> None:
    path = make_checkpoint(tmp_path, scale=0.6, **{**TINY, **FAMILY}[kind])
    made = load(path)
    for run in lanes(made):
        model = Keeping(path)
        ids = {token: i for i, token in enumerate(model.target)} | SPECIALS
        source = [{token: i for i, token in enumerate(model.source)}.get(token, 1) for token in run.source_tokens]
        edits = {t: s.attention.astype(float) for t, s in enumerate(run.steps) if s.own_attention is not None}
        _, numbers = model.run(source, [ids.get(step.input, 1) for step in run.steps], edits)
        for t, step in enumerate(run.steps[:4]):
            found, h, own = readout(made, run, t), model.__dict__["readouts"][t], numbers[t]
            assert found is not None and found.act == model.config["readout"]
            np.testing.assert_allclose([row[-1] for row in found.rows], h[:COMPONENTS], atol=1e-5)
            assert found.norm == pytest.approx(float(np.linalg.norm(h)), abs=1e-5) and found.size == len(h)
            act = np.tanh if found.act == "tanh" else np.asarray
            for row in found.rows:
                assert float(act(sum(row[:-1]) if len(row) > 1 else row[-1])) == pytest.approx(row[-1], abs=1e-5)
            assert [*found.sizes] == order(model, found.act)
            check_words(found.to_dict(), h, model, own, ids)
            said = {word.token: word.logit for word in found.words}
            for word in (*step.top[:5], *([step.target] if step.target else [])):
                if run.steps[t].p_gen is None:  # else the log-probability is that of the mixture
                    assert said[word.token] == pytest.approx(word.log_prob + step.normaliser, abs=1e-4)


def order(model: NumpyModel, act: str) -> list[str]:
    """The parts in the order in which the columns of W stand."""
    previous = model.attention in ("additive", "none")
    if act == "state":
        return ["s"]
    return ["s", "c", "y"] if previous else ["c", "h"]


def check_words(found: dict[str, Any], h: Array, model: NumpyModel, own: Numbers, ids: dict[str, int]) -> None:
    for word in found["words"]:
        i = ids[word["token"]]
        row, bias = model.output[i], model.weights["output.bias"][i]
        np.testing.assert_allclose(word["products"], np.stack([h, row], axis=1)[:COMPONENTS], atol=1e-5)
        total = sum(a * b for a, b in word["products"]) + word["rest"] + word["bias"]
        assert total == pytest.approx(float(h @ row + bias), abs=1e-4) == pytest.approx(word["own"], abs=1e-4)
        prior = None if own.prior is None else float(own.prior[i])
        assert (word["prior"] is None) == (prior is None)
        logit = total if prior is None else (total + prior) / 2
        assert word["logit"] == pytest.approx(logit, abs=1e-4)


def test_a_model_of_many_layers_says_what_its_last_one_leaves(checkpoint: Checkpoint) -> None:  # noqa: F811
    run = trace(checkpoint, "ab ba", "ab ba", mode="forced")
    for t, step in enumerate(run.steps[:3]):
        found = readout(checkpoint, run, t)
        assert found is not None and found.act == "deep" and not found.sizes and not found.biased
        assert [len(row) for row in found.rows] == [1] * COMPONENTS
        said = {word.token: word for word in found.words}
        for word in step.top[:5]:
            assert said[word.token].logit == pytest.approx(word.log_prob + step.normaliser, abs=1e-3)
