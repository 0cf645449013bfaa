"""Uploaded checkpoints: each belongs to one session, has an unguessable name, and is deleted with the session."""

from __future__ import annotations

import re
import secrets
import shutil
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path, PurePosixPath

from s2s import settings
from s2s.checkpoint.archive import FILES, NEEDED, UNPACKED
from s2s.disk import remove
from s2s.errors import UserError
from s2s.monitoring import events
from s2s.sandbox.limits import Limits
from s2s.sandbox.run import run
from s2s.sandbox.stated import plain, typed_options
from s2s.server import folders, temporary
from s2s.server.registry import Registry

LIMITS = Limits(seconds=30, memory=2_000_000_000, file=UNPACKED)
_UPLOADS: Registry[Upload] = Registry()


class Upload:
    """A checkpoint in its own directory, which is deleted when nothing references it any more."""

    def __init__(self, title: str, size: int, client: str = "") -> None:
        stem = re.sub(r"[^\w-]", "", PurePosixPath(title).stem)[:40] or "model"
        self.title, self.size, self.client = title, size, client
        self.name = f"{stem}-{secrets.token_hex(6)}"
        self.used = time.monotonic()  # when its visitor last did something, in seconds
        self.directory = temporary.subdirectory() / self.name
        weakref.finalize(self, remove, self.directory.parent)


def checkpoint_directory(name: str) -> Path | None:
    """The directory of an uploaded checkpoint; None for an unknown name."""
    upload = _UPLOADS.get(name)
    return upload.directory if upload else None


def is_held(upload: Upload) -> bool:
    """Whether an upload is still there; it counts as used now."""
    return _UPLOADS.touch(upload)


def add_archive(title: str, content: bytes, client: str = "", typed: str = "") -> Upload:
    """Add a checkpoint from a client's zip file, ours or TensorFlow's, of which ``typed`` says what its files do not.

    Raises UserError for another kind of file, an open question, or too many uploads.
    """
    settings.check_on("zip files")
    options = plain(typed_options(typed))

    def fill(directory: Path) -> None:
        most = settings.current().checkpoint_mb
        if len(content) > most * settings.MEGABYTE:
            raise UserError("file_too_large", file=title, limit=most)
        archive = directory.with_name("upload.zip")
        archive.write_bytes(content)
        values = {"title": title, "archive": str(archive), "into": str(directory), "options": options}
        run("s2s.sandbox.tasks:unpack_checkpoint", title, values, [archive], [directory.parent], LIMITS)
        archive.unlink()

    return _register(title, client, fill)


def add_folder(typed: str, client: str = "") -> Upload:
    """Add a copy of a checkpoint directory inside ``folders.DATA``. Raises UserError as ``add_archive`` does."""
    if not typed.strip():
        raise UserError("folder_empty")

    def fill(directory: Path) -> None:
        paths, left = [], UNPACKED
        for file in FILES:
            try:
                paths.append(folders.resolve_inside(f"{typed.strip().rstrip('/')}/{file}"))
            except UserError:
                if file in NEEDED:
                    raise UserError("folder_no_checkpoint", path=typed[:100], member=file) from None
        directory.mkdir()
        for path in paths:
            left -= path.stat().st_size
            if left < 0:
                raise UserError("archive_unpacked", file=typed[:100], limit=UNPACKED // 1_000_000)
            shutil.copyfile(path, directory / path.name)
        try:
            values = {"directory": str(directory)}
            run("s2s.sandbox.tasks:check_checkpoint", typed, values, [directory], limits=LIMITS)
        except UserError as error:
            if "file" in error.values:
                error.values["file"] = f"{typed.strip()}/{Path(str(error.values['file'])).name}"
            raise

    return _register(typed, client, fill)


def remove_upload(upload: Upload) -> None:
    """Remove an upload and its files, even if something still references it."""
    _discard(upload)
    events.audit("upload_deleted", name=upload.name)


def _discard(upload: Upload) -> None:
    """Remove an upload that is unfinished or that ``remove_upload`` removes."""
    _UPLOADS.remove(upload)
    remove(upload.directory.parent)


def _are_full(held: Sequence[Upload], share: float = 1.0) -> bool:
    """Whether no other fits beside these, of all or of a share of them."""
    most = settings.current()
    size = sum(upload.size for upload in held)
    return len(held) >= most.uploads * share or size >= most.uploads_mb * settings.MEGABYTE * share


def _check_room(client: str) -> None:
    """Raise UserError if the uploads of all visits, or of one client's, exceed a limit."""
    most = settings.current()
    share = most.uploads_per_client / most.uploads
    if share < 1 and not _UPLOADS.make_room(lambda held: _are_full(held, share), remove_upload, client):
        raise UserError("uploads_of_client", limit=most.uploads_per_client)
    if not _UPLOADS.make_room(_are_full, remove_upload):
        raise UserError("uploads_full")


def _register(title: str, client: str, fill: Callable[[Path], object]) -> Upload:
    """Register the directory that ``fill`` writes. Raises UserError if uploads exceed a limit."""
    settings.check_on("uploads")
    with _UPLOADS.lock:
        _check_room(client)
        upload = Upload(title, UNPACKED, client)  # counts with the largest size until the real one is known
        _UPLOADS.add(upload)
    try:
        fill(upload.directory)
        upload.size = sum(path.stat().st_size for path in upload.directory.iterdir())
    except BaseException:
        _discard(upload)
        raise
    events.upload("checkpoint_uploaded", upload.name, upload.size)
    return upload
