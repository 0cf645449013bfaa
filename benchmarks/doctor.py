"""How long the doctor takes: ``python -m benchmarks.doctor NAME --data FILE [--train FILE] [--links FILE]``.

A matrix, then the checkpoint with the files one after the other, each as a command of its own: seconds from its start
to its end, and of processor time.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

SIZE = 200  # steps and source tokens of the matrix


def timed(arguments: Sequence[str]) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of a command."""
    before, began = os.times(), time.perf_counter()
    command = [sys.executable, "-m", "s2s", "doctor", *arguments]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    passed, after = time.perf_counter() - began, os.times()
    return passed, after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    for option in ("--data", "--train", "--links"):
        parser.add_argument(option, required=option == "--data")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        matrix = Path(folder) / "matrix.npz"
        np.savez(matrix, weights=np.random.default_rng(0).dirichlet(np.ones(SIZE), size=SIZE))
        cases = {"matrix": [str(matrix)], "checkpoint": [given.name, "--data", given.data]}
        for option in ("train", "links"):
            if file := getattr(given, option):
                cases[f"with --{option}"] = [*cases["checkpoint"], f"--{option}", file]
        for name, arguments in cases.items():
            passed, used = timed(arguments)
            print(f"{name:14s} {passed:6.1f} s, {used:6.1f} s of processor time", flush=True)


if __name__ == "__main__":
    main()
