from __future__ import annotations

import dataclasses
import json
import math
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

from s2s.checkpoint.card import config_toml
from s2s.checkpoint.native import unique_weights
from s2s.checkpoint.open import load
from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig
from s2s.errors import UserError
from s2s.text.vocab import SPECIALS
from s2s.train import loop
from s2s.train.loop import Run, learning_rate
from tests.paths import ROOT

COMMAND = "python -m s2s train copy.toml"
KILLED = """
import os, sys
from pathlib import Path
from s2s.config import read_config
from s2s.train import resume
from s2s.train.loop import Run

place, whole, kill_at = Path(sys.argv[1]), resume.save_state, int(sys.argv[2])
def save(directory, config, run):
    whole(directory, config, run)
    if run.at.step == kill_at:
        os._exit(9)
resume.save_state = save
Run(read_config(place / "copy.toml"), place / "killed" / "run", place / "killed" / "copy", "COMMAND").train()
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a copy task: the target is the source."""
    path, rng = tmp_path_factory.mktemp("copy"), random.Random(0)
    rows = [" ".join(rng.choices("abcdef", k=rng.randint(2, 5))) for _ in range(72)]
    for name, some in (("train", rows[:60]), ("dev", rows[60:])):
        (path / f"{name}.tsv").write_text("".join(f"{row}\t{row}\n" for row in some), encoding="utf-8")
    return path


def config(place: Path, **train: Any) -> Config:
    sizes = {"embedding_size": 16, "encoder_size": 12, "decoder_size": 16, "attention_size": 12}
    settings = {"epochs": 2, "batch_size": 10, "learning_rate": 0.02, "warmup_steps": 3, "threads": 1, "average": 0.9}
    return Config(
        name="copy",
        model=ModelConfig(attention="additive", **sizes),
        text=TextConfig(source="latin", target="latin"),
        data=DataConfig(train=str(place / "train.tsv"), dev=str(place / "dev.tsv")),
        train=TrainConfig(**{**settings, "dropout": 0.1, "word_dropout": 0.1, "save_every": 4, **train}),
    )


