"""The confined process that reads mutated files one after the other and says what came of each."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from s2s.errors import LANGUAGES, UserError
from s2s.sandbox.confine import confine
from s2s.sandbox.limits import Limits
from tests.fuzz.formats import FORMATS
from tests.fuzz.mutate import mutated
from tests.paths import ROOT

LONGEST = 500  # characters of a refusal
SECONDS = 20  # for one file
LIMITS = Limits(seconds=100_000, memory=1_500_000_000, file=100_000_000, descriptors=200)


class Watched:
    """An audit hook: every file opened beyond the allowed directories, every socket, process and unpickled global."""

    def __init__(self, allowed: list[str]) -> None:
        self.allowed = tuple(allowed)
        self.seen: list[str] = []
        self.on = False

    def __call__(self, event: str, arguments: tuple[Any, ...]) -> None:
        if not self.on:
            return
        if event == "open" and isinstance(arguments[0], str | bytes):
            path = os.fsdecode(arguments[0])
            if os.path.isabs(path) and not path.startswith(self.allowed):  # relative ones: what a directory holds
                self.seen.append(f"open {path[:200]}")
        elif event.startswith(
            ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.spawn", "pickle.find_class")
        ):
            self.seen.append(f"{event} {str(arguments)[:200]}")


def problem(format: str, directory: Path, watched: Watched) -> str:
    """What is wrong with how the directory is read; empty where it is read, or refused in one short sentence."""
    watched.seen, watched.on = [], True
    signal.alarm(SECONDS)
    try:
        FORMATS[format].read(directory)
    except UserError as error:
        signal.alarm(0)
        for language in LANGUAGES:
            said = error.say(language)
            if len(said) > LONGEST or not said.isprintable():
                return f"a refusal of {len(said)} characters: {said[:100]!r}"
    except MemoryError:
        pass  # the child of a server says it for the file
    except Exception as error:
        return f"{type(error).__name__}: {str(error)[:200]}"
    finally:
        signal.alarm(0)
        watched.on = False
    return "; ".join(watched.seen[:3])


def main(format: str, seeds: str, first: int, count: int, scratch: str) -> None:
    """A line of JSON on standard output for each file: its number, the problem, the seconds."""
    answers = os.dup(1)
    os.dup2(2, 1)
    allowed = [
        scratch,
        str(ROOT / "s2s"),
        sys.prefix,
        sys.base_prefix,
        *sysconfig.get_paths().values(),
        "/proc",
        "/sys",
    ]
    watched = Watched([*allowed, "/dev/null", "/usr/lib", "/lib"])
    place = Path(scratch) / "case"
    shutil.copytree(seeds, place)
    assert problem(format, place, Watched([])) == "", "the example itself is refused"
    sys.addaudithook(watched)
    confine([Path(seeds)], [Path(scratch)], LIMITS)
    with os.fdopen(answers, "w", encoding="utf-8") as out:
        for number in range(first, first + count):
            rng = random.Random(f"{format} {number}")
            shutil.rmtree(place)
            shutil.copytree(seeds, place)
            chosen = rng.choice(sorted(path for path in place.rglob("*") if path.is_file()))
            chosen.write_bytes(mutated(chosen.read_bytes(), rng))
            began = time.monotonic()
            found = problem(format, place, watched)
            out.write(json.dumps([number, found, time.monotonic() - began]) + "\n")
            out.flush()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]), sys.argv[5])
