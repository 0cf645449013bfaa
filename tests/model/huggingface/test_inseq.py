"""What a word of a Hugging Face model owes to source and prefix, beside what inseq attributes to them.

Needs an interpreter that has inseq: ``LOOKBACK_INSEQ`` names it, or ``make bench-peers`` has made it. Skipped without.
"""

from __future__ import annotations

import dataclasses
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.api import load
from s2s.checkpoint import huggingface
from s2s.explain.prefix import origins
from s2s.explain.replay import Lane
from s2s.text.vocab import BOS, EOS
from tests.model.huggingface.random_models import SENTENCES, network, tokenizer
from tests.paths import ROOT

ROWS = {"gradient": ("gradient", False), "integrated": ("integrated", False), "contrast": ("integrated", True)}
PAIRS = [(SENTENCES[0], SENTENCES[1]), (SENTENCES[3], SENTENCES[2])]


def write(directory: Path, kind: str) -> Path:
    """A model in which inseq's path is ours: it begins at ``<unk>``, ours at 0, and scales what opens the decoder, too.

    inseq 0.7.1 scales the embeddings of Marian's decoder twice.
    """
    pieces = tokenizer(kind)
    made = network(kind, pieces, **({"scale_embedding": False} if kind == "marian" else {}))
    config = made.config
    with torch.no_grad():
        for token in {pieces.unk_token_id, pieces.bos_token_id, config.decoder_start_token_id} - {None}:
            made.get_input_embeddings().weight[token] = 0
    made.save_pretrained(directory)
    pieces.save_pretrained(directory)
    return directory


@pytest.mark.parametrize("kind", ["marian", "bart", "t5"])
def test_rows_are_inseqs(kind: str, tmp_path: Path) -> None:
    python = Path(os.environ.get("LOOKBACK_INSEQ") or ROOT / "benchmarks/.peers/inseq/bin/python")
    if not python.exists():
        pytest.skip(f"no interpreter of inseq: LOOKBACK_INSEQ names none, and {python} is not there")
    theirs = write(tmp_path / "theirs", kind)
    command = [str(python), "-m", "benchmarks.exact_inseq", str(theirs)]
    run = subprocess.run(command, cwd=ROOT, input=json.dumps(PAIRS), capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-2000:]
    huggingface.import_huggingface(str(theirs), tmp_path / "ours")
    checkpoint = load(tmp_path / "ours")
    for texts, found in zip(PAIRS, json.loads(run.stdout.splitlines()[-1]), strict=True):
        source, target = checkpoint.source.encode(texts[0]), [*checkpoint.target.encode(texts[1]), EOS]
        steps: list[dict[str, Any]] = found["steps"][-len(target) :]  # bart's first step says what opens the text
        tokens = checkpoint.target.vocab.tokens
        assert len(found["source"]) == len(source) and len(steps) == len(target)
        pieces = [step["piece"].replace("Ġ", "▁") for step in steps[:-1]]
        assert [piece.lstrip("▁") for piece in pieces] == [tokens[word].lstrip("▁") for word in target[:-1]]
        lane = Lane(tuple(source), (BOS, *target[:-1]), tuple(target))
        contrasted = dataclasses.replace(lane, against=dict.fromkeys(range(len(target) - 1), EOS))
        made = {
            against: origins(checkpoint.model, contrasted if against else lane, range(len(target) - against))
            for against in (False, True)
        }
        for name, (method, against) in ROWS.items():
            for one, step in zip(made[against], steps, strict=not against):
                of_source, of_prefix = step["rows"][name]
                assert one.rows[method].source == pytest.approx(of_source, abs=1e-3), (one.step, name)
                of_words = of_prefix[len(of_prefix) - one.step :]
                assert one.rows[method].prefix == pytest.approx(of_words, abs=1e-3), (one.step, name)
