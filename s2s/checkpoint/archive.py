"""Unpack a checkpoint from an untrusted zip file: plain files only, within limits; anything else is a UserError.

Only the files of the format (docs/FORMATS.md) are written, under fixed names and with a bounded size; no path comes
from the archive, and nothing in it is executed.
"""

from __future__ import annotations

import io
import lzma
import stat
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from s2s import settings
from s2s.errors import UserError
from s2s.text.safe import printable
from s2s.trace import film

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

FILES = ("config.json", "vocab.json", "model.safetensors", "metrics.json", "README.md", film.NAME, film.CURVE)
NEEDED = FILES[:3]
PICKLES = (".pt", ".pth", ".bin", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz", ".dill")
FILM = 20_000_000  # bytes of a film, and of its curve, which a page reads whole
UNPACKED = 300_000_000  # bytes of all files together
MEMBERS = 200  # entries of an archive, at most
DIRECTORY = 64_000  # bytes of the central directory, which is read whole
CHUNK = 1 << 20  # bytes unpacked at a time
# End of central directory: signature, disk numbers, entries here and in all, size of the list, its offset, comment.
END, LOCATOR = struct.Struct("<4s4H2LH"), b"PK\x06\x07"
# The ZIP64 record of the same, before the locator that points to it.
END64 = struct.Struct("<4sQ2H2L4Q")
# An archive's name and members → those that are written, by the name of the file.
Choice = Callable[[str, list[zipfile.ZipInfo]], dict[str, zipfile.ZipInfo]]


def unpack(name: str, content: bytes, into: Path, choose: Choice | None = None) -> None:
    """Write a zip's checkpoint files, at its root or in one folder, to the directory ``into``.

    ``name`` is the user's name of the file; ``choose`` gives the members by the names to write them under, of files of
    another kind. Raises UserError for an archive that is too large, damaged, encrypted, or that holds a pickle, a link,
    a path that leads out of it, a repeated name or no checkpoint. ``into`` may then hold some of the files.
    """
    most = settings.current().checkpoint_mb
    if len(content) > most * settings.MEGABYTE:
        raise UserError("file_too_large", file=name, limit=most)
    check_end(name, content)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = (choose or _members)(name, archive.infolist())
            into.mkdir(parents=True, exist_ok=True)
            left = UNPACKED
            for file, member in members.items():
                left -= _write(name, archive, member, into / file, left)
    except (
        zipfile.BadZipFile,
        zlib.error,
        lzma.LZMAError,
        EOFError,
        NotImplementedError,
        OSError,
        ValueError,
    ) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("archive_broken", file=name) from None


def load_archive(name: str, content: bytes, into: Path) -> Checkpoint:
    """The checkpoint of a zip, unpacked to ``into``; errors name files by the archive's ``name``."""
    unpack(name, content, into)
    try:
        return load_brought(into)
    except UserError as error:
        if "file" in error.values:
            error.values["file"] = f"{name}/{Path(str(error.values['file'])).name}"
        raise


def load_brought(directory: Path) -> Checkpoint:
    """The checkpoint of a visitor's directory. UserError also for a film that cannot be shown."""
    from s2s.checkpoint.open import load as load_checkpoint

    for path in (directory / film.NAME, directory / film.CURVE):
        if path.exists() and path.stat().st_size > FILM:
            raise UserError("file_too_large", file=str(path), limit=FILM // 1_000_000)
    film.film(directory)
    film.curve(directory)
    return load_checkpoint(directory)


def check_member_list(path: Path) -> None:
    """UserError for a file that is not a zip or lists too many members; ZIP64 is allowed."""
    with path.open("rb") as file:
        file.seek(0, io.SEEK_END)
        file.seek(max(0, file.tell() - (1 << 16) - END.size - END64.size - 20))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    before = tail[max(0, place - 20 - END64.size) : max(0, place)]
    if len(before) == 20 + END64.size and before.startswith(b"PK\x06\x06") and before[-20:].startswith(LOCATOR):
        *_, count, size, _ = END64.unpack_from(before)
        if size > DIRECTORY or count > MEMBERS:
            raise UserError("archive_members", file=str(path), limit=MEMBERS)
    else:
        check_end(str(path), tail)


def read_member(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, limit: int) -> bytes:
    """The content of an archive member. UserError if it is larger than ``limit`` bytes, whatever its header says."""
    if member.flag_bits & 0x1:
        raise UserError("archive_encrypted", file=name)
    with archive.open(member) as packed:
        found = packed.read(limit + 1)
    if len(found) > limit:
        raise UserError("archive_unpacked", file=name, limit=limit // 1_000_000)
    return found


def check_end(name: str, content: bytes) -> None:
    """Refuse an archive with a huge central directory before reading it."""
    place = content.rfind(b"PK\x05\x06", max(0, len(content) - (1 << 16) - END.size))
    if place < 0 or place + END.size > len(content):
        raise UserError("archive_broken", file=name)
    count, size = END.unpack_from(content, place)[4:6]
    if content[max(0, place - 20) : place].startswith(LOCATOR) or size > DIRECTORY or count > MEMBERS:
        raise UserError("archive_members", file=name, limit=MEMBERS)


def member_path(name: str, info: zipfile.ZipInfo) -> PurePosixPath:
    """The path of a member. UserError for anything unsafe."""
    path = PurePosixPath(info.filename)
    if not path.parts or path.is_absolute() or ".." in info.filename.replace("\\", "/").split("/"):
        raise UserError("archive_escapes", file=name, member=shown(info))
    if "\\" in info.filename or ":" in info.filename:  # on Windows they begin a folder, a drive or a stream
        raise UserError("archive_name", file=name, member=shown(info))
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise UserError("archive_link", file=name, member=shown(info))
    if path.suffix.lower() in PICKLES:
        raise UserError("archive_pickle", file=name, member=shown(info))
    return path


def _members(name: str, found: list[zipfile.ZipInfo]) -> dict[str, zipfile.ZipInfo]:
    """The members that are checkpoint files, by file name. UserError for anything unsafe or missing."""
    folders, members = set[PurePosixPath](), dict[str, zipfile.ZipInfo]()
    for info in found:
        path = member_path(name, info)
        if info.is_dir() or path.name not in FILES or "__MACOSX" in path.parts:
            continue
        if path.name in members and path.parent in folders:
            raise UserError("archive_twice", file=name, member=shown(info))
        folders.add(path.parent)
        if len(folders) > 1:
            raise UserError("archive_several", file=name)
        if info.flag_bits & 0x1:
            raise UserError("archive_encrypted", file=name)
        members[path.name] = info
    missing = [file for file in NEEDED if file not in members]
    if missing:
        raise UserError("archive_missing", file=name, member=missing[0])
    return members


def _write(name: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo, path: Path, left: int) -> int:
    """Write one member and return its size. UserError beyond ``left`` bytes, whatever its header says."""
    size = 0
    with archive.open(member) as packed, path.open("xb") as file:
        while chunk := packed.read(CHUNK):
            size += len(chunk)
            if size > left:
                raise UserError("archive_unpacked", file=name, limit=UNPACKED // 1_000_000)
            file.write(chunk)
    return size


def shown(info: zipfile.ZipInfo) -> str:
    """A member's name for a message: at most 80 characters, without control characters."""
    return printable(info.filename, 80)
