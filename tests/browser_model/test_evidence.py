"""Readout and evidence by erasure in JavaScript: the numbers of Python, for every attention, lane and edited step."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from s2s.browser_model import pack
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.what_if import tokens_before
from s2s.explain import Origins, examine, instead, of_trace, origins
from s2s.explain.readout import readout
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace
from tests.browser_model.close import alike, distance
from tests.browser_model.node import run_script
from tests.factory import make_checkpoint
from tests.paths import SHIPPED

SHORT, REFERENCE = "我不喜欢喝茶。", "I don't like tea."
LONG = "我喜欢喝茶，你不喜欢喝水。我不喝水？"
WEIGHTS = "1,0,3.1,.5,2.3,7.7,4.2,5.4,9.1,0,.15,6.6,8.8,3.9,1.3,2.05"  # of the long text's tokens
MODELS: list[tuple[str, dict[str, Any]]] = [
    ("additive", {}),
    ("additive", {"coverage": True, "pointer": True, "cell": "lstm", "readout": "linear"}),
    ("concat", {"encoder_layers": 2, "decoder_layers": 2}),
    ("dot", {"encoder_size": 5, "input_feeding": True, "tied_embeddings": False}),
    ("additive", {"readout": "state", "tied_embeddings": False}),
    ("general", {"prior": True}),
    ("location", {}),
    ("local-m", {"window": 2}),
    ("local-p", {"window": 3, "cell": "lstm"}),
    ("none", {}),
]
READOUTS = 6  # steps; in a random network the rounding of float32 grows from step to step


def lanes_of(checkpoint: Any, text: str, edit: str) -> tuple[list[dict[str, Any]], dict[str, Trace]]:
    """Requests that make two branches, one forked from the other, and the traces of all lanes."""
    lanes = {"free": trace(checkpoint, text, REFERENCE), "forced": trace(checkpoint, text, REFERENCE, "forced")}
    step = min(2, len(lanes["free"].steps) - 1)
    word = lanes["free"].steps[step].top[3].token
    asked: list[dict[str, Any]] = [{"kind": "fork", "lane": "free", "step": step, "word": word}]
    prefix = [*tokens_before(checkpoint, lanes["free"], step), word]
    lanes["b1"] = trace(checkpoint, text, REFERENCE, prefix=prefix)
    if lanes["b1"].looks:
        asked.append({"kind": "fork", "lane": "b1", "step": step, "edit": edit})
        lanes["b2"] = trace(checkpoint, text, REFERENCE, prefix=prefix[:-1], attention={step: Edit.parse(edit)})
    return asked, lanes


def origins_of(checkpoint: Any, run: Trace, steps: list[int], against: str = "") -> list[Origins]:
    own = of_trace(checkpoint, run)
    if against:
        own = instead(own, steps[0], own.words[steps[0]], checkpoint.target.vocab.tokens.index(against))
    return origins(checkpoint.model, own, steps)


def same(found: dict[str, Any], expected: Any) -> float:
    assert "value" in found, found
    return distance(*alike(found["value"]["answer"], expected))


@pytest.mark.parametrize(("attention", "model"), MODELS, ids=str)
@pytest.mark.parametrize(("text", "edit"), [(SHORT, "-2"), (LONG, WEIGHTS)], ids=["short", "long"])
def test_the_answers_are_pythons(attention: str, model: dict[str, Any], text: str, edit: str, tmp_path: Path) -> None:
    checkpoint = load(directory := make_checkpoint(tmp_path, attention, scale=0.6, **model))
    asked, lanes = lanes_of(checkpoint, text, edit)
    forks = len(asked)
    expected: list[dict[str, Any]] = []
    for lane, run in lanes.items():
        for step in range(min(READOUTS, len(run.steps))):
            made = readout(checkpoint, run, step)
            assert made is not None
            asked.append({"kind": "readout", "lane": lane, "step": step})
            expected.append({"lane": lane, "step": step, "readout": made.to_dict()})
        steps = list(range(min(4, len(run.steps))))
        for kind in ("evidence", "orders") if run.looks else ():
            asked.append({"kind": kind, "lane": lane, "first": 0, "count": 4})
            evidence = examine(checkpoint.model, of_trace(checkpoint, run), steps, normalise=kind == "orders")
            expected.append({"lane": lane, "steps": [one.to_dict() for one in evidence]})
        asked.append({"kind": "origins", "lane": lane, "first": 0, "count": 4, "against": 0})
        expected.append({"lane": lane, "steps": [one.to_dict() for one in origins_of(checkpoint, run, steps)]})
        asked.append({"kind": "origins", "lane": lane, "first": steps[-1], "count": 1, "against": 3})
        against = run.steps[steps[-1]].top[2].token
        one = origins_of(checkpoint, run, steps[-1:], against)
        expected.append({"lane": lane, "steps": [each.to_dict() for each in one]})
    sentence = {"run": {"source": text, "reference": REFERENCE}, "requests": asked}
    given = {"directory": str(directory), "name": checkpoint.name, "digest": checkpoint.digest}
    (found,) = run_script("session.mjs", given | {"tools": pack.tools(checkpoint.config.text), "sentences": [sentence]})
    assert asdict(checkpoint.config.model)["attention"] == attention
    answers = found["answers"][forks:]
    assert max(same(one, two) for one, two in zip(answers, expected, strict=True)) < 1e-4


@pytest.mark.parametrize("model", [{"coverage": True, "pointer": True}, {"cell": "lstm", "prior": True}], ids=str)
def test_without_webassembly_the_rows_are_pythons(model: dict[str, Any], tmp_path: Path) -> None:
    directory = make_checkpoint(tmp_path, "additive", scale=0.6, **model)
    compare_origins(directory, SHORT, REFERENCE, (0, 4), kernels=False)


@pytest.mark.parametrize("name", ["zh-en-luong", "zh-en-bahdanau"])
def test_the_rows_of_a_shipped_model_are_pythons(name: str) -> None:
    """So many numbers that they are computed in several pieces, and a second request comes between them."""
    compare_origins(SHIPPED / name, "我妹妹每天早上骑自行车去学校。", "My sister goes to school.", (4, 3), (1, 2))


def compare_origins(directory: Path, text: str, reference: str, *asked: tuple[int, int], **more: Any) -> None:
    """The rows of some steps, (first, count) each, asked for by turns."""
    checkpoint = load(directory)
    run = trace(checkpoint, text, reference, "forced")
    expected = []
    for first, count in asked:
        steps = list(range(first, min(first + count, len(run.steps))))
        expected.append({"lane": "forced", "steps": [one.to_dict() for one in origins_of(checkpoint, run, steps)]})
    about = {"kind": "origins", "lane": "forced", "against": 0}
    requests = [{**about, "first": first, "count": count} for first, count in asked]
    given = {"directory": str(directory), "name": checkpoint.name, "digest": checkpoint.digest, **more}
    sentence = {"run": {"source": text, "reference": reference}, "requests": requests, "byTurns": True}
    (found,) = run_script("session.mjs", given | {"tools": pack.tools(checkpoint.config.text), "sentences": [sentence]})
    assert max(same(one, two) for one, two in zip(found["answers"], expected, strict=True)) < 1e-4
