"""Inspections on the server: visitors' requests, their uploaded test files, and the jobs that compute them.

An inspection is a directory of ``INSPECTED``, as the command line writes it. The request lies beside it in
``.asked``, uploads by their digest in ``.uploads``, so that a new process can continue unfinished ones.
The inspection of an upload has an unguessable name: only its maker, or who has its link, sees it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Collection
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s import disk
from s2s.data.readers import EXTENSIONS, Columns, advise
from s2s.errors import UserError
from s2s.server import folders
from s2s.server.job import Job

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

MEGABYTES = 20  # of one upload
KEPT = 1_000  # megabytes of all uploads
NAME = re.compile(r"[\w-][\w.@-]{0,119}")  # of an inspection: never hidden, never a path
PRIVATE = "u-"  # first letters of the name of an upload's inspection


@dataclass(frozen=True)
class Asked:
    """A request: a checkpoint on ``path`` in the data folder, or on an upload; ``file`` is the displayed name."""

    checkpoint: str
    file: str
    path: str
    upload: bool = False
    source_column: str = "source"
    target_column: str = "target"
    limit: int | None = None
    skip_bad: bool = False

    def place(self) -> Path:
        """The file's path. Raises UserError where it is missing or not allowed."""
        return folders.within(self.path, _uploads() if self.upload else folders.DATA)


@dataclass(frozen=True)
class Entry:
    """An existing inspection: its manifest once written, and its request unless it was made elsewhere."""

    name: str
    manifest: dict[str, Any] | None
    asked: Asked | None
    finished: bool

    @property
    def checkpoint(self) -> str:
        """The checkpoint's name."""
        held = self.asked.checkpoint if self.asked else (self.manifest or {}).get("checkpoint", {}).get("name", "")
        return str(held)

    @property
    def file(self) -> str:
        """The displayed name of the file."""
        return str(self.asked.file if self.asked else (self.manifest or {}).get("file", {}).get("name", ""))


def directory(name: str) -> Path:
    """The directory of an inspection."""
    return folders.INSPECTED / name


def _asked() -> Path:
    return folders.INSPECTED / ".asked"


def _uploads() -> Path:
    return folders.INSPECTED / ".uploads"


def keep(name: str, content: bytes) -> str:
    """Store an upload under the digest of its content; returns its path. UserError where it is too large."""
    suffix = Path(name).suffix.lower()
    # Never under its own name, and never unpacked: a small .gz can hold terabytes.
    path = _uploads() / (hashlib.sha256(content).hexdigest() + (suffix if suffix in EXTENSIONS else ".tsv"))
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        used = sum(one.stat().st_size for one in path.parent.iterdir())
        if len(content) > MEGABYTES * 10**6 or used + len(content) > KEPT * 10**6:
            raise UserError("upload_full", file=name, size=MEGABYTES)

        def fill(fresh: Path) -> None:
            fresh.write_bytes(content)

        disk.write_file(path, fill)
    return path.name


def ask(wanted: Asked, own: Collection[str] = ()) -> str:
    """Record a request; returns the name of its inspection: for an upload the visitor's own if any, else a new one."""
    wanted.place()
    if wanted.upload:
        same = [name for name in own if (held := entry(name)) and held.asked == wanted]
        name = same[0] if same else PRIVATE + secrets.token_urlsafe(16)
    else:
        stem = re.sub(r"[^\w.-]", "-", f"{wanted.checkpoint}-{Path(wanted.file).with_suffix('')}")[:80].lstrip(".")
        name = f"{stem}-{hashlib.sha256(_text(wanted).encode()).hexdigest()[:8]}"
    path = _asked() / f"{name}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.write_text(path, _text(wanted))
    return name


