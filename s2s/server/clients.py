"""A client of the server, known by its network address: how much it may begin, and whether it is a teacher."""

from __future__ import annotations

import functools
import hmac
import ipaddress

from s2s import settings
from s2s.errors import UserError
from s2s.server.rate_limit import RateLimit

PREFIX = 64  # bits of an IPv6 address that belong to one client, who can choose the others
LONGEST = 64  # characters of an address that cannot be read


def client(address: object) -> str:
    """A client's name, from the text of its address; without one it is this computer.

    >>> client("192.0.2.7"), client("::ffff:192.0.2.7"), client("2001:db8::1:2:3:4"), client(None)
    ('192.0.2.7', '192.0.2.7', '2001:db8::/64', 'local')
    """
    if not isinstance(address, str):
        return "local"
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address[:LONGEST]
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    return str(parsed.ipv4_mapped or ipaddress.ip_network((parsed, PREFIX), strict=False))


def check_teacher(password: str) -> None:
    """Raises UserError if the server has a password for teachers, and this is none or another."""
    wanted = settings.current().teacher_password
    if wanted and not password:
        raise UserError("teacher_password_missing")
    if wanted and not hmac.compare_digest(password.encode(errors="replace"), wanted.encode(errors="replace")):
        raise UserError("teacher_password")


def check_join(client: str) -> None:
    """Count a seat that a client takes. Raises UserError if the client took too many lately, or nobody may."""
    settings.check_on("classroom")
    if not _limit("joins", settings.current().joins, 60).take(client):
        raise UserError("joins_limited")


def check_inspection(client: str) -> None:
    """Count an inspection that a client begins. Raises UserError if the client began too many lately."""
    most = settings.current().inspections_per_client
    if not _limit("inspections", most, 3_600).take(client):
        raise UserError("inspections_of_client", limit=most)


@functools.cache
def _limit(what: str, burst: int, seconds: int) -> RateLimit:
    """The limit of one thing that clients do: so many at once, and again in so many seconds."""
    return RateLimit(burst, burst / seconds)
