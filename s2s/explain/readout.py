"""The readout of a step in detail: h̃ from context and state, and each word's logit as a product with h̃."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from s2s.checkpoint.record import Checkpoint
from s2s.explain.replay import edited_attention, of_trace
from s2s.model.interface import Spoken
from s2s.text.vocab import EOS, UNK
from s2s.trace.trace import Trace

COMPONENTS = 4  # components of h̃ that are listed
WORDS = 5  # most probable words that are listed


@dataclass(frozen=True)
class Word:
    """One word's logit ``z = y = Σ_i h̃_i w_i + b``, or with a prior ŷ ``z = (y + ŷ) / 2``."""

    token: str
    products: tuple[tuple[float, float], ...]  # h̃_i and w_i of the first components
    rest: float  # the sum of the other products
    bias: float
    own: float  # y
    prior: float | None
    logit: float  # z


@dataclass(frozen=True)
class Readout:
    """One step. ``rows`` has, for each of the first components, each part's contribution, the bias if any, and h̃_i.

    ``act`` is as in ``Spoken``. ``sizes`` has the number of components of each part, ``size`` that of h̃; ``norm`` is
    the Euclidean norm of h̃.
    """

    act: str
    sizes: dict[str, int]
    size: int
    norm: float
    rows: tuple[tuple[float, ...], ...]
    biased: bool
    words: tuple[Word, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the player."""
        words = [{**vars(word), "products": [list(pair) for pair in word.products]} for word in self.words]
        return {**vars(self), "rows": [list(row) for row in self.rows], "words": words}


@torch.inference_mode()
def readout(checkpoint: Checkpoint, trace: Trace, step: int) -> Readout | None:
    """The readout of one step of a trace by this checkpoint, edits included; None if the model does not provide it."""
    model, lane = checkpoint.model, of_trace(checkpoint, trace)
    every, width = [range(len(lane.source))], len(lane.source)
    memory, state = model.encode(torch.tensor([lane.source]), torch.tensor([width]))
    for t in range(step):
        state, _ = model.attend(state, torch.tensor([lane.read[t]]), memory, edited_attention(lane, t, every, width))
    spoken = model.spoken(state, torch.tensor([lane.read[step]]), memory, edited_attention(lane, step, every, width))
    if spoken is None:
        return None
    words, known = checkpoint.target.vocab.tokens, {"<eos>": EOS, **checkpoint.target.vocab.ids}
    now = trace.steps[step]
    named = [now.output, *([now.target.token] if now.target else [])]
    best = spoken.log_probs_V.topk(min(WORDS, len(words))).indices.tolist()
    ids = dict.fromkeys([*best, *(known.get(token, UNK) for token in named)])
    return Readout(
        act=spoken.act,
        sizes={part.name: len(part.vector_N) for part in spoken.parts},
        size=len(spoken.readout_R),
        norm=float(spoken.readout_R.norm()),
        rows=_rows(spoken),
        biased=spoken.bias_R is not None,
        words=tuple(_word(spoken, i, words[i]) for i in ids),
    )


def _rows(spoken: Spoken) -> tuple[tuple[float, ...], ...]:
    """Contributions are listed only if the readout is linear or a tanh of a linear map; otherwise h̃ alone."""
    columns = []
    if spoken.act in ("tanh", "linear"):
        columns = [part.columns_RN[:COMPONENTS] @ part.vector_N for part in spoken.parts]
    columns += [] if spoken.bias_R is None else [spoken.bias_R[:COMPONENTS]]
    return tuple(map(tuple, torch.stack([*columns, spoken.readout_R[:COMPONENTS]], dim=1).tolist()))


def _word(spoken: Spoken, i: int, token: str) -> Word:
    products_R, bias = spoken.readout_R * spoken.weight_VR[i], float(spoken.bias_V[i])
    pairs = torch.stack([spoken.readout_R, spoken.weight_VR[i]], dim=1)[:COMPONENTS].tolist()
    own = float(products_R.sum()) + bias
    prior = None if spoken.prior_V is None else float(spoken.prior_V[i])
    z = own if prior is None else (own + prior) / 2
    return Word(token, tuple(map(tuple, pairs)), float(products_R[COMPONENTS:].sum()), bias, own, prior, z)
