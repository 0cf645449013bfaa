"""What may be kept of visitors' inspections: how many, how large, how long; the oldest unused give way.

An inspection that nobody asked for on the page, as those of the command line, has no request and is never deleted by
itself. The request's file has as its time when the inspection was last opened.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Collection, Sequence
from contextlib import suppress
from pathlib import Path

from s2s import disk, settings
from s2s.errors import UserError
from s2s.monitoring import events
from s2s.server import inspections, lease

HOUR, DAY = 3_600.0, 86_400.0  # seconds
IN_USE = 7 * DAY  # an inspection that was opened so lately is not deleted to make room, whoever asks for how many
SWEEP = 600.0  # seconds between two looks for what has expired
_LOCK = threading.Lock()
_next_sweep = [0.0]


def check_visit(held: int, times: Sequence[float]) -> None:
    """Raise UserError if a visit that holds so many inspections, requested at these times, may not request another."""
    settings.check_on("inspections")
    most = settings.current()
    if held >= most.inspections_per_session:
        raise UserError("inspections_own_full", most=most.inspections_per_session)
    lately = [moment for moment in times if time.time() - moment < HOUR]
    if len(lately) >= most.inspections_per_hour:
        minutes = int((HOUR - (time.time() - lately[0])) // 60) + 1
        raise UserError("inspections_hour", most=most.inspections_per_hour, minutes=minutes)


def make_room(megabytes: float = 0.0, count: int = 1) -> None:
    """Delete what has expired, and the oldest unused until so much fits. UserError if that is not enough.

    ``megabytes`` are those of a new inspection's uploaded file or, with ``count`` 0, of states that an old one keeps.
    """
    settings.check_on("inspections")  # else all would be deleted before the refusal
    with _LOCK:
        _delete_expired()
        names, most = _requested(), settings.current()
        sizes = {name: size(name) for name in names}

        def is_full() -> bool:
            files = sum(map(disk.size, inspections.uploaded_files())) / settings.MEGABYTE + count * megabytes
            used = sum(sizes.values()) / settings.MEGABYTE + megabytes
            return len(sizes) + count > most.inspections or used > most.inspections_mb or files > most.test_files_mb

        for name in names:
            if not is_full():
                return
            if time.time() - last_opened(name) > IN_USE and _deleted(name):
                del sizes[name]
        if is_full():
            raise UserError("inspections_full")


def sweep() -> None:
    """Delete what has expired, at most every ``SWEEP`` seconds."""
    with _LOCK:
        if time.monotonic() >= _next_sweep[0]:
            _next_sweep[0] = time.monotonic() + SWEEP
            _delete_expired()


def mark_opened(name: str) -> None:
    """Note that an inspection is in use, so that it is kept."""
    with suppress(OSError):
        os.utime(inspections.request_path(name))


def last_opened(name: str) -> float:
    """When an inspection was last opened, in seconds since 1970; 0 if it was not requested on the page."""
    try:
        return inspections.request_path(name).stat().st_mtime
    except OSError:
        return 0.0


def days_left(name: str) -> int | None:
    """The days until an inspection that nobody opens is deleted, at least 1; None if it is not."""
    days, opened = settings.current().inspection_days, last_opened(name)
    return max(1, round(days - (time.time() - opened) / DAY)) if days and opened else None


def may_delete(name: str, own: Collection[str]) -> bool:
    """Whether a visit that made ``own`` may delete an inspection: also whoever has the link of a private one.

    In the profile ``local`` everybody may.
    """
    if settings.current().profile == "local" or name in own:
        return True
    return name.startswith(inspections.PRIVATE_PREFIX)  # visitors only learn its name by its link


def size(name: str) -> int:
    """The bytes of an inspection, with its kept states and the test file that was uploaded for it."""
    entry = inspections.find_entry(name)
    upload = [entry.request.upload_path()] if entry and entry.request and entry.request.upload else []
    return sum(disk.size(path) for path in (*inspections.inspection_directory(name).rglob("*"), *upload))


def delete(name: str) -> None:
    """Delete an inspection, and its uploaded file unless another needs it. UserError while it is computed."""
    running = inspections.find_running(name)
    if running is not None and running.job.poll():
        raise UserError("inspection_busy")
    entry = inspections.find_entry(name)
    with lease.hold(name):
        disk.remove(inspections.inspection_directory(name))
        disk.remove(inspections.request_path(name))  # last: after a kill the rest can still be deleted
    inspections.forget_job(name)
    if entry is not None and entry.request is not None and entry.request.upload:
        _delete_unneeded([entry.request.upload_path()], 0.0)
    events.audit("inspection_deleted", name=name)


def states_size(directory: Path) -> int:
    """The bytes of the states that an inspection keeps."""
    return sum(map(disk.size, (directory / "states").rglob("*")))


def delete_states(directory: Path) -> None:
    """Delete the states of an inspection, whose rows stay. UserError while they are computed."""
    with lease.hold(directory.name):
        disk.remove(directory / "states")
    events.audit("states_deleted", name=directory.name)


def _deleted(name: str) -> bool:
    try:
        delete(name)
    except UserError:
        return False
    return True


def _requested() -> list[str]:
    """The names of all requested inspections, the longest unopened first."""
    return sorted((path.stem for path in inspections.request_path("x").parent.glob("*.json")), key=last_opened)


def _delete_expired() -> None:
    days = settings.current().inspection_days
    for name in _requested():
        if days and time.time() - last_opened(name) > days * DAY:
            _deleted(name)
    _delete_unneeded(inspections.uploaded_files(), HOUR)  # one that was just stored may have its request soon


def _delete_unneeded(files: Sequence[Path], age: float) -> None:
    """Delete those of the uploaded files that no request names and that are so many seconds old."""
    entries = map(inspections.find_entry, _requested())
    needed = {entry.request.path for entry in entries if entry and entry.request and entry.request.upload}
    for file in files:
        with suppress(OSError):
            if file.name not in needed and time.time() - file.stat().st_mtime > age:
                disk.remove(file)
