"""What if: typed words as a prefix, and one step under another attention with its most probable words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.decode.inputs import prefix_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.errors import UserError
from s2s.text.vocab import BOS
from s2s.trace.branch import Edit
from s2s.trace.trace import Trace

SAYABLE = ("<unk>", "<eos>")  # the specials that a model may be made to say


@dataclass(frozen=True)
class Change:
    """A token's log-probability (nats) and rank with the model's own attention, and with the edited one."""

    token: str
    before: float
    after: float
    rank_before: int
    rank_after: int


@dataclass(frozen=True)
class Preview:
    """The edited row (S,), the model's own row, and the top tokens under either, best under the edited row first."""

    attention: np.ndarray
    own: np.ndarray
    changes: tuple[Change, ...]


@torch.inference_mode()
def preview(
    checkpoint: Checkpoint,
    cache: PrefixCache,
    prefix: Sequence[str],
    attention: Mapping[int, Edit],
    edit: Edit,
    top: int = 5,
) -> Preview:
    """The step after ``prefix`` with ``edit``; ``attention`` are the edits of earlier steps. UserError as ``trace``."""
    *before, last = [BOS, *prefix_ids(checkpoint, prefix)]
    step = cache.start
    for t, token in enumerate(before):
        step = cache.step(step, token, attention.get(t))
    found = cache.step(step, last, edit)
    assert found.output is not None and found.own is not None
    own_V, edited_V = found.own.log_probs_BV[0], found.output.log_probs_BV[0]
    size = min(top, len(own_V))
    leading = {*edited_V.topk(size).indices.tolist(), *own_V.topk(size).indices.tolist()}
    ordered = sorted(leading, key=lambda i: (-float(edited_V[i]), i))
    words = checkpoint.target.vocab.tokens
    changes = (
        Change(words[i], float(own_V[i]), float(edited_V[i]), _rank(own_V, i), _rank(edited_V, i)) for i in ordered
    )
    edited_S, own_S = (out.attention.attention_BS[0].numpy() for out in (found.output, found.own))
    return Preview(edited_S, own_S, tuple(changes))


def _rank(log_probs_V: Tensor, token: int) -> int:
    return 1 + int((log_probs_V > log_probs_V[token]).sum())


def tokens_before(checkpoint: Checkpoint, trace: Trace, step: int) -> list[str]:
    """The tokens that a lane put out before ``step``, as the vocabulary spells them."""
    known = checkpoint.target.vocab.ids
    return [s.output if s.output in known else "<unk>" for s in trace.steps[:step]]


def typed_tokens(checkpoint: Checkpoint, typed: str, single: bool = False) -> list[str]:
    """A typed text as tokens of the vocabulary; ``single`` takes it as one token. UserError names an unknown one."""
    target = checkpoint.target
    found = [typed.strip()] if single or typed.strip() in SAYABLE else target.words(typed)
    if not found:
        raise UserError("word_empty")
    found = [w if (i := target.vocab.find(w)) is None else target.vocab.tokens[i] for w in found]
    unknown = [w for w in found if w not in target.vocab.ids and w not in SAYABLE]
    if unknown:
        raise UserError("prefix_token", token=unknown[0][:40], checkpoint=checkpoint.name)
    return found
