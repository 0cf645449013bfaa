"""The judgement of errors: matching, features, the shipped models against independent evaluation."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s.inspect.equivalence import match, normal
from s2s.inspect.features import token_features
from s2s.inspect.judgement import CAUSES, VERDICTS, Linear, Trees, judge
from s2s.inspect.lanes import Calibration, Lanes, rarity
from s2s.text.vocab import UNK

WORDS = st.lists(
    st.sampled_from(["I", "you", "drink", "drank", "tea", "Tea", ".", "don't", "not", "three", "3"]), max_size=9
)
SIZE = 5000


def lanes(output: list[str], reference: list[str], log_prob: list[float] | None = None, **more: Any) -> Lanes:
    """Lanes with attention on the step's place."""
    source = tuple("一二三四五六七")
    ids = {word: n for n, word in enumerate(dict.fromkeys([*output, *reference]), 40)}
    log_probs = np.array(log_prob if log_prob is not None else [-0.5] * (len(output) + 1))

    def diagonal(steps: int) -> Any:
        return np.eye(len(source), dtype=np.float32)[[min(t, len(source) - 1) for t in range(steps)]]

    return Lanes(
        source,
        tuple(output),
        tuple(reference),
        tuple(range(600, 600 + len(source))),
        tuple(UNK if word == "<unk>" else ids[word] for word in output),
        tuple(ids[word] for word in reference),
        log_probs,
        diagonal(len(output) + 1),
        diagonal(len(reference)),
        SIZE,
        more.get("calibration", Calibration()),
    )


@given(WORDS, WORDS)
def test_partners_say_the_same_and_each_has_one(output: list[str], reference: list[str]) -> None:
    found = match(output, reference)
    pairs = [*found.kept.items(), *found.moved.items()]
    assert all(normal(output[k]) == normal(reference[q]) for k, q in pairs)
    assert len({k for k, _ in pairs}) == len({q for _, q in pairs}) == len(pairs)
    assert sorted(found.kept) == sorted(found.kept, key=found.kept.__getitem__)
    left = {normal(output[k]) for k in found.unmatched} & {normal(reference[q]) for q in found.missing}
    assert not left  # whatever is equal has a partner
    assert len(found.kept) == longest(tuple(map(normal, output)), tuple(map(normal, reference)))
    assert found.same == (list(map(normal, output)) == list(map(normal, reference)))


@functools.cache
def longest(a: tuple[str, ...], b: tuple[str, ...]) -> int:
    """The length of a longest common subsequence, by its definition."""
    if not a or not b:
        return 0
    return longest(a[1:], b[1:]) + 1 if a[0] == b[0] else max(longest(a[1:], b), longest(a, b[1:]))


def test_forms_of_one_word_are_equal() -> None:
    for one, other in (
        ("was", "is"),
        ("n't", "NOT"),
        ("ｃａｔ", "cats"),
        ("third", "3rd"),
        ("七", "seven"),
        ("▁tea", "tea"),
    ):
        assert normal(one) == normal(other)
    for one, other in (("tea", "coffee"), ("he", "she"), ("两", "三"), (".", "?")):
        assert normal(one) != normal(other)


def test_a_rarer_word_is_rarer() -> None:
    values = rarity([4, 5, 40, 400, SIZE - 1, UNK], SIZE).tolist()
    assert values == sorted(values) and values[0] == 0.0 and values[-2] == pytest.approx(1.0) and values[-1] == 1.0


@settings(max_examples=30)
@given(st.lists(st.tuples(WORDS, WORDS.filter(bool)), min_size=1, max_size=4))
def test_outputs_judged_together_are_judged_as_alone(pairs: list[tuple[list[str], list[str]]]) -> None:
    rows = [lanes(*pair) for pair in pairs]
    for one, together in zip(rows, judge()(rows), strict=True):
        (alone,) = judge()([one])
        assert (alone.verdict, alone.cause) == (together.verdict, together.cause)
        np.testing.assert_allclose(alone.wrong_O, together.wrong_O, atol=1e-9)
        assert len(together.wrong_O) == len(together.suspicion_O) == len(one.output)
        assert len(together.lost_S) == len(one.source) and together.verdict in VERDICTS
        assert together.cause in (None, *CAUSES) and (together.cause is None or together.verdict == "error")
        limits = judge().limits
        if together.verdict != "same":
            assert together.wrong_output == tuple(k for k, p in enumerate(together.wrong_O) if p >= limits["wrong"])
            assert (together.verdict == "error") == (together.error >= limits["error"])


