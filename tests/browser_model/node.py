"""Runs a script of this folder in Node: a JSON value in, a JSON value out."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import playwright

NODE = Path(playwright.__file__).parent / "driver" / "node"


def run_script(name: str, value: Any) -> Any:
    """What the script makes of the value."""
    command = [str(NODE), str(Path(__file__).parent / name)]
    done = subprocess.run(command, input=json.dumps(value), text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
