"""A trace of a Marian-size model; ``python -m benchmarks.huggingface`` measures it on random weights.

6 + 6 layers of 512 with 8 heads, 58,000 pieces: the size of the published OPUS-MT models. From the typed text to the
whole trace, after one that warms up; no page.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path

import tokenizers
import torch
import transformers
from tokenizers import decoders, models, pre_tokenizers, processors

from s2s.api import load
from s2s.checkpoint import huggingface

PIECES = 58_000
SIZES = {"d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
         "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048}  # fmt: skip
TEXT = "my sister rides her bicycle to the station and he forgot the keys again."  # 14 words and a full stop
SPECIAL = ("</s>", "<unk>", "<pad>")


def tokenizer() -> transformers.PreTrainedTokenizerFast:
    """Whole words and punctuation of the sentence, and as many other pieces as a published model has."""
    words = dict.fromkeys(f"▁{word}" for word in TEXT.replace(".", " .").split())
    listed = [*SPECIAL, *words, "."]
    listed += [f"▁{n}" for n in range(PIECES - len(listed))]
    made = tokenizers.Tokenizer(models.WordLevel({piece: n for n, piece in enumerate(listed)}, unk_token="<unk>"))
    spaces, marks = pre_tokenizers.Metaspace(), pre_tokenizers.Split(".", "isolated")
    made.pre_tokenizer, made.decoder = pre_tokenizers.Sequence([spaces, marks]), decoders.Metaspace()
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", 0)])
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=made, eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
    )


def network(pad: int) -> transformers.MarianMTModel:
    """Weights as transformers draws them."""
    torch.manual_seed(3)
    config = transformers.MarianConfig(
        **SIZES, vocab_size=PIECES, pad_token_id=pad, decoder_start_token_id=pad, eos_token_id=0, scale_embedding=True
    )
    return transformers.MarianMTModel(config)


def main(runs: int = 7) -> None:
    """Make the model, trace, print."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = Path(folder, "theirs"), Path(folder, "marian")
        pieces = tokenizer()
        network(SPECIAL.index("<pad>")).save_pretrained(theirs)
        pieces.save_pretrained(theirs)
        huggingface.import_huggingface(str(theirs), ours)
        checkpoint, seconds = load(ours), list[float]()
        for _ in range(runs + 1):
            start = time.perf_counter()
            made = checkpoint.trace(TEXT, max_length=15)
            seconds.append(time.perf_counter() - start)
    size = f"{len(made.source_tokens)} source pieces, {len(made.steps)} steps"
    print(f"{size}: median {statistics.median(seconds[1:]):.2f} s, slowest {max(seconds[1:]):.2f} s (target < 2)")
    print(f"load before {before:.1f} on {os.cpu_count()} cores")


if __name__ == "__main__":
    main()
