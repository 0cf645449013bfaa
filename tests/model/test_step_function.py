"""A decoder given as a function of one step has the lanes of the model within, and each mistake has a sentence."""

from __future__ import annotations

import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import s2s
from s2s.api import LoadedCheckpoint, load
from s2s.errors import UserError
from s2s.player.page import read_lanes
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint
from tests.numpy_model import NumpyModel
from tests.paths import ROOT

MODELS = {
    "date": ("2025年3月9日", "2025-03-08"),
    "zh-en-bahdanau": ("我们明天去看电影。", "We are going to see a film tomorrow."),
    "zh-en-luong": ("我们明天去看电影。", "We are going to see a film tomorrow."),
    "zh-en-guided": ("我们明天去看电影。", "We are going to see a film tomorrow."),
    "zh-en-none": ("他喜欢苹果。", "He likes red apples."),
    "classical-modern": ("学而时习之", "学习并且时常温习它"),
}
WORDS = ["<s>", "</s>", "<unk>", "good", "morning", "evening"]


class Foreign:
    """An array of a library that numpy does not know: only the protocol that it is made with."""

    def __init__(self, array: Any, protocol: str) -> None:
        self.array = np.asarray(array)
        if protocol == "array":
            self.__class__ = type("OnlyArray", (Foreign,), {"__array__": lambda me, *_, **__: me.array})
        elif protocol == "numpy":
            self.__class__ = type("OnlyNumpy", (Foreign,), {"numpy": lambda me: me.array})
        else:
            own = {
                "__dlpack__": lambda me, **named: me.array.__dlpack__(**named),
                "__dlpack_device__": lambda me: (1, 0),
            }
            self.__class__ = type("OnlyDlpack", (Foreign,), own)


LIBRARIES: dict[str, Callable[[np.ndarray], Any]] = {
    "numpy": lambda x: x,
    "torch": lambda x: torch.tensor(x, requires_grad=True),
    "double": lambda x: torch.tensor(x, dtype=torch.float64),
    "batch of one": lambda x: x[None],
    "list": lambda x: x.tolist(),
    "array": lambda x: Foreign(x, "array"),
    "numpy()": lambda x: Foreign(x, "numpy"),
    "dlpack": lambda x: Foreign(x, "dlpack"),
}


@pytest.fixture(scope="module")
def loaded() -> dict[str, LoadedCheckpoint]:
    return {name: s2s.load(name) for name in MODELS}


def wrapped(checkpoint: LoadedCheckpoint, text: str, convert: Callable[[np.ndarray], Any] = np.asarray) -> Any:
    """The checkpoint's decoder as a function of one step that knows its source, and the first state."""
    ids, model = checkpoint.source.encode(text), checkpoint.model
    with torch.inference_mode():
        memory, first = model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))

    def step(state: Any, token: int, attention: Any = None) -> Any:
        given = None if attention is None else torch.tensor(attention[None], dtype=torch.float32)
        with torch.inference_mode():
            out = model.step(state, torch.tensor([token]), memory, given)
        weights = out.attention_BS[0].numpy()
        return convert(out.log_probs_BV[0].numpy()), convert(weights) if len(weights) else None, out.state

    return step, first


def mine(checkpoint: LoadedCheckpoint, text: str, reference: str = "", **settings: Any) -> s2s.Lanes:
    step, first = wrapped(checkpoint, text)
    tokens, target = checkpoint.source.tokens(text), checkpoint.target
    gold = target.words(reference) if reference else None
    more = {"vocabulary": list(target.vocab.tokens), "state": first, "join": target.segmenter.join}
    return s2s.lanes(step, tokens, gold, **more, **settings)


def assert_same(found: Trace, expected: Trace, close: float = 1e-6) -> None:
    assert [step.output for step in found.steps] == [step.output for step in expected.steps]
    assert (found.divergence, found.ended, found.text) == (expected.divergence, expected.ended, expected.text)
    assert found.reference_tokens == expected.reference_tokens and found.source_tokens == expected.source_tokens
    np.testing.assert_allclose(found.attention_TS, expected.attention_TS, atol=close)
    for one, other in zip(found.steps, expected.steps, strict=True):
        assert one.log_prob == pytest.approx(other.log_prob, abs=close) and one.rank == other.rank
        assert one.entropy == pytest.approx(other.entropy, abs=max(close, 1e-4))
        assert [s.token for s in one.top[:3]] == [s.token for s in other.top[:3]]
        assert (one.target is None) == (other.target is None)
        if one.target and other.target:
            assert one.target.log_prob == pytest.approx(other.target.log_prob, abs=close)
            assert (one.target.token, one.target.rank) == (other.target.token, other.target.rank)
        if one.own_attention is not None or other.own_attention is not None:
            np.testing.assert_allclose(one.own_attention, other.own_attention, atol=close)


