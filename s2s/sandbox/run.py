"""Run a task in a confined child process and wait for its answer."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from s2s.errors import UserError
from s2s.sandbox.limits import DEFAULT, Limits
from s2s.text.safe import printable

IMPORT_SECONDS = 30  # for the child to import its modules, on top of the task's own time
MAX_ANSWER = 1_000_000  # bytes of an answer
CHILDREN = threading.BoundedSemaphore(2)  # children of this process at a time
LOG = logging.getLogger(__name__)


def run(
    task: str,
    file: str,
    values: Mapping[str, Any],
    reads: Sequence[Path] = (),
    writes: Sequence[Path] = (),
    limits: Limits = DEFAULT,
) -> Any:
    """Call ``task`` (``module:function``) with ``values`` in a confined child process, and return its answer.

    The child may read only ``reads`` and write only below ``writes``. Values and answer are plain JSON; ``file`` is the
    user's name of the foreign file. Raises the task's UserError, or another one if the child exceeds a limit or dies.
    """
    request = {
        "task": task,
        "values": values,
        "reads": [str(path.resolve()) for path in reads],
        "writes": [str(path.resolve()) for path in writes],
        "limits": asdict(limits),
    }
    with CHILDREN, tempfile.TemporaryFile() as errors:
        text, status = _communicate(json.dumps(request).encode(), limits, errors, writes)
        errors.seek(0)
        printed = printable(errors.read(20_000).decode("utf-8", "replace"), 2_000)
    try:
        answer = json.loads(text)
    except (ValueError, RecursionError):
        answer = None
    if isinstance(answer, dict) and "value" in answer:
        return answer["value"]
    if (error := UserError.unpacked(answer)) is not None:
        raise error
    LOG.warning("%s of %s ended with status %s: %s", task, printable(file, 80), status, printed)
    raise UserError("sandbox_ended", file=file, seconds=limits.seconds, memory=limits.memory // 1_000_000)


def _communicate(request: bytes, limits: Limits, errors: Any, writes: Sequence[Path]) -> tuple[bytes, int]:
    """The child's answer, at most ``MAX_ANSWER`` bytes, and its exit status. It is killed when its time is over."""
    environment = {
        "PATH": os.defpath,
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[2]), *filter(None, sys.path)]),
        "PYTHONDONTWRITEBYTECODE": "1",
        "OMP_NUM_THREADS": "1",
        "HF_HUB_OFFLINE": "1",
        "TMPDIR": str(writes[0].resolve()) if writes else "/nonexistent",
        **{name: os.environ[name] for name in ("SYSTEMROOT", "LD_LIBRARY_PATH") if name in os.environ},
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "s2s.sandbox.child"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=errors,
        env=environment,
        start_new_session=True,
    )
    assert process.stdin is not None and process.stdout is not None
    clock = threading.Timer(limits.seconds + IMPORT_SECONDS, process.kill)
    clock.start()
    try:
        process.stdin.write(request)
        process.stdin.close()
        answer = process.stdout.read(MAX_ANSWER)
        if len(answer) == MAX_ANSWER:  # it may go on writing for ever
            process.kill()
        return answer, process.wait()
    except BrokenPipeError:  # it died before it had read its request
        return b"", process.wait()
    finally:
        clock.cancel()
        process.kill()
        process.stdout.close()
        process.wait()
