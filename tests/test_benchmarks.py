import dataclasses
import re
from pathlib import Path

import pytest
from sacrebleu import corpus_bleu

from benchmarks import environments, limit, origins, ours, peers, remedies, workload
from s2s.checkpoint.open import load
from s2s.config import TrainConfig
from s2s.data.readers import read_pairs
from s2s.evaluate.corpus import translate
from s2s.train.objectives import OBJECTIVES
from tests.factory import make_checkpoint
from tests.test_docs import ROOT


def test_table_holds_medians_and_ratios_to_the_reference() -> None:
    rates = {peers.REFERENCE: [10.0, 30.0, 20.0], "Lookback, general": [2000.0]}
    lines = peers.table("tokens/s", ["training short"], {"training short": rates}).splitlines()
    assert lines == [
        "| tokens/s | training short |",
        "|---|---:|",
        "| JoeyNMT, Luong | 20.0 (×1.00) |",
        "| Lookback, general | 2,000 (×100.00) |",
    ]


def test_every_task_is_planned_and_has_the_reference() -> None:
    assert list(peers.FULL) == list(peers.QUICK) == list(workload.TASKS) == [*peers.TRAINING, *peers.DECODING]
    assert any(s.label == peers.REFERENCE and s.decodes and s.quick for s in peers.SYSTEMS)


def test_peers_use_the_torch_of_the_requirements_and_exact_versions() -> None:
    assert environments.TORCH in (ROOT / "requirements.txt").read_text().splitlines()
    for listed in (ROOT / "benchmarks" / "requirements").glob("*.txt"):
        lines = [line for line in listed.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
        assert all(re.fullmatch(r"[\w-]+==[\w.]+", line) for line in lines)


def test_workload_is_the_same_for_everyone() -> None:
    task = workload.Training(15, 15)
    sources, targets = workload.pairs(task, 0)
    assert workload.pairs(task, 0) == (sources, targets) != workload.pairs(task, 1)
    assert {len(s) for s in sources} == {15} and {len(t) for t in targets} == {14}
    assert task.items == 64 * 15
    with pytest.raises(RuntimeError, match="tokens: 3 instead of 4"):
        workload.expect(3, 4, "tokens")


def test_our_side_trains_and_decodes_as_many_steps_as_asked() -> None:
    ours.prepare("general", workload.Training(3, 2))()
    ours.prepare("general", workload.Decoding(1, 2, source=3, target=4))()


def test_a_time_is_held_against_its_limit() -> None:
    found = origins.Measured("Python, last step", [100.0, 700.0, 200.0], 500.0)
    assert found.median == 200 and found.is_within and str(found).endswith("limit 500: within")
    missed = dataclasses.replace(found, limit=199.0)
    assert not missed.is_within and str(missed).endswith("limit 199: MISSED")


def test_the_timed_sentence_is_as_long_as_is_said() -> None:
    checkpoint = load(ROOT / "checkpoints" / "zh-en-luong")
    source, reference = checkpoint.source.tokens(origins.SOURCE), checkpoint.target.tokens(origins.REFERENCE)
    assert (len(source), len(reference) + 1) == (origins.TOKENS, origins.TOKENS)  # <eos> is a step, too


def test_every_objective_is_compared_with_settings_that_a_config_knows() -> None:
    assert set(remedies.SYSTEMS) == set(OBJECTIVES) - {"guided_attention"}  # which is no remedy of exposure bias
    for objective, settings in remedies.SYSTEMS.items():
        TrainConfig(objective=objective, **settings)


def test_the_products_of_a_step_are_those_that_the_model_multiplies() -> None:
    # 59 MFLOP a target token in short training: forward, and twice as much backward
    total = sum(p.rows * p.inner * p.outer * p.times for p in limit.products(workload.TASKS["training short"]))
    assert 3 * 2 * total / workload.TASKS["training short"].items == pytest.approx(59e6, rel=0.02)


def test_what_a_system_is_measured_by(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checkpoint = load(make_checkpoint(tmp_path / "checkpoints"))
    pairs = [
        ("我喜欢苹果。", "I like apples."),
        ("你喝茶。", "you drink tea."),
        ("他不喝水。", "he don't drink water."),
    ]
    monkeypatch.chdir(tmp_path)
    found = remedies.measured(checkpoint.name, pairs, oracle=False)
    outputs = translate(checkpoint.model, [checkpoint.source.encode(source) for source, _ in pairs])
    said = [checkpoint.target.decode(output) for output in outputs]
    assert found["bleu"]["value"] == pytest.approx(corpus_bleu(said, [[t for _, t in pairs]]).score, abs=1e-4)
    assert found["exact"]["value"] == sum(s == t for s, (_, t) in zip(said, pairs, strict=True)) / 3
    assert found["accuracy_gap"]["low"] <= found["accuracy_gap"]["value"] <= found["accuracy_gap"]["high"]


def test_a_smaller_budget_is_a_sample_of_the_pairs(tmp_path: Path) -> None:
    pairs = [(f"源{i}", f"target {i}") for i in range(50)]
    drawn = list(read_pairs(remedies.sample(pairs, 20, tmp_path / "runs" / "train.tsv")))
    assert len(set(drawn)) == 20 and drawn == [pair for pair in pairs if pair in drawn]
    assert drawn == list(read_pairs(remedies.sample(pairs, 20, tmp_path / "again.tsv")))
