"""Training in the browser's script: gradients as torch's, the task as ours, a run that repeats."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from s2s.config import ModelConfig, TrainConfig
from s2s.data.batches import collate
from s2s.model import Seq2Seq
from s2s.tasks import date
from s2s.text.vocab import PAD
from s2s.train.schedule import learning_rate
from tests.browser_model.node import run_script

SCRIPT = "training.mjs"
SIZES = 13, 9  # of the vocabularies
KINDS = ("additive", "general", "dot", "concat", "none")
LOOKING_BACK = ("additive", "none")
SMALL = {"embedding_size": 12, "encoder_size": 8, "decoder_size": 16, "attention_size": 10}
RATE, CLIP = 0.01, 0.5
CLOSE = 1e-4  # relative


def configs() -> list[dict[str, Any]]:
    """Every combination that there is of attention, cell, readout, shared output weights and input feeding."""
    found = []
    every = itertools.product(KINDS, ("gru", "lstm"), ("tanh", "linear", "state"), (True, False), (True, False))
    for attention, cell, readout, tied, feeding in every:
        back = attention in LOOKING_BACK
        if (readout == "state" and (tied or not back)) or (back and not feeding):
            continue
        kinds = {"attention": attention, "cell": cell, "readout": readout}
        found.append(kinds | {"tied_embeddings": tied, "input_feeding": feeding} | SMALL)
    return found


def weights_of(model: Seq2Seq) -> dict[str, Any]:
    return {name: weight.detach().flatten().tolist() for name, weight in model.named_parameters()}


def example(config: Mapping[str, Any], seed: int) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the script is asked, and what torch computes of the same weights and pairs, of different lengths."""
    torch.manual_seed(seed)
    rng = random.Random(seed)
    model = Seq2Seq(ModelConfig(**config), *SIZES)
    with torch.no_grad():
        for weight in model.parameters():
            weight.add_(0.3 * torch.randn_like(weight))
    lengths = [(rng.randint(1, 7), rng.randint(1, 6)) for _ in range(5)]
    pairs = [([rng.randrange(4, SIZES[0]) for _ in range(s)], [rng.randrange(4, SIZES[1]) for _ in range(t)])
             for s, t in lengths]  # fmt: skip
    asked = {"kind": "gradients", "config": config, "weights": weights_of(model), "pairs": pairs}
    batch = collate(pairs)
    loss = F.cross_entropy(model(batch), batch.target_out_BT[batch.target_out_BT != PAD])
    loss.backward()
    gradients = {name: weight.grad.numpy().copy() for name, weight in model.named_parameters()}
    norm = float(torch.nn.utils.clip_grad_norm_(model.parameters(), CLIP))
    torch.optim.AdamW(model.parameters(), RATE, (0.9, 0.98), weight_decay=0.0, fused=True).step()
    wanted = {"loss": float(loss.detach()), "norm": norm, "gradients": gradients, "weights": weights_of(model)}
    return {**asked, "rate": RATE, "clip": CLIP}, wanted


@pytest.mark.parametrize("plain", [False, True], ids=["wasm", "script"])
def test_gradients_and_a_step_of_adam_are_torchs(plain: bool) -> None:
    asked, wanted = zip(*(example(config, seed) for seed, config in enumerate(configs())), strict=True)
    answers = run_script(SCRIPT, [job | {"plain": plain} for job in asked])
    for job, want, got in zip(asked, wanted, answers, strict=True):
        what = str({key: job["config"][key] for key in ("attention", "cell", "readout", "tied_embeddings")})
        assert got["loss"] == pytest.approx(want["loss"], rel=1e-5), what
        assert got["norm"] == pytest.approx(want["norm"], rel=CLOSE), what
        assert got["gradients"].keys() == want["gradients"].keys(), what
        for name, gradient in want["gradients"].items():
            found = np.array(got["gradients"][name]).reshape(gradient.shape)
            assert np.linalg.norm(found - gradient) <= CLOSE * np.linalg.norm(gradient), f"{what} {name}"
            moved = np.abs(gradient.flatten()) > 1e-4  # the first step is g / |g|: rounding, where g is next to nothing
            after, right = np.array(got["weights"][name]), np.array(want["weights"][name])
            assert np.allclose(after[moved], right[moved], rtol=1e-6, atol=CLOSE * RATE), f"{what} {name}"


