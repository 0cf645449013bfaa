"""A server of our own on this machine: a port for it, and whether it answers."""

from __future__ import annotations

import socket
import urllib.request


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def healthy(address: str) -> bool:
    """Whether the server at the address (a URL) answers."""
    try:
        urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
    except OSError:
        return False
    return True
