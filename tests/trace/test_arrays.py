"""Traces of arrays: what is given is there, what follows is computed, what is not known is absent."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.trace.trace import Trace

SOURCE, TARGET = ("我", "喝", "茶"), ("I", "drink", "tea", "<eos>")
ROWS = np.array([[0.5, 0.25, 0.25], [0.125, 0.75, 0.125], [0, 0, 1], [0.2, 0.3, 0.5]])
WORDS = ("<eos>", "I", "drink", "tea", "water")


def made(**given: Any) -> Trace:
    values = {"attention": ROWS, "source": SOURCE, "target": TARGET, **given}
    return Trace.from_arrays(values.pop("attention"), values.pop("source"), values.pop("target"), **values)


def test_attention_alone_is_all_there_is() -> None:
    trace = made(name="mine")
    np.testing.assert_array_equal(trace.attention_TS, ROWS.astype(np.float32))
    assert (trace.source_tokens, [s.output for s in trace.steps]) == (SOURCE, list(TARGET))
    assert (trace.source_text, trace.text, trace.ended, trace.divergence) == ("我 喝 茶", "I drink tea", "eos", None)
    assert trace.checkpoint == {"name": "mine", "attention": "given", "digest": ""}
    for step in trace.to_dict()["steps"]:
        assert not step.keys() & {"log_prob", "rank", "entropy", "normaliser"} and step["target"] is None
        assert step["top"] == step["scores"] == step["context"] == step["score_terms"] == []
    assert Trace.from_json(trace.to_json()) == trace


def test_texts_and_mode_can_be_given() -> None:
    trace = made(source_text="我喝茶", text="I drink tea.", mode="forced", target=["I", "drink", "tea", "</s>"])
    assert (trace.source_text, trace.text, trace.mode, trace.ended) == ("我喝茶", "I drink tea.", "forced", "")
    assert made(target=TARGET, text=None).text == "I drink tea"


@pytest.mark.parametrize("kind", ["lists", "float16", "torch", "gradient", "bfloat16"])
def test_arrays_of_others(kind: str) -> None:
    exact = np.array([[0.5, 0.25, 0.25]] * 4)
    tensor = torch.tensor(exact, requires_grad=kind == "gradient")
    forms = {"lists": exact.tolist(), "float16": exact.astype(np.float16), "bfloat16": tensor.bfloat16()}
    np.testing.assert_array_equal(made(attention=forms.get(kind, tensor)).attention_TS, exact)


@given(st.integers(0, 2**32 - 1), st.integers(2, 40))
def test_a_whole_distribution_gives_the_numbers_that_a_naive_loop_gives(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    logits_TV = rng.normal(0, 3, (len(TARGET), size + len(WORDS)))
    log_probs_TV = logits_TV - np.log(np.exp(logits_TV).sum(axis=1, keepdims=True))
    words = (*WORDS, *(f"w{i}" for i in range(size)))
    trace = made(log_probs=log_probs_TV, vocabulary=words)
    for t, step in enumerate(trace.steps):
        row = [float(x) for x in log_probs_TV[t]]
        own = row[words.index(TARGET[t])]
        assert step.log_prob == own and step.rank == 1 + sum(x > own for x in row)
        assert step.entropy == pytest.approx(-sum(math.exp(x) * x for x in row), rel=1e-9)
        best = sorted(zip(row, words, strict=True), reverse=True)[:10]
        assert [(s.log_prob, s.token) for s in step.top] == best
        assert [s.rank for s in step.top] == [*range(1, len(best) + 1)]
        assert math.isnan(step.normaliser)  # log-probabilities do not tell the logits


def test_log_probs_that_bfloat16_has_rounded_are_divided_by_their_sum_where_that_is_asked() -> None:
    words = [*WORDS, *(f"w{i}" for i in range(20 - len(WORDS)))]
    exact_TV = torch.log_softmax(torch.zeros(4, len(words)), dim=1)  # bfloat16 has no number near log(1/20) but -3
    with pytest.raises(UserError, match="normalise=True"):
        made(log_probs=exact_TV.bfloat16(), vocabulary=words)
    trace = made(log_probs=exact_TV.bfloat16(), vocabulary=words, normalise=True)
    assert [step.log_prob for step in trace.steps] == pytest.approx([np.log(1 / 20)] * 4, abs=1e-6)
    with pytest.raises(UserError):
        made(log_probs=torch.randn(4, len(words)), vocabulary=words, normalise=True)  # logits are none the less refused


def test_a_word_of_probability_zero_neither_counts_nor_breaks() -> None:
    with np.errstate(divide="ignore"):
        log_probs_TV = np.log(np.array([[0, 1, 0, 0, 0], [0, 0, 1, 0, 0], [0, 0, 0, 1, 0], [0.5, 0, 0, 0, 0.5]]))
    trace = made(log_probs=log_probs_TV, vocabulary=WORDS)
    assert [len(step.top) for step in trace.steps] == [1, 1, 1, 2]
    assert [step.entropy for step in trace.steps] == pytest.approx([0, 0, 0, math.log(2)])
    assert Trace.from_json(trace.to_json()) == trace


def test_numbers_of_the_target_tokens_and_the_most_probable_ones() -> None:
    top: list[dict[str, float]] = [{"We": -1.0, "I": -0.5}, {}, {"water": -0.2}, {"<eos>": -0.25}]
    trace = made(log_probs=[-0.5, -1.5, -2.5, -0.25], top=top)
    assert [step.log_prob for step in trace.steps] == [-0.5, -1.5, -2.5, -0.25]
    assert [[s.token for s in step.top] for step in trace.steps] == [["I", "We"], [], ["water"], ["<eos>"]]
    assert [step.rank for step in trace.steps] == [1, 0, 0, 1]
    alone = made(top=top)
    assert alone.steps[0].log_prob == -0.5 and math.isnan(alone.steps[2].log_prob)


def test_scores_whose_softmax_is_the_attention_are_kept() -> None:
    scores = np.log(np.maximum(ROWS, 1e-30)) + 3
    np.testing.assert_allclose(made(scores=scores).steps[1].scores, scores[1], rtol=1e-6)


def test_rows_are_divided_by_their_sum_only_where_that_is_asked_for() -> None:
    trace = made(attention=ROWS * 0.7, normalise=True)
    np.testing.assert_allclose(trace.attention_TS, ROWS, rtol=1e-6)
    assert trace.settings == {"normalised": True} and made().settings == {}


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("tokens", {"source": "我喝茶"}),
        ("tokens", {"target": []}),
        ("tokens", {"target": ["I", "", "tea", "."]}),
        ("tokens", {"source": ["我", 1, "茶"]}),
        ("numbers", {"attention": [[1.0], [0.5, 0.5]]}),
        ("numbers", {"attention": "no"}),
        ("heads", {"attention": np.ones((2, 4, 3)) / 3}),
        ("transposed", {"attention": ROWS.T}),
        ("shape", {"attention": ROWS[:3]}),
        ("shape", {"attention": ROWS[0]}),
        ("finite", {"attention": np.where(ROWS == 1, np.nan, ROWS)}),
        ("negative", {"attention": ROWS - np.array([[0.5, 0, -0.5]])}),
        ("sum", {"attention": ROWS * 0.99}),
        ("sum", {"attention": ROWS * 0, "normalise": True}),
        ("scores", {"scores": np.zeros((4, 3))}),
        ("shape", {"scores": np.zeros((4, 2))}),
        ("log_probs", {"log_probs": [-1.0, -1.0]}),
        ("log_prob", {"log_probs": [-1.0, 0.5, -1.0, -1.0]}),
        ("log_prob", {"log_probs": [-1.0, -math.inf, -1.0, -1.0]}),
        ("log_prob", {"top": [{"I": 0.9}, {}, {}, {}]}),
        ("top", {"top": [{"I": -0.5}]}),
        ("vocabulary", {"log_probs": np.zeros((4, 2)), "vocabulary": WORDS}),
        ("tokens", {"log_probs": np.zeros((4, 2))}),
        ("logits", {"log_probs": np.zeros((4, 5)), "vocabulary": WORDS}),
        ("logits", {"log_probs": np.full((4, 5), np.nan), "vocabulary": WORDS}),
        ("unlisted", {"log_probs": np.full((4, 5), -math.log(5)), "vocabulary": ("a", "b", "c", "d", "e")}),
    ],
)
def test_what_does_not_fit_is_a_sentence_in_both_languages(key: str, given: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        made(**given)
    assert caught.value.key == f"error.arrays_{key}"
    assert caught.value.say("zh") != caught.value.say("en")


class Jax:
    """As JAX's arrays are: numpy can read it, and it is no list."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.values.astype(dtype or self.values.dtype)