@pytest.mark.parametrize("name", MODELS)
def test_the_lanes_of_a_model_behind_a_function_are_its_own(loaded: dict[str, LoadedCheckpoint], name: str) -> None:
    text, reference = MODELS[name]
    for settings in ({}, {"strategy": "beam", "beam": 4}, {"strategy": "sampling", "seed": 5}, {"max_length": 3}):
        expected = loaded[name].lanes(text, reference, **settings)
        found = mine(loaded[name], text, reference, **settings)
        assert list(found) == list(expected) == ["forced", "free"]
        for lane in expected:
            assert_same(found[lane], expected[lane])


@pytest.mark.parametrize("name", [name for name in MODELS if name != "zh-en-none"])
def test_forks_and_edited_attention_are_the_models_own(loaded: dict[str, LoadedCheckpoint], name: str) -> None:
    text, reference = MODELS[name]
    expected, found = loaded[name].lanes(text, reference), mine(loaded[name], text, reference)
    word = next(one.token for one in expected["free"].steps[1].top[1:] if one.token[0] != "<")
    for step, said, edit in ((1, word, None), (2, "", "uniform"), (2, "", "-1"), (2, word, "previous")):
        expected, found = (lanes.fork(step, said, attention=edit) for lanes in (expected, found))
    for branch in ("b1", "b2", "b3", "b4"):
        assert_same(found[branch], expected[branch], 2e-6)


def test_without_attention_there_is_none_to_show_or_edit(loaded: dict[str, LoadedCheckpoint]) -> None:
    lanes = mine(loaded["zh-en-none"], *MODELS["zh-en-none"])
    assert lanes["free"].looks == 0
    with pytest.raises(UserError) as caught:
        lanes.fork(1, attention="uniform")
    assert caught.value.key == "error.edit_no_attention"


@pytest.mark.parametrize("attention", ["additive", "general", "concat", "local-p"])
def test_a_function_in_numpy_alone_has_the_same_lanes(tmp_path: Path, attention: str) -> None:
    """The second implementation of tests/numpy_model.py, whose state is all that it has read."""
    directory = make_checkpoint(tmp_path, attention)
    checkpoint, plain = load(directory), NumpyModel(directory)
    text, ids = "我喜欢苹果。", checkpoint.source.encode("我喜欢苹果。")

    def step(state: tuple[int, ...], token: int) -> Any:
        numbers = plain.run(ids, [*state, token])[1][-1]
        return numbers.log_probs, numbers.attention, (*state, token)

    gold = checkpoint.target.words("I like apples.")
    expected = checkpoint.lanes(text, "I like apples.")
    join = checkpoint.target.segmenter.join
    tokens = checkpoint.source.tokens(text)
    found = s2s.lanes(step, tokens, gold, vocabulary=plain.target, state=(), join=join)
    for lane in expected:
        assert_same(found[lane], expected[lane], 1e-4)


def test_numpy_alone_of_a_trained_model() -> None:
    directory = ROOT / "checkpoints/date"
    checkpoint, plain = load(directory), NumpyModel(directory)
    text, reference = MODELS["date"]
    ids = checkpoint.source.encode(text)

    def step(state: tuple[int, ...], token: int) -> Any:
        numbers = plain.run(ids, [*state, token])[1][-1]
        return numbers.log_probs, numbers.attention, (*state, token)

    tokens, gold = checkpoint.source.tokens(text), checkpoint.target.words(reference)
    found = s2s.lanes(step, tokens, gold, vocabulary=plain.target, state=(), join="".join)
    expected = checkpoint.lanes(text, reference)
    assert found["forced"].divergence == expected["forced"].divergence == 9
    for lane in expected:
        assert_same(found[lane], expected[lane], 1e-4)


@pytest.mark.parametrize("library", LIBRARIES)
def test_arrays_of_any_library(loaded: dict[str, LoadedCheckpoint], library: str) -> None:
    checkpoint, (text, _) = loaded["date"], MODELS["date"]
    step, first = wrapped(checkpoint, text, LIBRARIES[library])
    lanes = s2s.lanes(
        step, checkpoint.source.tokens(text), vocabulary=checkpoint.target.vocab.tokens, state=first, join="".join
    )
    assert_same(lanes["free"], checkpoint.trace(text))


