"""Limits and switches that an operator may set, with a default for each profile (docs/DEPLOY.md, Settings).

The environment variable ``LOOKBACK_FIELD`` sets a field, and so does ``lookback serve --set field=value``. The profile
``local`` is for one person's own computer, ``class`` for visitors who do not know each other. A limit of 0 switches the
feature off.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from s2s.errors import UserError

# Bytes in an MB, as Streamlit's field in the browser counts. Its server and nginx count 1,048,576: a request has room
# for what it says around a file.
MEGABYTE = 1_000_000
PREFIX = "LOOKBACK_"
PLACES = ("HOME", "CHECKPOINTS", "DATA", "INSPECTED", "DATABASE")  # other variables that begin so: docs/INSTALL.md


def _setting(default: Any, unit: str, meaning: str, most: int = 0) -> Any:
    """A field with its default in the profile ``local``, its unit, what it limits, and its largest value."""
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "most": most})


@dataclass(frozen=True)
class Settings:
    """Every setting. The defaults are those of the profile ``local``."""

    profile: str = _setting("local", "", "local or class: which defaults the other settings have")
    address: str = _setting("localhost", "host", "listen at this address alone; 0.0.0.0 for all of the machine's")
    port: int = _setting(8501, "", "of the server, or the next that is free", 65_535)
    base_path: str = _setting("", "path", "the part of the address between host and page, if a proxy adds one")
    hosts: str = _setting(
        "",
        "names",
        "by which browsers may call the server; empty: any, in local this computer's own",
    )

    trusted_proxies: str = _setting(
        "127.0.0.1", "addresses", "of proxies whose X-Forwarded-For says the visitor's address, with commas between"
    )

    log_format: str = _setting("text", "", "of log lines: text or json")
    log_text: int = _setting(0, "", "1: log lines of runs have the sentence, too", 1)
    metrics_address: str = _setting("", "host:port", "where Prometheus reads metrics; empty: nowhere")

    checkpoint_mb: int = _setting(100, "MB", "of one uploaded checkpoint", 1_000)
    test_file_mb: int = _setting(20, "MB", "of one uploaded test file to inspect, or saved run", 1_000)
    small_file_mb: int = _setting(5, "MB", "of one other uploaded file", 1_000)

    session_files: int = _setting(20, "", "files in the fields of one visit, in memory", 1_000)
    session_files_mb: int = _setting(200, "MB", "of the files in the fields of one visit", 10_000)
    memory_files_mb: int = _setting(4_000, "MB", "of the files in the fields of all visits", 1_000_000)

    message_mb: int = _setting(2, "MB", "of one message from a browser, files aside", 200)

    uploads: int = _setting(20, "", "uploaded checkpoints of all visits", 1_000)
    uploads_per_session: int = _setting(3, "", "uploaded checkpoints of one visit", 100)
    uploads_mb: int = _setting(1_000, "MB", "of all uploaded checkpoints, unpacked", 1_000_000)

    import_seconds: int = _setting(120, "s", "of one import, beside a second for every MB of its files", 86_400)
    import_memory_mb: int = _setting(4_000, "MB", "of one import, beside six times the size of its files", 1_000_000)

    trainings: int = _setting(60, "", "trainings of all visits, about 5 MB each", 1_000)
    trainings_per_session: int = _setting(3, "", "trainings of one visit", 100)
    training_seconds: int = _setting(240, "s", "of one training; one that goes on joins the queue again", 86_400)

    inspections: int = _setting(1_000, "", "inspections of all visits; then the longest unopened give way", 100_000)
    inspections_per_session: int = _setting(50, "", "inspections of one visit", 1_000)
    inspections_per_hour: int = _setting(60, "", "inspections that one visit begins in an hour", 1_000)
    inspections_mb: int = _setting(20_000, "MB", "of all inspections, with kept states and uploaded files", 1_000_000)
    inspection_days: int = _setting(0, "days", "until an inspection that nobody opens is deleted; 0: never", 10_000)
    test_files_mb: int = _setting(1_000, "MB", "of all uploaded test files to inspect", 1_000_000)
    states_mb: int = _setting(1_000, "MB", "of the states that one inspection keeps", 1_000_000)

    database_connections: int = _setting(20, "", "of one process to the database, at least 1", 1_000)

    rooms: int = _setting(200, "", "open rooms of the classroom", 10_000)
    room_questions: int = _setting(500, "", "questions of one room", 10_000)
    rooms_per_client: int = _setting(20, "", "open rooms of one address, such as a school's", 10_000)
    room_voters: int = _setting(400, "", "seats that a teacher may give a room", 10_000)
    room_seats: int = _setting(60, "", "seats of a new room", 10_000)
    joins: int = _setting(400, "", "seats that one address may take at once, and again in a minute", 10_000)


FIELDS = {item.name: item for item in fields(Settings)}
PROFILES: Mapping[str, Mapping[str, Any]] = {
    "local": {},
    "class": {
        "uploads": 40,
        "uploads_per_session": 1,
        "uploads_mb": 4_000,
        "trainings_per_session": 1,
        "inspections_per_session": 10,
        "inspections_per_hour": 10,
        "inspection_days": 60,
    },
}


@functools.cache
def current() -> Settings:
    """The settings of this process, from its environment. Raises UserError as ``read`` does."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that the variables choose. Raises UserError for an unknown profile or a value that does not fit."""
    profile = environment.get(variable("profile"), "local")
    if profile not in PROFILES:
        raise UserError("setting_choice", name="profile", found=profile, known=", ".join(PROFILES))
    chosen = dict(PROFILES[profile])
    for name, item in FIELDS.items():
        text = environment.get(variable(name))
        if text is not None:
            chosen[name] = _parsed(item, text)
    return replace(Settings(), **chosen)


def check_names(environment: Mapping[str, str]) -> None:
    """Raise UserError for a variable that looks like a setting and is none."""
    known = {variable(name) for name in FIELDS} | {PREFIX + name for name in PLACES}
    for name in environment:
        if name.startswith(PREFIX) and name not in known:
            raise UserError("setting_unknown", name=name, known=", ".join(sorted(known)))


def variable(name: str) -> str:
    """The environment variable of a field.

    >>> variable("rooms")
    'LOOKBACK_ROOMS'
    """
    return PREFIX + name.upper()


def assignment(text: str) -> tuple[str, str]:
    """The environment variable and its value for ``field=value``. Raises UserError for an unknown field or a bad value.

    >>> assignment("rooms=20")
    ('LOOKBACK_ROOMS', '20')
    """
    name, _, value = text.partition("=")
    if name not in FIELDS:
        raise UserError("setting_unknown", name=name, known=", ".join(FIELDS))
    _parsed(FIELDS[name], value)
    return variable(name), value


def _parsed(item: Field[Any], text: str) -> Any:
    if isinstance(item.default, str):
        return text
    most = item.metadata["most"]
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and int(text) <= most):
        raise UserError("setting_range", name=item.name, low=0, high=most, found=text or "…")
    return int(text)


def largest_upload(chosen: Settings) -> int:
    """MB of the largest file that any field takes, or 1, the least that Streamlit accepts."""
    return max(chosen.checkpoint_mb, chosen.test_file_mb, chosen.small_file_mb, 1)


def table() -> list[tuple[str, str, str, str, str]]:
    """A row for each setting: name, value in ``local``, value in ``class``, unit, meaning."""
    local, of_class = (read({variable("profile"): profile}) for profile in ("local", "class"))
    return [
        (name, str(getattr(local, name)), str(getattr(of_class, name)), item.metadata["unit"], item.metadata["meaning"])
        for name, item in FIELDS.items()
    ]
