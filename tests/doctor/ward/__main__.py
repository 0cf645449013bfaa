"""What the doctor says of every patient: ``python -m tests.doctor.ward [--seed N] [NAME ...]``."""

from __future__ import annotations

import argparse
import time

import torch

from tests.doctor.ward import training


def main() -> None:
    """One line a patient, then how many were named."""
    parser = argparse.ArgumentParser(prog="python -m tests.doctor.ward")
    parser.add_argument("--seed", type=int, default=training.SEED, help="of data and weights")
    parser.add_argument("names", nargs="*", help="of patients; without any, all")
    given = parser.parse_args()
    training.SEED = given.seed
    torch.set_num_threads(1)
    from tests.doctor.ward import verdicts

    right, all_of = 0, 0
    for name in given.names or verdicts.everyone():
        start = time.process_time()
        verdict = verdicts.verdict(name)
        found = ", ".join(
            f"{f.name} {f.strength:.2f}" + "+" * bool(f.cure and f.cure.verified) for f in verdict.findings
        )
        mark = "ok" if verdict.right else "MISSED"
        print(
            f"{mark:6} {name}: {verdict.expected} | {found or 'healthy'} | {time.process_time() - start:.1f} s",
            flush=True,
        )
        if given.names:
            print(verdict.diagnosis.to_json())
        right, all_of = right + verdict.right, all_of + 1
    print(f"seed {given.seed}: {right} of {all_of}")


main()
