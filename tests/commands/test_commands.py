from __future__ import annotations

import csv
import io
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open

from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.commands import terminal
from s2s.commands.trace import nbest_table
from s2s.decode.decode import trace
from s2s.errors import sentences
from s2s.text.safe import printable
from s2s.trace.search_tree import SearchTree
from s2s.trace.summary import summary
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint
from tests.paths import ROOT

COMMANDS = [
    "serve",
    "trace",
    "export",
    "attention",
    "site",
    "train",
    "import",
    "evaluate",
    "exposure",
    "evidence",
    "align",
    "align-corpus",
    "doctor",
    "inspect",
    "compare",
    "labels",
    "report",
    "neighbours",
    "prepare",
    "generate",
    "submit",
    "backup",
    "restore",
]
TEXT, REFERENCE = "我喜欢苹果。", "I like apples."


def run(*arguments: object, **options: Any) -> subprocess.CompletedProcess[str]:
    """The command as a user runs it."""
    command = [sys.executable, "-W", "error", "-W", "ignore::DeprecationWarning", "-m", "s2s", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, **options)


def inside(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """The command in this process: status, stdout, stderr."""
    try:
        status = main([str(a) for a in arguments])
    except SystemExit as stop:
        status = int(stop.code or 0)
    out, err = capsys.readouterr()
    return status, out, err


def check_contract(values: dict[str, Any], mode: str, directory: Path) -> None:
    """What other programs rely on in a trace's JSON."""
    assert (values["schema"], values["mode"]) == ("lookback-trace/1", mode)
    assert values["checkpoint"]["name"] == directory.name
    assert values["checkpoint"]["attention"] in ("additive", "general")
    tokens = values["source"]["tokens"]
    assert values["source"]["text"] == TEXT and tokens == ["我", "喜欢", "苹果", "。"]
    assert isinstance(values["text"], str) and values["steps"]
    before = "<bos>"
    for step in values["steps"]:
        assert {"input", "output", "log_prob", "rank", "entropy", "attention", "top"} <= set(step)
        assert step["input"] == before
        before = step["output"]
        assert len(step["attention"]) == len(tokens)
        assert abs(sum(step["attention"]) - 1) < 1e-5 and min(step["attention"]) >= 0
        assert all({"token", "log_prob"} <= set(candidate) for candidate in step["top"])
        log_probs = [candidate["log_prob"] for candidate in step["top"]]
        assert log_probs == sorted(log_probs, reverse=True)
        assert step["rank"] >= 1 and step["log_prob"] <= 0 <= step["entropy"]


def test_trace_in_a_process_keeps_the_contract(tiny_checkpoint: Path) -> None:
    done = run("trace", tiny_checkpoint, TEXT, "--reference", REFERENCE, "--json", "-")
    assert (done.returncode, done.stderr) == (0, "")
    values = json.loads(done.stdout)
    check_contract(values, "free", tiny_checkpoint)
    assert values["reference"] == REFERENCE
    assert Trace.from_json(done.stdout) == trace(load(tiny_checkpoint), TEXT, REFERENCE)


@pytest.mark.parametrize(
    ("options", "mode"),
    [
        ((), "free"),
        (("--mode", "forced", "--reference", REFERENCE), "forced"),
        (("--beam", "3", "--max-length", "6"), "free"),
        (("--beam", "3", "--length-penalty", "1.5", "--coverage-penalty", "0.2"), "free"),
        (("--prefix", "you do"), "free"),
        (("--attention", "1=uniform", "--attention", "2=-1", "--prefix", "you do"), "free"),
        (("--attention", "2=previous", "--mode", "forced", "--reference", REFERENCE), "forced"),
        (("--sample", "--seed", "7", "--temperature", "1.5", "--top-k", "5", "--top-p", "0.9"), "free"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value[:1]),
)
def test_every_way_to_decode(
    tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str], options: Sequence[str], mode: str
) -> None:
    status, out, err = inside(capsys, "trace", tiny_checkpoint, TEXT, *options, "--json", "-")
    assert (status, err) == (0, "")
    values = json.loads(out)
    check_contract(values, mode, tiny_checkpoint)
    said = [step["output"] for step in values["steps"]]
    if mode == "forced":
        assert said == ["I", "like", "apples", ".", "<eos>"] and values["text"] == REFERENCE
    edited = [t for t, step in enumerate(values["steps"]) if "own_attention" in step]
    assert edited == [int(edit[0]) - 1 for edit in options if edit[1:2] == "="]
    if "--prefix" in options:
        assert values["prefix"] == 2
        assert said[:2] == ["you", "do"]
    if "--max-length" in options:
        assert len(said) <= 6 and values["settings"]["strategy"] == "beam"
    assert out == inside(capsys, "trace", tiny_checkpoint, TEXT, *options, "--json", "-")[1]  # the same again


def test_trace_to_files(tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    json_file, csv_file = tmp_path / "t.json", tmp_path / "t.csv"
    options = ("--top", "3", "--json", json_file, "--csv", csv_file)
    status, out, err = inside(capsys, "trace", tiny_checkpoint, TEXT, *options)
    assert (status, out) == (0, "") and err == f"Wrote {json_file}.\nWrote {csv_file}.\n"
    made = Trace.from_json(json_file.read_text(encoding="utf-8"))
    rows = list(csv.reader(io.StringIO(csv_file.read_text(encoding="utf-8"))))
    assert len(rows) == len(made.steps) + 1 and all(len(step.top) == 3 for step in made.steps)
    np.testing.assert_allclose([list(map(float, row[-4:])) for row in rows[1:]], made.attention_TS, atol=1e-6)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["t.csv", "t.json"]


def test_a_search_as_a_table_and_as_json(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    options = ("trace", tiny_checkpoint, TEXT, "--beam", "3", "--max-length", "7")
    status, out, err = inside(capsys, *options, "--tree", "-")
    tree = SearchTree.from_json(out)
    assert (status, err) == (0, "") and tree.settings["beam"] == 3 and tree.limit == 7
    status, out, err = inside(capsys, *options, "--nbest")
    steps, best = inside(capsys, *options)[1], nbest_table(tree)
    assert (status, err, out) == (0, "", f"{steps}\n{best}\n")
    rows = [line.split(maxsplit=6) for line in best.splitlines()[1 : 1 + len(tree.finished)]]
    for row, finished in zip(rows, tree.finished, strict=True):
        score, log_prob, lp, cp, length = map(float, row[1:6])
        assert score == pytest.approx(log_prob / lp + cp, abs=2e-3) and length == len(tree.path(finished.node))
    assert "The search ended after" in best


def test_the_table_lines_up(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = inside(capsys, "trace", tiny_checkpoint, TEXT + "zebra", "--reference", REFERENCE)
    made = trace(load(tiny_checkpoint), TEXT + "zebra", REFERENCE)
    lines = out.splitlines()
    table = lines[1 : 1 + len(made.steps)]
    assert status == 0 and len({terminal.width(line) for line in lines[: 1 + len(made.steps)]}) == 1
    for t, (line, step) in enumerate(zip(table, made.steps, strict=True), start=1):
        place = int(step.attention.argmax())
        cells = [str(t), step.input, "→", step.output, f"{np.exp(step.log_prob):.3f}", str(step.rank)]
        cells += [f"{step.entropy:.2f}", str(place + 1), made.source_tokens[place], f"{step.attention[place]:.3f}"]
        assert line.split() == cells
    rest = "\n".join(lines[1 + len(made.steps) :])
    assert f"Text: {made.text}\n" in rest and f"Reference: {REFERENCE}" in rest and "Unknown to the model: z" in rest
    assert lines[-1] == summary(made)


def test_the_table_of_a_model_without_attention(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    blind = make_checkpoint(tmp_path / "blind", "none")
    status, out, _ = inside(capsys, "trace", blind, TEXT)
    assert (status, out.splitlines()[1].split()[-2:]) == (0, ["–", "–"])


def test_the_table_says_what_was_forced_and_edited(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    _, out, _ = inside(capsys, "trace", tiny_checkpoint, TEXT, "--prefix", "you do", "--attention", "2=uniform")
    lines = out.splitlines()
    assert lines[2].lstrip().startswith("✎ 2 ") and "Given prefix: you do" in lines and "✎ edited attention" in lines


def test_a_token_cannot_steer_the_terminal() -> None:
    assert printable("a\x1b[31mb\u202e茶") == "a\ufffd[31mb\ufffd茶"


MISTAKES = [
    ((), "required"),
    (("nonsense",), "invalid choice"),
    (("trace",), "required"),
    (("trace", "no-such-model", TEXT), "no checkpoint no-such-model"),
    (("trace", "CHECKPOINT", ""), "Type a sentence"),
    (("trace", "CHECKPOINT", "\u200b"), "nothing to read"),
    (("trace", "CHECKPOINT", "我" * 2001), "2001 characters"),
    (("trace", "CHECKPOINT", "qqq"), "none of these words"),
    (("trace", "CHECKPOINT", TEXT, "--mode", "sideways"), "invalid choice"),
    (("trace", "CHECKPOINT", TEXT, "--mode", "forced"), "--reference"),
    (("trace", "CHECKPOINT", TEXT, "--mode", "forced", "--reference", REFERENCE, "--beam", "2"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--beam", "0"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--beam", "2", "--sample"), "--sample"),
    (("trace", "CHECKPOINT", TEXT, "--temperature", "2"), "--sample"),
    (("trace", "CHECKPOINT", TEXT, "--sample", "--temperature", "nan"), "temperature"),
    (("trace", "CHECKPOINT", TEXT, "--sample", "--top-p", "0"), "--top-p: '0' is no number from 0.01 to 1"),
    (("trace", "CHECKPOINT", TEXT, "--max-length", "x"), "--max-length"),
    (("trace", "CHECKPOINT", TEXT, "--ref", REFERENCE), "no option --ref. Did you mean --reference?"),
    (("trace", "CHECKPOINT", TEXT, "--json", "-", "--csv", "-"), "--csv"),
    (("trace", "CHECKPOINT", TEXT, "--nbest"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--tree", "t.json"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--length-penalty", "1"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--coverage-penalty", "0"), "--beam"),
    (("trace", "CHECKPOINT", TEXT, "--beam", "2", "--coverage-penalty", "-1"), "from 0 to 5"),
    (
        ("trace", "CHECKPOINT", TEXT, "--mode", "forced", "--reference", REFERENCE, "--length-penalty", "1"),
        "--length-penalty",
    ),
    (("trace", "CHECKPOINT", TEXT, "--mode", "forced", "--reference", REFERENCE, "--nbest"), "--nbest"),
    (("trace", "CHECKPOINT", TEXT, "--beam", "2", "--tree", "-", "--json", "-"), "--tree"),
    (("trace", "CHECKPOINT", TEXT, "--beam", "2", "--tree", "-", "--nbest"), "--nbest"),
    (("trace", "CHECKPOINT", TEXT, "--json", "no/such/folder/t.json"), "t.json"),
    (("trace", "CHECKPOINT", TEXT, "--json", "."), "Cannot write ."),
    (("trace", "CHECKPOINT", TEXT, "--attention", "uniform"), "STEP=EDIT"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "0=uniform"), "STEP=EDIT"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=sideways"), "sideways"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=9"), "no source token 9"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=1,2"), "2 weights"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=1,-2"), "none may be negative"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=previous"), "no previous row"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=1", "--attention", "1=2"), "twice"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "9=1", "--max-length", "3"), "ends after step 3"),
    (("trace", "CHECKPOINT", TEXT, "--attention", "1=1", "--beam", "2"), "--beam"),
    (("trace", "CHECKPOINT", "\udcff"), "UTF-8"),
    (("train", "no-such.toml"), "no-such.toml"),
    (("train", "configs/zh-en-luong.toml", "--set", "train.epochs"), "section.key=value"),
    (("train", "configs/zh-en-luong.toml", "--set", "train.epoch=3"), "config.train.epoch"),
    (("train", "configs/zh-en-luong.toml", "--set", "train.batch_size=0"), "train.batch_size"),
    (("train", "configs/zh-en-luong.toml", "--set", "model.attention_size=-1"), "model.attention_size"),
    (("train", "configs/zh-en-luong.toml", "--set", "text.max_vocab=2"), "text.max_vocab"),
    (("train", "configs/zh-en-luong.toml", "--set", "name.first=x"), "name"),
    (("train", "configs/zh-en-luong.toml", "--set", "train.learning_rate=nan"), "train.learning_rate"),
    (("train", "configs/zh-en-luong.toml", "--set", "train.objective=win"), "train.objective"),
    (("train", "configs/zh-en-luong.toml", "--set", "data.train=no.tsv"), "no.tsv"),
    (("train", "configs/zh-en-luong.toml", "--name", "../x"), "../x"),
    (("evaluate", "CHECKPOINT", "no.tsv"), "no.tsv"),
    (("evaluate", "CHECKPOINT", "pyproject.toml"), "row 1"),
    (("evaluate", "CHECKPOINT", os.devnull), "Give a regular file"),
    (("evaluate", "CHECKPOINT", "no.tsv", "--card", "training"), "training"),
    (("evaluate", "CHECKPOINT", "no.tsv", "--card", "test", "--beam", "2"), "--card"),
    (("prepare",), "required"),
    (("prepare", "tatoeba", "no.txt", "--dev", "0"), "--dev"),
    (("prepare", "tatoeba", "no.txt", "--out", "OUT"), "no.txt"),
    (("prepare", "classical", "docs", "--out", "OUT"), "docs"),
]


@pytest.mark.parametrize(("arguments", "named"), MISTAKES, ids=[" ".join(a)[:60] for a, _ in MISTAKES])
def test_a_mistake_is_one_line_and_status_2(
    tiny_checkpoint: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: Sequence[str],
    named: str,
) -> None:
    monkeypatch.chdir(ROOT)
    places = {"CHECKPOINT": tiny_checkpoint, "OUT": tmp_path / "out"}
    options = ("--runs", tmp_path, "--out", tmp_path) if arguments[:1] == ("train",) else ()
    status, out, err = inside(capsys, *(places.get(a, a) for a in arguments), *options)
    assert (status, out) == (2, "")
    assert err.count("\n") == 1 and err.endswith("\n") and err.startswith("python -m s2s")
    assert named in err


@pytest.mark.parametrize(
    "arguments",
    [("trace", "no-such-model", TEXT), ("trace", "x", "y", "--beam", "many"), ("evaluate", "x", "y", "--z")],
)
def test_a_mistake_in_a_process(arguments: Sequence[str]) -> None:
    done = run(*arguments)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (2, "", 1)


def test_a_broken_checkpoint_is_one_line(
    tiny_checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = shutil.copytree(tiny_checkpoint, tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\0" * 100)
    status, _, err = inside(capsys, "trace", broken, TEXT)
    assert status == 2 and err.count("\n") == 1 and "model.safetensors" in err


def test_help_is_quick_and_names_the_commands() -> None:
    code = (
        "import sys; from s2s.__main__ import parser; text = parser().format_help(); assert 'torch' not in sys.modules"
    )
    done = subprocess.run([sys.executable, "-c", code + "; print(text)"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"^    ([\w-]+)", done.stdout, re.MULTILINE) == COMMANDS


def test_a_reader_that_leaves_early_is_no_error() -> None:
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "s2s", "trace", "--help"]
    done = subprocess.run(command, cwd=ROOT, stdout=write, stderr=subprocess.PIPE, timeout=120)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, b"")


def test_control_c_is_130(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("s2s.decode.decode.trace", interrupted)
    assert inside(capsys, "trace", tiny_checkpoint, TEXT) == (130, "", "python -m s2s: stopped.\n")


def test_every_error_of_the_command_line_is_in_both_languages() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "s2s").rglob("*.py"))
    keys = {f"error.{key}" for key in re.findall(r'UserError\(\s*"(\w+)"', code)}
    for language in ("en", "zh"):
        assert keys <= set(sentences(language))
    for key in keys:
        places = [set(re.findall(r"{(\w+)}", sentences(language)[key])) for language in ("en", "zh")]
        assert places[0] == places[1], key


# Training and evaluating: 24 made-up pairs, sizes of a few units.

PAIRS = [
    (f"{who}{what}{thing}。", f"{subject} {verb} {noun}.")
    for who, subject in (("我", "I"), ("你", "You"), ("他们", "They"))
    for what, verb in (("喜欢", "like"), ("要", "want"))
    for thing, noun in (("茶", "tea"), ("水", "water"), ("苹果", "apples"), ("面包", "bread"))
]


@pytest.fixture
def recipe(tmp_path: Path) -> list[str]:
    """``train`` with its options: a tiny run on made-up pairs."""
    lines = [f"{source}\t{target}\n" for source, target in PAIRS]
    (tmp_path / "train.tsv").write_text("".join(lines[:20]), encoding="utf-8")
    (tmp_path / "dev.tsv").write_text("".join(lines[20:]), encoding="utf-8")
    sizes = {"embedding_size": 8, "encoder_size": 6, "decoder_size": 10, "attention_size": 7}
    values: dict[str, dict[str, object]] = {
        "model": sizes,
        "text": {"source_min_count": 1, "target_min_count": 1},
        "data": {"train": str(tmp_path / "train.tsv"), "dev": str(tmp_path / "dev.tsv"), "origin": "Made up."},
        "train": {"epochs": 1, "batch_size": 4, "threads": 1, "warmup_steps": 2, "save_every": 3},
    }
    tables = [f"[{name}]\n" + "".join(f"{k} = {json.dumps(v)}\n" for k, v in t.items()) for name, t in values.items()]
    (tmp_path / "tiny.toml").write_text('name = "tiny"\n' + "\n".join(tables), encoding="utf-8")
    return ["train", str(tmp_path / "tiny.toml"), "--out", str(tmp_path / "made"), "--runs", str(tmp_path / "runs")]


def test_train_then_evaluate(recipe: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, _ = inside(capsys, *recipe, "--name", "mine", "--set", "model.attention=general")
    made = tmp_path / "made" / "mine"
    assert status == 0 and str(made) in out and "python -m s2s trace" in out
    metrics = json.loads((made / "metrics.json").read_text(encoding="utf-8"))
    assert metrics["training"]["command"].startswith("python -m s2s train ")
    assert metrics["training"]["command"].endswith("--name mine --set model.attention=general")
    assert load(made).config.model.attention == "general"

    status, out, _ = inside(capsys, "evaluate", made, tmp_path / "dev.tsv", "--json", "-", "--card", "test")
    report = json.loads(out)
    assert status == 0 and report["checkpoint"] == {"name": "mine", "digest": load(made).digest}
    assert (report["file"], report["sentences"], report["decoding"]) == ("dev.tsv", 4, "greedy")
    for key in ("bleu", "chrf", "rouge_l", "loss", "perplexity", "token_accuracy"):
        assert report[key] == pytest.approx(metrics["dev"][key], rel=1e-6)  # what training said of the same file
    assert report["signatures"] == metrics["dev"]["signatures"]
    stored = json.loads((made / "metrics.json").read_text(encoding="utf-8"))
    assert stored == {**metrics, "test": {key: report[key] for key in metrics["dev"]}}
    card = (made / "README.md").read_text(encoding="utf-8")
    assert "| test | 4 |" in card and "Made up." in card and card.startswith("# mine\n")

    columns = ("--source-column", "zh", "--target-column", "en")
    rows = (line.split("\t") for line in (tmp_path / "dev.tsv").read_text(encoding="utf-8").splitlines())
    (tmp_path / "dev.csv").write_text("zh,en\n" + "".join(f'{s},"{t}"\n' for s, t in rows), encoding="utf-8")
    status, out, _ = inside(capsys, "evaluate", made, tmp_path / "dev.csv", *columns, "--json", "-")
    assert status == 0 and json.loads(out) == {**report, "file": "dev.csv"}

    status, out, _ = inside(capsys, "evaluate", made, tmp_path / "dev.tsv", "--beam", "1", "--json", "-")
    narrow = json.loads(out)
    assert narrow["decoding"] == "beam 1" and narrow["loss"] == report["loss"] and set(narrow) == set(report)
    status, out, _ = inside(capsys, "evaluate", made, tmp_path / "dev.tsv")
    assert status == 0 and f"{report['bleu']:.2f}" in out and report["signatures"]["chrf"] in out
    assert f"chrF {report['baselines']['scores']['copy']['chrf']:.2f}" in out and report["baselines"]["rows"] == 4


def test_a_card_without_training_facts_is_a_mistake_that_changes_nothing(
    recipe: list[str], tmp_path: Path, tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = shutil.copytree(tiny_checkpoint, tmp_path / "copy")
    (copy / "metrics.json").write_text("{}")
    before = (copy / "README.md").read_bytes()
    (tmp_path / "pairs.tsv").write_text(f"{TEXT}\t{REFERENCE}\n", encoding="utf-8")
    status, out, err = inside(capsys, "evaluate", copy, tmp_path / "pairs.tsv", "--card", "test")
    assert (status, out, err.count("\n")) == (2, "", 1) and "metrics.json" in err
    assert (copy / "metrics.json").read_text() == "{}" and (copy / "README.md").read_bytes() == before


def weights(directory: Path) -> dict[str, np.ndarray]:
    with safe_open(directory / "model.safetensors", framework="np") as file:
        return {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118


def test_a_terminated_run_goes_on_to_the_same_end(
    recipe: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    long = [*recipe, "--set", "train.epochs=8", "--set", "train.patience=99"]
    run_directory = tmp_path / "runs" / "cut"
    stopped = (
        "import os, signal, sys; from s2s.train import loop; step, second = loop.Run._step, []\n"
        "def stop(self, *batch):\n"
        f"    second.extend([1] * os.path.exists({str(run_directory / 'log.jsonl')!r}))\n"
        "    if len(second) == 2: os.kill(os.getpid(), signal.SIGTERM)\n"
        "    return step(self, *batch)\n"
        "loop.Run._step = stop; from s2s.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", stopped, *long, "--name", "cut"]
    process = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=140)
    err = process.stderr
    assert process.returncode == 143, err
    assert "Traceback" not in err and err.splitlines()[-1].endswith("continue from the last save.")
    rows = (run_directory / "log.jsonl").read_text().splitlines()
    assert 1 <= len(rows) < 8

    assert inside(capsys, *long, "--name", "cut")[0] == 0
    assert inside(capsys, *long, "--name", "whole")[0] == 0
    rows = [json.loads(row) for row in (run_directory / "log.jsonl").read_text().splitlines()]
    assert [row["epoch"] for row in rows] == list(range(1, 9))
    cut, whole = (weights(tmp_path / "made" / name) for name in ("cut", "whole"))
    for key, value in whole.items():
        np.testing.assert_array_equal(cut[key], value, err_msg=key)
    assert inside(capsys, *long, "--name", "cut")[0] == 0  # finished: says so again


def test_a_run_whose_data_changed_says_so(
    recipe: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert inside(capsys, *recipe)[0] == 0
    with open(tmp_path / "train.tsv", "a", encoding="utf-8") as file:
        file.write("她喝咖啡。\tShe drinks coffee.\n")
    status, out, err = inside(capsys, *recipe)
    assert (status, out, err.count("\n")) == (2, "", 1) and "cannot be continued" in err
    status, _, err = inside(capsys, *recipe, "--set", "train.seed=2")
    assert status == 2 and err.count("\n") == 1


def test_a_full_disk_is_one_line(recipe: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        status, _, err = inside(capsys, *recipe)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)
    assert status == 2 and "Traceback" not in err
    assert err.splitlines()[-1].startswith("python -m s2s: Could not write to ")


def test_prepare_in_a_process(tmp_path: Path) -> None:
    rows = [f"I have {i} books.\t我有{i}本書。\tCC-BY 2.0" for i in range(30)]
    (tmp_path / "pairs.txt").write_text("\n".join(rows), encoding="utf-8")
    done = run("prepare", "tatoeba", tmp_path / "pairs.txt", "--out", tmp_path / "out", "--dev", "3", "--test", "4")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'out' / name}: {count} pairs"
        for name, count in (("train.tsv", 23), ("dev.tsv", 3), ("test.tsv", 4))
    ]


def test_tokens_are_read_as_they_are(tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, out, err = inside(capsys, "trace", tiny_checkpoint, "--tokens", "我  喜 苹果 <unk>", "--json", "-")
    assert (status, err) == (0, "")
    assert json.loads(out)["source"]["tokens"] == ["我", "喜", "苹果", "<unk>"]
    assert json.loads(out)["source"]["unknown"] == [1, 3]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ((), "Type a sentence first."),
        (("--tokens", " "), "Type a sentence first."),
        ((TEXT, "--tokens", "我"), "--tokens cannot be used with TEXT"),
        (("--tokens", "我 a\u200b"), "Token 2"),
        (("--tokens", "我 a\u00a0b"), "Token 2"),
        (("--tokens", "龘"), "knows none of these words"),
    ],
)
def test_tokens_that_cannot_be_used_are_one_line(
    tiny_checkpoint: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...], expected: str
) -> None:
    status, out, err = inside(capsys, "trace", tiny_checkpoint, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert expected in err
