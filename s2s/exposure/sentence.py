"""Recovery of one sentence: outputs from every reference prefix, and both continuations of one step."""

from __future__ import annotations

from dataclasses import dataclass

from s2s.checkpoint.record import Checkpoint, Side
from s2s.decode.inputs import reference_ids, source_ids
from s2s.exposure.recovery import Recovery, accuracy, recoveries, token_f1
from s2s.text.vocab import EOS


@dataclass(frozen=True)
class Rest:
    """The output after a prefix, scored against the rest of the reference as in ``Recovery``."""

    text: str
    accuracy: float
    f1: float


def sentence_recovery(checkpoint: Checkpoint, text: str, reference: str) -> Recovery:
    """The outputs of one pair of texts from every prefix of the reference; raises the same UserErrors as ``trace``."""
    pair = source_ids(checkpoint, text)[1], reference_ids(checkpoint, reference)[1]
    return recoveries(checkpoint.model, [pair], injecting=False)[0]


def rests_after_divergence(recovery: Recovery, t: int, target: Side) -> tuple[Rest, Rest] | None:
    """The outputs after the reference's token at position t and after the model's own token there.

    None if the reference ends at position t.
    """
    right = recovery.gold[t + 1 :]
    if not right:
        return None
    after_gold, after_own = (
        Rest(target.decode([i for i in output if i != EOS]), accuracy(output, right), token_f1(output, right))
        for output in (recovery.outputs[t + 1], recovery.outputs[t][1:])
    )
    return after_gold, after_own
