"""The measures by the question that they answer, and from which value on each of them speaks for a finding.

Needs neither torch nor numpy: a page draws from it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import NamedTuple

from s2s.doctor import thresholds as at

# Of models that were broken on purpose, whose right cause came first, and all: with data that was examined once, last;
# and of faults that no test had been written for.
NAMED_FIRST, PATIENTS = 73, 76
UNFORESEEN_NAMED, UNFORESEEN = 6, 14


class Limit(NamedTuple):
    """``side`` is ``above``, ``below``, ``from`` or ``to``; the findings that a value beyond it speaks for.

    ``others`` are measures that have to speak for it, too.
    """

    side: str
    value: float
    findings: tuple[str, ...]
    others: tuple[str, ...] = ()

    def together(self, *others: str) -> Limit:
        """The same limit, which counts only with other measures."""
        return self._replace(others=others)

    def beyond(self, value: float) -> bool:
        """Whether a value is on the side that speaks for the findings."""
        sides = {"above": value > self.value, "below": value < self.value}
        return (sides | {"from": value >= self.value, "to": value <= self.value})[self.side]


def _above(value: float, *findings: str) -> Limit:
    return Limit("above", value, findings)


def _below(value: float, *findings: str) -> Limit:
    return Limit("below", value, findings)


TESTS: dict[str, dict[str, Limit | None]] = {
    "rows": {
        "rows": None,
        "nan_rows": _above(0, "nan"),
        "empty_rows": _above(0, "empty_row"),
        "rows_off": _above(at.ROWS_OFF, "wrong_axis", "not_normalised"),
        "columns_whole": _above(at.COLUMNS_WHOLE, "wrong_axis").together("rows_off"),
        "batch_columns": _above(at.BATCH_COLUMNS, "wrong_axis").together("rows_off"),
        "batch_row_error": _above(at.SAME, "not_normalised"),
        "least_weight": _below(at.NEGATIVE, "not_normalised"),
    },
    "shape": {
        "entropy_share": _above(at.UNIFORM, "uniform"),
        "row_distance": _below(at.CONSTANT, "constant"),
        "first": _above(at.SINK, "first_token"),
        "last": _above(at.SINK, "last_token"),
        "eos": _above(at.SINK, "eos_sink"),
        "punctuation": _above(at.PUNCTUATION, "punctuation").together("punctuation_tokens"),
        "punctuation_tokens": None,
        "padding": _above(at.PADDING, "padding_mass"),
        "diagonal": None,
        "monotony": _below(at.BACKWARDS, "reversed_source"),
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
        "moved_gain": _above(at.GAIN, "shift").together("loss"),
        "replay_difference": _above(at.SAME, "shift"),
        "erasure_overlap": None,
        "erasure_overlap_moved": None,
        "erasure_tau": None,
    },
    "batch": {
        "repeat_difference": _above(at.SAME, "dropout_at_test"),
        "memory_difference": _above(at.SAME, "other_source"),
        "batch_difference": _above(at.SAME, "other_source"),
        "padding_difference": _above(at.SAME, "padding_mass"),
        "padding_mass": _above(at.PADDING_MASS, "padding_mass"),
        "keys_difference": _above(at.CLOSE, "other_source"),
    },
    "used": {
        "context_difference": _above(at.CLOSE, "shift", "not_summed"),
        "permuted_variation": _below(at.IDLE, "bypassed").together("place_variation", "source_variation"),
        "place_variation": _below(at.IDLE, "bypassed").together("permuted_variation", "source_variation"),
        "source_variation": _above(at.SOURCE, "bypassed").together("permuted_variation", "place_variation"),
        "first_state_spread": _below(at.FIRST_STATES, "dead_bridge"),
        "source_gradient": _below(at.NO_GRADIENT, "no_gradient"),
        "attention_gradient": None,
        "needed_again": _above(at.AGAIN, "coverage_too_early").together("seen_again", "erasure_overlap"),
        "seen_again": None,
    },
    "scores": {
        "score_gap": None,
        "saturated_steps": _above(at.SATURATED, "saturated").together("smaller_scores_gain"),
        "smaller_scores_gain": None,
        "saturated_tanh": _above(at.SATURATED_TANH, "saturated_tanh"),
        "score_spread": _below(at.PARALLEL, "constant"),
        "score_difference": _above(at.OTHER_SCORES, "no_tanh", "saturated", "uniform"),
        "score_ratio": None,
    },
    "order": {
        "gates_gain": _above(at.GAIN, "gate_order").together("loss"),
        "directions_gain": _above(at.GAIN, "gate_order").together("loss"),
        "renumbered_gain": _above(at.GAIN, "wrong_vocabulary").together("loss"),
        "words_exchanged": _above(at.EXCHANGED, "wrong_vocabulary").together("loss"),
        "first_token_gain": _above(at.FIRST_GAIN, "wrong_bos").together("loss"),
        "backwards_gain": _above(at.GAIN, "reversed_source").together("loss"),
    },
    "training": {
        "loss": None,
        "loss_of_frequencies": None,
        "loss_on_training": None,
        "training_overlap": None,
        "training_gain": _above(at.GAIN, "half_trained").together("loss"),
        "unknown_source": _above(at.UNKNOWN, "unknown_words"),
        "unknown_target": _above(at.UNKNOWN, "unknown_words"),
        "unknown_words": _above(at.UNKNOWN, "unknown_words"),
        "encoder_drawn": _above(at.DRAWN, "frozen_encoder"),
        "decoder_drawn": None,
        "scores_drawn": Limit("from", 1, ("untrained_scores",)),
        "encoder_spectrum": None,
        "scores_spectrum": None,
        "network_spectrum": _below(at.EDGE, "half_trained"),
        "encoder_bias_norm": None,
        "weight_growth": _above(at.GROWN, "exploding_norms").together("loss"),
        "gradient_growth": _above(at.NORM_GROWTH, "exploding_norms"),
        "loss_rise": _above(at.LOSS_RISE, "exploding_norms"),
        "loss_falling": None,
        "attention_formed": None,
        "attention_moved": _below(at.UNMOVED, "late_attention", "coverage_too_early"),
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
    "other_source.difference": _above(at.SAME, "other_source"),
    "gate_order.gain": _above(at.GAIN, "gate_order"),
    "wrong_vocabulary.gain": _above(at.GAIN, "wrong_vocabulary"),
}
PATTERNS = {
    "aer": re.compile(r"aer\+0"),
    "aer_step": re.compile(r"aer(?P<steps>[+-]\d+)"),
    "moved_gain": re.compile(r"moved_(?P<steps>[+-]\d+)_(?P<tokens>[+-]\d+)_gain"),
}


def relative(number: str, numbers: Mapping[str, float], finding: str) -> Limit | None:
    """The limit of a loss or of an error rate, which other numbers beside it make; None of another number."""
    if number in ("aer-1", "aer+1") and numbers.get("aer+0", 0.0) > at.GOLD_GAIN:
        return Limit("to", numbers["aer+0"] - at.GOLD_GAIN, ("shift",))
    if number != "loss":
        return None
    if "loss_on_training" in numbers:
        return _above(at.most(numbers["loss_on_training"], numbers["loss_of_frequencies"]), finding)
    if "loss_of_frequencies" in numbers:
        return _above(at.UNLEARNED * numbers["loss_of_frequencies"], finding)
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
