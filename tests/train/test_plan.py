from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from s2s.__main__ import main
from s2s.checkpoint.card import config_toml
from s2s.checkpoint.open import load
from s2s.config import read_config, to_dict
from s2s.data.readers import Columns, read_pairs
from s2s.errors import UserError
from s2s.train.plan import LENGTHS, SCALES, Given, plan, resolve, segmentation
from tests.paths import ROOT

WHO = (("我", "I"), ("你", "You"), ("他们", "They"), ("老师", "The teachers"))
WHAT = (("喜欢", "like"), ("要", "want"), ("有", "have"))
THING = (("茶", "tea"), ("水", "water"), ("苹果", "apples"), ("面包", "bread"))
PAIRS = [(f"{a}{b}{c}。", f"{x} {y} {z}.") for a, x in WHO for b, y in WHAT for c, z in THING]
QUICK = ["--set", "train.epochs=2", "--set", "model.decoder_size=16", "--set", "train.threads=1"]


def write(path: Path, pairs: list[tuple[str, str]]) -> Path:
    lines = (json.dumps({"zh": s, "en": t}, ensure_ascii=False) for s, t in pairs)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("我们明天要去看电影，你想一起去吗？", "jieba"),
        ("王問於臣，臣對曰：吾見一犬，臥石上，問其主，不答而去。", "characters"),
        ("We don't know what they want.", "latin"),
        ("Мы не знаем, чего они хотят.", "latin"),
        ("우리는 내일 영화를 보러 간다.", "latin"),
        ("私たちは明日映画を見に行きます。", "characters"),
        ("เราจะไปดูหนังพรุ่งนี้", "characters"),
        ("हम कल फ़िल्म देखने जाएँगे।", "characters"),
        ("ACGTTGCAACGTTAGGCATTACGGA", "characters"),
        ("12 + 30 = 42", "characters"),
        ("他用 iPhone 给 Tom 打电话，讨论新的计划", "jieba"),
    ],
)
def test_segmentation_follows_the_script(text: str, expected: str) -> None:
    assert segmentation([text]) == expected


