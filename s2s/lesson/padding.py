"""The attention that padding would get without the mask, from the score of a position without a word."""

from __future__ import annotations

import torch

from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import walk
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.strategy import Settings, chooser, limit

KINDS = ("additive", "general", "dot", "concat")  # whose score of a position depends on its state alone


@torch.inference_mode()
def padding_scores(checkpoint: Checkpoint, text: str) -> tuple[float, ...]:
    """The score of a padding position, whose state is 0, at each step of the greedy lane; empty for other kinds.

    P such positions, unmasked, would take ``P exp(e) / (Σ_s exp(e_s) + P exp(e))`` of the weight.
    """
    if checkpoint.config.model.attention not in KINDS or checkpoint.config.model.coverage:
        return ()
    model = checkpoint.recurrent
    source = source_ids(checkpoint, text)[1]
    reading, settings = PrefixCache(model, source), Settings()
    _, places = walk(reading, chooser(settings), limit(settings, len(source)), {})
    keys_BSA = model.decoder.attention.keys(torch.zeros(1, 1, reading.memory.states_BSM.size(2)))
    attentions = [place.output.attention for place in places if place.output is not None]
    return tuple(
        float(model.decoder.attention.scores(step_attention.query_BH, keys_BSA)[0, 0]) for step_attention in attentions
    )
