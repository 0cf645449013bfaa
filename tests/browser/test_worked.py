"""The worked arithmetic of a step, for every kind of model: it adds up to the trace's numbers."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import ATTENTIONS
from s2s.decode.decode import trace
from s2s.errors import sentences
from s2s.explain.readout import readout
from s2s.player import bundle
from s2s.trace.trace import Trace
from s2s.web.components.player import FOLDER
from tests.factory import make_checkpoint

KINDS: dict[str, dict[str, Any]] = {name: {"attention": name} for name in ATTENTIONS if name != "none"} | {
    "dot": {"attention": "dot", "encoder_size": 5},
    "local-m": {"attention": "local-m", "window": 2},
    "local-p": {"attention": "local-p", "window": 3},
    "biased": {"attention": "concat", "attention_bias": True},
    "fed and untied": {"attention": "general", "tied_embeddings": False},
    "linear": {"attention": "general", "readout": "linear"},
    "only the new state": {"readout": "state", "tied_embeddings": False},
    "everything": {"coverage": True, "pointer": True, "prior": True, "cell": "lstm"},
}
SCRIPT = bundle.script(FOLDER / "readout.js")
PAINT = """
([trace, t, strings]) => {
  const step = trace.steps[t], view = { trace, strings };
  const order = step.attention.map((_, s) => s).sort((a, b) => step.attention[b] - step.attention[a]);
  const box = el("div", {}, ...scoreSection(view, step, order), ...softmaxSection(view, step, order));
  const out = el("div", {}, ...outputSection(view, step));
  const table = (t) => [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent.replace(/−/g, "-")));
  const tables = (node) => [...node.querySelectorAll("table")].map(table);
  return { text: box.textContent, sum: box.querySelector(".sum").textContent.replace(/−/g, "-"),
           softmax: tables(box)[0], output: tables(out), outputText: out.textContent };
}
"""
READ = """
([readout, strings]) => {
  const mixed = readout.act === "tanh" || readout.act === "linear";
  const box = el("div", {}, ...(mixed ? mixedTable : bareVector)(strings, readout), ...productTable(strings, readout));
  const table = (t) => [...t.tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent.replace(/−/g, "-")));
  return { text: box.textContent.replace(/−/g, "-"), tables: [...box.querySelectorAll("table")].map(table) };
}
"""


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_model_adds_up(browser: Browser, tmp_path: Path, kind: str) -> None:
    checkpoint = load(make_checkpoint(tmp_path, scale=0.6, **KINDS[kind]))
    run = trace(checkpoint, "我喜欢 tea。", "I like tea.", mode="forced")
    page = browser.new_page()
    page.add_script_tag(content=SCRIPT)
    strings = {k.removeprefix("player."): v for k, v in sentences("en").items()}
    for t, step in enumerate(run.steps):
        shown = page.evaluate(PAINT, [run.to_dict(), t, strings])
        best = int(step.attention.argmax())
        assert float(shown["sum"].rsplit("=", 1)[1]) == pytest.approx(float(step.scores[best]), abs=6e-4)
        assert shown["sum"].split("from the other terms")[0].count(")") >= 4
        rows = shown["softmax"]
        assert float(rows[0][1]) == pytest.approx(float(step.scores[best]), abs=6e-4)
        assert sum(float(row[-1]) for row in rows) == pytest.approx(1, abs=4e-3)
        share, total = (float(x) for x in rows[0][-2].split(" / "))
        assert share / total == pytest.approx(float(step.attention[best]), abs=2e-3)
        assert ("+ b" in shown["text"]) == (kind == "biased")
        assert ("D²" in shown["text"]) == kind.startswith("local")
        last = shown["output"][-1]
        assert [float(row[-1]) for row in last] == pytest.approx([math.exp(s.log_prob) for s in step.top[:5]], abs=6e-5)
        assert len(shown["output"]) == (2 if kind == "everything" else 1)
        if kind == "everything" and step.p_gen is not None:
            for _, generated, copied, p in last:
                mixed = step.p_gen * float(generated) + (1 - step.p_gen) * float(copied)
                assert mixed == pytest.approx(float(p), abs=2e-4)
            for _, halves, z, _, _ in shown["output"][0]:
                own, prior = halves.removesuffix(") / 2").removeprefix("(").split(" + ")
                assert (float(own) + float(prior)) / 2 == pytest.approx(float(z), abs=2e-3)
        check_readout(page.evaluate(READ, [given(checkpoint, run, t), strings]), run, t, kind)
    page.close()


def given(checkpoint: Checkpoint, run: Trace, t: int) -> dict[str, Any]:
    found = readout(checkpoint, run, t)
    assert found is not None
    return found.to_dict()


def check_readout(shown: dict[str, Any], run: Trace, t: int, kind: str) -> None:
    """Each row of what is painted adds up, to the trace's logits."""
    *mixed, products = shown["tables"]
    assert len(mixed) == (0 if kind == "only the new state" else 1)
    for _, *parts, own in mixed[0] if mixed else []:
        *terms, total = parts if kind != "linear" else [*parts, own]
        assert sum(map(float, terms)) == pytest.approx(float(total), abs=4e-3)
        value = float(total) if kind == "linear" else math.tanh(float(total))
        assert value == pytest.approx(float(own), abs=2e-3)
    order = "[s_t" if run.checkpoint["attention"] == "additive" else "[ct; ht]"
    assert (order.replace("s_t", "st; ct; yt-1") in shown["text"]) == bool(mixed)
    step = run.steps[t]
    logits = {word.token: word.log_prob + step.normaliser for word in step.top[:5]}
    for token, *terms, total in products:
        assert sum(map(float, terms)) == pytest.approx(float(total), abs=5e-3)
        if token in logits and kind != "everything":  # there the table before it mixes prior and pointer in
            assert float(total) == pytest.approx(logits[token], abs=1e-3)
