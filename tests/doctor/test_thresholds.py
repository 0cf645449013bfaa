"""The thresholds: each stated in docs/DOCTOR.md with its value, and one module that reports read without a model."""

from __future__ import annotations

import string

import pytest

from s2s.doctor import CAUSES, sheet, thresholds, vocabulary
from s2s.doctor.report import limits
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "DOCTOR.md").read_text(encoding="utf-8")
VALUES = {name: value for name, value in vars(thresholds).items() if name.isupper()}
# Sentences of the page; a value that it has in words is said so here.
STATED = (
    "From {STRONG} on it stands against health",
    "becomes a remark of {REMARK}",
    "a remedy\nthat saves less than half of what the best one saves",
    "differs from 1 by more than {SUM_ERROR}",
    "with a sum below {EMPTY}",
    "`not_normalised`: a weight below -1e-6;",
    "With fewer than {FEW_PAIRS} pairs",
    "more than {ROWS_OFF} of rows: `wrong_axis` if more than {COLUMNS_WHOLE} of columns sum to 1",
    "more than half of the columns over a batch (`batch_columns`)",
    "`uniform`: above {UNIFORM} (",
    "`constant`: below {CONSTANT}, if",
    "`first_token`, `last_token`: above {SINK} (",
    "`eos_sink`: above {SINK};",
    "`punctuation`: above {PUNCTUATION} and above three times `punctuation_tokens`",
    "`padding_mass`: above {PADDING} |",
    "`reversed_source` of strength 0.45 below {BACKWARDS},",
    "`shift`: at least {GOLD_LINKS} links, and {GOLD_GAIN} less at another step",
    "`shift`: {GOLD_GAIN} less at another step than at its own",
    "the best has {GOLD_GAIN} less than what is shown",
    "each with at least {GOLD_LINKS} sure links",
    "share of steps at which it is above {GAP} | `saturated`: more than {SATURATED} (",
    "a median above {HARD_GAP} where the entropy share is below {HARD} (",
    "`constant`: below {PARALLEL}, also",
    "additive ones are `v·(W s + U h)` within a thousandth",
    "they differ by more than {OTHER_SCORES},",
    "share of units beyond ±{FLAT} | `saturated_tanh`: above {SATURATED_TANH} (",
    "`dropout_at_test`, `other_source`: above {SAME}.",
    "`other_source`: above {SAME} where rows sum to 1",
    "`padding_mass`: weight above {PADDING_MASS} (masked), or a difference above {SAME} without any",
    "sums that miss 1 by more than {SAME}.",
    "`shift`: above {SAME}, and a fifth or less if they are moved",
    "at least {BETTER} nats a token more",
    "saves more than {GAIN} nats a token and a quarter of the loss, and what remains is below {UNLEARNED}\nof the loss",
    "not where less than {GAIN} could be gained",
    "`wrong_bos`: above {FIRST_GAIN} and a quarter of what these words cost",
    "gives three others {SUITS} nats a token more",
    "where they are more than {EXCHANGED} |",
    "`other_source`: above {CLOSE} |",
    "above {CLOSE}: `shift` if it is a fifth or less with weights moved",
    "`bypassed`: the first two below {IDLE}, the third above {SOURCE}.",
    "`dead_bridge`: below {FIRST_STATES},",
    "`no_gradient`: the first below {NO_GRADIENT}, or the second below {NO_GRADIENT} of it",
    "`shift`: {OVERLAP} and {OVERLAP_TIMES} times more when moved",
    "`wrong_head`: the best has {OVERLAP} and {HEAD_TIMES} times more",
    "the first above {AGAIN}, the second below half of it and the overlap with erasure below {ASTRAY},",
    "spectrum within {EDGE} of the Marchenko-Pastur edge",
    "entries within {UNEVEN} (Kolmogorov)",
    "`frozen_encoder`: above {DRAWN} in the encoder",
    "`half_trained`: below {EDGE} in the whole network, where the loss is above {UNLEARNED} times",
    "larger scores save less than {GAIN} nats",
    "of {SMALLEST} rows and columns at least",
    "`exploding_norms`: above {GROWN} where the loss is above {UNLEARNED} times",
    "the clip above 100, or it is above {FAR}: a high loss",
    "`unknown_words`: above {UNKNOWN} |",
    "`unknown_words`: one above {UNKNOWN} (",
    "cost less than {UNLEARNED} times the frequencies, more by {OVERFIT} of what they cost less",
    "or {HEART_NATS} nats and {HEART} times more",
    "`half_trained`: from {UNLEARNED} to {WORSE} times that of frequencies",
    "explains a loss above {GAIN}: nats a token",
    "trained for {MORE_STEPS} batches of {MORE_BATCH} more (Adam, {MORE_RATE}, no dropout)",
    "`half_trained`: above {GAIN} and above a quarter of the loss",
    "growth above {NORM_GROWTH} (date",
    "or a rise above {LOSS_RISE} |",
    "stays below {NEAR}:",
    "a distance below {UNMOVED} at the first moment",
    "fallen by 90 % of the way",
    "attention formed later than {LATE} of the run and later than twice `loss_fallen`",
)
IN_WORDS = {  # those that the page has no figures of
    "HALF": 1 / 2,
    "BATCH_COLUMNS": 1 / 2,
    "PUNCTUATION_TIMES": 3,
    "SAME_SCORES": 1 / 1000,
    "MOVED": 1 / 5,
    "SHARE": 1 / 4,
    "AVOIDED": 1 / 2,
    "FALLEN": 90 / 100,
    "LATE_TIMES": 2,
    "NEGATIVE": -1e-6,
    "FEWER": 1 / 2,
}


def written(value: float) -> str:
    """A number as the page has it: 0.002, 1e-7, −0.8."""
    return f"{value:g}".replace("e-0", "e-").replace("-", "−", value < 0)


@pytest.mark.parametrize("sentence", STATED)
def test_the_page_states_a_threshold_with_its_value(sentence: str) -> None:
    assert sentence.format(**{name: written(value) for name, value in VALUES.items()}) in PAGE


def test_the_page_states_all_of_them() -> None:
    named = {name for sentence in STATED for _, name, _, _ in string.Formatter().parse(sentence) if name}
    assert named | set(IN_WORDS) == set(VALUES) and not named & set(IN_WORDS)
    assert {name: VALUES[name] for name in IN_WORDS} == IN_WORDS
    assert f"up to {vocabulary.CANDIDATES} numbers" in PAGE


def test_the_page_names_every_measure_and_every_cause() -> None:
    names = {*CAUSES, *sheet.SHAPES, *limits.LIMITS} - {"aer", "aer_step", "moved_gain"}
    assert [name for name in sorted(names) if f"`{name}`" not in PAGE] == []
    assert {cause for limit in limits.LIMITS.values() if limit for cause in limit.findings} <= set(CAUSES)