def test_the_same_words_are_the_same_whatever_their_form() -> None:
    (made,) = judge()([lanes(["I", "was", "drinking", "three", "teas", "."], ["I", "am", "drink", "3", "tea", "."])])
    assert (made.verdict, made.error, made.cause, made.wrong_output, made.lost_source) == ("same", 0.0, None, (), ())


def test_another_sentence_is_an_error_and_says_where() -> None:
    output = ["We", "sold", "<unk>", "dogs", "."]
    (made,) = judge()([lanes(output, ["My", "aunt", "plays", "chess", "."], [-2.0, -3.0, -2.0, -3.0, -0.1, -0.1])])
    assert made.verdict == "error" and made.error > 0.9 and {1, 2, 3} <= set(made.wrong_output)
    assert made.lost_source and made.suspicion_O[2] > made.suspicion_O[4]


def test_no_output_at_all_is_an_error() -> None:
    (made,) = judge()([lanes([], ["My", "aunt", "plays", "chess", "."])])
    assert made.verdict == "error" and made.wrong_output == () and len(made.suspicion_O) == 0


@given(st.floats(0.2, 5.0), st.floats(-3.0, 3.0))
def test_how_peaked_a_model_is_changes_nothing(scale: float, offset: float) -> None:
    output, reference = ["I", "drink", "hot", "water", "."], ["I", "drink", "cold", "tea", "."]
    log_prob = np.array([-0.1, -0.5, -2.0, -1.0, -0.1, -0.1])
    plain = lanes(output, reference, log_prob.tolist())
    calibration = Calibration(plain.calibration.mean * scale + offset, plain.calibration.deviation * scale)
    other = lanes(output, reference, (log_prob * scale + offset).tolist(), calibration=calibration)
    for name, column in token_features(plain).items():
        np.testing.assert_allclose(column, token_features(other)[name], atol=1e-6)


def test_trees_and_weights_are_evaluated_as_they_are_defined() -> None:
    rng = np.random.default_rng(0)
    for trees in (judge().span, judge().cause):
        count = int(trees.feature.max()) + 1
        samples = rng.normal(0.3, 0.7, (20, count))
        for sample, given_ in zip(samples, trees(samples), strict=True):
            scores = trees.base.astype(float).copy()
            for tree in range(len(trees.feature)):
                scores[tree % len(scores)] += leaf(trees, tree, sample)
            wanted = 1 / (1 + np.exp(-scores)) if len(scores) == 1 else np.exp(scores) / np.exp(scores).sum()
            np.testing.assert_allclose(given_, wanted, atol=1e-6)
    linear = Linear(np.array([1.0]), np.array([2.0]), np.array([3.0, -1.0]))  # type: ignore[arg-type]
    assert linear(np.array([[2.0]]))[0] == pytest.approx(1 / (1 + np.exp(-0.5)))


def leaf(trees: Trees, tree: int, sample: Any) -> float:
    """The value of the leaf that a sample falls into, one decision at a time."""
    node = 0
    while trees.left[tree, node] != node:
        goes_left = sample[trees.feature[tree, node]] <= trees.threshold[tree, node]
        node = int((trees.left if goes_left else trees.right)[tree, node])
    return float(trees.value[tree, node])


def test_what_was_measured_is_better_than_what_is_trivial() -> None:
    measured = judge().measured
    assert measured["error: a judge calls it minor or major"][0] >= 0.93
    assert measured["all say major: called error"][0] >= 0.95
    chance, alone = (measured[f"wrong tokens by {name}"][0] for name in ("chance", "probability alone"))
    assert chance < alone < measured["wrong tokens by suspicion: average precision"][0]
