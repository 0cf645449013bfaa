"""How OpenMP's threads wait for each other; must be set before torch is imported."""

from __future__ import annotations

import os

SLEEP = {"OMP_WAIT_POLICY": "PASSIVE", "GOMP_SPINCOUNT": "0", "KMP_BLOCKTIME": "0"}


def sleep_while_waiting() -> None:
    """Let waiting threads sleep instead of spin, unless the environment says otherwise.

    A spinning thread occupies a core. If another program needs that core, the two take turns of some milliseconds, and
    every matrix product of a training step waits for such a turn (docs/SPEED.md has numbers).
    """
    for name, value in SLEEP.items():
        os.environ.setdefault(name, value)
