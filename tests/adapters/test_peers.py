"""Models that JoeyNMT and OpenNMT-py have trained give here the numbers that they give there.

Needs the libraries' own interpreters: ``LOOKBACK_JOEYNMT`` and ``LOOKBACK_OPENNMT`` name them, or ``make bench-peers``
has made them. Slow (minutes), so without them it is skipped.
"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import numpy as np
import pytest

from benchmarks.letters import SOURCES, TARGETS
from s2s.adapters import READERS, Texts
from s2s.adapters.imported import write_imported
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from tests.paths import ROOT

MADE = ROOT / "benchmarks" / ".peers"
SPECIALS = {"<s>": "<bos>", "</s>": "<eos>", "<blank>": "<pad>"}
FILES = {"joeynmt": "best.ckpt", "opennmt": "model_step_10.pt"}


@pytest.mark.parametrize("kind", FILES)
def test_numbers_are_those_of_the_library(kind: str, tmp_path: Path) -> None:
    python = Path(os.environ.get(f"LOOKBACK_{kind.upper()}") or MADE / kind / "bin" / "python")
    if not python.exists():
        pytest.skip(f"no interpreter of {kind}: LOOKBACK_{kind.upper()} names none, and {python} is not there")
    made = tmp_path / "made"
    made.mkdir()
    command = [str(python), "-m", f"benchmarks.exact_{kind}", str(made)]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    variants = sorted(path.parent for path in made.glob("*/numbers.json"))
    assert len(variants) == 48
    for variant in variants:
        same(kind, variant, tmp_path / "ours" / variant.name)


def same(kind: str, variant: Path, out: Path) -> None:
    """Attention and log-probabilities of a variant, its forced lane against the library's numbers."""
    write_imported(READERS[kind]([variant / FILES[kind]], Texts()), out)
    checkpoint = load(out)
    columns = {token: i for i, token in enumerate(checkpoint.target.vocab.tokens)}
    rows = json.loads((variant / "numbers.json").read_text(encoding="utf-8"))
    for source, target, (attention, log_probs, words) in zip(SOURCES, TARGETS, rows, strict=True):
        run = trace(checkpoint, source, " ".join(target), "forced", top=len(columns))
        np.testing.assert_allclose(run.attention_TS, attention, atol=1e-4, err_msg=variant.name)
        for step, theirs in zip(run.steps, log_probs, strict=True):
            ours = {scored.token: scored.log_prob for scored in step.top}
            known = [ours[SPECIALS.get(word, word)] for word in words]
            np.testing.assert_allclose(known, theirs, atol=1e-4, err_msg=variant.name)
