"""Inspections on the server: visitors' requests, their uploaded test files, and the jobs that compute them.

An inspection is a directory in ``folders.INSPECTED``, in the format of the command line. Requests are stored in
``.asked``, uploads under their digests in ``.uploads``, so that a new process can continue unfinished inspections.
The inspection of an upload has an unguessable name: only the visitor who made it and those with its link see it.
"""

from __future__ import annotations

import hashlib
import json
import re
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s import disk, settings
from s2s.data.readers import EXTENSIONS, Columns, with_advice
from s2s.errors import UserError
from s2s.monitoring import events
from s2s.server import folders, lease
from s2s.server.job import Job

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

VALID_NAME = re.compile(r"[\w-][\w.@-]{0,119}")  # of an inspection: no hidden file, no path
PRIVATE_PREFIX = "u-"  # of the names of inspections of uploads


@dataclass(frozen=True)
class InspectionRequest:
    """A request to inspect a checkpoint on a test file; the fields are the keys of its JSON file.

    ``path`` is relative to the data folder or, with ``upload``, to the uploads; ``file`` is the displayed name.
    """

    checkpoint: str
    file: str
    path: str
    upload: bool = False
    source_column: str = "source"
    target_column: str = "target"
    limit: int | None = None
    skip_bad: bool = False
    source_share: bool = False

    def file_path(self) -> Path:
        """The test file's path on the server. Raises UserError if it is missing or not allowed."""
        return folders.resolve_inside(self.path, _upload_folder() if self.upload else folders.DATA)

    def upload_path(self) -> Path:
        """The path of an uploaded test file, which may be gone."""
        return _upload_folder() / Path(self.path).name


@dataclass(frozen=True)
class InspectionEntry:
    """An inspection on the server, finished or not."""

    name: str
    manifest: dict[str, Any] | None  # None until the job writes it
    request: InspectionRequest | None  # None for an inspection of the command line
    finished: bool

    @property
    def share(self) -> float:
        """The share that is on disk, from 0 to 1; of an unfinished one, of whole windows."""
        if self.finished or self.manifest is None:
            return float(self.finished)
        from s2s.inspect.run import WINDOW

        parts = sum(1 for _ in (inspection_directory(self.name) / "parts").glob("*.parquet"))
        return min(1.0, parts * WINDOW / max(1, int(self.manifest["pairs"])))

    @property
    def checkpoint(self) -> str:
        """The checkpoint's name."""
        if self.request:
            return self.request.checkpoint
        return str((self.manifest or {}).get("checkpoint", {}).get("name", ""))

    @property
    def file(self) -> str:
        """The displayed name of the file."""
        return self.request.file if self.request else str((self.manifest or {}).get("file", {}).get("name", ""))


def inspection_directory(name: str) -> Path:
    """The directory of an inspection."""
    return folders.INSPECTED / name


def _request_folder() -> Path:
    return folders.INSPECTED / ".asked"


def request_path(name: str) -> Path:
    """The path of the request of an inspection, which is there if it was made on the page."""
    return _request_folder() / f"{name}.json"


def uploaded_files() -> list[Path]:
    """The uploaded test files that are stored."""
    return list(_upload_folder().glob("[!.]*")) if _upload_folder().is_dir() else []


def _upload_folder() -> Path:
    return folders.INSPECTED / ".uploads"


def store_upload(name: str, content: bytes, admit: Callable[[], None] = lambda: None) -> str:
    """Store an upload under the digest of its content; returns its file name. Raises UserError if it is too large.

    ``admit`` is called before a new file is stored, and may raise a UserError.
    """
    suffix = Path(name).suffix.lower()
    # The uploaded name is not used as a path, and .gz is not unpacked: a small one can hold terabytes.
    path = _upload_folder() / (hashlib.sha256(content).hexdigest() + (suffix if suffix in EXTENSIONS else ".tsv"))
    settings.check_on("test files, saved runs")
    settings.check_on("test files")
    if not path.exists():
        admit()
        path.parent.mkdir(parents=True, exist_ok=True)
        used = sum(map(disk.size, path.parent.iterdir()))
        most = settings.current()
        room = min(most.test_file_mb, most.test_files_mb - used / settings.MEGABYTE)
        if len(content) > room * settings.MEGABYTE:
            raise UserError("upload_full", file=name, size=most.test_file_mb)

        def fill(fresh: Path) -> None:
            fresh.write_bytes(content)

        disk.write_file(path, fill)
        events.upload("test_file_uploaded", path.name, len(content))
    return path.name


def submit_request(
    request: InspectionRequest, visitor_names: Collection[str] = (), admit: Callable[[], None] = lambda: None
) -> str:
    """Write a request to disk; returns the name of its inspection. ``admit`` is called first for a new inspection.

    Equal requests for a file of the data folder have the same name, unless one was of another version of the schema.
    A request for an upload has the name of an equal one among ``visitor_names`` (the visitor's inspections), else a
    new, random name. Raises UserError as ``file_path``.
    """
    from s2s.inspect.schema import SCHEMA

    request.file_path()
    if request.upload:
        known = [entry for name in visitor_names if (entry := find_entry(name)) and entry.request == request]
        same = [entry.name for entry in known if entry.manifest is None or entry.manifest.get("schema") == SCHEMA]
        name = same[0] if same else PRIVATE_PREFIX + secrets.token_urlsafe(16)
    else:
        stem = re.sub(r"[^\w.-]", "-", f"{request.checkpoint}-{Path(request.file).with_suffix('')}")[:80].lstrip(".")
        name = f"{stem}-{hashlib.sha256(f'{SCHEMA} {_request_json(request)}'.encode()).hexdigest()[:8]}"
    path = request_path(name)
    if not path.exists():
        admit()
        path.parent.mkdir(parents=True, exist_ok=True)
        disk.write_text(path, _request_json(request))
        events.audit("inspection_requested", name=name)
    return name