class Eager:
    """As TensorFlow's tensors: numpy has to be asked for."""

    def __init__(self, values: Any) -> None:
        self.values = np.asarray(values)

    def numpy(self) -> np.ndarray:
        return self.values


EXACT = np.array([[0.5, 0.25, 0.25]] * 4)
KINDS: dict[str, Any] = {
    "torch": torch.tensor,
    "gradient": lambda row: torch.tensor(row, requires_grad=True) * 1,
    "bfloat16": lambda row: torch.tensor(row, dtype=torch.bfloat16),
    "float16": lambda row: torch.tensor(row, dtype=torch.float16),
    "numpy": np.float16,
    "jax": Jax,
    "tensorflow": Eager,
    "numbers": lambda row: [torch.tensor(x, dtype=torch.bfloat16) for x in row],
    "mixed": lambda row: [torch.tensor(row[0]), *row[1:]],
    "batch of one": lambda row: torch.tensor([row], dtype=torch.bfloat16),
    "batch and step of one": lambda row: torch.tensor([[row]], requires_grad=True),
}


@pytest.mark.parametrize("outside", [list, tuple])
@pytest.mark.parametrize("kind", KINDS)
def test_rows_as_a_decoding_loop_collects_them(kind: str, outside: type) -> None:
    rows = outside(KINDS[kind](row) for row in EXACT.tolist())
    np.testing.assert_array_equal(made(attention=rows).attention_TS, EXACT)
    scores = outside(KINDS[kind]([2.0, 2.0, 2.0]) for _ in range(4))
    even = np.full((4, 3), 1 / 3)
    np.testing.assert_array_equal(made(attention=even, scores=scores).steps[3].scores, [2, 2, 2])
    halves = outside(KINDS[kind]([0.0, -100.0, -100.0, -100.0, -100.0]) for _ in range(4))
    trace = made(attention=even, log_probs=halves, vocabulary=WORDS, target=["<eos>"] * 4)
    assert [step.log_prob for step in trace.steps] == [0] * 4


