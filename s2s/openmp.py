"""How torch's threads wait for each other: set before torch is imported, as OpenMP reads it when it is loaded."""

from __future__ import annotations

import os

SLEEP = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def sleep_while_waiting() -> None:
    """Have them sleep instead of spinning, unless the environment says otherwise.

    A thread that spins holds a core until the other is done: where another program wants that core, the system gives
    each its turn of some milliseconds, and every product of a training step waits for one (docs/SPEED.md has numbers).
    """
    for name, value in SLEEP.items():
        os.environ.setdefault(name, value)
