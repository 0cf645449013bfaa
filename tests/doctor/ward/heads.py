"""A tiny Marian of Hugging Face, trained in seconds, and views of its heads."""

from __future__ import annotations

import dataclasses
import functools
import random
from typing import Any

import torch
from torch.nn import functional as F

from s2s.checkpoint.huggingface import CrossAttention, with_view
from s2s.checkpoint.record import Checkpoint, make_side
from s2s.config import Config, TextConfig
from s2s.data.batches import collate
from s2s.text.vocab import BOS, EOS, PAD, Vocab
from tests.doctor.ward import tasks, training
from tests.doctor.ward.training import BATCH, DEV, TRAIN, Trained

STEPS, RATE, SIZE, LAYERS, HEADS = 250, 4e-3, 32, 2, 2
MARIAN = {"d_model": SIZE, "encoder_attention_heads": HEADS, "decoder_attention_heads": HEADS,
          "encoder_ffn_dim": 64, "decoder_ffn_dim": 64, "dropout": 0.0, "max_position_embeddings": 32,
          "scale_embedding": True, "forced_eos_token_id": None}  # fmt: skip


def _network(size: int, layers: int) -> Any:
    import transformers

    from s2s.model.huggingface.attention import NAME, register

    register()
    ends = {"pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS, "decoder_start_token_id": BOS}
    torch.manual_seed(training.SEED)
    sizes = {"vocab_size": size, "decoder_vocab_size": size, "encoder_layers": layers, "decoder_layers": layers}
    config = transformers.MarianConfig(init_std=0.1, **sizes, **MARIAN, **ends)
    network = transformers.MarianMTModel(config)
    network.set_attn_implementation(NAME)
    return network


@functools.cache
def marian(layers: int = LAYERS) -> Trained:
    """A model of the task in order whose view is the mean of all heads."""
    from s2s.model.huggingface.ids import ids
    from s2s.model.huggingface.model import HuggingFace

    task = tasks.MONOTONE
    known, (dev, links) = task.examples(TRAIN, 2 * training.SEED - 1)[0], task.examples(DEV, 2 * training.SEED)
    vocab = Vocab.build((f"{source} {target}".split() for source, target in known), 1, 1000)
    source, target = make_side("spaces", vocab), make_side("spaces", vocab)
    network = _network(len(vocab), layers)
    _fit(network, [(source.encode(s), target.encode(t)) for s, t in known])
    made = ids(len(vocab), (PAD, 1, EOS), [BOS], (set(), set()))
    made = dataclasses.replace(made, source_V=torch.arange(len(vocab)))
    model = HuggingFace(network, made).eval()
    shown = CrossAttention(kind="marian", layers=layers, heads=HEADS)
    config = Config(name="marian", model=shown, text=TextConfig(source="spaces", target="spaces"))
    return Trained(Checkpoint("marian", config, source, target, model, {}, "marian"), known, dev, links, [])


def view(layer: int, head: int, layers: int = LAYERS) -> Trained:
    """The same model with the attention of one head, both counted from 1."""
    whole = marian(layers)
    return dataclasses.replace(whole, checkpoint=with_view(whole.checkpoint, f"{layer}.{head}"))


def _fit(network: Any, pairs: list[tuple[list[int], list[int]]]) -> None:
    optimizer, rng = torch.optim.Adam(network.parameters(), lr=RATE), random.Random(training.SEED)
    network.train()
    for step in range(STEPS):
        optimizer.param_groups[0]["lr"] = RATE * min(1, (step + 1) / 30) * (1 - step / STEPS) ** 0.5
        batch = collate(rng.sample(pairs, BATCH))
        logits_BTV = network(
            input_ids=batch.source_BS,
            attention_mask=(batch.source_BS != PAD).long(),
            decoder_input_ids=batch.target_in_BT,
        ).logits
        real_BT = batch.target_out_BT != PAD
        loss = F.cross_entropy(logits_BTV[real_BT], batch.target_out_BT[real_BT])
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
