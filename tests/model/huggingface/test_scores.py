"""Scores of a Hugging Face model: measured, kept in the checkpoint, on its card."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.__main__ import main
from s2s.api import load
from s2s.evaluate.metrics import score_outputs
from tests.model.huggingface.random_models import SENTENCES

PAIRS = "".join(f"{SENTENCES[n]}\t{SENTENCES[n + 1]}\n" for n in range(4))


@pytest.fixture
def own(marian: Path, tmp_path: Path) -> Path:
    """A checkpoint to write to."""
    return Path(shutil.copytree(marian, tmp_path / "own"))


@pytest.fixture
def pairs(tmp_path: Path) -> str:
    (tmp_path / "pairs.tsv").write_text(PAIRS, encoding="utf-8")
    return str(tmp_path / "pairs.tsv")


def test_scores_are_kept_and_shown(own: Path, pairs: str, capsys: pytest.CaptureFixture[str]) -> None:
    before = (own / "README.md").read_text(encoding="utf-8")
    imported = json.loads((own / "metrics.json").read_text())["imported"]
    assert imported["parameters"] == sum(w.numel() for w in load(own).model.parameters())
    assert main(["evaluate", str(own), pairs, "--json", "-", "--card", "test"]) == 0
    report = json.loads(capsys.readouterr().out)
    found = load(own)
    assert found.metrics["imported"] == imported and found.metrics["test"]["bleu"] == report["bleu"]
    outputs = [found.trace(text).text for text in SENTENCES[:4]]
    again = score_outputs(outputs, SENTENCES[1:5], found.target)
    assert (report["bleu"], report["chrf"]) == (again["bleu"], again["chrf"])
    lanes = [found.trace(SENTENCES[n], SENTENCES[n + 1], mode="forced") for n in range(4)]
    losses = [-step.log_prob for lane in lanes for step in lane.steps]
    assert report["loss"] == pytest.approx(sum(losses) / len(losses), abs=1e-3)
    text = (own / "README.md").read_text(encoding="utf-8")
    assert text.startswith(before.rstrip()) and text.count("## Scores") == 1
    assert "| test | 4 |" in text and f"{report['perplexity']:.2f}" in text


def test_a_second_split_and_a_head_that_is_looked_at(own: Path, pairs: str) -> None:
    assert main(["evaluate", str(own), pairs, "--card", "dev"]) == 0
    assert main(["evaluate", f"{own}@2.1", pairs, "--card", "test"]) == 0  # the words are the same
    text = (own / "README.md").read_text(encoding="utf-8")
    assert text.count("## Scores") == 1 and "| dev | 4 |" in text and "| test | 4 |" in text
    assert not own.with_name("own@2.1").exists()
    scores = load(own).metrics
    assert scores["dev"] == scores["test"]


def test_a_checkpoint_that_was_brought_before_has_a_card_too(own: Path, pairs: str) -> None:
    (own / "metrics.json").unlink()
    (own / "README.md").write_text("# own\n\nMine.\n\n## Scores\n\nOld.\n\n## Thanks\n\nTo all.\n", encoding="utf-8")
    assert main(["evaluate", str(own), pairs, "--card", "test"]) == 0
    assert set(load(own).metrics) == {"test"}
    text = (own / "README.md").read_text(encoding="utf-8")
    assert text.startswith("# own\n\nMine.\n\n## Scores\n\n|") and text.endswith("\n\n## Thanks\n\nTo all.\n")
    assert "Old." not in text and "| test | 4 |" in text


def test_what_is_missing_is_begun_and_what_is_broken_is_named(
    own: Path, pairs: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (own / "README.md").unlink()
    assert main(["evaluate", str(own), pairs, "--card", "test"]) == 0
    assert (own / "README.md").read_text(encoding="utf-8").startswith("# own\n\n## Scores\n\n| split |")
    (own / "metrics.json").write_text("[")
    capsys.readouterr()
    for command in (["trace", str(own), SENTENCES[0]], ["evaluate", str(own), pairs, "--card", "test"]):
        assert main(command) == 2 and "metrics.json" in capsys.readouterr().err
