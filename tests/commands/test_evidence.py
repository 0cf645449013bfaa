from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.commands.test_commands import inside

PAIRS = "我喜欢苹果。\tI like apples.\n你喝水？\tdo you drink water?\n"
LINKS = "我 喜欢 苹果\tI like apples\t0-0 1-1 2-2\n你 喝 茶\tyou drink tea\t0-0 1-1\t2-2\n"


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text(PAIRS, encoding="utf-8")
    return path


@pytest.fixture
def links(tmp_path: Path) -> Path:
    path = tmp_path / "links.tsv"
    path.write_text(LINKS, encoding="utf-8")
    return path


def test_evidence_as_a_table_and_as_json(
    tiny_checkpoint: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, out, err = inside(capsys, "evidence", tiny_checkpoint, pairs, "--limit", "1")
    assert (status, err) == (0, "")
    for name in (
        "tau, erasure",
        "uniform attention",
        "comprehensiveness",
        "normalised",
        "verdict: idle",
        "1 sentence",
    ):
        assert name in out
    status, out, err = inside(capsys, "evidence", tiny_checkpoint, pairs, "--limit", "1", "--json", "-")
    values = json.loads(out)
    assert (status, err, values["schema"], values["sentences"]) == (0, "", "lookback-evidence/1", 1)


def test_one_text_as_tables_and_as_json(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = ("evidence", tiny_checkpoint, "--text", "我喜欢苹果。")
    status, out, err = inside(capsys, *text)
    assert (status, err) == (0, "") and "<unk>" in out and "100.0 %" in out and "The source's share" in out
    status, out, err = inside(capsys, *text, "--json", "-")
    whole = json.loads(out)
    assert (status, err, whole["schema"]) == (0, "", "lookback-origins/1")
    assert [step["step"] for step in whole["steps"]] == list(range(len(whole["prefix"]) + 1))
    for step in whole["steps"]:
        for row in step["rows"].values():
            assert (len(row["source"]), len(row["prefix"])) == (len(whole["source"]), step["step"])
    status, out, err = inside(capsys, *text, "--step", "2", "--word", "apples", "--against", "<eos>")
    assert (status, err) == (0, "") and out.startswith("log p(apples) - log p(<eos>) = ") and "source's share" in out
    status, out, err = inside(capsys, *text, "--step", "2", "--word", "apples", "--against", "<eos>", "--json", "-")
    (one,) = json.loads(out)["steps"]
    assert (one["step"], one["word"], one["against"]) == (1, "apples", "<eos>")
    forced = inside(capsys, *text, "--reference", "I like apples.", "--json", "-")[1]
    assert json.loads(forced)["prefix"][:2] == ["I", "like"]


def test_a_model_without_attention_explains_a_text(capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = inside(capsys, "evidence", "zh-en-none", "--text", "我喜欢苹果。")
    assert (status, err) == (0, "") and "100.0 %" in out


def test_align_as_a_table_and_as_json(tiny_checkpoint: Path, links: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = inside(capsys, "align", tiny_checkpoint, links)
    assert (status, err) == (0, "")
    for name in (
        "AER, forced, shift -1",
        "AER, free",
        "the diagonal",
        "precision",
        "2 pairs",
        "by integrated gradients",
    ):
        assert name in out
    status, out, err = inside(capsys, "align", tiny_checkpoint, links, "--threshold", "0.2", "--json", "-")
    values = json.loads(out)
    assert (status, err, values["schema"], values["threshold"]) == (0, "", "lookback-alignment/1", 0.2)
    assert values["diagonal"]["error_rate"]["value"] == 0
    assert list(values["rows"]) == ["attention", "gradient", "integrated", "erasure"]
    status, out, err = inside(capsys, "align", tiny_checkpoint, links, "--rows", "0")
    assert (status, err) == (0, "") and "erasure" not in out


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("evidence", "pairs", "--limit", "0"), "--limit"),
        (("evidence", "nowhere"), "nowhere"),
        (("evidence",), "--text"),
        (("evidence", "pairs", "--text", "我"), "--text"),
        (("evidence", "pairs", "--step", "1"), "--text"),
        (("evidence", "--text", "我", "--against", "you"), "--step"),
        (("evidence", "--text", "我", "--step", "999"), "999"),
        (("evidence", "--text", "我", "--step", "1", "--against", "zzz"), "zzz"),
        (("align", "links", "--threshold", "1.5"), "--threshold"),
        (("align", "links", "--threshold", "much"), "--threshold"),
        (("align", "links", "--rows", "-1"), "--rows"),
        (("align", "pairs"), "row 1"),
    ],
)
def test_a_mistake_is_one_line_and_status_2(
    tiny_checkpoint: Path,
    pairs: Path,
    links: Path,
    capsys: pytest.CaptureFixture[str],
    arguments: tuple[str, ...],
    named: str,
) -> None:
    command, *rest = arguments
    files = {"pairs": pairs, "links": links}
    status, out, err = inside(capsys, command, tiny_checkpoint, *(files.get(each, each) for each in rest))
    assert (status, out, err.count("\n")) == (2, "", 1) and named in err
