"""``python -m tests.fuzz --files 100000``: mutated files of every format, read confined; findings and exit status 1."""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from tests.fuzz.formats import FORMATS
from tests.paths import ROOT

DEATHS = 20  # of a format's workers, after which the rest of its files is given up


@dataclass
class Result:
    """What came of a format's files."""

    read: int = 0
    slowest: float = 0.0  # seconds
    findings: list[tuple[int, str]] = field(default_factory=list)


def fuzz(format: str, first: int, count: int) -> Result:
    """Read ``count`` mutations of a format's example, from number ``first`` on."""
    result = Result()
    with tempfile.TemporaryDirectory() as folder:
        seeds = Path(folder) / "seeds"
        seeds.mkdir()
        FORMATS[format].make(seeds)
        number, deaths = first, 0
        while number < first + count and deaths < DEATHS:
            worker = Worker(format, seeds, number, first + count - number, Path(folder))
            for number, found, seconds in worker.answers():
                result.read += 1
                result.slowest = max(result.slowest, seconds)
                if found:
                    result.findings.append((number, found))
            number = worker.next
            if number < first + count:  # it died at this one
                deaths += 1
                result.read += 1
                if not (FORMATS[format].patience and worker.status == -signal.SIGALRM):
                    result.findings.append((number, f"the reading process died ({worker.status}): {worker.errors}"))
                number += 1
    return result


class Worker:
    """A confined process that reads some files; ``next`` is the number of the first that it has not answered for."""

    def __init__(self, format: str, seeds: Path, first: int, count: int, folder: Path) -> None:
        self.arguments = [format, str(seeds), str(first), str(count)]
        self.next, self.folder = first, folder
        self.status, self.errors = 0, ""

    def answers(self) -> Iterator[tuple[int, str, float]]:
        """Number, problem and seconds of each file, until the process ends."""
        with tempfile.TemporaryDirectory(dir=self.folder) as scratch, tempfile.TemporaryFile() as errors:
            command = [sys.executable, "-m", "tests.fuzz.worker", *self.arguments, scratch]
            environment = {**os.environ, "OMP_NUM_THREADS": "1", "TMPDIR": scratch}
            with subprocess.Popen(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=errors, encoding="utf-8"
            ) as process:
                assert process.stdout
                for line in process.stdout:
                    number, found, seconds = json.loads(line)
                    self.next = number + 1
                    yield number, found, seconds
            self.status = process.returncode
            errors.seek(0)
            self.errors = errors.read()[-300:].decode("utf-8", "replace")


def main() -> None:
    """Fuzz every format, two at a time."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--files", type=int, default=100_000, help="of all formats together (100000)")
    parser.add_argument("--first", type=int, default=0, help="number of each format's first file (0)")
    parser.add_argument("--formats", nargs="*", choices=FORMATS, default=list(FORMATS), metavar="NAME")
    options = parser.parse_args()
    each = -(-options.files // len(options.formats))
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda name: fuzz(name, options.first, each), options.formats)
        found = 0
        for name, result in zip(options.formats, results, strict=True):
            print(f"{name}: {result.read:,} files, slowest {result.slowest:.2f} s, {len(result.findings)} findings")
            for number, text in result.findings[:10]:
                print(f"  {number}: {text}")
            found += len(result.findings)
    sys.exit(found > 0)


if __name__ == "__main__":
    main()