def rows(directory: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (directory / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def write_toml(place: Path, values: Config) -> None:
    (place / "copy.toml").write_text(config_toml(dataclasses.asdict(values)), encoding="utf-8")


@pytest.fixture(scope="module")
def uninterrupted(place: Path) -> Path:
    """A whole run of 12 steps."""
    run = Run(config(place), place / "whole" / "run", place / "whole" / "copy", COMMAND)
    best = run.train()
    assert (run.at.step, run.at.epoch) == (12, 2) and best == run.at.best
    return place / "whole"


def test_a_row_of_a_whole_book_in_dev_is_left_out(place: Path) -> None:
    book = " ".join("abcdef" * 7000)
    dev = place / "book.tsv"
    dev.write_text(f"{book}\t{book}\n" + (place / "dev.tsv").read_text(encoding="utf-8"), encoding="utf-8")
    made = config(place, epochs=1, film_every=3, film_sentences=1)
    made = dataclasses.replace(made, data=dataclasses.replace(made.data, dev=str(dev)))
    best = Run(made, place / "book" / "run", place / "book" / "copy", COMMAND).train()
    assert (best["sentences"], best["left_out"]) == (12, 1)
    dev.write_text(f"{book}\t{book}\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"book\.tsv"):
        Run(made, place / "book" / "other", place / "book" / "copy", COMMAND)


def test_a_bleu_of_0_throughout_does_not_keep_the_first_epoch(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measured = iter([(3.0, 2.0), (4.0, 2.0), (4.0, 1.5), (4.0, 1.6)])  # chrF and loss of each epoch
    whole = loop.corpus_scores

    def scores(*given: Any, **named: Any) -> dict[str, Any]:
        chrf, loss = next(measured)
        return {**whole(*given, **named), "bleu": 0.0, "chrf": chrf, "loss": loss}

    monkeypatch.setattr(loop, "corpus_scores", scores)
    run = Run(config(place, epochs=4), place / "zero" / "run", place / "zero" / "copy", COMMAND)
    best = run.train()
    assert (best["chrf"], best["loss"], run.at.stale) == (4.0, 1.5, 1)
    assert load(place / "zero" / "copy").metrics["training"]["epoch"] == 3


@pytest.mark.parametrize("kill_at", [4, 12])
def test_a_killed_run_goes_on_as_if_nothing_had_happened(place: Path, uninterrupted: Path, kill_at: int) -> None:
    write_toml(place, config(place))
    code = KILLED.replace("COMMAND", COMMAND)
    killed = subprocess.run([sys.executable, "-c", code, place, str(kill_at)], cwd=ROOT, capture_output=True, text=True)
    assert killed.returncode == 9, killed.stderr
    again = Run(config(place), place / "killed" / "run", place / "killed" / "copy", COMMAND)
    again.train()
    assert again.at.step == 12
    for name in ("run/state.safetensors", "copy/model.safetensors"):
        own, other = load_file(place / "killed" / name), load_file(uninterrupted / name)
        assert own.keys() == other.keys()
        assert all(own[key].equal(other[key]) for key in own), name
    for name in ("copy/vocab.json", "copy/config.json", "copy/model.safetensors"):
        assert (place / "killed" / name).read_bytes() == (uninterrupted / name).read_bytes()
    own_rows, other_rows = rows(place / "killed" / "run"), rows(uninterrupted / "run")
    scores = ("dev_loss", "dev_bleu", "dev_chrf", "dev_token_accuracy")
    kept = ("epoch", "step", "train_loss", "gradient_norm", "learning_rate", *scores)
    assert [[row[key] for key in kept] for row in own_rows] == [[row[key] for key in kept] for row in other_rows]
    again_metrics, metrics = (load(path / "copy").metrics for path in (place / "killed", uninterrupted))
    assert again_metrics["dev"] == metrics["dev"]
    for path in (place / "killed" / "run").iterdir():
        path.unlink()


def test_a_finished_run_trains_no_further(place: Path, uninterrupted: Path) -> None:
    before = (uninterrupted / "copy" / "model.safetensors").stat().st_mtime_ns
    run = Run(config(place), uninterrupted / "run", uninterrupted / "copy", COMMAND)
    assert run.train() == load(uninterrupted / "copy").metrics["dev"]
    assert (uninterrupted / "copy" / "model.safetensors").stat().st_mtime_ns == before


def test_another_config_is_not_resumed(place: Path, uninterrupted: Path) -> None:
    other = Run(config(place, learning_rate=0.01), uninterrupted / "run", uninterrupted / "copy", COMMAND)
    with pytest.raises(UserError) as error:
        other.train()
    assert error.value.key == "error.resume_config" and str(uninterrupted / "run") in str(error.value)


def test_a_broken_save_is_named(place: Path, uninterrupted: Path, tmp_path: Path) -> None:
    content = (uninterrupted / "run" / "state.safetensors").read_bytes()
    (tmp_path / "state.safetensors").write_bytes(content[: len(content) // 2])
    with pytest.raises(UserError, match=str(tmp_path)):
        Run(config(place), tmp_path, tmp_path / "copy", COMMAND).train()


def test_the_loss_falls(place: Path, tmp_path: Path) -> None:
    run = Run(config(place, epochs=6, dropout=0.0, word_dropout=0.0), tmp_path / "run", tmp_path / "copy", COMMAND)
    run.train()
    losses = [row["train_loss"] for row in rows(tmp_path / "run")]
    assert len(losses) == 6 and losses == sorted(losses, reverse=True)
    assert losses[0] <= math.log(10) * 1.2 and losses[-1] < 0.8 * losses[0]
    assert rows(tmp_path / "run")[-1]["dev_loss"] < rows(tmp_path / "run")[0]["dev_loss"]


def test_the_checkpoint_holds_the_averaged_weights(
    place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(config(place, epochs=1), tmp_path / "run", tmp_path / "copy", COMMAND)
    seen = [{name: weight.clone() for name, weight in unique_weights(run.model).items()}]
    step = run._step

    def watched(pairs: Any, links: Any) -> tuple[float, int]:
        result = step(pairs, links)
        seen.append({name: weight.clone() for name, weight in unique_weights(run.model).items()})
        return result

    monkeypatch.setattr(run, "_step", watched)
    run.train()
    average = seen[0]
    for i, live in enumerate(seen[1:], start=1):
        decay = min(0.9, (1 + i) / (10 + i))
        average = {name: decay * average[name] + (1 - decay) * live[name] for name in live}
    stored = load_file(tmp_path / "copy" / "model.safetensors")
    assert len(seen) == 7 and stored.keys() == average.keys()
    for name, weight in stored.items():
        torch.testing.assert_close(weight, average[name].half(), atol=1e-3, rtol=1e-3)
        assert run.averaged_weights()[name].half().equal(weight)
    assert any(not torch.allclose(stored[name].float(), seen[-1][name], atol=1e-3) for name in stored)


def test_what_a_checkpoint_says_of_its_training(place: Path, uninterrupted: Path) -> None:
    loaded = load(uninterrupted / "copy")
    training = loaded.metrics["training"]
    assert training["pairs"] == 60 and training["command"] == COMMAND
    assert training["parameters"] == sum(p.numel() for p in loaded.model.parameters())
    assert loaded.config == dataclasses.replace(config(place), name="copy")
    card = (uninterrupted / "copy" / "README.md").read_text(encoding="utf-8")
    assert COMMAND in card and f"{loaded.metrics['dev']['bleu']:.2f}" in card


def test_learning_rate_rises_then_follows_a_cosine() -> None:
    settings = TrainConfig(learning_rate=0.4, warmup_steps=20, final_learning_rate=0.1)
    rates = [learning_rate(i, 120, settings) for i in range(121)]
    assert rates[:20] == pytest.approx([0.4 * (i + 1) / 20 for i in range(20)])
    assert rates[20] == pytest.approx(0.4) and rates[70] == pytest.approx(0.22) and rates[120] == pytest.approx(0.04)
    assert rates[20:] == sorted(rates[20:], reverse=True)
    assert learning_rate(500, 120, settings) == pytest.approx(0.04)
    assert learning_rate(0, 120, dataclasses.replace(settings, warmup_steps=0)) == 0.4


def test_long_and_unusable_data(place: Path, tmp_path: Path) -> None:
    short = dataclasses.replace(config(place), data=dataclasses.replace(config(place).data, max_tokens=1))
    with pytest.raises(UserError, match=r"train\.tsv"):
        Run(short, tmp_path, tmp_path / "copy", COMMAND)
    source, target = loop.prepare_sides([("a b", "c")], dataclasses.replace(config(place), text=text_of_one()))
    assert loop.encode_pairs([("a b", "c"), ("a b a", "c"), ("a", "c c")], source, target, 2) == [
        ([4, 5], [4]),
        ([4], [4, 4]),
    ]


def text_of_one() -> TextConfig:
    return TextConfig(source="latin", target="latin", source_min_count=1, target_min_count=1)


def test_unknown_objective_and_precision_are_named(place: Path, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cross_entropy"):
        Run(config(place, objective="guess"), tmp_path, tmp_path / "copy", COMMAND)
    with pytest.raises(UserError, match="float32, bf16"):
        Run(config(place, precision="int3"), tmp_path, tmp_path / "copy", COMMAND)


def test_a_loss_that_is_no_number_stops_the_run(place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = Run(config(place), tmp_path, tmp_path / "copy", COMMAND)
    monkeypatch.setitem(loop.OBJECTIVES, "cross_entropy", lambda *_: torch.tensor(math.nan))
    with pytest.raises(UserError, match="step 0"):
        run.train()
    assert not (tmp_path / "copy").exists()


def test_a_shared_vocabulary_counts_both_sides_together() -> None:
    shared = TextConfig(source="latin", target="latin", source_min_count=2, target_min_count=9, shared_vocab=True)
    pairs = [("a b", "a c"), ("b d", "c")]
    source, target = loop.prepare_sides(pairs, Config(text=shared))
    assert source.vocab.tokens == target.vocab.tokens == (*SPECIALS, "a", "b", "c")
    back_off = dataclasses.replace(shared, source_back_off=True)
    source, target = loop.prepare_sides([("ab a", "b")], Config(text=back_off))
    assert source.vocab.tokens == target.vocab.tokens == (*SPECIALS, "a", "b")
    assert (source.vocab.back_off, target.vocab.back_off) == (True, False)


def test_a_model_with_everything_trains_and_loads(place: Path, tmp_path: Path) -> None:
    plain = config(place, epochs=1, precision="bf16")
    parts = dict.fromkeys(("coverage", "pointer", "prior", "shared_embeddings"), True)
    model = dataclasses.replace(plain.model, cell="lstm", **parts)
    text = dataclasses.replace(plain.text, shared_vocab=True)
    train = dataclasses.replace(plain.train, coverage_weight=1.0)
    run = Run(
        dataclasses.replace(plain, model=model, text=text, train=train), tmp_path / "run", tmp_path / "copy", COMMAND
    )
    run.train()
    loaded = load(tmp_path / "copy").model
    assert loaded.output.weight is loaded.encoder.embedding.weight
    assert loaded.prior is not None and bool(loaded.prior.log_scale.any())


def test_a_dev_source_without_weights_is_named_before_training(place: Path, tmp_path: Path) -> None:
    plain = config(place)
    model = dataclasses.replace(plain.model, attention="location", max_source_length=2)
    short = dataclasses.replace(plain, model=model, data=dataclasses.replace(plain.data, max_tokens=2))
    with pytest.raises(UserError, match="5 tokens"):
        Run(short, tmp_path / "run", tmp_path / "copy", COMMAND)


def test_a_save_from_before_a_key_was_known_is_continued(place: Path, tmp_path: Path) -> None:
    settings = config(place, epochs=1)
    Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND).train()
    path = tmp_path / "run" / "state.safetensors"
    with safe_open(path, framework="pt") as file:
        header = file.metadata()
    values = json.loads(header["config"])
    del values["model"]["cell"], values["train"]["coverage_weight"], values["text"]["shared_vocab"]
    save_file(load_file(path), path, metadata={**header, "config": json.dumps(values)})
    again = Run(settings, tmp_path / "run", tmp_path / "copy", COMMAND)
    again.train()
    assert again.at.epoch == 1
