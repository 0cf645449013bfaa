"""What a model is called: what it does and with which attention, never anything else that its config may hold."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.title import JOIN, LONGEST, contrasted, model_title, told_apart
from s2s.errors import LANGUAGES
from tests.paths import ROOT

SHIPPED = sorted(path.parent for path in (ROOT / "checkpoints").glob("*/config.json"))
NAMES = st.text(st.characters(exclude_characters="·"), min_size=1, max_size=12)
TITLES = st.dictionaries(NAMES, st.lists(NAMES, min_size=1, max_size=4).map(JOIN.join), min_size=1, max_size=5)


def shipped(language: str) -> dict[str, str]:
    return {path.name: model_title(path.name, read_facts(path)["config"], language) for path in SHIPPED}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_shipped_model_says_what_it_does_and_no_two_say_the_same(language: str) -> None:
    found = shipped(language)
    assert len(set(found.values())) == len(SHIPPED) >= 9
    assert [name for name, title in found.items() if name in title.split(JOIN)] == []


def test_titles_name_task_attention_and_what_tells_models_of_one_task_apart() -> None:
    found = shipped("en")
    assert found["zh-en-luong"] == "Chinese → English · Luong attention"
    assert found["zh-en-none"] == "Chinese → English · no attention"
    assert found["car-report"] == "Car dialogue → report · Bahdanau attention · pointer-generator"
    assert shipped("zh")["classical-modern"] == "文言译白话 · Luong 注意力 · 先验知识"


@pytest.mark.parametrize(
    ("config", "title"),
    [
        ({}, "mine"),
        ({"model": {"attention": "additive"}}, "mine · Bahdanau attention"),
        ({"model": {"attention": "its own"}}, "mine"),
        ({"source_language": "de", "target_language": "en", "model": {}}, "de → en"),
        ({"source_language": "de", "model": {}}, "mine"),
        ({"model": {"attention": "cross", "layers": 6, "heads": 8}}, "mine · 6 layers × 8 heads"),
        ({"train": {"objective": "replacement"}, "model": {"attention": "dot"}}, "mine · Luong dot attention"),
    ],
)
def test_a_model_of_which_less_is_known_keeps_its_name(config: dict[str, Any], title: str) -> None:
    assert model_title("mine", config, "en").startswith(title)


def test_a_chosen_head_is_named_in_words() -> None:
    assert model_title("mine@3.2", {}, "en") == "mine · layer 3, head 2"
    assert model_title("mine@3.0", {}, "zh") == "mine · 层 3、头 平均"


@given(st.text(max_size=300), st.text(max_size=300), st.sampled_from(LANGUAGES))
def test_names_from_files_are_bounded(name: str, language: str, spoken: str) -> None:
    config = {"source_language": language, "target_language": language, "model": {}}
    assert len(model_title(name, config, spoken)) <= 4 * LONGEST


def test_a_model_alone_keeps_its_whole_title() -> None:
    assert contrasted({"a": "Dates · Luong attention"}) == {"a": "Dates · Luong attention"}


@given(TITLES)
def test_titles_beside_each_other_stay_as_distinct_as_they_were(titles: dict[str, str]) -> None:
    told = told_apart(titles)
    assert len(set(told.values())) == len(titles)
    short = contrasted(told)
    assert len(set(short.values())) == len(titles)
    assert all(told[name].endswith(short[name]) and short[name] for name in titles)
