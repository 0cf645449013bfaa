"""docs/FORMATS.md is complete: numpy computes every number of a trace from the page and the files."""

from __future__ import annotations

import ast
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.config import Config, to_dict
from s2s.decode.decode import trace
from s2s.decode.record_search import search_tree
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.trace.branch import Edit
from s2s.trace.search_tree import ENDINGS, FATES
from tests.factory import make_checkpoint
from tests.numpy_model import Array, Numbers, NumpyModel
from tests.paths import ROOT

PAGES = [ROOT / "docs" / "FORMATS.md", *sorted((ROOT / "docs" / "formats").glob("*.md"))]
PAGE = "\n".join(path.read_text(encoding="utf-8") for path in PAGES)
SHIPPED = sorted(p.parent for p in (ROOT / "checkpoints").glob("*/config.json") if not p.parent.suffix)
SPECIALS = {"<pad>": 0, "<unk>": 1, "<bos>": 2, "<eos>": 3}
TINY: dict[str, dict[str, Any]] = {
    "additive": {},
    "additive, untied": {"tied_embeddings": False},
    "additive, deep": {"encoder_layers": 2, "decoder_layers": 2},
    "additive, input feeding says nothing": {"input_feeding": False, "encoder_layers": 2},
    "general": {"attention": "general"},
    "general, untied": {"attention": "general", "tied_embeddings": False, "decoder_layers": 2},
    "general, not fed": {"attention": "general", "input_feeding": False},
    "general, not fed, deep": {
        "attention": "general",
        "input_feeding": False,
        "tied_embeddings": False,
        "encoder_layers": 2,
        "decoder_layers": 2,
    },
    "general, sizes": {"attention": "general", "embedding_size": 3, "encoder_size": 1, "decoder_size": 5},
}
FAMILY: dict[str, dict[str, Any]] = {
    "dot": {"attention": "dot", "encoder_size": 5},
    "concat": {"attention": "concat"},
    "location": {"attention": "location"},
    "local-m": {"attention": "local-m", "window": 2},
    "local-m, nothing beside the word": {"attention": "local-m", "window": 1, "input_feeding": False},
    "local-p": {"attention": "local-p", "window": 2},
    "local-p, wide": {"attention": "local-p", "window": 50},
    "additive, LSTM": {"cell": "lstm"},
    "additive, LSTM, deep": {"cell": "lstm", "encoder_layers": 2, "decoder_layers": 2, "tied_embeddings": False},
    "general, LSTM": {"attention": "general", "cell": "lstm"},
    "dot, LSTM": {"attention": "dot", "cell": "lstm", "encoder_size": 5},
    "concat, LSTM": {"attention": "concat", "cell": "lstm"},
    "location, LSTM": {"attention": "location", "cell": "lstm"},
    "local-m, LSTM, deep": {"attention": "local-m", "cell": "lstm", "window": 2, "decoder_layers": 2},
    "local-p, LSTM": {"attention": "local-p", "cell": "lstm", "window": 2},
    "coverage": {"coverage": True},
    "coverage, LSTM": {"coverage": True, "cell": "lstm", "tied_embeddings": False},
    "none": {"attention": "none"},
    "none, LSTM, deep": {"attention": "none", "cell": "lstm", "encoder_layers": 2, "decoder_layers": 2},
    "none, prior": {"attention": "none", "prior": True, "tied_embeddings": False},
    "pointer": {"pointer": True},
    "pointer, general, LSTM": {"pointer": True, "attention": "general", "cell": "lstm"},
    "pointer, local-p": {"pointer": True, "attention": "local-p", "window": 2},
    "prior": {"prior": True},
    "prior, general": {"prior": True, "attention": "general", "tied_embeddings": False},
    "one embedding": {"shared_embeddings": True},
    "one embedding, untied": {"shared_embeddings": True, "tied_embeddings": False, "attention": "general"},
    "everything": {"pointer": True, "prior": True, "coverage": True, "shared_embeddings": True, "cell": "lstm"},
    "linear bridge, deep": {"bridge": "linear", "encoder_layers": 2, "decoder_layers": 2, "attention": "general"},
    "linear bridge, LSTM, <eos>": {"bridge": "linear", "cell": "lstm", "source_eos": True},
    "copied states, LSTM, deep": {"bridge": "copy", "cell": "lstm", "encoder_layers": 3, "decoder_layers": 2},
    "copied states, one direction's": {"bridge": "copy", "encoder_size": 10, "attention": "concat"},
    "linear readout, bias": {"readout": "linear", "attention": "concat", "attention_bias": True},
    "state alone, bias": {"readout": "state", "attention_bias": True, "tied_embeddings": False},
    "state alone, none": {"readout": "state", "attention": "none", "tied_embeddings": False, "source_bos": True},
    "nothing carried": {"carry_state": False, "readout": "state", "tied_embeddings": False, "bridge": "copy"},
    "nothing carried, LSTM": {"carry_state": False, "cell": "lstm", "attention": "general", "decoder_layers": 2},
    "<bos> and <eos>": {"source_bos": True, "source_eos": True, "coverage": True},
    "<eos>, pointer": {"source_eos": True, "pointer": True, "prior": True},
    "filled up": {"source_fill": 13, "source_eos": True},
}


