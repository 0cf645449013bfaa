"""What weights in 8 bits cost: ``python -m benchmarks.int8 zh-en-luong --pairs test.tsv``.

Prints the size beside float16, the greatest differences of attention and log-probabilities on the first 200 sentences,
and BLEU of both on the first 500, translated greedily.
"""

from __future__ import annotations

import argparse
import itertools
from pathlib import Path

import torch

from benchmarks.node_traces import pairs_of, texts
from s2s.browser_model.quantise import approximate, quantisation_error, quantised
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.evaluate.corpus import translate
from s2s.evaluate.metrics import score_outputs


def main() -> None:
    """Print the comparison of each checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--pairs", type=Path)
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.checkpoints:
        folder = find_checkpoint(name)
        checkpoint = load(folder)
        pairs = list(itertools.islice(pairs_of(options.pairs) if options.pairs else texts(checkpoint), 500))
        half, small = ((folder / "model.safetensors").stat().st_size, len(quantised(checkpoint)))
        print(f"{name}: {half / 1e6:.2f} MB, {small / 1e6:.2f} MB in 8 bits", flush=True)
        print("  ", quantisation_error(checkpoint, [source for source, _ in pairs[:200]]), flush=True)
        sources = [checkpoint.source.encode(source) for source, _ in pairs]
        references = [checkpoint.target.written(target) for _, target in pairs]
        for model in (checkpoint.model, approximate(checkpoint)):
            outputs = [checkpoint.target.decode(ids) for ids in translate(model, sources)]
            print(f"   BLEU {score_outputs(outputs, references, checkpoint.target)['bleu']:.2f}", flush=True)


if __name__ == "__main__":
    main()
