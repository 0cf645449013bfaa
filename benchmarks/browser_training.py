"""How soon the training of the playground reads 95 % of fresh dates exactly, in seconds of processor time, in Node.

``python -m benchmarks.browser_training [--seeds 3]``
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import playwright

NODE = Path(playwright.__file__).parent / "driver" / "node"
SCRIPT = Path(__file__).with_suffix(".mjs")
GOAL = 0.95
RUNS: Mapping[str, Mapping[str, Any]] = {
    "additive": {},
    "additive, no WebAssembly": {"plain": True},
    "general": {"attention": "general"},
    "dot": {"attention": "dot"},
    "concat": {"attention": "concat"},
    "additive, LSTM": {"cell": "lstm"},
    "additive, half its own output": {"ownShare": 0.5},
    "additive, state of 128": {"size": 128},
    "no attention": {"attention": "none"},
}


def curve(settings: Mapping[str, Any], plain: bool) -> list[dict[str, float]]:
    """Loss and share of exact dates during a run."""
    asked = json.dumps({"settings": settings, "plain": plain})
    done = subprocess.run([NODE, SCRIPT], input=asked, text=True, capture_output=True, check=True)
    found: list[dict[str, float]] = json.loads(done.stdout)
    return found


def main() -> None:
    """Print a row for each run and seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = range(1, parser.parse_args().seeds + 1)
    print(f"{'model':30} {'seed':>4} {'95 % after':>10} {'at step':>7} {'exact at last':>13} {'whole run':>9}")
    for name, given in RUNS.items():
        for seed in seeds:
            settings = {key: value for key, value in given.items() if key != "plain"}
            points = curve({**settings, "seed": seed}, bool(given.get("plain")))
            last = points[-1]
            reached = next((point for point in points if point["exact"] >= GOAL), None)
            when = f"{reached['seconds']:8.1f} s {reached['step']:7}" if reached else f"{'never':>10} {'':7}"
            print(f"{name:30} {seed:4} {when} {100 * last['exact']:11.1f} % {last['seconds']:7.1f} s", flush=True)


if __name__ == "__main__":
    main()