def toy(**changed: Any) -> Callable[[int, int], Any]:
    """A function that says good morning and looks at one word a step; ``changed`` is what it returns at step 2."""

    def step(state: int, token: int) -> Any:
        probabilities = np.full(len(WORDS), 0.02)
        probabilities[[3, 4, 1][min(state, 2)]] = 0.9
        found = {"log_probs": np.log(probabilities), "attention": np.eye(2)[min(state, 1)], "state": state + 1}
        found |= changed if state == 1 else {}
        return found["log_probs"], found["attention"], found["state"]

    return step


def toy_lanes(step: Any = None, reference: Any = None, **options: Any) -> s2s.Lanes:
    return s2s.lanes(
        toy() if step is None else step, "早上 好", reference, **{"vocabulary": WORDS, "state": 0, **options}
    )


def refused(*values: Any, **options: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        toy_lanes(*values, **options)
    assert caught.value.say("zh") != caught.value.say("en")
    return caught.value


def test_what_is_shown_of_a_small_function() -> None:
    lanes = toy_lanes(reference="good evening", name="mine")
    free, forced = lanes["free"], lanes["forced"]
    assert (free.text, free.source_text, free.source_unknown) == ("good morning", "早上 好", ())
    assert [step.output for step in free.steps] == ["good", "morning", "<eos>"] and free.ended == "eos"
    assert forced.divergence == 1 and forced.steps[1].target is not None
    assert forced.steps[1].target.log_prob == pytest.approx(np.log(0.02))
    assert dict(free.checkpoint) == {"name": "mine", "attention": "given", "digest": ""}
    assert "normalised" not in free.settings
    assert {one.token for one in free.steps[0].top} == {"<eos>", *WORDS} - {"</s>"}  # not our <bos>, <pad>
    assert lanes.checkpoint is not None and lanes.checkpoint.sayable == len(WORDS)
    assert Trace.from_json(free.to_json()) == free


def test_a_page_of_a_function_is_read_again(tmp_path: Path) -> None:
    lanes = toy_lanes(reference="good evening").fork(1, "evening", name="other")
    page = s2s.export_html(lanes, tmp_path / "page.html").read_text(encoding="utf-8")
    assert read_lanes(page) == {"forced": lanes["forced"], "free": lanes["free"]}
    assert '"good evening"' in json.dumps([lanes["b1"].text]) and "other" in page
    assert s2s.show(lanes, "zh")._repr_html_().startswith("<iframe")


def test_unknown_words_of_a_reference() -> None:
    lanes = toy_lanes(reference="good night")
    assert [s.output for s in lanes["forced"].steps] == ["good", "night", "<eos>"]
    assert lanes["forced"].divergence == 1
    without = [word for word in WORDS if word != "<unk>"]

    def step(state: int, token: int) -> Any:
        probabilities = np.full(len(without), 0.025)
        probabilities[[2, 3, 1][min(state, 2)]] = 0.9
        return np.log(probabilities), None, state + 1

    assert refused(step, "good night", vocabulary=without).key == "error.prefix_token"
    assert toy_lanes(step, "good evening", vocabulary=without)["free"].text == "good morning"


def test_a_function_may_begin_with_the_token_that_ends() -> None:
    """As Marian and fairseq do; the first token may also lie outside of the words that are said."""
    words = ["</s>", "a", "b"]

    def step(state: int, token: int) -> Any:
        assert token == ([0, 1, 2][state] if state else token)
        return np.log([[0.1, 0.8, 0.1], [0.1, 0.1, 0.8], [0.8, 0.1, 0.1]][state]), [0.5, 0.5], state + 1

    for bos in ("</s>", 0, np.int64(0), 3):
        free = toy_lanes(step, "a b", vocabulary=words, bos=bos)["free"]
        assert free.text == "a b" and free.steps[0].log_prob == pytest.approx(np.log(0.8))
        assert sum(np.exp(s.log_prob) for s in free.steps[0].top) == pytest.approx(1)


def test_a_vocabulary_may_be_a_function_and_repeat_words() -> None:
    names = {**dict(enumerate(WORDS)), 5: "good"}
    free = toy_lanes(vocabulary=names.__getitem__, bos=0)["free"]
    assert free.text == "good morning" and "good#5" in {one.token for one in free.steps[0].top}
    assert refused(vocabulary=names.__getitem__).key == "error.step_bos_id"
    assert refused(vocabulary={0: "a"}.__getitem__, bos=0).key == "error.step_vocabulary_raised"
    assert refused(vocabulary=lambda i: i, bos=0).key == "error.step_vocabulary_word"


def test_a_source_may_have_the_names_of_special_tokens() -> None:
    def step(state: int, token: int) -> Any:
        return toy()(state, token)[0], np.full(5, 0.2), state + 1

    tokens = ["<bos>", "早上", "早上", "<pad>", "<eos>"]
    free = s2s.lanes(step, tokens, vocabulary=WORDS, state=0)["free"]
    assert free.source_tokens == tuple(tokens) and free.source_unknown == ()


def test_what_begins_an_output_may_be_said_and_forked_after() -> None:
    """As an untrained decoder does: it is another word than the <bos> that every lane begins with."""

    def step(state: int, token: int) -> Any:
        return np.log([0.5, 0.1, 0.1, 0.1, 0.1, 0.1]), [0.5, 0.5], state + 1

    for first in ("<s>", "<bos>", "<pad>"):
        words = [first, *WORDS[1:]]
        lanes = toy_lanes(step, vocabulary=words, bos=0, max_length=3).fork(2, "good")
        label = first if first == "<s>" else f"{first}#0"
        assert [one.output for one in lanes["free"].steps] == [label] * 3
        assert [one.output for one in lanes["b1"].steps][:3] == [label, label, "good"]
        assert lanes["b1"].steps[1].log_prob == pytest.approx(np.log(0.5))


def test_an_output_without_an_end_is_cut() -> None:
    def step(state: Any, token: int) -> Any:
        return np.log([0.1, 0.1, 0.1, 0.5, 0.1, 0.1]), [0.5, 0.5], None

    free = toy_lanes(step)["free"]
    assert len(free.steps) == 14 and free.ended == "length"  # 2 · S + 10
    assert len(toy_lanes(step, max_length=400)["free"].steps) == 400
    assert refused(step, max_length=501).key == "error.setting_range"


def test_rows_that_do_not_sum_to_1_are_kept_and_said() -> None:
    with pytest.warns(UserWarning, match="sum to 1|之和不是 1"):
        lanes = toy_lanes(toy(attention=[0.3, 1.2]), reference="good evening")
    for lane in lanes.values():
        assert lane.settings["normalised"] is True and lane.settings["sums"] == [1.0, 1.5, 1.0]
        given_TS = lane.attention_TS * np.array(lane.settings["sums"])[:, None]
        np.testing.assert_allclose(given_TS, [[1, 0], [0.3, 1.2], [0, 1]], atol=1e-6)
        assert Trace.from_json(lane.to_json()) == lane
    assert lanes.fork(0, "evening")["b1"].settings["sums"] == [1.0, 1.5, 1.0]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        toy_lanes(toy(attention=[0.5, 0.50004]))


@pytest.mark.parametrize(
    ("changed", "key"),
    [
        ({"log_probs": np.zeros(6)}, "step_logits"),
        ({"log_probs": np.full(6, 1e300)}, "step_logits"),
        ({"log_probs": [0.9, *[0.02] * 5]}, "step_probabilities"),
        ({"log_probs": [1.0, *[0.0] * 5]}, "step_probabilities"),
        ({"log_probs": np.log(np.full(5, 0.2))}, "step_log_probs"),
        ({"log_probs": np.log(np.full((2, 3), 1 / 6))}, "step_log_probs"),
        ({"log_probs": [float("nan")] * 6}, "step_nan"),
        ({"log_probs": "words"}, "arrays_numbers"),
        ({"log_probs": None}, "arrays_numbers"),
        ({"attention": [0.5, float("nan")]}, "step_nan"),
        ({"attention": [0.5, float("inf")]}, "step_nan"),
        ({"attention": [1.5, -0.5]}, "step_negative"),
        ({"attention": [0.0, 0.0]}, "step_empty"),
        ({"attention": [1.0]}, "step_attention"),
        ({"attention": [[0.5, 0.5], [0.5, 0.5]]}, "step_attention"),
        ({"attention": None}, "step_attention_sometimes"),
        ({"attention": {}}, "arrays_numbers"),
    ],
)
def test_what_a_step_must_not_return(changed: dict[str, Any], key: str) -> None:
    error = refused(toy(**changed))
    assert error.key == f"error.{key}"
    if key.startswith("step"):
        assert error.values["step"] == 2


def test_a_function_that_raises_is_named_with_its_step_and_cause() -> None:
    def step(state: int, token: int) -> Any:
        return toy()(state, token) if state < 1 else {}["weights"]

    error = refused(step)
    assert error.key == "error.step_raised" and (error.values["step"], error.values["kind"]) == (2, "KeyError")
    assert isinstance(error.__cause__, KeyError)
    assert refused(lambda state, token: (1, 2)).values["found"] == "tuple (2)"
    assert refused(lambda state, token: None).key == "error.step_returned"
    assert refused(lambda: None).key == "error.step_raised"
    assert refused(5).key == "error.step_not_callable"


def test_a_function_that_changes_its_state_or_draws_is_told_so() -> None:
    random = np.random.default_rng(1)

    def drops(state: int, token: int) -> Any:
        probabilities = random.dirichlet(np.ones(6))
        return np.log(probabilities), [0.5, 0.5], state

    def mutates(state: list[int], token: int) -> Any:
        state.append(token)
        return toy()(len(state) - 1, token)[0], [0.5, 0.5], state

    assert refused(drops).key == "error.step_impure"
    assert refused(mutates, state=[]).key == "error.step_impure"


def test_edits_need_a_parameter_for_the_weights() -> None:
    with pytest.raises(UserError) as caught:
        toy_lanes().fork(1, attention="uniform")
    assert caught.value.key == "error.step_no_edit"


@pytest.mark.parametrize(
    ("options", "key"),
    [
        ({"vocabulary": "words"}, "step_vocabulary"),
        ({"vocabulary": 5}, "step_vocabulary"),
        ({"vocabulary": {word: i for i, word in enumerate(WORDS)}}, "step_vocabulary"),
        ({"vocabulary": set(WORDS)}, "step_vocabulary"),
        ({"vocabulary": [*WORDS[:5], 5]}, "step_vocabulary"),
        ({"vocabulary": WORDS[:5]}, "step_log_probs"),
        ({"vocabulary": ["a", "b", "c", "d", "e", "f"]}, "step_special_missing"),
        ({"eos": "stop"}, "step_special_missing"),
        ({"eos": 6}, "step_id"),
        ({"eos": -1}, "step_id_negative"),
        ({"unk": 6}, "step_id"),
        ({"join": None}, "step_join"),
        ({"join": len}, "step_join"),
        ({"join": lambda words: words[99]}, "step_join_raised"),
        ({"name": 5}, "config_type"),
        *(({"reference": one}, "arrays_tokens") for one in (5, 1.5, True, b"good", {"good"}, {"good": 3}, ["good", 5])),
        ({"bos": 1.5}, "step_id_kind"),
        ({"bos": True}, "step_id_kind"),
        ({"unk": "</s>"}, "step_special_twice"),
        ({"beams": 5}, "setting_like"),
        ({"strategy": "best"}, "setting_choice"),
    ],
)
def test_options_that_do_not_fit(options: dict[str, Any], key: str) -> None:
    assert refused(**options).key == f"error.{key}"


@pytest.mark.parametrize(
    ("source", "key"),
    [("", "text_empty"), *((x, "arrays_tokens") for x in (5, None, [], ["a", ""], {"a"}, {"a": 1}, b"a b"))],
)
def test_sources_that_are_none(source: Any, key: str) -> None:
    with pytest.raises(UserError) as caught:
        s2s.lanes(toy(), source, vocabulary=WORDS, state=0)
    assert caught.value.key == f"error.{key}"


@given(st.data())
def test_any_function_gives_lanes_or_a_sentence(data: st.DataObject) -> None:
    """Random distributions and weights, some of them broken: lanes whose rows are distributions, or a UserError."""
    size, length = data.draw(st.integers(3, 6)), data.draw(st.integers(1, 4))
    seed, broken = data.draw(st.integers(0, 999)), data.draw(st.sampled_from(["", "nan", "scale", "shape", "late"]))

    def step(state: int, token: int) -> Any:
        random = np.random.default_rng([seed, state, token])
        weights = random.dirichlet(np.ones(length))
        if broken == "scale":
            weights = weights * (state + 1) / 2
        if broken == "nan" and state == 2:
            weights = weights * np.nan
        if broken == "shape" and state:
            weights = np.append(weights, 0.0)
        if broken == "late" and state == 3:
            raise RuntimeError("late")
        return np.log(random.dirichlet(np.ones(size))), weights, state + 1

    words = ["<s>", "</s>", *"abcdef"[: size - 2]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            made = s2s.lanes(step, ["x"] * length, "a", vocabulary=words, state=0, strategy="sampling", seed=seed)
        except UserError as error:
            assert broken in ("nan", "shape", "late") and error.say("zh") != str(error)
            return
    for lane in made.values():
        np.testing.assert_allclose(lane.attention_TS.sum(axis=1), 1, atol=1e-4)
        assert Trace.from_json(lane.to_json()) == lane
