"""Encoder-decoders of Hugging Face with random weights and tokenizers trained on a few sentences, in a moment."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

import tokenizers
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors, trainers

SENTENCES = [
    "my sister rides her bicycle to school every morning.",
    "the restaurant near the station sells cheap noodles.",
    "he forgot the keys in the office again.",
    "if it does not rain tomorrow, we will climb the mountain.",
    "my friends forgot to climb down before the morning rain.",
    "我妹妹每天早上骑自行车去学校。",
    "如果明天不下雨，我们就去爬山。",
]
FAMILIES = ("marian", "bart", "t5")
SMALL = {"d_model": 16, "encoder_layers": 2, "decoder_layers": 2, "encoder_attention_heads": 4,
         "decoder_attention_heads": 4, "encoder_ffn_dim": 24, "decoder_ffn_dim": 24}  # fmt: skip


def tokenizer(family: str) -> Any:
    """SentencePiece's way of marking spaces for Marian and T5, byte-level pairs for BART; 120 pieces."""
    special = ["<pad>", "</s>", "<unk>"] if family == "t5" else ["<s>", "<pad>", "</s>", "<unk>"]
    made = tokenizers.Tokenizer(models.BPE(unk_token="<unk>"))
    level = family == "bart"
    made.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False) if level else pre_tokenizers.Metaspace()
    made.decoder = decoders.ByteLevel() if level else decoders.Metaspace()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if level else []
    size = 400 if level else 120
    made.train_from_iterator(
        SENTENCES,
        trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False),
    )
    ends = [(t, made.token_to_id(t)) for t in special if t in ("<s>", "</s>")]
    made.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>" if level else "$A </s>", special_tokens=ends
    )
    names = {"unk_token": "<unk>", "pad_token": "<pad>", "eos_token": "</s>"}
    if level:
        names["bos_token"] = "<s>"
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made, **names)


def network(family: str, pieces: Any, **changed: Any) -> Any:
    """A network of two layers and four heads, every weight drawn anew."""
    size, pad, end = len(pieces), pieces.pad_token_id, pieces.eos_token_id
    named = {"vocab_size": size, "pad_token_id": pad, "eos_token_id": end}
    if family == "marian":
        config = transformers.MarianConfig(
            **{**SMALL, **named, "decoder_vocab_size": size, "decoder_start_token_id": pad,
               "max_position_embeddings": 128,
               "forced_eos_token_id": None, "scale_embedding": True, **changed})  # fmt: skip
        made = transformers.MarianMTModel(config)
    elif family == "bart":
        config = transformers.BartConfig(
            **{**SMALL, **named, "bos_token_id": pieces.bos_token_id, "decoder_start_token_id": end,
               "forced_eos_token_id": None, "max_position_embeddings": 128,
               **changed})  # fmt: skip
        made = transformers.BartForConditionalGeneration(config)
    else:
        config = transformers.T5Config(
            **{**named, "d_model": 16, "d_kv": 6, "d_ff": 24, "num_layers": 2, "num_decoder_layers": 2, "num_heads": 4,
               "decoder_start_token_id": pad, "relative_attention_num_buckets": 8,
               "relative_attention_max_distance": 12,
               **changed})  # fmt: skip
        made = transformers.T5ForConditionalGeneration(config)
    rng = torch.Generator().manual_seed(3)
    with torch.no_grad():
        for name, weight in made.named_parameters():
            if "embed_positions" not in name or family == "bart":
                size = 1.5 if name.split(".")[-2] in ("q_proj", "k_proj", "q", "k") else 0.3  # heads that choose
                weight.copy_(torch.randn(weight.shape, generator=rng) * (size if weight.dim() > 1 else 0.5))
        if hasattr(made, "final_logits_bias"):
            made.final_logits_bias.copy_(torch.randn(made.final_logits_bias.shape, generator=rng))
    if family == "bart":
        made.generation_config.forced_bos_token_id = pieces.bos_token_id
    made.generation_config.bad_words_ids = [[pad]]  # as the published Marian models have it
    return made.eval()


def write(directory: Path, family: str, **changed: Any) -> Path:
    """A directory as ``save_pretrained`` leaves it."""
    pieces = tokenizer(family)
    network(family, pieces, **changed).save_pretrained(directory)
    pieces.save_pretrained(directory)
    return directory