def test_first_weights_are_drawn_as_ours() -> None:
    config = {"attention": "additive", "embedding_size": 16, "encoder_size": 24, "decoder_size": 32, "readout": "tanh"}
    [found] = run_script(SCRIPT, [{"kind": "first", "config": config | {"attention_size": 20}, "seed": 5}])
    model = Seq2Seq(ModelConfig(**config, attention_size=20), *SIZES)
    assert {name: tuple(own["shape"]) for name, own in found.items()} == {
        name: tuple(weight.shape) for name, weight in model.named_parameters()
    }
    for name, weight in model.named_parameters():
        ours = weight.detach()
        drawn = np.array(found[name]["data"]).reshape(ours.shape)
        if ours.dim() < 2:
            assert not drawn.any()
        elif "weight_hh" in name:
            for gate in np.split(drawn, len(drawn) // drawn.shape[1]):
                assert gate @ gate.T == pytest.approx(np.eye(len(gate)), abs=1e-5)
        else:
            assert drawn.std() == pytest.approx(float(ours.std()), rel=0.25), name
            assert drawn[PAD].any() != ("embedding" in name), name
            assert np.abs(drawn).max() < 2 * float(ours.abs().max()), name


def test_the_learning_rate_is_ours() -> None:
    settings = TrainConfig(learning_rate=0.008, warmup_steps=60)
    steps = [0, 1, 59, 60, 61, 300, 599, 700]
    schedule = {"steps": 600, "warmup": 60, "peak": 0.008, "low": settings.final_learning_rate}
    [found] = run_script(SCRIPT, [{"kind": "rates", "steps": steps, "schedule": schedule}])
    assert found == pytest.approx([learning_rate(step, 600, settings) for step in steps])


def test_its_dates_are_those_of_the_task() -> None:
    [found] = run_script(SCRIPT, [{"kind": "dates", "count": 1500, "seed": 3}])
    assert [(source, day) for source, day in found["training"] if day not in date.posterior(source)] == []
    assert [(source, day) for source, day in found["fresh"] if date.posterior(source) != {day: 1.0}] == []
    assert not {day for _, day in found["training"]} & {day for _, day in found["fresh"]}
    ours = [e.source for e in date.examples("train", 4000, 1) if len(e.source) <= 20]
    lengths = [np.mean([len(source) for source in sources]) for sources in (ours, [s for s, _ in found["training"]])]
    assert lengths[0] == pytest.approx(lengths[1], abs=0.5)
    written = set("".join(ours).replace(" ", "␣"))
    assert written <= set(found["source"]) and set("0123456789-") <= set(found["target"])


def test_a_run_repeats_and_learns() -> None:
    settings = {"size": 32, "batchSize": 32, "steps": 120, "learningRate": 0.016}
    job = {"kind": "run", "settings": settings, "steps": 60, "sources": ["2026-11-22", "廿☃"]}
    once, again, other, sampling = run_script(
        SCRIPT,
        [job, job, job | {"settings": settings | {"seed": 2}}, job | {"settings": settings | {"ownShare": 0.5}}],
    )
    assert once == again and once["losses"] != other["losses"]
    assert sampling["losses"][0] == once["losses"][0] and sampling["losses"] != once["losses"]
    assert np.mean(once["losses"][-5:]) < 0.6 * np.mean(once["losses"][:5])
    for reading in once["read"]:
        assert np.array(reading["attention_TS"]).sum(axis=1) == pytest.approx(1, abs=1e-5)
    assert [reading["unknown"] for reading in once["read"]] == [[False] * 10, [False, True]]
