from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig
from s2s.data.batches import Ids, Links, collate
from s2s.errors import UserError
from s2s.explain.alignment_error import attention_links, forced_attention
from s2s.explain.alignment_score import error_rate
from s2s.model import Seq2Seq
from s2s.train.links import NAME
from s2s.train.loop import Run
from s2s.train.objectives.guided import disagreement, guidance
from tests.train.objectives.common import KINDS, LINKS, PAIRS, batch, progress, tiny, value


def naive(model: Seq2Seq, pairs: list[Ids], links: list[Links]) -> float:
    """``-(1/N) Σ A log α`` by loops in numpy, from the attention of every pair alone."""
    total, tokens = 0.0, 0
    for pair, some in zip(pairs, links, strict=True):
        attention_TS = forced_attention(model, collate([pair]))[0].double().numpy()
        tokens += len(pair[1]) + 1
        for t in range(len(pair[1])):
            sources = [s for s, other in some if other == t]
            total -= sum(np.log(attention_TS[t, s]) / len(sources) for s in sources)
    return total / tokens


@pytest.mark.parametrize("kind", [*KINDS, {"attention": "local-p"}, {"attention": "dot", "decoder_size": 12}], ids=str)
@pytest.mark.parametrize("weight", [1.0, 0.3])
def test_it_is_the_cross_entropy_and_that_of_attention_by_loops(kind: dict[str, Any], weight: float) -> None:
    model = tiny(**kind)
    with torch.no_grad():
        found = float(value("guided_attention", model, guided_weight=weight))
        alone = float(value("cross_entropy", model))
        assert found == pytest.approx(alone + weight * naive(model, PAIRS, LINKS), rel=1e-5)
        smooth = [float(value(name, model, label_smoothing=0.2)) for name in ("guided_attention", "cross_entropy")]
    assert smooth[0] - smooth[1] == pytest.approx(naive(model, PAIRS, LINKS), rel=1e-4)


def test_a_weight_of_0_is_cross_entropy_to_the_bit() -> None:
    model = tiny()
    losses = [value("guided_attention", model, guided_weight=0.0), value("cross_entropy", model)]
    gradients = [torch.autograd.grad(loss, list(model.parameters())) for loss in losses]
    assert losses[0].equal(losses[1]) and all(a.equal(b) for a, b in zip(*gradients, strict=True))


def test_its_gradient_reaches_the_scores_of_attention_and_is_that_of_differences() -> None:
    model = tiny(attention="general").double()
    names = [name for name, _ in model.named_parameters() if "attention" in name]
    assert names
    for name in names:
        parameter = dict(model.named_parameters())[name]
        both = [value(objective, model) for objective in ("guided_attention", "cross_entropy")]
        (gradient,) = torch.autograd.grad(both[0] - both[1], parameter)
        assert gradient.norm() > 1e-4, name
        step = gradient / gradient.norm() * 1e-5
        ends = []
        for sign in (1, -1):
            with torch.no_grad():
                parameter += sign * step
                ends.append(float(value("guided_attention", model) - value("cross_entropy", model)))
                parameter -= sign * step
        assert (ends[0] - ends[1]) / 2e-5 == pytest.approx(float(gradient.norm()), rel=1e-4)


def test_weights_of_0_and_padding_give_no_infinite_loss() -> None:
    rows = torch.tensor([[[0.0, 1.0, 0.0], [0.5, 0.5, 0.0]]], requires_grad=True)
    links = torch.tensor([[[1.0, 0.0, 0.0], [0.0, 0.0, 0.0]]])
    loss = disagreement(rows, links)
    loss.backward()
    assert torch.isfinite(loss) and rows.grad is not None and torch.isfinite(rows.grad).all()
    assert float(disagreement(rows, torch.zeros(1, 2, 3)).detach()) == 0


def test_rows_of_links_sum_to_1_or_0() -> None:
    links_BTS = batch().links_BTS
    assert links_BTS is not None and links_BTS.shape == (4, 6, 4)
    assert links_BTS[0, 1].tolist() == [0, 0.5, 0, 0.5] and links_BTS[3, 4, 0] == 1
    assert {round(x, 6) for x in links_BTS.sum(dim=2).flatten().tolist()} == {0.0, 1.0}
    assert not links_BTS[2].any() and not links_BTS[0, 4].any()  # <eos> is linked to nothing


@pytest.mark.parametrize(
    ("schedule", "steps", "expected"),
    [
        ("constant", 4, [2, 2, 2, 2, 2]),
        ("linear", 4, [2, 1.5, 1, 0, 0]),
        ("first", 4, [2, 2, 2, 0, 0]),
        ("linear", 0, [2, 1.98, 1.96, 1.92, 0]),
        ("first", 0, [2, 2, 2, 2, 0]),
    ],
)
def test_schedules(schedule: str, steps: int, expected: list[float]) -> None:
    settings = {"guided_weight": 2.0, "guided_schedule": schedule, "guided_steps": steps}
    found = [guidance(progress(step, **settings)) for step in (0, 1, 2, 4, 100)]
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(
    ("settings", "named"),
    [({"guided_weight": -1.0}, "guided_weight"), ({"guided_schedule": "once"}, "guided_schedule")],
)
def test_a_wrong_setting_is_named(settings: dict[str, Any], named: str) -> None:
    with pytest.raises(UserError, match=named) as error:
        TrainConfig(**settings)
    assert named in error.value.say("zh")