def _text(wanted: Asked) -> str:
    return json.dumps(asdict(wanted), ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def entry(name: str) -> Entry | None:
    """The inspection of this name; None for an unknown name."""
    if not NAME.fullmatch(name):
        return None
    manifest = _json(directory(name) / "manifest.json")
    held, asked = _json(_asked() / f"{name}.json"), None
    if held is not None:
        try:
            asked = Asked(**held)
        except TypeError:
            return None
    if manifest is None and asked is None:
        return None
    return Entry(name, manifest, asked, manifest is not None and (directory(name) / "examples.parquet").exists())


def _json(path: Path) -> dict[str, Any] | None:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return held if isinstance(held, dict) else None


def listed(own: Collection[str]) -> list[Entry]:
    """The inspections that a visitor sees, newest first: all but those of other visitors' uploads."""
    if not folders.INSPECTED.is_dir():
        return []
    seen = {path.name: path.stat().st_mtime for path in folders.INSPECTED.iterdir() if path.is_dir()}
    if _asked().is_dir():
        seen |= {path.stem: path.stat().st_mtime for path in _asked().glob("*.json") if path.stem not in seen}
    names = [name for name in sorted(seen, key=lambda n: -seen[n]) if not name.startswith(PRIVATE) or name in own]
    found = [held for name in names if (held := entry(name)) is not None]
    return [held for held in found if held.finished or held.asked]


class Running:
    """The job that computes an inspection, and the share that was done when it began."""

    def __init__(self, asked: Asked, place: Path, checkpoint: Checkpoint) -> None:
        self.began, self.skipped = time.monotonic(), 0.0
        self.job: Job[None] = Job(lambda tell: self._work(asked, place, checkpoint, tell))

    def left(self) -> float | None:
        """Estimated seconds left at the speed so far; None before it is known."""
        done, passed = self.job.share - self.skipped, time.monotonic() - self.began
        return passed / done * (1 - self.job.share) if done > 0 and passed > 1 else None

    def _work(self, asked: Asked, place: Path, checkpoint: Checkpoint, tell: Callable[[float], None]) -> None:
        import torch

        from s2s.inspect.run import WINDOW, Input, Inspection
        from s2s.inspect.summary import summarised
        from s2s.train.distributed import Group

        torch.set_num_threads(1)
        alone, done = Group(0, 1, torch.device("cpu")), 0
        columns = Columns(asked.source_column, asked.target_column)
        source = Input(asked.place(), columns, "auto", asked.limit, asked.skip_bad)
        try:
            inspection = Inspection(place, checkpoint, source)
            total = inspection.share(alone)
            before = sum(inspection.part(n).exists() for n in range(inspection.windows)) * WINDOW
            self.skipped, self.began = min(before / total, 1.0), time.monotonic()

            def progress(pairs: int) -> None:
                nonlocal done
                done += pairs
                tell(done / total)

            inspection.run(alone, progress)
            summarised(place)
        except UserError as error:
            raise named(error, asked.file) from None


def named(error: UserError, file: str) -> UserError:
    """The error with the displayed name of the file in place of the server's path."""
    error.values.update({name: file for name in ("file", "directory") if name in error.values})
    return advise(error, "page")


_RUNNING: dict[str, Running] = {}  # shared by all sessions: a visitor who returns finds the progress


def running(name: str) -> Running | None:
    """The job of an inspection, also an ended one until ``forget``; None for others."""
    return _RUNNING.get(name)


def start(name: str, checkpoint: Checkpoint) -> Running:
    """Start or continue a requested inspection; one that runs is left alone."""
    held = entry(name)
    if held is None or held.asked is None:
        raise UserError("inspect_gone")
    now = _RUNNING.get(name)
    if now is None or not now.job.look():
        _RUNNING[name] = now = Running(held.asked, directory(name), checkpoint)
    return now


def forget(name: str) -> None:
    """Drop an ended job; a request that produced nothing is deleted with it."""
    _RUNNING.pop(name, None)
    if not (directory(name) / "manifest.json").exists():
        (_asked() / f"{name}.json").unlink(missing_ok=True)
