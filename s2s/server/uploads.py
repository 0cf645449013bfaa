"""Uploaded checkpoints: each belongs to one session, has an unguessable name, and is deleted with the session."""

from __future__ import annotations

import re
import secrets
import shutil
import tempfile
import weakref
from collections.abc import Callable
from pathlib import Path, PurePosixPath

from s2s.checkpoint.archive import FILES, NEEDED, UNPACKED
from s2s.disk import remove
from s2s.errors import UserError
from s2s.server import folders
from s2s.server.registry import Registry

KEPT = 3  # checkpoints of one session
ALL = 20  # checkpoints of all sessions
BYTES = 1_000_000_000  # of all their files together
_KNOWN: Registry[Upload] = Registry()


class Upload:
    """A checkpoint in its own directory, which is deleted when nothing references it any more."""

    def __init__(self, title: str, size: int) -> None:
        stem = re.sub(r"[^\w-]", "", PurePosixPath(title).stem)[:40] or "model"
        self.title, self.size, self.name = title, size, f"{stem}-{secrets.token_hex(6)}"
        self.directory = Path(tempfile.mkdtemp(prefix="lookback-")) / self.name
        weakref.finalize(self, remove, self.directory.parent)


def place(name: str) -> Path | None:
    """The directory of an uploaded checkpoint; None for an unknown name."""
    upload = _KNOWN.get(name)
    return upload.directory if upload else None


def unzip(title: str, content: bytes) -> Upload:
    """Add a checkpoint from a zip file. Raises UserError for another file, and where there are too many."""
    from s2s.checkpoint import archive

    return _add(title, lambda directory: archive.load_archive(title, content, directory))


def copy(typed: str) -> Upload:
    """Add a copy of a checkpoint directory inside the allowed folder. Raises UserError likewise."""

    def fill(directory: Path) -> None:
        from s2s.checkpoint.open import load as load_checkpoint

        found, left = [], UNPACKED
        for file in FILES:
            try:
                found.append(folders.within(f"{typed.strip().rstrip('/')}/{file}"))
            except UserError:
                if file in NEEDED:
                    raise UserError("folder_no_checkpoint", path=typed[:100], member=file) from None
        directory.mkdir()
        for path in found:
            left -= path.stat().st_size
            if left < 0:
                raise UserError("archive_unpacked", file=typed[:100], limit=UNPACKED // 1_000_000)
            shutil.copyfile(path, directory / path.name)
        try:
            load_checkpoint(directory)
        except UserError as error:
            if "file" in error.values:
                error.values["file"] = f"{typed.strip()}/{Path(str(error.values['file'])).name}"
            raise

    return _add(typed, fill)


def forget(upload: Upload) -> None:
    """Remove an upload, whatever still references it."""
    _KNOWN.forget(upload)
    remove(upload.directory.parent)


def _add(title: str, fill: Callable[[Path], object]) -> Upload:
    """Register what ``fill`` writes; UserError where all sessions together hold too many or too large uploads."""
    with _KNOWN.lock:
        held = _KNOWN.held()
        if len(held) >= ALL or sum(upload.size for upload in held) >= BYTES:
            raise UserError("uploads_full")
        upload = Upload(title, UNPACKED)  # the largest size, until the real one is known
        _KNOWN.add(upload)
    try:
        fill(upload.directory)
        upload.size = sum(path.stat().st_size for path in upload.directory.iterdir())
    except BaseException:
        forget(upload)
        raise
    return upload
