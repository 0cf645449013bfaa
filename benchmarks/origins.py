"""How long it takes to say what a word owes to source and prefix: ``python -m benchmarks.origins [CHECKPOINT]``.

A sentence of 15 source tokens and 15 steps, teacher-forced: the rows of the last step, which has the most words before
it, the same for a contrast with a second word, and the rows of all steps. By Python, and by the model in the browser
in node, with one thread each; counted is processor time, so that a busy machine makes no difference. Each is measured
against its limit in the same run; the exit status is 1 where one is missed.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import playwright
import torch

from s2s.browser_model import pack
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.explain import instead, of_trace, origins

SCRIPT = Path(__file__).with_suffix(".mjs")
NODE = Path(playwright.__file__).parent / "driver" / "node"
TOKENS, ROUNDS = 15, 3
STEP_LIMIT, LANE_LIMIT = 500.0, 4000.0  # milliseconds
SOURCE = "，".join(["学校", "朋友", "今天", "昨天", "苹果", "老师", "学校", "朋友"])  # 15 tokens
REFERENCE = "we went to school and drank tea today we went to school and drank"  # 14 words, then <eos>


@dataclass(frozen=True)
class Measured:
    """What was measured, the milliseconds of each round, and the limit of their median."""

    what: str
    times: Sequence[float]
    limit: float

    @property
    def median(self) -> float:
        """The median of the rounds."""
        return statistics.median(self.times)

    @property
    def is_within(self) -> bool:
        """Whether the median keeps the limit."""
        return self.median <= self.limit

    def __str__(self) -> str:
        kept = "within" if self.is_within else "MISSED"
        return (
            f"{self.what:44} {self.median:7,.0f} ms, at most {max(self.times):7,.0f}   limit {self.limit:,.0f}: {kept}"
        )


def timed(run: Callable[[], object]) -> list[float]:
    """Milliseconds of each of some rounds, after one that is not counted."""
    run()
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        run()
        times.append(1000 * (time.process_time() - start))
    return times


def in_python(name: str) -> list[Measured]:
    """The three by torch, with one thread."""
    torch.set_num_threads(1)
    checkpoint = load(find_checkpoint(name))
    run = trace(checkpoint, SOURCE, REFERENCE, "forced")
    own, last = of_trace(checkpoint, run), len(run.steps) - 1
    assert (len(own.source), len(own.words)) == (TOKENS, TOKENS), (len(own.source), len(own.words))
    second = checkpoint.target.vocab.tokens.index(run.steps[last].top[1].token)
    against = instead(own, last, own.words[last], second)
    return [
        Measured("Python, last step", timed(lambda: origins(checkpoint.model, own, [last])), STEP_LIMIT),
        Measured("Python, contrast", timed(lambda: origins(checkpoint.model, against, [last])), STEP_LIMIT),
        Measured("Python, all steps", timed(lambda: origins(checkpoint.model, own, range(last + 1))), LANE_LIMIT),
    ]


def in_browser(name: str) -> list[Measured]:
    """The same by the browser's model in node, as its session answers the player."""
    directory = find_checkpoint(name)
    checkpoint = load(directory)
    given = {"directory": str(directory), "name": name, "digest": checkpoint.digest, "rounds": ROUNDS}
    given |= {"tools": pack.tools(checkpoint.config.text), "source": SOURCE, "reference": REFERENCE, "steps": TOKENS}
    done = subprocess.run([NODE, SCRIPT], input=json.dumps(given), capture_output=True, text=True, check=True)
    times = json.loads(done.stdout)
    limits = {"last step": STEP_LIMIT, "contrast": STEP_LIMIT, "all steps": LANE_LIMIT}
    return [Measured(f"browser's model, {what}", times[what], limit) for what, limit in limits.items()]


def main() -> None:
    """Measure and print."""
    name = sys.argv[1] if len(sys.argv) > 1 else "zh-en-luong"
    print(f"{name}, {TOKENS} source tokens × {TOKENS} steps, load {os.getloadavg()[0]:.1f}")
    lines = [*in_python(name), *in_browser(name)]
    print("\n".join(map(str, lines)))
    sys.exit(not all(line.is_within for line in lines))


if __name__ == "__main__":
    main()
