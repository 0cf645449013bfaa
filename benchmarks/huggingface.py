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

from s2s.adapters import huggingface
from s2s.checkpoint import load
from tests.adapters.random_models import network, tokenizer

PIECES = 58_000
SIZES = {"d_model": 512, "encoder_layers": 6, "decoder_layers": 6, "encoder_attention_heads": 8,
         "decoder_attention_heads": 8, "encoder_ffn_dim": 2048, "decoder_ffn_dim": 2048}  # fmt: skip
TEXT = "my sister rides her bicycle to the station and he forgot the keys again."  # 14 words and a full stop


def main(runs: int = 7) -> None:
    """Make the model, trace, print."""
    before = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        theirs, ours = Path(folder, "theirs"), Path(folder, "marian")
        pieces = tokenizer("marian")
        pieces.add_tokens([f"▁{n}" for n in range(PIECES - len(pieces))])
        network("marian", pieces, **SIZES).save_pretrained(theirs)
        pieces.save_pretrained(theirs)
        huggingface.bring(str(theirs), ours)
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
