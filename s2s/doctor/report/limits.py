"""The measures by the question that they answer, and from which value on each of them speaks for a finding.

Needs neither torch nor numpy: a page draws from it. The tests of the doctor have the same limits; a test compares them.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

TRIAL = 40  # batches of the short training that a finding of an unfinished model is read from
UNLEARNED, OVERFIT, OVERFIT_NATS = 0.75, 1.5, 0.7  # of a loss, against that of frequencies and of training pairs
HEART, HEART_NATS = 5, 0.1  # the same, of a model that knows its training pairs by heart
# Of models that were broken on purpose, whose right cause came first, and all: with data that no threshold was set by;
# and of faults that no test had been written for.
NAMED_FIRST, PATIENTS = 72, 75
UNFORESEEN_NAMED, UNFORESEEN = 6, 14


class Limit(NamedTuple):
    """``side`` is ``above``, ``below`` or ``from``; the findings that a value beyond it speaks for."""

    side: str
    value: float
    findings: tuple[str, ...]

    def beyond(self, value: float) -> bool:
        """Whether a value is on the side that speaks for the findings."""
        return {"above": value > self.value, "below": value < self.value, "from": value >= self.value}[self.side]


def _above(value: float, *findings: str) -> Limit:
    return Limit("above", value, findings)


def _below(value: float, *findings: str) -> Limit:
    return Limit("below", value, findings)


TESTS: dict[str, dict[str, Limit | None]] = {
    "rows": {
        "rows": None,
        "nan_rows": _above(0, "nan"),
        "empty_rows": _above(0, "empty_row"),
        "rows_off": _above(0.02, "wrong_axis", "not_normalised"),
        "columns_whole": _above(0.9, "wrong_axis"),
        "batch_columns": _above(0.5, "wrong_axis"),
        "batch_row_error": _above(0.002, "not_normalised"),
        "least_weight": None,
    },
    "shape": {
        "entropy_share": _above(0.97, "uniform"),
        "row_distance": _below(0.06, "constant"),
        "first": _above(0.45, "first_token"),
        "last": _above(0.45, "last_token"),
        "eos": _above(0.45, "eos_sink"),
        "punctuation": _above(0.6, "punctuation"),
        "punctuation_tokens": None,
        "padding": _above(0.01, "padding_mass"),
        "diagonal": None,
        "monotony": _below(-0.8, "reversed_source"),
    },
    "place": {
        "aer": None,
        "aer_step": None,
        "aer_diagonal": None,
        "aer_sentences": None,
        "aer_attention": None,
        "aer_gradient": None,
        "aer_integrated": None,
        "aer_erasure": None,
        "aer_row_sentences": None,
        "moved_gain": _above(0.1, "shift"),
        "replay_difference": _above(0.002, "shift"),
        "erasure_overlap": None,
        "erasure_overlap_moved": None,
        "erasure_tau": None,
    },
    "batch": {
        "repeat_difference": _above(0.002, "dropout_at_test"),
        "memory_difference": _above(0.002, "other_source"),
        "batch_difference": _above(0.002, "other_source"),
        "padding_difference": _above(0.002, "padding_mass"),
        "padding_mass": _above(0.0001, "padding_mass"),
        "keys_difference": _above(0.01, "other_source"),
    },
    "used": {
        "context_difference": _above(0.01, "shift", "not_summed"),
        "permuted_variation": _below(0.03, "bypassed"),
        "place_variation": _below(0.03, "bypassed"),
        "source_variation": _above(0.15, "bypassed"),
        "first_state_spread": _below(0.01, "dead_bridge"),
        "source_gradient": _below(1e-7, "no_gradient"),
        "attention_gradient": None,
        "needed_again": _above(0.5, "coverage_too_early"),
        "seen_again": None,
    },
    "scores": {
        "score_gap": None,
        "saturated_steps": _above(0.5, "saturated"),
        "smaller_scores_gain": None,
        "saturated_tanh": _above(0.9, "saturated_tanh"),
        "score_spread": _below(0.01, "constant"),
        "score_difference": _above(0.02, "no_tanh", "saturated", "uniform"),
        "score_ratio": None,
    },
    "order": {
        "gates_gain": _above(0.1, "gate_order"),
        "directions_gain": _above(0.1, "gate_order"),
        "renumbered_gain": _above(0.1, "wrong_vocabulary"),
        "words_exchanged": _above(0.6, "wrong_vocabulary"),
        "first_token_gain": _above(1, "wrong_bos"),
        "backwards_gain": _above(0.1, "reversed_source"),
    },
    "training": {
        "loss": None,
        "loss_of_frequencies": None,
        "loss_on_training": None,
        "training_gain": _above(0.05, "half_trained"),
        "unknown_source": _above(0.15, "unknown_words"),
        "unknown_target": _above(0.15, "unknown_words"),
        "unknown_words": _above(0.15, "unknown_words"),
        "encoder_drawn": _above(0.7, "frozen_encoder", "half_trained"),
        "decoder_drawn": _above(0.7, "half_trained"),
        "scores_drawn": Limit("from", 1, ("untrained_scores",)),
        "encoder_spectrum": None,
        "scores_spectrum": None,
        "encoder_bias_norm": None,
        "weight_growth": _above(2.5, "exploding_norms"),
        "gradient_growth": _above(100, "exploding_norms"),
        "loss_rise": _above(10, "exploding_norms"),
        "loss_falling": None,
        "attention_formed": None,
        "attention_moved": _below(0.1, "late_attention", "coverage_too_early"),
        "loss_fallen": None,
    },
}
LIMITS = {name: limit for measures in TESTS.values() for name, limit in measures.items()}
# Numbers of a finding that are a measure of another name, by the finding or for all.
SAME = {
    "nan.rows": "nan_rows",
    "empty_row.rows": "empty_rows",
    "eos_sink.share": "eos",
    "punctuation.share": "punctuation",
    "first_token.share": "first",
    "last_token.share": "last",
    "unknown_words.source": "unknown_source",
    "unknown_words.target": "unknown_target",
    "saturated.steps": "saturated_steps",
    "saturated.gap": "score_gap",
    "saturated_tanh.units": "saturated_tanh",
    "dropout_at_test.difference": "repeat_difference",
    "not_summed.difference": "context_difference",
    "not_normalised.missing": "batch_row_error",
    "not_normalised.difference": "padding_difference",
    "padding_mass.difference": "padding_difference",
    "wrong_bos.gain": "first_token_gain",
    "wrong_vocabulary.words": "words_exchanged",
    "reversed_source.gain": "backwards_gain",
    "half_trained.gain": "training_gain",
    "dead_bridge.spread": "first_state_spread",
    "no_gradient.gradient": "source_gradient",
    "no_gradient.through_attention": "attention_gradient",
    "shift.aer": "aer+0",
    "padding_mass.share": "padding",
    "exploding_norms.growth": "weight_growth",
    "exploding_norms.rise": "loss_rise",
    "shift.overlap": "erasure_overlap",
    "wrong_head.overlap": "erasure_overlap",
    "wrong_head.aer": "aer+0",
}
# The same where the finding has another number besides: it then comes from another test.
SAME_WITH = {
    "padding_mass.share": ("difference", "padding_mass"),
    "exploding_norms.growth": ("rise", "gradient_growth"),
}
NUMBERS = {  # that are no measure of one name
    "other_source.difference": _above(0.002, "other_source"),
    "gate_order.gain": _above(0.1, "gate_order"),
    "wrong_vocabulary.gain": _above(0.1, "wrong_vocabulary"),
}
PATTERNS = {
    "aer": re.compile(r"aer\+0"),
    "aer_step": re.compile(r"aer(?P<steps>[+-]\d+)"),
    "moved_gain": re.compile(r"moved_(?P<steps>[+-]\d+)_(?P<tokens>[+-]\d+)_gain"),
}


def relative(number: str, numbers: Mapping[str, float], finding: str) -> Limit | None:
    """The limit of a loss, which other numbers of its finding make; None of another number."""
    if number != "loss":
        return None
    if "loss_of_frequencies" in numbers:
        return _above(UNLEARNED * numbers["loss_of_frequencies"], finding)
    if known := numbers.get("loss_on_training"):
        from_known = max(OVERFIT * known, OVERFIT_NATS + known), max(HEART * known, HEART_NATS + known)
        return _above(min(from_known), finding)
    return None


def kind_of(measure: str) -> tuple[str, dict[str, str]]:
    """The name under which a measure is described, and the numbers that are part of its own name.

    >>> kind_of("moved_-1_+0_gain"), kind_of("loss")
    (('moved_gain', {'steps': '-1', 'tokens': '+0'}), ('loss', {}))
    """
    for kind, pattern in PATTERNS.items():
        if named := pattern.fullmatch(measure):
            return kind, named.groupdict()
    return measure, {}


def measure_of(finding: str, number: str, all_of: Collection[str]) -> str:
    """The measure that a number of a finding is, or its own name; ``all_of`` are the names of the finding's numbers.

    >>> measure_of("eos_sink", "share", ["share"]), measure_of("shift", "steps", ["steps"])
    ('eos', 'steps')
    """
    key = f"{finding}.{number}"
    other, measure = SAME_WITH.get(key, ("", ""))
    return measure if other in all_of else SAME.get(key, number)
