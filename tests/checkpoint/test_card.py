from __future__ import annotations

import tomllib
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from s2s.checkpoint import card
from s2s.checkpoint.card import config_toml
from s2s.config import Config, TextConfig, from_dict, read_config, to_dict
from s2s.text.keras_tokenizer import KerasConfig
from tests.factory import SCORES, TRAINING
from tests.paths import ROOT


def metrics(*splits: str) -> dict[str, Any]:
    out: dict[str, Any] = {split: deepcopy(SCORES) for split in splits}
    return {**out, "training": dict(TRAINING, parameters=1_234_567)}


@pytest.mark.parametrize("path", sorted((ROOT / "configs").glob("*.toml")), ids=lambda path: path.stem)
def test_the_card_of_every_config_holds_what_a_reader_needs(path: Path) -> None:
    config = read_config(path)
    text = card.render_card(config.name, to_dict(config), metrics("dev", "test"))
    for needed in (config.data.origin, TRAINING["command"], TRAINING["hardware"], "1,234,567", "| dev |", "| test |"):
        assert str(needed) in text
    for needed in (SCORES["signatures"]["bleu"], SCORES["signatures"]["chrf"], "12.50", "1 seconds"):
        assert needed in text
    assert text.startswith(f"# {config.name}\n\n> **中文简介**")
    assert "<unk>" in text.split("## Limits")[1]


def test_the_config_in_the_card_starts_the_same_run() -> None:
    config = read_config(ROOT / "configs" / "zh-en-luong.toml", ['data.origin=He said "42".'])
    text = card.render_card("x", to_dict(config), metrics("dev"))
    block = text.split("```toml\n")[1].split("```")[0]
    assert from_dict(Config, tomllib.loads(block)) == config


def test_limits_speak_of_tatoeba_only_where_it_was_used() -> None:
    config = to_dict(Config())
    assert "Tom" not in card.render_card("x", config, metrics("dev"))
    config["data"]["origin"] = "Sentence pairs from Tatoeba."
    assert "Names like Tom" in card.render_card("x", config, metrics("dev"))
    config["data"]["origin"] = ""
    assert "Not stated." in card.render_card("x", config, metrics("dev"))


def test_splits_come_in_order_and_signatures_once() -> None:
    scores = metrics("test-unseen-book", "test", "dev", "a")
    scores["test"]["signatures"]["bleu"] = "tok:zh"
    assert card.scored_splits(scores) == ["dev", "test", "a", "test-unseen-book"]
    text = card.render_card("x", to_dict(Config()), scores)
    assert text.count("tok:13a") == 1 and "`tok:13a` (dev, a, test-unseen-book)" in text and "`tok:zh` (test)" in text
    assert "验证集 BLEU 12.50，测试集 BLEU 12.50" in text


def test_what_is_missing_is_an_error() -> None:
    with pytest.raises(KeyError):
        card.render_card("x", to_dict(Config()), {"dev": SCORES})


def test_the_card_names_what_the_model_is_made_of() -> None:
    config = to_dict(Config())
    assert "An encoder-decoder of GRU layers with additive attention (" in card.render_card("x", config, metrics("dev"))
    config["model"].update(attention="local-p", cell="lstm", pointer=True, prior=True)
    text = card.render_card("x", config, metrics("dev"))
    for part in ("LSTM layers", "local predictive", "with input feeding", "pointer-generator", "prior knowledge"):
        assert part in text
    for part in ("local-p", "指针生成网络", "源词先验知识"):
        assert part in text
    for key in ("cell", "coverage", "pointer", "prior"):  # a config written before they were known
        del config["model"][key]
    assert "GRU layers" in card.render_card("x", config, metrics("dev"))


def test_a_config_as_toml_is_read_back_with_tables_in_its_sections(tmp_path: Path) -> None:
    rules = KerasConfig(lower=False, filters='!"\\\t', skip=True)
    for config in (Config(), Config(text=TextConfig(source="keras", source_keras=rules))):
        (tmp_path / "config.toml").write_text(config_toml(to_dict(config)), encoding="utf-8")
        assert read_config(tmp_path / "config.toml") == config
    assert "keras" not in config_toml(to_dict(Config()))
