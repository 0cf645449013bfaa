"""Encoder-decoders of Hugging Face of every kind that is read, with random weights, in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

import transformers

from tests.model.huggingface.random_tokenizers import SENTENCES, tokenizer

__all__ = ["KINDS", "LANGUAGES", "SENTENCES", "network", "tokenizer", "write"]

CLASSES = {
    "marian": (transformers.MarianConfig, transformers.MarianMTModel),
    "bart": (transformers.BartConfig, transformers.BartForConditionalGeneration),
    "bart-chinese": (transformers.BartConfig, transformers.BartForConditionalGeneration),
    "t5": (transformers.T5Config, transformers.T5ForConditionalGeneration),
    "mt5": (transformers.MT5Config, transformers.MT5ForConditionalGeneration),
    "umt5": (transformers.UMT5Config, transformers.UMT5ForConditionalGeneration),
    "pegasus": (transformers.PegasusConfig, transformers.PegasusForConditionalGeneration),
    "blenderbot": (transformers.BlenderbotConfig, transformers.BlenderbotForConditionalGeneration),
    "blenderbot-small": (transformers.BlenderbotSmallConfig, transformers.BlenderbotSmallForConditionalGeneration),
    "mbart": (transformers.MBartConfig, transformers.MBartForConditionalGeneration),
    "mbart50": (transformers.MBartConfig, transformers.MBartForConditionalGeneration),
    "m2m_100": (transformers.M2M100Config, transformers.M2M100ForConditionalGeneration),
    "nllb": (transformers.M2M100Config, transformers.M2M100ForConditionalGeneration),
    "plbart": (transformers.PLBartConfig, transformers.PLBartForConditionalGeneration),
}
KINDS = tuple(CLASSES)
LANGUAGES = {  # source, target, and the option of ``generate`` that its pages give the target to
    "mbart": ("en_XX", "zh_CN", "decoder_start_token_id"),
    "mbart50": ("en_XX", "zh_CN", "forced_bos_token_id"),
    "m2m_100": ("en", "zh", "forced_bos_token_id"),
    "nllb": ("eng_Latn", "zho_Hans", "forced_bos_token_id"),
    "plbart": ("python", "en_XX", "decoder_start_token_id"),
}
SINUSOIDAL = ("marian", "pegasus", "m2m_100", "nllb")
SMALL = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24,
         "max_position_embeddings": 128}  # fmt: skip
T5 = {"d_model": 16, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
      "relative_attention_num_buckets": 8, "relative_attention_max_distance": 12}  # fmt: skip


def ends(kind: str, pieces: Any) -> tuple[int, int]:
    """What begins and ends a text."""
    return (
        (pieces.cls_token_id, pieces.sep_token_id)
        if kind == "bart-chinese"
        else (pieces.bos_token_id, pieces.eos_token_id)
    )


def _own(kind: str, pieces: Any, size: int) -> dict[str, Any]:
    """What the published configs of the kind have besides; ``decoder_start_token_id`` above all."""
    pad, (begin, end) = pieces.pad_token_id, ends(kind, pieces)
    if kind.endswith("t5"):
        return {**T5, "decoder_start_token_id": pad}
    start = {"marian": pad, "pegasus": pad, "blenderbot": begin, "blenderbot-small": begin, "plbart": None}
    own = {**SMALL, "bos_token_id": begin, "decoder_start_token_id": start.get(kind, end), "forced_eos_token_id": None}
    if kind == "marian":
        own["decoder_vocab_size"] = size
    return own | {"scale_embedding": kind not in ("bart", "bart-chinese", "blenderbot")}


def network(kind: str, pieces: Any, **changed: Any) -> Any:
    """A network of two layers and four heads, every weight drawn anew."""
    size = len(pieces) + (108 if kind == "m2m_100" else 0)  # its tokenizer does not count languages
    pad, (_, end) = pieces.pad_token_id, ends(kind, pieces)
    named = {"vocab_size": size, "pad_token_id": pad, "eos_token_id": end, **_own(kind, pieces, size), **changed}
    config, architecture = CLASSES[kind]
    made = architecture(config(**named))
    _draw(made, kind, torch.Generator().manual_seed(9))
    made.generation_config.encoder_no_repeat_ngram_size = 0
    if kind == "bart":
        made.generation_config.forced_bos_token_id = pieces.bos_token_id
    made.generation_config.bad_words_ids = [[pad]]  # as the published Marian models have it
    return made.eval()


def _draw(made: Any, kind: str, rng: torch.Generator) -> None:
    """Weights with which outputs are no single word, and heads look at different places at different steps."""
    scales = {"q_proj": 0.45, "k_proj": 0.45, "q": 0.35, "k": 0.35, "out_proj": 1.0, "o": 1.0, "embed_positions": 1.0}
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "embed_positions" in name and kind in SINUSOIDAL:
                continue
            scale = scales.get(name.split(".")[-2], 0.3) if weight.dim() > 1 else 0.1
            mean = 1.0 if "norm" in name and name.endswith("weight") else 0.0
            weight.copy_(mean + scale * torch.randn(weight.shape, generator=rng))
        if hasattr(made, "final_logits_bias"):
            made.final_logits_bias.copy_(0.3 * torch.randn(made.final_logits_bias.shape, generator=rng))


def write(directory: Path, kind: str, **changed: Any) -> Path:
    """A directory as ``save_pretrained`` leaves it."""
    pieces = tokenizer(kind)
    network(kind, pieces, **changed).save_pretrained(directory)
    pieces.save_pretrained(directory)
    return directory
