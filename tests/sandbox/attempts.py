"""What a foreign file would do if a library executed it: each function is run as a task, confined."""

from __future__ import annotations

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

from s2s.errors import UserError


def outcome(attempt: str, path: str = "") -> str:
    """``done`` where the attempt succeeded, else the error's name."""
    try:
        ATTEMPTS[attempt](path)
    except (OSError, ValueError) as error:
        return type(error).__name__
    return "done"


def _udp(_: str) -> None:
    socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("127.0.0.1", 9))


def _tcp(port: str) -> None:
    socket.create_connection(("127.0.0.1", int(port)), timeout=2).close()


def _unix(_: str) -> None:
    socket.socketpair()


def _fork(_: str) -> None:
    if os.fork() == 0:
        os._exit(0)


def _program(_: str) -> None:
    subprocess.run(["/bin/true"], check=True)


def _replaced(_: str) -> None:
    os.execv("/bin/true", ["/bin/true"])


def _read(path: str) -> None:
    Path(path).read_bytes()


def _write(path: str) -> None:
    Path(path).write_text("x")


def _listed(path: str) -> None:
    os.listdir(path)


def _large(path: str) -> None:
    with open(path, "wb") as file:
        for _ in range(100):
            file.write(b"x" * 1_000_000)


def _unlimited(_: str) -> None:
    import resource

    resource.setrlimit(resource.RLIMIT_CPU, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def _debugged(_: str) -> None:
    if ctypes.CDLL(None, use_errno=True).ptrace(16, os.getppid(), 0, 0):  # PTRACE_ATTACH
        raise OSError(ctypes.get_errno(), "ptrace")


def _killed(_: str) -> None:
    os.kill(os.getppid(), 0)


def _threaded(_: str) -> None:
    thread = threading.Thread(target=lambda: None)
    thread.start()
    thread.join()


ATTEMPTS = {
    "udp": _udp,
    "tcp": _tcp,
    "unix": _unix,
    "fork": _fork,
    "program": _program,
    "replaced": _replaced,
    "read": _read,
    "write": _write,
    "listed": _listed,
    "large": _large,
    "unlimited": _unlimited,
    "debugged": _debugged,
    "killed": _killed,
    "threaded": _threaded,
}


def echo(value: object) -> object:
    """The value."""
    return value


def environment() -> dict[str, str]:
    """What the process knows of its parent's environment."""
    return dict(os.environ)


def hoard() -> int:
    """All the memory that it gets."""
    return sum(len(part) for part in [b"x" * 100_000_000 for _ in range(1_000)])


def spin() -> None:
    """All the time that it gets."""
    while True:
        pass


def idle() -> None:
    """Wait without using the CPU."""
    signal.pause()


def die() -> None:
    """A crash of a library written in C."""
    ctypes.string_at(0)


def flood() -> str:
    """An answer without end."""
    while True:
        os.write(2, b"")
        os.write(1, b"y" * 1_000_000)
        os.write(int(os.environ.get("ANSWERS", 3)), b"x" * 1_000_000)


def printed() -> str:
    """Something printed, which is no answer."""
    print('{"value": "printed"}')
    sys.stdout.flush()
    return "returned"


def refuse(key: str, **values: object) -> None:
    """A refusal."""
    raise UserError(key, **values)


def fail() -> None:
    """A fault of ours."""
    raise RuntimeError("fault")
