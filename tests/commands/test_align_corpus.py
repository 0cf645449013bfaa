from __future__ import annotations

from pathlib import Path

import pytest

from s2s.aligner.pharaoh import read_links
from tests.commands.test_commands import inside

PAIRS = (
    "我 喜欢 茶\tI like tea\n你 喜欢 水\tyou like water\n"
    "我 喝 水\tI drink water\n你 喝 茶\tyou drink tea\n我 我 我 我\tI\n"
)
GOLD = "我 喜欢 水\tI like water\t0-0 1-1 2-2\n"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    (tmp_path / "train.tsv").write_text(PAIRS * 4, encoding="utf-8")
    path = tmp_path / "run.toml"
    path.write_text(
        f"[text]\nsource = 'spaces'\ntarget = 'spaces'\nsource_bos = true\n"
        f"[data]\ntrain = '{tmp_path / 'train.tsv'}'\nmax_tokens = 4\n",
        encoding="utf-8",
    )
    return path


def test_it_writes_links_and_tokens_of_every_line(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, text = tmp_path / "links.txt", tmp_path / "tokens.txt"
    status, shown, _ = inside(capsys, "align-corpus", config, "--out", out, "--text", text)
    assert status == 0 and "20 lines in the file" in shown and "16" in shown
    lines = text.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "我 喜欢 茶 ||| I like tea" and lines[4] == "我 我 我 我 ||| I" and len(lines) == 20
    links = read_links(out, [tuple(len(side.split()) for side in line.split("|||")) for line in lines])  # type: ignore[misc]
    assert links[:5] == [{(0, 0), (1, 1), (2, 2)}] * 4 + [frozenset()]  # <bos> and four words are too many
    status, shown, _ = inside(capsys, "align-corpus", config, "--out", "-")
    assert status == 0 and shown == out.read_text(encoding="utf-8")


def test_it_scores_pairs_with_links_by_hand(config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text(GOLD, encoding="utf-8")
    status, shown, _ = inside(capsys, "align-corpus", config, "--gold", gold)
    row = next(line.split() for line in shown.splitlines() if line.startswith("AER"))
    assert status == 0 and row[1] == "0" and "precision 1, recall 1, 1 pair" in shown


@pytest.mark.parametrize(
    ("gold", "named"), [("nowhere.tsv", "nowhere.tsv"), ("我\tI\t0-1\n", "0-1"), ("我\t\u200b\t0-0\n", "No pair")]
)
def test_a_mistake_is_one_line_and_status_2(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], gold: str, named: str
) -> None:
    path = tmp_path / "gold.tsv"
    if gold.endswith("\n"):
        path.write_text(gold, encoding="utf-8")
    else:
        path = tmp_path / gold
    status, out, err = inside(capsys, "align-corpus", config, "--gold", path)
    assert (status, out, err.count("\n")) == (2, "", 1) and named in err
