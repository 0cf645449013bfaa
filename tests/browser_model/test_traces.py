"""Traces of the model in the browser are those of Python: every shipped checkpoint, every kind of model.

``python -m benchmarks.node_traces`` compares more texts.
"""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.node_traces import Job, compare, in_node, runs_of, texts
from s2s.checkpoint.open import load
from s2s.errors import UserError
from tests.factory import make_checkpoint, make_config
from tests.test_formats import FAMILY, SHIPPED, TINY

TEXTS = 5  # of each checkpoint, decoded in six ways
DRAWN = 30  # kinds at random
CHOICES: dict[str, tuple[Any, ...]] = {
    "attention": ("additive", "concat", "dot", "general", "local-m", "local-p", "location", "none"),
    "cell": ("gru", "lstm"),
    "bridge": ("tanh", "linear", "copy"),
    "readout": ("tanh", "linear", "state"),
    "encoder_layers": (1, 2),
    "decoder_layers": (1, 2),
    "window": (1, 2, 10),
    **dict.fromkeys(("input_feeding", "tied_embeddings", "shared_embeddings", "carry_state"), (True, False)),
    **dict.fromkeys(("coverage", "pointer", "prior", "attention_bias"), (False, True)),
}


def kinds_at_random(count: int) -> list[dict[str, Any]]:
    """Settings of models, drawn independently of each other; those that exclude each other are drawn again."""
    draw, found = random.Random(3), list[dict[str, Any]]()
    while len(found) < count:
        kind = {name: draw.choice(values) for name, values in CHOICES.items()}
        try:
            make_config(**kind, encoder_size=5)
        except UserError:
            continue
        found.append({**kind, "encoder_size": 5})
    return found


def job_of(folder: Path, count: int) -> Job:
    checkpoint = load(folder)
    return Job(checkpoint, folder, runs_of(checkpoint, itertools.islice(texts(checkpoint), count)))


def check(job: Job, answer: Any) -> None:
    found, kind = compare(job, answer), job.checkpoint.config.model
    assert (kind, found.different) == (kind, [])
    assert found.equal and found.equal + found.ties + found.refused == len(job.runs)


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_shipped_checkpoints_decode_as_in_python(folder: Path) -> None:
    job = job_of(folder, TEXTS)
    check(job, in_node([job])[0])


@pytest.mark.parametrize(("kernels", "count"), [(True, 2), (False, 1)], ids=["WebAssembly", "JavaScript alone"])
def test_every_kind_of_model_decodes_as_in_python(kernels: bool, count: int, tmp_path: Path) -> None:
    kinds = [*TINY.values(), *FAMILY.values(), *kinds_at_random(DRAWN)]
    folders = [make_checkpoint(tmp_path / str(n), scale=0.4, **kind) for n, kind in enumerate(kinds)]
    jobs = [job_of(folder, count) for folder in folders]
    for job, answer in zip(jobs, in_node(jobs, kernels), strict=True):
        check(job, answer)