def check_scored(found: dict[str, Any], token_id: int, log_probs: Array, prior: Array | None) -> None:
    value = log_probs[token_id]
    check_prior(found, token_id, prior)
    assert found["log_prob"] == pytest.approx(value, abs=1e-4)
    sure, perhaps = (1 + int((log_probs > value + margin).sum()) for margin in (1e-5, -1e-5))
    assert sure <= found["rank"] <= perhaps  # the token itself is in the second count


def check_prior(found: dict[str, Any], token_id: int, prior: Array | None) -> None:
    assert ("prior" in found) == (prior is not None)
    if prior is not None:
        assert found["prior"] == pytest.approx(prior[token_id], abs=1e-4)


def check_step(step: dict[str, Any], own: Numbers, output: int, target: int | None, words: list[str]) -> None:
    check_scored(step, output, own.log_probs, None)
    for name in ("normaliser", "attention", "scores"):
        np.testing.assert_allclose(step[name], getattr(own, name), atol=1e-4, err_msg=name)
    np.testing.assert_allclose(step["context"], own.context[:4], atol=1e-4)
    np.testing.assert_allclose(step["score_terms"], own.score_terms[:4], atol=1e-4)
    assert set(own.optional) == step.keys() & {"coverage", "factors", "position", "p_gen", "own_attention"}
    for name, value in own.optional.items():
        np.testing.assert_allclose(step[name], value, atol=1e-4, err_msg=name)
    probs = np.exp(own.log_probs)
    assert step["entropy"] == pytest.approx(-(probs * own.log_probs).sum(), abs=1e-4)
    assert [s["rank"] for s in step["top"]] == list(range(1, min(10, len(words)) + 1))
    highest = np.sort(own.log_probs)[::-1][: len(step["top"])]
    np.testing.assert_allclose([s["log_prob"] for s in step["top"]], highest, atol=1e-4)
    assert len({s["token"] for s in step["top"]}) == len(step["top"])
    for scored in step["top"]:
        assert scored["log_prob"] == pytest.approx(own.log_probs[words.index(scored["token"])], abs=1e-4)
        check_prior(scored, words.index(scored["token"]), own.prior)
    assert (step["target"] is None) == (target is None)
    if target is not None:
        check_scored(step["target"], target, own.log_probs, own.prior)