def _request_json(request: InspectionRequest) -> str:
    fields = asdict(request)
    if not request.source_share:  # such a request has the name that earlier versions gave it
        del fields["source_share"]
    return json.dumps(fields, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def find_entry(name: str) -> InspectionEntry | None:
    """The inspection of this name; None for an unknown name."""
    if not VALID_NAME.fullmatch(name):
        return None
    directory = inspection_directory(name)
    manifest = _read_json(directory / "manifest.json")
    fields, request = _read_json(request_path(name)), None
    if fields is not None:
        try:
            request = InspectionRequest(**fields)
        except TypeError:
            return None
    if manifest is None and request is None:
        return None
    return InspectionEntry(name, manifest, request, manifest is not None and is_finished(name))


def is_finished(name: str) -> bool:
    """Whether an inspection's table is there."""
    return (inspection_directory(name) / "examples.parquet").exists()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def list_entries(visitor_names: Collection[str]) -> list[InspectionEntry]:
    """The inspections that a visitor sees, newest first: all but those of other visitors' uploads."""
    if not folders.INSPECTED.is_dir():
        return []
    paths = {path.stem: path for path in _request_folder().glob("*.json")}
    paths |= {path.name: path for path in folders.INSPECTED.iterdir() if path.is_dir()}
    times: dict[str, float] = {}
    for name, path in paths.items():
        with suppress(OSError):  # deleted meanwhile
            times[name] = path.stat().st_mtime
    newest_first = sorted(times, key=lambda name: -times[name])
    visible = [name for name in newest_first if not name.startswith(PRIVATE_PREFIX) or name in visitor_names]
    return [entry for name in visible if (entry := find_entry(name)) is not None]


class RunningInspection:
    """The job that computes an inspection; ``skipped`` is the share that an earlier run had done."""

    def __init__(self, request: InspectionRequest, directory: Path, checkpoint: Checkpoint) -> None:
        self.began, self.skipped = time.monotonic(), 0.0
        self.job: Job[None] = Job(lambda report: self._work(request, directory, checkpoint, report))

    def seconds_left(self) -> float | None:
        """The estimated seconds left at the speed so far; None before the speed is known."""
        done, passed = self.job.share - self.skipped, time.monotonic() - self.began
        return passed / done * (1 - self.job.share) if done > 0 and passed > 1 else None

    def _work(
        self, request: InspectionRequest, directory: Path, checkpoint: Checkpoint, report: Callable[[float], None]
    ) -> None:
        import torch

        from s2s.inspect.run import WINDOW, Input, Inspection
        from s2s.inspect.summary import load_summary
        from s2s.train.distributed import Group

        torch.set_num_threads(1)
        alone, done = Group(0, 1, torch.device("cpu")), 0
        columns = Columns(request.source_column, request.target_column)
        source = Input(request.file_path(), columns, "auto", request.limit, request.skip_bad)
        try:
            with lease.hold(directory.name):
                inspection = Inspection(directory, checkpoint, source, shares=request.source_share)
                total = inspection.share(alone)
                before = sum(inspection.part(n).exists() for n in range(inspection.windows)) * WINDOW
                self.skipped, self.began = min(before / total, 1.0), time.monotonic()

                def progress(pairs: int) -> None:
                    nonlocal done
                    done += pairs
                    report(done / total)

                inspection.run(alone, progress)
                load_summary(directory)
        except UserError as error:
            raise name_displayed_file(error, request.file) from None


def name_displayed_file(error: UserError, file: str) -> UserError:
    """The error with the displayed name of the file in place of the server's path."""
    error.values.update({name: file for name in ("file", "directory") if name in error.values})
    return with_advice(error, "page")


_RUNNING: dict[str, RunningInspection] = {}  # by name, for all sessions: a visitor who returns sees the progress


def find_running(name: str) -> RunningInspection | None:
    """The job of an inspection, running or ended, until ``forget_job``; None if there is no job."""
    return _RUNNING.get(name)


def start_inspection(name: str, checkpoint: Checkpoint) -> RunningInspection:
    """Start or continue a requested inspection unless it runs; returns its job.

    Raises UserError without a request, and if inspections are switched off.
    """
    settings.check_on("inspections")
    entry = find_entry(name)
    if entry is None or entry.request is None:
        raise UserError("inspect_gone")
    running = _RUNNING.get(name)
    if running is None or not running.job.poll():
        _RUNNING[name] = running = RunningInspection(entry.request, inspection_directory(name), checkpoint)
        events.audit("inspection_started", name=name)
    return running


def forget_job(name: str) -> None:
    """Drop an ended job, and its request if it wrote no manifest."""
    _RUNNING.pop(name, None)
    if not (inspection_directory(name) / "manifest.json").exists():
        request_path(name).unlink(missing_ok=True)
