"""Weights in 8 bits: what JavaScript reads is what Python restores, and how far it is from the checkpoint."""

from __future__ import annotations

import dataclasses
import itertools
import shutil
from pathlib import Path

import pytest
import torch

from benchmarks.node_traces import Job, compare, in_node, runs_of, texts
from s2s.browser_model.quantise import approximate, quantisation_error, quantised, restored, rounded
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from tests.factory import make_checkpoint


@pytest.mark.parametrize("columns", [2, 31, 32, 33, 65, 100])
def test_a_number_is_at_most_half_a_scale_away(columns: int) -> None:
    weight_OI = torch.randn(7, columns, generator=torch.Generator().manual_seed(columns))
    whole_OI, scale_OG = rounded(weight_OI)
    width = -(-columns // scale_OG.size(1))
    scale_OI = scale_OG.float().repeat_interleave(width, dim=1)[:, :columns]
    assert width <= 32 and whole_OI.abs().max() == 127
    assert ((whole_OI * scale_OI - weight_OI).abs() <= 0.55 * scale_OI).all()  # the scale is rounded, too


@pytest.mark.parametrize(("size", "scale"), [(8, 0.4), (40, 0.15)])
def test_the_browser_reads_what_is_restored_here(size: int, scale: float, tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path, "general", scale=scale, embedding_size=size, decoder_size=size + 5)
    checkpoint = load(folder)
    small = shutil.copytree(folder, tmp_path / "small")
    (small / "model.safetensors").write_bytes(quantised(checkpoint))
    rounded_off = dataclasses.replace(checkpoint, model=approximate(checkpoint))
    job = Job(rounded_off, small, runs_of(checkpoint, itertools.islice(texts(checkpoint), 3)))
    found = compare(job, in_node([job])[0])
    assert found.different == [] and found.equal


def test_vectors_stay_and_the_file_is_half_as_large() -> None:
    folder = find_checkpoint("date")
    checkpoint = load(folder)
    stored = quantised(checkpoint)
    weights, own = restored(stored), checkpoint.model.state_dict()
    assert {name: weight.shape for name, weight in weights.items()} == {name: own[name].shape for name in weights}
    assert torch.equal(weights["output.bias"], own["output.bias"])
    assert len(stored) < 0.56 * (folder / "model.safetensors").stat().st_size


def test_the_error_is_measured_on_sentences() -> None:
    checkpoint = load(find_checkpoint("date"))
    found = quantisation_error(checkpoint, [source for source, _ in itertools.islice(texts(checkpoint), 40)])
    assert found["sentences"] == 40 and found["same"] >= 97 and found["within"] == 100
    assert 0 < found["attention"] <= 0.02 and 0 < found["log_prob"] <= 0.1
    none = quantisation_error(load(find_checkpoint("zh-en-none")), ["我们明天去看电影。"])
    assert none["attention"] == 0 and none["within"] == 100
