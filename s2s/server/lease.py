"""Leases on inspections: of several server processes with one home, only the holder writes an inspection's files.

A lease is an advisory lock of the operating system on a file of ``INSPECTED/.leases``. It ends with its process,
however that ends. On NFS it needs version 4, or a lock daemon.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from filelock import FileLock, Timeout

from s2s.errors import UserError
from s2s.server import folders

PATIENCE = 1.0  # seconds to wait for the lease: ``is_held`` has it for a moment


@contextmanager
def hold(name: str) -> Iterator[None]:
    """Hold the lease of an inspection. Raises UserError if somebody else has it."""
    lock = _lock(name)
    try:
        lock.acquire(timeout=PATIENCE)
    except Timeout:
        raise UserError("inspect_elsewhere") from None
    try:
        yield
    finally:
        lock.release()


def is_held(name: str) -> bool:
    """Whether some process, this one or another, holds the lease of an inspection."""
    lock = _lock(name)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        return True
    lock.release()
    return False


def _lock(name: str) -> FileLock:
    folder = folders.INSPECTED / ".leases"
    folder.mkdir(parents=True, exist_ok=True)
    return FileLock(folder / f"{name}.lock", mode=0o600, thread_local=False)
