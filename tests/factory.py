"""Makes tiny checkpoints with random weights quickly: their output is nonsense, their arithmetic real."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from s2s.checkpoint import card
from s2s.checkpoint.native import unique_weights, write_checkpoint
from s2s.config import Config, ModelConfig, TextConfig, to_dict
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS, FILL, SPECIALS, Vocab

SOURCE = Vocab((*SPECIALS, "我", "你", "他", "喜欢", "苹果", "喝", "茶", "水", "不", "。", "？"), back_off=True)
TARGET = Vocab((*SPECIALS, "I", "you", "he", "like", "drink", "do", "n't", "apples", "tea", "water", ".", "?"))
SHARED = (*SOURCE.tokens, *TARGET.tokens[len(SPECIALS) :])
SIZES = {"embedding_size": 8, "encoder_size": 6, "decoder_size": 10, "attention_size": 7}
SCORES = {
    "bleu": 12.5,
    "chrf": 30.25,
    "rouge_l": 40.0,
    "loss": 2.5,
    "perplexity": 12.18,
    "token_accuracy": 0.5,
    "sentences": 3,
    "signatures": {"bleu": "tok:13a", "chrf": "nc:6"},
}
TRAINING = {
    "command": "python -m s2s train configs/tiny.toml",
    "seconds": 1,
    "epoch": 1,
    "pairs": 3,
    "hardware": "none: random weights",
    "parameters": 0,
}


def make_config(attention: str = "additive", **model: Any) -> Config:
    """A config of tiny layers; keywords overrule fields of ``ModelConfig``, a vocabulary is shared where it must be.

    ``source_bos``, ``source_eos`` and ``source_fill`` are those of ``TextConfig``.
    """
    shared = any(model.get(name) for name in ("pointer", "prior", "shared_embeddings"))
    marks = {name: model.pop(name) for name in ("source_bos", "source_eos", "source_fill") if name in model}
    text = TextConfig(source="jieba", target="latin", source_back_off=True, shared_vocab=shared, **marks)
    return Config(name=f"tiny-{attention}", model=ModelConfig(**{"attention": attention, **SIZES, **model}), text=text)


def vocabs(config: Config) -> tuple[Vocab, Vocab]:
    """Both sides' vocabularies; one list where the config shares it, padding that is read in the source's."""
    if config.text.source_fill:
        return Vocab((*SOURCE.tokens, FILL), back_off=True), TARGET
    return (Vocab(SHARED, back_off=True), Vocab(SHARED)) if config.text.shared_vocab else (SOURCE, TARGET)


def make_model(config: Config, seed: int = 6, scale: float = 1.0) -> Seq2Seq:
    """A model in evaluation mode, weights random and at the disk's precision; of the specials it says only <eos>."""
    model = Seq2Seq(config.model, *map(len, vocabs(config))).eval()
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in model.parameters():
            weight.copy_((torch.randn(weight.shape, generator=rng) * (0.3 if weight.dim() < 2 else scale)).half())
        model.output.bias[:EOS] = -8.0  # <pad>, <unk> and <bos>
    return model


def make_checkpoint(directory: Path, attention: str = "additive", scale: float = 1.0, **model: Any) -> Path:
    """``directory/tiny-<attention>``, a whole checkpoint of a random model with weights of that size."""
    config, metrics = make_config(attention, **model), {"dev": SCORES, "training": TRAINING}
    path = directory / config.name
    text = card.render_card(config.name, to_dict(config), metrics)
    write_checkpoint(path, config, vocabs(config), unique_weights(make_model(config, scale=scale)), metrics, text)
    return path