def check_trace(values: dict[str, Any], checkpoint: Path) -> None:
    """Everything in a trace's JSON that is a number, and the labels that they hang on."""
    model = NumpyModel(checkpoint)
    source_ids = {token: i for i, token in enumerate(model.source) if i > 3} | model.marks
    typed_ids = {token: i for i, token in enumerate(model.target) if i > 3}
    said_ids = typed_ids | SPECIALS  # a free lane spells its output as the vocabulary does
    source = [source_ids.get(token, 1) for token in values["source"]["tokens"]]
    outputs = [step["output"] for step in values["steps"]]
    if values["mode"] == "forced":
        assert outputs == [*values["reference_tokens"], "<eos>"]
        ids = [*(typed_ids.get(token, 1) for token in outputs[:-1]), 3]
    else:
        ids = [said_ids[token] for token in outputs]
    gold = [*values["reference_tokens"], "<eos>"] if values["reference"] is not None else []
    gold_ids = [*(typed_ids.get(token, 1) for token in gold[:-1]), 3]
    edits = {t: np.array(step["attention"]) for t, step in enumerate(values["steps"]) if "own_attention" in step}
    memory, steps = model.run(source, [2, *ids[:-1]], edits)

    ends = [token for token in values["source"]["tokens"] if token in ("<bos>", "<eos>")]
    assert ends == [*model.marks] and source[0] == model.marks.get("<bos>", source[0])
    words = [token for token in values["source"]["tokens"] if token != "<fill>"]
    assert values["source"]["tokens"] == words + ["<fill>"] * (model.fill - len(words))
    assert values["source"]["unknown"] == [s for s, i in enumerate(source) if i == 1]
    np.testing.assert_allclose(values["source"]["memory"], memory[:, :4], atol=1e-4)
    assert [step["input"] for step in values["steps"]] == ["<bos>", *outputs[:-1]]
    for t, (step, own) in enumerate(zip(values["steps"], steps, strict=True)):
        target = gold_ids[t] if t < len(gold) else None
        assert (step["target"] or {"token": None})["token"] == (gold[t] if t < len(gold) else None)
        check_step(step, own, ids[t], target, model.target)
    apart = [  # another word, an unknown one, or none as the reference is over
        t
        for t, step in enumerate(values["steps"])
        if t >= len(gold) or gold_ids[t] != model.target.index(step["top"][0]["token"]) or gold_ids[t] == 1
    ]
    assert values["divergence"] == (apart[0] if gold and apart else None)
    assert values["ended"] == ("eos" if outputs[-1] == "<eos>" else "length")
    assert "<eos>" not in outputs[:-1]
    digest = hashlib.sha256((checkpoint / "model.safetensors").read_bytes()).hexdigest()[:12]
    name = {"name": checkpoint.name, "attention": model.config["attention"], "digest": digest}
    assert values["checkpoint"] == name | ({"bias": "query"} if model.config["attention_bias"] else {})


