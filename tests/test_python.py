"""Common mistakes in a notebook get a message that says what to write."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import s2s
from s2s.api import LoadedCheckpoint, load
from s2s.errors import UserError

TEXT = "我喜欢苹果。"


@pytest.fixture(scope="module")
def model(tiny_checkpoint: Path) -> LoadedCheckpoint:
    return load(tiny_checkpoint)


@pytest.fixture(scope="module")
def shipped() -> LoadedCheckpoint:
    return s2s.load("zh-en-luong")


def refused(call: Any, *values: Any, **named: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        call(*values, **named)
    assert caught.value.say("zh") != caught.value.say("en")
    return caught.value


def test_a_model_prints_in_one_line(model: LoadedCheckpoint) -> None:
    for one in (model, model.source, model.target, model.source.vocab):
        assert repr(one) == str(one) and len(repr(one)) < 120 and "\n" not in repr(one)
    assert repr(model).startswith("<Checkpoint tiny-additive: additive attention, ")


@pytest.mark.parametrize(
    "texts",
    [
        ["我们明天去看电影。", "他喜欢茶。"],
        ["我们明天去看电影", "他昨天没有来学校"],
        ("我们 明天 去 看 电影", "他 昨天 没有 来"),
        ["我们明天去看电影。"],
        ["我们", "我们明天去看电影。"],
        ["", "我们明天去看电影。"],
    ],
)
@pytest.mark.parametrize("method", ["trace", "lanes"])
def test_a_list_of_sentences_is_not_read_as_tokens(shipped: LoadedCheckpoint, method: str, texts: list[str]) -> None:
    error = refused(getattr(shipped, method), texts)
    assert error.key == "error.source_sentences" and "[model.trace(text) for text in texts]" in str(error)


@given(st.data())
def test_a_list_of_tokens_still_is_one(shipped: LoadedCheckpoint, data: st.DataObject) -> None:
    """Whatever the model cuts a text into, words that it does not know among them."""
    known = st.sampled_from(shipped.source.vocab.tokens[4:])
    tokens = data.draw(st.lists(known | st.sampled_from(["苏轼", "XYZ", "3.14"]), min_size=1, max_size=4))
    if any(token in shipped.source.vocab.ids for token in tokens):
        assert shipped.trace(tokens, max_length=1).source_tokens == tuple(tokens)


@pytest.mark.parametrize("source", [5, None, b"text", ["我", 5], [["我"], ["茶"]], {"我": 1, 2: 3}])
def test_what_is_no_text_is_named(model: LoadedCheckpoint, source: Any) -> None:
    assert refused(model.trace, source).key == refused(model.lanes, source).key == "error.source_kind"


@pytest.mark.parametrize("reference", [5, 1.5, True, b"text", ["我"], {"我": 1}])
def test_a_reference_is_a_text(model: LoadedCheckpoint, reference: Any) -> None:
    for method in (model.trace, model.lanes):
        error = refused(method, "我喜欢苹果。", reference)
        assert (error.key, error.values["key"]) == ("error.config_type", "reference")


@pytest.mark.parametrize("given", [{"prefix": 5}, {"attention": 5}, {"attention": {"1": "uniform"}}, {"top": "10"}])
def test_other_arguments_of_a_wrong_kind_are_named(model: LoadedCheckpoint, given: dict[str, Any]) -> None:
    error = refused(model.trace, "我喜欢苹果。", **given)
    assert error.key == "error.config_type" and str(error.values["key"]).startswith(next(iter(given)))


def test_a_setting_that_there_is_not_is_named_with_the_one_most_like_it(model: LoadedCheckpoint) -> None:
    for wrong, like in {"beams": "beam", "temprature": "temperature", "topk": "top_k", "prefx": "prefix"}.items():
        error = refused(model.trace, TEXT, **{wrong: 5})
        assert error.values["name"] == wrong and f"Did you mean {like}?" in str(error)
        assert refused(model.lanes, TEXT, **{wrong: 5}).key == "error.setting_like"
    assert "strategy, temperature, top_k" in str(refused(model.trace, TEXT, zzz=1))
    assert refused(model.trace, TEXT, mode="teacher").values["known"] == "free, forced"


@pytest.mark.parametrize(
    ("name", "value"), [("beam", "five"), ("beam", 2.5), ("temperature", "hot"), ("top_k", True), ("strategy", 3)]
)
def test_a_setting_of_another_type_is_named(model: LoadedCheckpoint, name: str, value: Any) -> None:
    error = refused(model.trace, TEXT, **{name: value})
    assert error.values["key"] == name and str(value) in str(error)


@pytest.mark.parametrize("figure", [s2s.figures.attention, s2s.figures.probabilities])
def test_saving_an_image_says_what_to_install(figure: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = figure(s2s.Trace.from_arrays([[1.0]], ["好"], ["well"], log_probs=[-0.1]))
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "kaleido" else find(name, *rest)
    )
    for call in (lambda: own.to_image("png"), lambda: own.write_image(tmp_path / "figure.png")):
        assert "requirements-extra.txt" in str(refused(call))
    own.write_html(tmp_path / "figure.html")
    assert (tmp_path / "figure.html").stat().st_size > 1000
    assert "kaleido" in (Path(s2s.__file__).parents[1] / "requirements-extra.txt").read_text(encoding="utf-8")