def test_numbers_as_a_decoding_loop_collects_them() -> None:
    for rows in ([torch.tensor(-0.5)] * 4, [torch.tensor([-0.5], requires_grad=True)] * 4, [np.float32(-0.5)] * 4):
        assert [step.log_prob for step in made(log_probs=rows).steps] == [-0.5] * 4
    top = [{"I": torch.tensor(-0.5, dtype=torch.bfloat16, requires_grad=True)}, {}, {"tea": np.float16(-0.25)}, {}]
    assert made(top=top).steps[0].log_prob == -0.5 and made(top=top).steps[2].top[0].log_prob == -0.25


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("numbers", {"attention": [torch.ones(3), torch.ones(2), torch.ones(3), torch.ones(3)]}),
        ("numbers", {"attention": [torch.ones(3), None, torch.ones(3), torch.ones(3)]}),
        ("numbers", {"attention": {"a": 1}}),
        ("numbers", {"attention": None}),
        ("heads", {"attention": [torch.ones(2, 3) / 3] * 4}),
        ("heads", {"attention": [torch.ones(8, 1, 3) / 3] * 4}),
        ("tokens", {"source": None}),
        ("tokens", {"target": 4}),
        ("top_rows", {"top": [("I", -0.5)] * 4}),
        ("top_rows", {"top": 3}),
        ("numbers", {"top": [{"I": "x"}, {}, {}, {}]}),
    ],
)
def test_rows_that_do_not_fit_are_a_sentence(key: str, given: dict[str, Any]) -> None:
    with pytest.raises(UserError) as caught:
        made(**given)
    assert caught.value.key == f"error.arrays_{key}" and caught.value.say("zh") != str(caught.value)
