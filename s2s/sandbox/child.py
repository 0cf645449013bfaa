"""The confined process, ``python -m s2s.sandbox.child``: it reads a request of ``run`` from its standard input."""

from __future__ import annotations

import importlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2s.errors import UserError
from s2s.sandbox.confine import confine
from s2s.sandbox.limits import Limits


def main() -> None:
    """Import the task, confine this process, run it, and write its answer as JSON to the original standard output."""
    answers = os.dup(1)
    os.dup2(2, 1)  # so that a library's prints do not mix with the answer
    request = json.loads(sys.stdin.buffer.read())
    module, _, name = request["task"].partition(":")
    task = getattr(importlib.import_module(module), name)
    reads, writes = (list(map(Path, request[name])) for name in ("reads", "writes"))
    answer = _answer(task, request["values"], lambda: confine(reads, writes, Limits(**request["limits"])))
    with os.fdopen(answers, "wb") as out:
        out.write(json.dumps(answer, default=str).encode())


def _answer(task: Any, values: dict[str, Any], confine_self: Callable[[], None]) -> dict[str, Any]:
    try:
        confine_self()
        return {"value": task(**values)}
    except UserError as error:
        return error.packed()


if __name__ == "__main__":
    main()
