"""One sentence after its first divergence: what the model says given the reference's word, and after its own."""

from __future__ import annotations

from dataclasses import dataclass

from s2s.checkpoint.record import Checkpoint, Side
from s2s.decode.inputs import reference_ids, source_ids
from s2s.exposure.recovery import Recovery, accuracy, recoveries, token_f1
from s2s.text.vocab import EOS


@dataclass(frozen=True)
class Rest:
    """What the model says after a prefix, scored on the reference's rest as in ``Recovery``."""

    text: str
    accuracy: float
    f1: float


def sentence(checkpoint: Checkpoint, text: str, reference: str) -> Recovery:
    """The outputs of one typed pair, from every prefix of the reference; UserError as ``trace`` raises it."""
    pair = source_ids(checkpoint, text)[1], reference_ids(checkpoint, reference)[1]
    return recoveries(checkpoint.model, [pair], injecting=False)[0]


def rests(found: Recovery, t: int, target: Side) -> tuple[Rest, Rest] | None:
    """After the reference's token at position t, and after the model's own; None where the reference is over."""
    right = found.gold[t + 1 :]
    if not right:
        return None
    after_gold, after_own = (
        Rest(target.decode([i for i in said if i != EOS]), accuracy(said, right), token_f1(said, right))
        for said in (found.outputs[t + 1], found.outputs[t][1:])
    )
    return after_gold, after_own