def test_sizes_grow_with_the_data(tmp_path: Path) -> None:
    made = [resolve(PAIRS, n, tmp_path, "x") for n in (40, 5_000, 50_000, 500_000)]
    for smaller, larger in itertools.pairwise(made):
        assert smaller.train.batch_size < larger.train.batch_size and smaller.train.epochs > larger.train.epochs
        assert smaller.model.embedding_size < larger.model.embedding_size
    assert [c.data.max_tokens for c in made] == [100] * 4
    for length, limit in ((99, 100), (101, 200), (399, 400), (900, 400)):
        config = resolve([("the word " * (length // 2) + "x" * (length % 2), "y")], 40, tmp_path, "x")
        assert config.data.max_tokens == limit and limit in LENGTHS


def test_the_page_has_the_table() -> None:
    rows = re.findall(r"^\| (?:fewer than ([\d,]+)|more) \|(.*)\|$", (ROOT / "docs/DATA.md").read_text("utf-8"), re.M)
    assert len(rows) == len(SCALES)
    for (below, cells), s in zip(rows, SCALES, strict=True):
        assert float(below.replace(",", "") or "inf") == s.below
        sizes = (s.embedding_size, s.encoder_size, s.decoder_size, s.attention_size)
        assert [int(c) for c in cells.split("|")] == [s.batch_size, s.epochs, s.patience, *sizes, s.min_count]


def test_the_split_is_group_wise_and_the_same_again(tmp_path: Path) -> None:
    twins = [("我 喝 茶", "I drink tea"), ("我喝茶！", "I drink some tea"), ("我们喝茶", "I DRINK TEA.")]
    file = write(tmp_path / "a.jsonl", PAIRS + twins)
    contents = []
    for directory in (tmp_path / "one", tmp_path / "two"):
        config = read_config(plan(Given(file, Columns("zh", "en")), directory, "mine"))
        files = {name: list(read_pairs(directory / f"{name}.tsv")) for name in ("train", "dev", "test")}
        assert [len(files[name]) for name in files] == [41, 5, 5]
        assert sorted(p for pairs in files.values() for p in pairs) == sorted(PAIRS + twins)
        assert len({name for name, pairs in files.items() if set(pairs) & set(twins)}) == 1
        assert (config.name, config.text.source, config.text.target) == ("mine", "jieba", "latin")
        assert config.data.test == str(directory / "test.tsv")
        contents.append([(directory / f"{name}.tsv").read_bytes() for name in files])
    assert contents[0] == contents[1]


def test_what_cannot_be_planned_is_said(tmp_path: Path) -> None:
    few = write(tmp_path / "few.jsonl", PAIRS[:19])
    with pytest.raises(UserError, match="19 pairs"):
        plan(Given(few, Columns("zh", "en")), tmp_path / "a", "a")
    alike = write(tmp_path / "alike.jsonl", [(s, "One answer.") for s, _ in PAIRS])
    with pytest.raises(UserError, match=r"alike\.jsonl has 48 pairs"):
        plan(Given(alike, Columns("zh", "en")), tmp_path / "b", "b")
    assert not list((tmp_path / "b").glob("*.tsv"))


def train(tmp_path: Path, *arguments: Any) -> int:
    places = ["--runs", str(tmp_path / "runs"), "--out", str(tmp_path / "made")]
    return main(["train", *map(str, arguments), *places])


def test_a_file_becomes_a_model_with_a_card(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "mine.jsonl", PAIRS)
    columns = ("--source-column", "zh", "--target-column", "en")
    assert train(tmp_path, "--data", file, *columns, *QUICK) == 0
    assert "test BLEU" in capsys.readouterr().out
    run, made = tmp_path / "runs" / "mine", tmp_path / "made" / "mine"
    metrics = load(made).metrics
    assert metrics["dev"]["sentences"] == metrics["test"]["sentences"] == 4 and metrics["training"]["pairs"] == 40
    card = (made / "README.md").read_text(encoding="utf-8")
    assert "| test | 4 |" in card and "--data" in card
    config = read_config(run / "config.toml")
    assert config == load(made).config and config.train.epochs == 2 and config.model.decoder_size == 16
    assert (run / "config.toml").read_text(encoding="utf-8") == config_toml(to_dict(config)) + "\n"

    before = (made / "model.safetensors").read_bytes(), (made / "metrics.json").read_bytes()
    assert train(tmp_path, "--data", file, *columns) == 0  # finished: nothing is done again
    assert train(tmp_path, run / "config.toml") == 0
    assert before == ((made / "model.safetensors").read_bytes(), (made / "metrics.json").read_bytes())
    assert train(tmp_path, run / "config.toml", "--name", "again") == 0  # the run, repeated from its config
    assert (tmp_path / "made" / "again" / "model.safetensors").read_bytes() == before[0]

    capsys.readouterr()
    write(file, PAIRS[:-1])
    assert train(tmp_path, "--data", file, *columns) == 2
    assert "mine" in capsys.readouterr().err and (made / "metrics.json").read_bytes() == before[1]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ((), "--data"),
        (("configs/zh-en-luong.toml", "--data", "x.tsv"), "--data"),
        (("configs/zh-en-luong.toml", "--source-column", "zh"), "--source-column"),
        (("--data", "no.tsv"), "no.tsv"),
        (("--data", "x.tsv", "--name", "../x"), "../x"),
    ],
)
def test_mistakes(arguments: tuple[str, ...], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert train(tmp_path, *arguments) == 2
    err = capsys.readouterr().err
    assert err.count("\n") == 1 and named in err


OTHERS = [(f"{a}不{b}{c}。", f"{x} do not {y} {z}.") for a, x in WHO for b, y in WHAT[:1] for c, z in THING]


def test_dev_and_test_of_ones_own_are_scored_and_kept_out_of_training(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Bad rows are passed over and counted; what training shares with the others is left out; the plan is told."""
    rows = [f"{s},{t}" for s, t in [*PAIRS, OTHERS[0]]]
    rows[3:3] = ['"我,I']
    file = tmp_path / "mine.csv"
    file.write_bytes("\n".join(["source,target", *rows]).encode("gb18030"))
    dev, test = write(tmp_path / "d.jsonl", OTHERS[:4]), write(tmp_path / "t.jsonl", OTHERS[4:])
    for path in (dev, test):
        path.write_text(path.read_text("utf-8").replace('"zh"', '"source"').replace('"en"', '"target"'), "utf-8")
    given = ("--data", file, "--dev", dev, "--test", test)
    assert train(tmp_path, *given, *QUICK) == 2
    assert capsys.readouterr().err.count("\n") == 1  # the bad row
    assert train(tmp_path, *given, "--skip-bad", *QUICK) == 0
    err = capsys.readouterr().err
    for said in (
        "mine.csv was recognised: GB18030 text.",
        "mine.csv: 1 bad row on 1 line was skipped. The first: ",
        "Not used for training: 1 pair with a side in dev or test.",
        "segmented by jieba",
        "segmented by latin",
        "48 to train on, 4 dev, 12 test",
        "at most 2, of 6 steps each",
        "target tokens per second",
    ):
        assert said in err
    run = tmp_path / "runs" / "mine"
    assert [list(read_pairs(run / f"{name}.tsv")) for name in ("dev", "test")] == [OTHERS[:4], OTHERS[4:]]
    assert load(tmp_path / "made" / "mine").metrics["test"]["sentences"] == 12
    assert train(tmp_path, *given, "--skip-bad", *QUICK) == 0  # goes on: is finished
    assert train(tmp_path, "--data", file, "--dev", dev, "--skip-bad", *QUICK) == 2  # another run


def test_one_file_of_ones_own_leaves_the_other_to_be_cut(tmp_path: Path) -> None:
    file, dev = write(tmp_path / "a.jsonl", PAIRS), write(tmp_path / "d.jsonl", OTHERS)
    told: list[str] = []
    plan(Given(file, Columns("zh", "en"), dev=dev), tmp_path / "run", "x", told.append)
    sizes = {name: len(list(read_pairs(tmp_path / "run" / f"{name}.tsv"))) for name in ("train", "dev", "test")}
    assert sizes == {"train": 44, "dev": 16, "test": 4} and not told
