"""The forward pass of one sentence: embeddings, states, context, readout, softmax, with shapes.

Of each vector only the first ``SHOWN`` numbers, as many as a picture can show.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import walk
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.strategy import Settings, chooser, limit
from s2s.model import StepOutput
from s2s.text.vocab import BOS

SHOWN = 12  # numbers of a vector that are shown
CANDIDATES = 4  # most probable words of a step

Vector = tuple[float, ...]


@dataclass(frozen=True)
class NetworkMoment:
    """One decoder step: what it read, its vectors, the attention (empty without one), the most probable words."""

    input: str
    output: str
    embedding: Vector
    context: Vector
    state: Vector
    readout: Vector
    attention: Vector
    top: tuple[tuple[str, float], ...]  # word, probability


@dataclass(frozen=True)
class Flow:
    """A sentence's way; ``sizes`` by the letters of docs/FORMATS.md, S and T this sentence's."""

    checkpoint: str
    attention: str
    cell: str
    sizes: dict[str, int]
    tokens: tuple[str, ...]
    embeddings: tuple[Vector, ...]  # a row a source token, as the next two
    forward: tuple[Vector, ...]
    backward: tuple[Vector, ...]
    last: Vector  # forward's last state
    first: Vector  # backward's last state, which stands at the first word
    start: Vector  # the decoder's state before its first step
    moments: tuple[NetworkMoment, ...]
    text: str

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the page's component."""
        return asdict(self)


@torch.inference_mode()
def flow(checkpoint: Checkpoint, text: str) -> Flow:
    """The way of a text, decoded greedily. Raises UserError for a text that cannot be used."""
    model, config = checkpoint.recurrent, checkpoint.config.model
    tokens, source = source_ids(checkpoint, text)
    reading = PrefixCache(model, source)
    ids, places = walk(reading, chooser(Settings()), limit(Settings(), len(source)), {})
    memory_SM, size = reading.memory.states_BSM[0], config.encoder_size
    words = checkpoint.target.vocab.tokens
    moments = []
    for read, said, place in zip([BOS, *ids], ids, places, strict=False):
        assert place.output is not None
        moments.append(_moment(words, read, said, _numbers(model.embedding.weight[read]), place.output))
    return Flow(
        checkpoint=checkpoint.name,
        attention=config.attention,
        cell=config.cell,
        sizes={
            "E": config.embedding_size,
            "N": size,
            "M": 2 * size,
            "H": config.decoder_size,
            "R": model.output.in_features,
            "V": len(words),
            "S": len(tokens),
            "T": len(moments),
        },
        tokens=tuple(tokens),
        embeddings=tuple(map(_numbers, model.encoder.embedding.weight[source])),
        forward=tuple(map(_numbers, memory_SM[:, :size])),
        backward=tuple(map(_numbers, memory_SM[:, size:])),
        last=_numbers(memory_SM[-1, :size]),
        first=_numbers(memory_SM[0, size:]),
        start=_numbers(reading.start.state.hidden_LBH[-1, 0]),
        moments=tuple(moments),
        text=checkpoint.target.decode([i for i in ids if i > BOS + 1]),
    )


def _moment(words: Sequence[str], read: int, said: int, embedding: Vector, output: StepOutput) -> NetworkMoment:
    best = output.log_probs_BV[0].exp().topk(CANDIDATES)
    return NetworkMoment(
        input=words[read],
        output=words[said],
        embedding=embedding,
        context=_numbers(output.attention.context_BM[0]),
        state=_numbers(output.state.hidden_LBH[-1, 0]),
        readout=_numbers(output.state.readout_BR[0]),
        attention=_numbers(output.attention_BS[0], None),
        top=tuple(zip((words[i] for i in best.indices.tolist()), _numbers(best.values), strict=True)),
    )


def _numbers(vector: Tensor, count: int | None = SHOWN) -> Vector:
    return tuple(round(x, 4) for x in vector[:count].tolist())
