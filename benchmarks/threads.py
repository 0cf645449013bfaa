"""Training steps a second by threads and by how they wait, one after the other: ``python -m benchmarks.threads``.

With ``--busy N`` so many other processes want a core each meanwhile. Prints target tokens a second.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from s2s.openmp import SLEEP

WAYS = ((2, False), (1, True), (2, True))  # threads, whether they sleep while they wait
CODE = "from benchmarks.threads import steps; import sys; print(steps(int(sys.argv[1]), float(sys.argv[2])))"
BATCH, WORDS = 64, 12


def steps(threads: int, seconds: float) -> float:
    """Target tokens a second of steps on one batch, of a model as ``train --data`` plans for 50,000 pairs."""
    from s2s.config import Config, ModelConfig, TextConfig, TrainConfig
    from s2s.train.loop import Run

    rng, words = random.Random(0), [f"w{i}" for i in range(3000)]
    lines = [" ".join(rng.choices(words, k=WORDS)) for _ in range(2 * 10 * BATCH)]
    pairs = list(zip(lines[::2], lines[1::2], strict=True))
    model = ModelConfig(embedding_size=256, encoder_size=256, decoder_size=512, attention_size=256)
    config = Config("speed", model, TextConfig("latin", "latin", 1, 1), train=TrainConfig(threads=threads))
    with tempfile.TemporaryDirectory() as place:
        splits = {"train": pairs, "dev": pairs[:8], "test": []}
        run = Run(config, Path(place) / "run", Path(place) / "model", "", splits)
        run.model.train()
        run.gradients(run.pairs[:BATCH])
        began, count = time.perf_counter(), 0
        while time.perf_counter() - began < seconds:
            run.gradients(run.pairs[:BATCH])
            count += 1
        return count * BATCH * (WORDS + 1) / (time.perf_counter() - began)


def main() -> None:
    """A line a way."""
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--busy", type=int, default=0, metavar="N")
    p.add_argument("--seconds", type=float, default=8.0, metavar="S")
    options = p.parse_args()
    others = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(options.busy)]
    try:
        for threads, asleep in WAYS:
            environment = {k: v for k, v in os.environ.items() if k not in (*SLEEP, "OMP_NUM_THREADS")}
            command = [sys.executable, "-c", CODE, str(threads), str(options.seconds)]
            made = subprocess.run(
                command, env=environment | (SLEEP if asleep else {}), stdout=subprocess.PIPE, text=True, check=True
            )
            print(f"{threads} threads, {'asleep' if asleep else 'spinning'}: {float(made.stdout):,.0f}", flush=True)
    finally:
        for other in others:
            other.kill()


if __name__ == "__main__":
    main()
