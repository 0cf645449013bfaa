"""All random walks: python -m tests.journeys.walk --actions 2000 --seeds 5 --steps 200.

For each seed a walk of ``--actions`` actions through AppTest, then one of ``--steps`` actions in a browser. If a walk
finds a fault, its actions are printed, and the command exits with status 1.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from playwright.sync_api import Error, sync_playwright

from tests.journeys import machine
from tests.journeys.browser import Wanderer
from tests.journeys.world import small
from tests.visitors import FLAGS, Visitors, found, serve


def pages(actions: int, number: int, shrink: bool) -> str:
    """Walk through AppTest; returns what was done."""
    with small() as log:
        return f"{machine.walk(log, actions, number, shrink)} actions"


def browser(steps: int, number: int, shrink: bool) -> str:
    """Walk in Chromium, at a freshly started server; with an even seed at the size of a phone."""
    options = {"has_touch": True, "viewport": {"width": 390, "height": 844}} if number % 2 == 0 else {}
    with TemporaryDirectory() as folder, serve(Path(folder)) as address, sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found(), args=FLAGS)
        visitors = Visitors(launched, address)
        Wanderer(visitors, number, **options).wander(steps)
        visitors.leave()
        launched.close()
    return f"{steps} steps in a browser"


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.journeys.walk", description=__doc__)
    parser.add_argument("--actions", type=int, default=2000, help="through AppTest, of each seed; 0: none")
    parser.add_argument("--steps", type=int, default=200, help="in a browser, of each seed; 0: none")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--shrink", action="store_true", help="look for the shortest way to what is found: minutes")
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    options = parser.parse_args()
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    failed = 0
    for number in range(options.first, options.first + options.seeds):
        for walk, count in ((pages, options.actions), (browser, options.steps)):
            begun = time.monotonic()
            try:
                done = walk(count, number, options.shrink) if count else "nothing asked"
            except (AssertionError, Error) as error:
                print(f"seed {number}: {error}", *getattr(error, "__notes__", []), sep="\n", flush=True)
                failed = 1
            else:
                print(f"seed {number}: {done} in {time.monotonic() - begun:.0f} s, no finding", flush=True)
    return failed


if __name__ == "__main__":
    sys.exit(main())