@pytest.fixture(scope="module", params=[*TINY, *FAMILY, *SHIPPED], ids=lambda p: p if isinstance(p, str) else p.name)
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tiny models of every kind, and those that ship."""
    if isinstance(request.param, Path):
        return request.param
    if request.param in TINY:
        return make_checkpoint(tmp_path_factory.mktemp("tiny"), **TINY[request.param])
    # smaller weights: large random ones make a chaos in which float32 and float64 soon part
    return make_checkpoint(tmp_path_factory.mktemp("tiny"), scale=0.6, **FAMILY[request.param])


def example(checkpoint: Path) -> tuple[str, str]:
    """A sentence, and a reference that the model can read but would hardly say; both hold unknown words."""
    text = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))["text"]
    if text.get("shared_vocab") and text["target"] == "latin":  # with a word that stands on both sides, twice
        return "你不喜欢 tea 吗𠮷？tea", "I don't like zebrafinches, he likes tea."
    if (text["source"], text["target"]) == ("jieba", "latin"):
        return "你不喜欢水果吗𠮷？", "I don't like zebrafinches, he likes tea."
    model = NumpyModel(checkpoint)
    spaces = ["" if text[side] != "latin" else " " for side in ("source", "target")]
    return spaces[0].join(["𠮷", *model.source[20:30]]), spaces[1].join(
        [*(model.target[20:30] or model.target[-10:]), "𠮷"]
    )


LANES: dict[str, dict[str, Any]] = {
    "free": {},
    "free with a reference": {"reference": ...},
    "forced": {"reference": ..., "mode": "forced"},
    "beam": {"settings": Settings(strategy="beam", beam=3, max_length=9)},
    "prefix": {"prefix": ..., "settings": Settings(max_length=15)},
    "edited": {
        "prefix": ...,
        "settings": Settings(max_length=9),
        "attention": {0: Edit("only", 1), 2: Edit("erase", 0), 3: Edit("uniform"), 4: Edit("previous")},
    },
    "sampling": {"settings": Settings(strategy="sampling", temperature=2.0, seed=3, max_length=9)},
}


@pytest.mark.parametrize("lane", LANES)
def test_every_number_of_a_trace(checkpoint: Path, lane: str) -> None:
    text, reference = example(checkpoint)
    loaded = load(checkpoint)
    if loaded.config.model.attention == "none" and lane == "edited":
        with pytest.raises(UserError, match="no attention"):
            trace(loaded, text, attention={0: Edit("uniform")})
        return
    run = trace(loaded, text, **{key: reference if value is ... else value for key, value in LANES[lane].items()})
    assert run.source_unknown and run.steps
    assert run.mode == ("forced" if lane == "forced" else "free")
    np.testing.assert_allclose(run.attention_TS.sum(axis=1), 1 if run.looks else 0, atol=1e-5)
    check_trace(json.loads(run.to_json()), checkpoint)
    assert run.prefix == (0 if lane not in ("prefix", "edited") else len(loaded.target.tokens(reference)))
    if lane == "edited":
        size = len(run.source_tokens)
        np.testing.assert_allclose(run.attention_TS[[0, 3, 4]], [np.eye(size)[1], *2 * [np.full(size, 1 / size)]])
        assert [t for t, step in enumerate(run.steps) if step.own_attention is not None] == [0, 2, 3, 4]
    if lane == "prefix":
        prefix = loaded.target.vocab.encode(loaded.target.tokens(reference))
        assert [step.output for step in run.steps][: len(prefix)] == [loaded.target.vocab.tokens[i] for i in prefix]
    if lane == "free":
        assert [step.output for step in run.steps] == [step.top[0].token for step in run.steps]
        assert len(run.steps) <= 2 * len(run.source_tokens) + 10


def test_every_number_of_a_search_tree(checkpoint: Path) -> None:
    settings = Settings(strategy="beam", beam=3, max_length=9, length_penalty=0.8, coverage_penalty=0.3)
    values = json.loads(search_tree(load(checkpoint), example(checkpoint)[0], settings).to_json())
    model, nodes = NumpyModel(checkpoint), values["nodes"]
    said_ids = {token: i for i, token in enumerate(model.target) if i > 3} | SPECIALS
    source_ids = {token: i for i, token in enumerate(model.source) if i > 3} | model.marks
    source = [source_ids.get(token, 1) for token in values["source"]["tokens"]]
    checked = set[int]()
    for finished in values["finished"]:
        path, node = list[int](), finished["node"]
        while node >= 0:
            path.insert(0, node)
            node = nodes["parent"][node]
        _, steps = model.run(source, [2, *(said_ids[nodes["token"][i]] for i in path[:-1])])
        covered, total = np.zeros(len(steps[0].attention)), 0.0
        for t, (own, chosen) in enumerate(zip(steps, path, strict=True)):
            covered = covered + own.attention
            cp = 0.3 * np.log(np.clip(covered, 1e-10, 1)).sum()
            before = path[t - 1] if t else -1
            for i in (i for i, parent in enumerate(nodes["parent"]) if parent == before and (t or parent == -1)):
                log_prob = own.log_probs[said_ids[nodes["token"][i]]]
                assert nodes["log_prob"][i] == pytest.approx(log_prob, abs=1e-4)
                assert nodes["total"][i] == pytest.approx(total + log_prob, abs=1e-3)
                assert nodes["coverage"][i] == pytest.approx(cp, abs=1e-3)
                lp = ((5 + t + 1) / 6) ** 0.8
                assert nodes["score"][i] == pytest.approx((total + log_prob) / lp + cp, abs=2e-3)
                checked.add(i)
            total += own.log_probs[said_ids[nodes["token"][chosen]]]
    assert len(checked) >= 3 * len(values["finished"])
    assert values["finished"][0]["node"] == max((f["node"] for f in values["finished"]), key=nodes["score"].__getitem__)


def test_weights_are_those_of_the_page(checkpoint: Path) -> None:
    model = NumpyModel(checkpoint)
    assert model.shapes == model.expected_shapes()


def test_numpy_model_imports_neither_torch_nor_the_program() -> None:
    tree = ast.parse((ROOT / "tests" / "numpy_model.py").read_text(encoding="utf-8"))
    names = {a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names}
    names |= {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    allowed = {"__future__", "json", "dataclasses", "pathlib", "numpy", "safetensors"}
    assert {name.split(".")[0] for name in names} == allowed


def test_page_lists_every_config_key_with_its_default() -> None:
    listed, section = {}, PAGE.split("\n## Config\n")[1].split("\n## ")[0]
    for keys, defaults in re.findall(r"^\| (`[\w.`, ]+`) \| ([^|]+) \|[^|]*\|$", section, re.MULTILINE):
        names, values = keys.replace("`", "").split(", "), defaults.replace("`", "").split(", ")
        listed |= {name: json.loads(value) for name, value in zip(names, values, strict=True)}
    flat = {"name": "model"}
    for table, values in to_dict(Config()).items():
        flat |= {f"{table}.{key}": value for key, value in values.items()} if isinstance(values, dict) else {}
    for table in [key for key, value in flat.items() if isinstance(value, dict)]:
        flat |= {f"{table}.{key}": value for key, value in flat.pop(table).items()}
    assert listed == flat


def test_page_lists_every_key_of_a_search_tree(tiny_checkpoint: Path) -> None:
    values = search_tree(load(tiny_checkpoint), "我", Settings(strategy="beam", beam=2)).to_dict()
    section = PAGE.split("\n## Search tree\n")[1].split("\n## ")[0]
    assert set(re.findall(r"^\| `([\w.]+)` \|", section, re.MULTILINE)) == values.keys()
    assert set(re.findall(r"^\| … `([\w.]+)` \|", section, re.MULTILINE)) == values["nodes"].keys()
    for name in (*values["settings"], *values["steps"][0], *values["finished"][0], *FATES, *ENDINGS):
        assert f"`{name}`" in section or f'`"{name}"`' in section


def test_page_lists_every_key_of_a_trace(tiny_checkpoint: Path) -> None:
    edited = trace(load(tiny_checkpoint), "我", "you", prefix="I", attention={0: Edit("uniform")})
    values = json.loads(edited.to_json())
    listed = set(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE))
    keys = set(values) - {"source"} | {f"source.{key}" for key in values["source"]} | set(values["steps"][0])
    assert keys <= listed
    for key in values["settings"]:
        assert f"`{key}`" in PAGE


def test_the_worked_step_has_the_models_numbers() -> None:
    section = PAGE.split("\n## One step, worked out\n")[1].split("\n## ")[0]
    tokens, scores = (line.split() for line in section.split("```")[1].strip().splitlines())
    run = trace(load(ROOT / "checkpoints" / "date"), "2025年3月9日")
    step = run.steps[6]
    assert (step.input, step.output, run.source_tokens) == ("0", "3", tuple(tokens))
    assert scores == [f"{score:.4f}" for score in step.scores.tolist()]
    weights = np.exp(step.scores - step.scores.max())
    np.testing.assert_allclose(weights / weights.sum(), step.attention, rtol=1e-5, atol=1e-8)
    for place in (5, 7, 6):
        assert f"`{tokens[place]}` {step.attention[place]:.4f}" in section.replace("gives `3` the weight", "gives `3`")
    second = step.top[1]
    for number in (
        f"{step.context[0]:.4f}",
        f"the `normaliser`, is {step.normaliser:.4f}",
        f"The logit of `3` is {step.log_prob + step.normaliser:.4f}",
        f"`log_prob` is {step.log_prob:.7f}, its rank {step.rank}",
        f"`{second.token}` with {second.log_prob:.4f}",
        f"The entropy is {step.entropy:.6f}",
    ):
        assert number in " ".join(section.split()), number
