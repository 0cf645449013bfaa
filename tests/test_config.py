from __future__ import annotations

import dataclasses
import json
from pathlib import Path

import pytest

from s2s.config import Config, ModelConfig, from_dict, read_config, to_dict
from s2s.errors import UserError
from tests.paths import ROOT


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "run.toml"
    path.write_text('name = "run"\n[model]\nattention = "general"\n[train]\nepochs = 3\nclip = 2\n', encoding="utf-8")
    return path


def test_reads_toml_over_the_defaults(file: Path) -> None:
    config = read_config(file)
    assert (config.name, config.model.attention, config.train.epochs) == ("run", "general", 3)
    assert config.train.clip == 2.0 and isinstance(config.train.clip, float)
    assert config.text == Config().text


def test_settings_are_laid_over_the_file(file: Path) -> None:
    settings = ["train.epochs=7", "model.tied_embeddings=false", "name=other", "data.train=data/a b.tsv"]
    config = read_config(file, [*settings, 'data.dev="x.tsv"', "train.dropout=0.5", "train.epochs=8"])
    assert (config.train.epochs, config.model.tied_embeddings, config.name) == (8, False, "other")
    assert (config.data.train, config.data.dev, config.train.dropout) == ("data/a b.tsv", "x.tsv", 0.5)
    assert config.model.attention == "general"


@pytest.mark.parametrize(
    ("setting", "named"),
    [
        ("train.epoch=3", "config.train.epoch"),
        ("trian.epochs=3", "config.trian"),
        ("train.epochs=3.5", "config.train.epochs"),
        ("train.epochs=true", "config.train.epochs"),
        ("train.epochs=many", "config.train.epochs"),
        ("model.tied_embeddings=1", "config.model.tied_embeddings"),
        ("model.attention=3", "config.model.attention"),
        ("train.dropout=[1]", "config.train.dropout"),
        ("model=3", "config.model"),
        ("name.first=3", "name"),
        ("train.epochs.more=3", "epochs must be of type table"),
        ("train.epochs", "train.epochs"),
        ("=3", "config."),
        ("train.dropout=1.5", "train.dropout"),
        ("train.dropout=nan", "train.dropout"),
        ("train.batch_size=0", "train.batch_size"),
        ("text.max_vocab=4", "text.max_vocab"),
        ("data.max_tokens=-1", "data.max_tokens"),
        ("model.encoder_size=0", "model.encoder_size"),
        ("model.decoder_layers=65", "model.decoder_layers"),
        ("model.window=0", "model.window"),
        ("model.cell=rnn", "gru, lstm"),
        ("model.attention=cosine", "additive, general, dot, concat, location, local-m, local-p"),
        ("model.attention=dot", "twice model.encoder_size; found 512 and 257"),
        ("model.coverage=true", "model.coverage needs model.attention"),
        ("model.pointer=true", "model.pointer needs text.shared_vocab"),
        ("model.prior=true", "model.prior needs text.shared_vocab"),
        ("model.shared_embeddings=true", "model.shared_embeddings needs text.shared_vocab"),
        ("train.coverage_weight=1", "train.coverage_weight needs model.coverage"),
        ("train.sampling_schedule=cosine", "linear, exponential, inverse_sigmoid"),
        ("train.sampling_floor=-0.1", "train.sampling_floor"),
        ("train.reward=meteor", "rouge_l, bleu, chrf"),
        ("train.reward_weight=1.5", "train.reward_weight"),
        ("train.mixer_every=0", "train.mixer_every"),
        ("train.replace_from=source", "target, both"),
        ("train.replace_tokens=2", "train.replace_tokens"),
        ("train.mask_tokens=nan", "train.mask_tokens"),
        ("train.fgm_epsilon=-1", "train.fgm_epsilon"),
        ("train.penalty_weight=inf", "train.penalty_weight"),
        ("train.start=3", "config.train.start"),
    ],
)
def test_a_wrong_setting_is_named(file: Path, setting: str, named: str) -> None:
    with pytest.raises(UserError) as error:
        read_config(file, ["model.encoder_size=257", setting])
    assert named in str(error.value)


def test_location_needs_a_weight_for_every_position_of_a_training_pair(file: Path) -> None:
    settings = ["model.attention=location", "model.max_source_length=50"]
    with pytest.raises(UserError, match=r"50, less than data\.max_tokens, 100"):
        read_config(file, settings)
    assert read_config(file, [*settings, "data.max_tokens=50"]).model.max_source_length == 50


def test_an_unknown_key_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="encoder_size"):
        from_dict(ModelConfig, {"size": 3}, "model")


def test_missing_and_broken_files_are_named(tmp_path: Path) -> None:
    for content in (None, b"name = ", b'name = "\xff"'):
        path = tmp_path / "broken.toml"
        if content is not None:
            path.write_bytes(content)
        with pytest.raises(UserError, match=r"broken\.toml"):
            read_config(path)


def test_round_trip_through_json() -> None:
    config = dataclasses.replace(Config(), name="模型", model=ModelConfig(attention="general", encoder_layers=2))
    assert from_dict(Config, json.loads(json.dumps(to_dict(config)))) == config


def test_every_config_of_the_repository_is_valid() -> None:
    configs = {path.stem: read_config(path) for path in (ROOT / "configs").glob("*.toml")}
    assert {"zh-en-luong", "zh-en-bahdanau", "zh-en-guided"} <= set(configs)
    assert all(config.name == name for name, config in configs.items())
