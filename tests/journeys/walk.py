"""python -m tests.journeys.walk --actions 2000 --seeds 5 --steps 200: the random walks in full.

Through AppTest ``--actions`` of each of the seeds, then ``--steps`` of each in a browser. A walk that finds something
is shrunk, told action by action, and ends the command with status 1.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time

from tests.journeys import machine
from tests.journeys.world import small


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.walk", description=__doc__)
    parser.add_argument("--actions", type=int, default=2000, help="through AppTest, of each seed")
    parser.add_argument("--steps", type=int, default=200, help="in a browser, of each seed")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    asked = parser.parse_args()
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    failed = 0
    for number in range(asked.first, asked.first + asked.seeds):
        begun = time.monotonic()
        try:
            with small() as log:
                done = machine.walk(log, asked.actions, number)
        except AssertionError as error:
            print(f"seed {number}: {error}", *getattr(error, "__notes__", []), sep="\n", flush=True)
            failed = 1
        else:
            print(f"seed {number}: {done} actions in {time.monotonic() - begun:.0f} s, no finding", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