def test_a_model_without_attention_is_refused() -> None:
    train = TrainConfig(objective="guided_attention")
    with pytest.raises(UserError) as error:
        Config(model=ModelConfig(attention="none"), train=train)
    for language in ("en", "zh"):
        assert "train.objective" in error.value.say(language) and "model.attention" in error.value.say(language)


@pytest.fixture(scope="module")
def swapped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of a language that says every sentence backwards, in words of its own."""
    path, rng = tmp_path_factory.mktemp("swapped"), random.Random(0)
    sentences = [rng.sample(range(30), rng.randint(3, 6)) for _ in range(400)]
    rows = [" ".join(f"a{w}" for w in s) + "\t" + " ".join(f"b{w}" for w in reversed(s)) for s in sentences]
    for name, some in (("train", rows[:360]), ("dev", rows[360:])):
        (path / f"{name}.tsv").write_text("\n".join(some) + "\n", encoding="utf-8")
    return path


def config(place: Path, objective: str, **train: Any) -> Config:
    sizes = {"embedding_size": 32, "encoder_size": 32, "decoder_size": 48, "attention_size": 32}
    settings = {"epochs": 3, "batch_size": 20, "learning_rate": 0.01, "warmup_steps": 5, "dropout": 0.0, "average": 0.9}
    return Config(
        model=ModelConfig(attention="additive", **sizes),
        text=TextConfig("spaces", "spaces", 1, 1, source_bos=True),
        data=DataConfig(str(place / "train.tsv"), str(place / "dev.tsv")),
        train=TrainConfig(objective=objective, threads=1, **{**settings, **train}),
    )


def measured(run: Run) -> float:
    """The alignment error rate on dev, in which token s is said at T - 1 - s."""
    predicted, golds = list[Links](), list[tuple[Links, Links]]()
    model = run.averaged_model()
    for source, target in run.dev:
        ids = run.source.encode(source), run.target.encode(target)
        attention_TS = forced_attention(model, collate([ids]))[0]
        predicted.append(attention_links(attention_TS, len(ids[1]), 0))
        gold = frozenset((len(ids[1]) - t, t) for t in range(len(ids[1])))  # after <bos>
        golds.append((gold, gold))
    rate = error_rate(predicted, golds)
    assert rate is not None
    return rate


def test_guided_attention_aligns_after_the_same_few_steps(swapped: Path, tmp_path: Path) -> None:
    runs = {}
    for objective in ("cross_entropy", "guided_attention"):
        runs[objective] = Run(config(swapped, objective), tmp_path / objective, tmp_path / "c" / objective, "")
        runs[objective].train()
    plain, guided = (measured(run) for run in runs.values())
    assert runs["guided_attention"].at.step == runs["cross_entropy"].at.step
    assert guided < 0.1 < plain - 0.3, (guided, plain)
    assert "guided attention" in (tmp_path / "c" / "guided_attention" / "README.md").read_text(encoding="utf-8")


def test_links_come_from_a_file_or_from_the_aligner_and_are_shifted_past_bos(swapped: Path, tmp_path: Path) -> None:
    made = Run(config(swapped, "guided_attention"), tmp_path / "made", tmp_path / "c", "")
    path = tmp_path / "made" / NAME
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 360 and made.links is not None
    right = [{(len(s) - 1 - t, t) for t in range(len(t_ids))} for s, t_ids in made.pairs]
    assert np.mean([some == gold for some, gold in zip(made.links, right, strict=True)]) > 0.95
    named = Run(config(swapped, "guided_attention", guided_links=str(path)), tmp_path / "named", tmp_path / "c", "")
    assert named.links == made.links and not (tmp_path / "named" / NAME).exists()
    (tmp_path / "short.txt").write_text("0-0\n", encoding="utf-8")
    with pytest.raises(UserError, match="360"):
        wrong = config(swapped, "guided_attention", guided_links=str(tmp_path / "short.txt"))
        Run(wrong, tmp_path / "wrong", tmp_path / "c", "")


def test_a_pair_left_out_of_training_has_a_line_but_no_links(swapped: Path, tmp_path: Path) -> None:
    settings = config(swapped, "guided_attention")
    short = DataConfig(settings.data.train, settings.data.dev, max_tokens=5)
    run = Run(Config("x", settings.model, settings.text, short, settings.train), tmp_path / "run", tmp_path / "c", "")
    lines = (tmp_path / "run" / NAME).read_text(encoding="utf-8").splitlines()
    assert run.links is not None and len(lines) == 360 > len(run.pairs) == len(run.links)
    assert sum(not line for line in lines) == 360 - len(run.pairs)
