"""Each formula on the pages, computed as it is written, against the code whose numbers stand beside it."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import TrainConfig
from s2s.decode.decode import trace
from s2s.lesson import cross_entropy as ce
from s2s.lesson import homework, remedies
from s2s.lesson.formulas import FORMULAS
from s2s.lesson.loss import batch, sentence_loss
from s2s.lesson.prior_step import prior_run
from s2s.train.objectives import corruption
from tests.factory import make_checkpoint

TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
Z, Y = np.array([0.7, -1.2, 2.5]), np.array([0.0, 1.0, 0.0])
P = np.array([math.exp(z) / sum(math.exp(v) for v in Z) for z in Z])
Check = Callable[[Checkpoint], None]


def near(found: object, wanted: object) -> None:
    assert found == pytest.approx(wanted, rel=1e-4, abs=1e-6)


def softmax(_: Checkpoint) -> None:
    near(ce.softmax(Z), P)


def cross_entropy(_: Checkpoint) -> None:
    near(ce.cross_entropy(Z, Y), -sum(y * math.log(p) for y, p in zip(Y, P, strict=True)))


def gradient(_: Checkpoint) -> None:
    h = 1e-6
    slopes = [(ce.cross_entropy(Z + h * e, Y) - ce.cross_entropy(Z - h * e, Y)) / (2 * h) for e in np.eye(3)]
    near(ce.gradient(Z, Y), slopes)
    near(ce.gradient(Z, Y), P - Y)


def cost(_: Checkpoint) -> None:
    rows, truth = np.stack([Z, -Z]), [1, 2]
    wanted = float(F.cross_entropy(torch.tensor(rows), torch.tensor(truth)))
    total = sum(np.eye(3)[y] @ np.log(ce.softmax(z)) for z, y in zip(rows, truth, strict=True))
    near(-total / 2, wanted)


def sigmoid(_: Checkpoint) -> None:
    near(ce.sigmoid(Z), [1 / (1 + math.exp(-z)) for z in Z])


def binary(_: Checkpoint) -> None:
    s = ce.sigmoid(Z)
    near(ce.binary_cross_entropy(Z, Y), -(Y * np.log(s) + (1 - Y) * np.log(1 - s)))


def sentence(model: Checkpoint) -> None:
    steps, found = trace(model, TEXT, REFERENCE, "forced").steps, sentence_loss(model, TEXT, REFERENCE)
    near(found.loss, -sum(s.log_prob for s in steps) / len(steps))
    near(ce.perplexity(found.loss), math.exp(found.loss))


def smoothing(model: Checkpoint) -> None:
    target = ce.smoothed(1, 3, 0.3)
    near(target, 0.7 * Y + 0.3 / 3)
    near(ce.cross_entropy(Z, target), -float(target @ np.log(P)))
    pair = batch(model, TEXT, REFERENCE)
    wanted = F.cross_entropy(model.model(pair), pair.target_out_BT[0], label_smoothing=0.3)
    near(sentence_loss(model, TEXT, REFERENCE).smoothed(0.3), float(wanted))


def prior(model: Checkpoint) -> None:
    for step in prior_run(model, TEXT, most=99).steps:
        for word in step.words:
            near(word.prior, math.exp(word.log_scale) * word.in_source + word.shift)
        total = math.log(sum(math.exp((w.logit + w.prior) / 2) for w in step.words))
        near([w.blended for w in step.words], [(w.logit + w.prior) / 2 - total for w in step.words])


def odds(model: Checkpoint) -> None:
    v, w, *_ = prior_run(model, TEXT).steps[0].words
    wanted = math.sqrt(math.exp(v.logit) / math.exp(w.logit)) * math.exp((v.prior - w.prior) / 2)
    near(math.exp(v.blended - w.blended), wanted)


def chain(model: Checkpoint) -> None:
    steps = trace(model, TEXT, REFERENCE, "forced").steps
    product = math.prod(math.exp(s.log_prob) for s in steps)
    near(math.log(product), -len(steps) * sentence_loss(model, TEXT, REFERENCE).loss)


def lanes(model: Checkpoint) -> None:
    forced, free = trace(model, TEXT, REFERENCE, "forced"), trace(model, TEXT)
    assert [s.input for s in forced.steps] == ["<bos>", *forced.reference_tokens]
    assert [s.input for s in free.steps][1:] == [s.output for s in free.steps][:-1]


def linear(_: Checkpoint) -> None:
    near(remedies.shares("linear", 0.9, 0.1, [0, 3, 50]), [max(0.0, 0.9 - 0.1 * i) for i in (0, 3, 50)])


def exponential(_: Checkpoint) -> None:
    near(remedies.shares("exponential", 0.9, 0, [0, 3, 50]), [0.9**i for i in (0, 3, 50)])


def inverse_sigmoid(_: Checkpoint) -> None:
    near(remedies.shares("inverse_sigmoid", 5, 0, [0, 3, 50]), [5 / (5 + math.exp(i / 5)) for i in (0, 3, 50)])


def policy(model: Checkpoint) -> None:
    found = remedies.rewarded(model, TEXT, REFERENCE, 1, count=3)
    for one in found.samples:
        near(one.loss, (found.baseline - one.reward) * one.log_prob)


def mixture(_: Checkpoint) -> None:
    assert TrainConfig().reward_weight == 0.9984  # how it mixes is tested beside self_critical


def replacement(_: Checkpoint) -> None:
    assert (TrainConfig().replace_sentences, TrainConfig().replace_tokens) == (0.5, 0.3)


def mask(_: Checkpoint) -> None:
    assert (TrainConfig().mask_tokens, corruption.MASKED, corruption.RANDOM) == (0.15, 0.8, 0.1)


def fgm(model: Checkpoint) -> None:
    found, pair = remedies.adversarial(model, TEXT, REFERENCE, (0.0, 1e-3), 0), batch(model, TEXT, REFERENCE)
    assert found.worst[0] == pytest.approx(float(F.cross_entropy(model.model(pair), pair.target_out_BT[0])), rel=1e-5)
    gained = (found.worst[1] - found.worst[0]) / 1e-3
    assert gained == pytest.approx(found.gradient, rel=0.05)  # a step of ε gains ε‖g‖


def penalty(model: Checkpoint) -> None:
    assert TrainConfig().penalty_weight == 1.0
    assert remedies.adversarial(model, TEXT, REFERENCE, (0.5,), 0).gradient > 0


def attention(model: Checkpoint) -> None:
    for step in trace(model, TEXT).steps:
        given = homework.scores(step)
        assert given is not None
        near(homework.weight(given).right, float(step.attention.max()))


def surprise(model: Checkpoint) -> None:
    for step in trace(model, TEXT, REFERENCE, "forced").steps:
        near(homework.surprise(step.log_prob + step.normaliser, step.normaliser).right, -step.log_prob)


CHECKS: dict[str, Check] = {
    check.__name__: check for check in (softmax, cross_entropy, gradient, cost, sigmoid, binary)
}
CHECKS |= {check.__name__: check for check in (sentence, smoothing, prior, odds, chain, lanes)}
CHECKS |= {check.__name__: check for check in (linear, exponential, inverse_sigmoid, policy, mixture, replacement)}
CHECKS |= {check.__name__: check for check in (mask, fgm, penalty, attention, surprise)}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return load(make_checkpoint(tmp_path_factory.mktemp("formulas"), "general", scale=0.5, prior=True))


def test_every_formula_has_a_check() -> None:
    assert CHECKS.keys() == FORMULAS.keys()


@pytest.mark.parametrize("name", FORMULAS)
def test_the_formula_is_what_the_code_computes(name: str, model: Checkpoint) -> None:
    CHECKS[name](model)
