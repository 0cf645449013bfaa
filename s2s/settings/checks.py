"""What a setting can be that is a text. Each check takes its name and a text, and raises UserError if it cannot be."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import ip_address, ip_network

from s2s.errors import UserError

LARGEST_PORT = 65_535
PASSWORD = (12, 200)  # characters, from and to: so long a one cannot be found by trying


def one_of(known: tuple[str, ...]) -> Callable[[str, str], None]:
    """A check that the text is one of the known."""

    def check(name: str, text: str) -> None:
        if text not in known:
            raise UserError("setting_choice", name=name, found=text or "…", known=", ".join(known))

    return check


def _is_host(text: str) -> bool:
    return _parses(ip_address, text) or re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]*", text) is not None


def _parses(kind: Callable[[str], object], text: str) -> bool:
    try:
        kind(text)
    except ValueError:
        return False
    return True


def listed(text: str) -> list[str]:
    """The parts of a setting with commas between.

    >>> listed("a.example, b.example"), listed("")
    (['a.example', 'b.example'], [])
    """
    return [part.strip() for part in text.split(",") if part.strip()]


def check_hosts(name: str, text: str) -> None:
    """Check names or addresses of hosts, of ``hosts`` also ``*`` and ``*.DOMAIN``; of ``address`` exactly one."""
    for host in [text] if name == "address" else listed(text):
        if not (_is_host(host) or (name == "hosts" and (host == "*" or _is_host(host.removeprefix("*."))))):
            raise UserError("setting_host", name=name, found=host or "…")


def check_frames(name: str, text: str) -> None:
    """Check origins such as ``https://moodle.school.example``, or ``*``."""
    for origin in listed(text):
        if origin != "*" and not re.fullmatch(r"https?://(\*\.)?[A-Za-z0-9][A-Za-z0-9.-]*(:\d{1,5})?", origin):
            raise UserError("setting_frames", name=name, found=origin)


def check_proxies(name: str, text: str) -> None:
    """Check addresses or networks, or ``*`` alone."""
    for proxy in listed(text):
        if not (text.strip() == "*" or _parses(ip_network, proxy)):
            raise UserError("setting_proxies", name=name, found=proxy)


def check_path(name: str, text: str) -> None:
    """Check the path of an address."""
    if not re.fullmatch(r"[A-Za-z0-9._~/-]*", text):
        raise UserError("setting_path", name=name, found=text)


def check_password(name: str, text: str) -> None:
    """Check that a password, if there is one, has the length of ``PASSWORD``; the error does not repeat it."""
    if text and not PASSWORD[0] <= len(text) <= PASSWORD[1]:
        raise UserError("setting_password", name=name, low=PASSWORD[0], high=PASSWORD[1])


def check_listen(name: str, text: str) -> None:
    """Check ``HOST:PORT``, or nothing."""
    host, _, port = text.rpartition(":")
    host = host[1:-1] if host.startswith("[") and host.endswith("]") else host
    if text and not (_is_host(host) and re.fullmatch("[0-9]{1,5}", port) and 0 < int(port) <= LARGEST_PORT):
        raise UserError("setting_address", name=name, found=text)
