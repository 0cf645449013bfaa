"""Limits and switches that an operator may set, with a default for each profile (docs/DEPLOY.md, Settings).

The environment variable ``LOOKBACK_FIELD`` sets a field, and so does ``lookback serve --set field=value``. The profile
``local`` is for one person's own computer, ``class`` for visitors who do not know each other. A limit of 0 switches a
feature off where the table says which; elsewhere it is refused.
"""

from __future__ import annotations

import functools
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from typing import Any

from s2s.errors import UserError, nearest
from s2s.settings.checks import (
    LARGEST_PORT,
    check_frames,
    check_hosts,
    check_listen,
    check_password,
    check_path,
    check_proxies,
    one_of,
)

# Bytes in an MB, as Streamlit's field in the browser counts. Its server and nginx count 1,048,576: a request has room
# for what it says around a file.
MEGABYTE = 1_000_000
PREFIX = "LOOKBACK_"
PLACES = ("HOME", "CHECKPOINTS", "DATA", "INSPECTED", "DATABASE")  # other variables that begin so: docs/INSTALL.md
FORMATS = ("text", "json")  # of log lines
PROFILES: Mapping[str, Mapping[str, Any]] = {
    "local": {},
    "class": {
        "memory_files_mb": 1_500,
        "client_files_mb": 1_000,
        "uploads": 60,
        "uploads_per_client": 30,
        "uploads_per_session": 1,
        "uploads_mb": 4_000,
        "trainings": 120,
        "trainings_per_client": 60,
        "trainings_per_session": 1,
        "inspections_per_session": 10,
        "inspections_per_hour": 10,
        "inspections_per_client": 200,
        "inspection_days": 60,
    },
}


def _number(default: int, unit: str, meaning: str, most: int, off: str = "", least: int = 1) -> Any:
    """A number up to ``most``, from 0 if that switches the feature ``off``, else from ``least``."""
    least = 0 if off else least
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "least": least, "most": most, "off": off})


def _text(default: str, unit: str, meaning: str, check: Callable[[str, str], None], secret: bool = False) -> Any:
    """A text; ``check`` raises UserError for the setting's name and a text that it cannot be. A secret is not shown."""
    more = {"check": check, "secret": secret}
    return field(default=default, metadata={"unit": unit, "meaning": meaning, "off": "", **more})


@dataclass(frozen=True)
class Settings:
    """Every setting. The defaults are those of the profile ``local``."""

    profile: str = _text(
        "local", "", "local or class: decides the defaults of the other settings", one_of(tuple(PROFILES))
    )
    address: str = _text("localhost", "host", "address to listen at; 0.0.0.0 for all of the machine's", check_hosts)
    port: int = _number(8501, "", "port of the server; where none is chosen, 8501 or the next free one", LARGEST_PORT)
    base_path: str = _text("", "path", "path that a proxy puts between host and page", check_path)
    hosts: str = _text(
        "",
        "names",
        "names under which browsers may call the server; empty: any, or in local this computer's own",
        check_hosts,
    )

    frames: str = _text(
        "", "origins", "sites that may embed the app, separated by commas; empty: only its own; *: any", check_frames
    )

    trusted_proxies: str = _text(
        "127.0.0.1",
        "addresses",
        "proxies whose X-Forwarded-For gives the visitor's address, separated by commas",
        check_proxies,
    )

    log_format: str = _text("text", "", "format of log lines: text or json", one_of(FORMATS))
    log_text: int = _number(0, "", "1: log lines of runs also contain the sentence", 1, least=0)
    metrics_address: str = _text("", "host:port", "where Prometheus reads metrics; empty: nowhere", check_listen)

    checkpoint_mb: int = _number(100, "MB", "size of one uploaded checkpoint", 1_000, "zip files")
    test_file_mb: int = _number(
        20, "MB", "size of one uploaded test file to inspect, or saved run", 1_000, "test files, saved runs"
    )
    small_file_mb: int = _number(5, "MB", "size of any other uploaded file", 1_000, "small files")

    session_files: int = _number(20, "", "files in the upload fields of one visit, in memory", 1_000, "files")
    session_files_mb: int = _number(
        200, "MB", "total size of the files in the upload fields of one visit", 10_000, "files"
    )
    memory_files_mb: int = _number(
        4_000, "MB", "total size of the files in the upload fields of all visits", 1_000_000, "files"
    )
    client_files_mb: int = _number(
        4_000, "MB", "total size of the files in the upload fields of one address", 1_000_000, "files"
    )

    message_mb: int = _number(2, "MB", "size of one message from a browser, without files", 200)
    browser_model_mb: int = _number(
        30,
        "MB",
        "weights of a shared checkpoint that browsers may fetch to answer forks and edits themselves; 0: none",
        1_000,
        least=0,
    )

    uploads: int = _number(20, "", "uploaded checkpoints of all visits", 1_000, "uploads")
    uploads_per_client: int = _number(20, "", "uploaded checkpoints of one address", 1_000, "uploads")
    uploads_per_session: int = _number(3, "", "uploaded checkpoints of one visit", 100, "uploads")
    uploads_mb: int = _number(1_000, "MB", "total size of all uploaded checkpoints, unpacked", 1_000_000, "uploads")

    import_seconds: int = _number(120, "s", "time for one import, plus a second for every MB of its files", 86_400)
    import_memory_mb: int = _number(
        4_000, "MB", "memory for one import, plus six times the size of its files", 1_000_000
    )

    trainings: int = _number(60, "", "trainings of all visits, about 5 MB each", 1_000, "trainings")
    trainings_per_client: int = _number(60, "", "trainings of one address", 1_000, "trainings")
    trainings_per_session: int = _number(3, "", "trainings of one visit", 100, "trainings")
    training_seconds: int = _number(
        240, "s", "time for one turn of training; to continue, it joins the queue again", 86_400, "trainings"
    )

    inspections: int = _number(
        1_000, "", "inspections of all visits; beyond that, those unopened longest are deleted", 100_000, "inspections"
    )
    inspections_per_session: int = _number(50, "", "inspections of one visit", 1_000, "inspections")
    inspections_per_client: int = _number(
        1_000, "", "inspections started from one address per hour", 100_000, "inspections"
    )
    inspections_per_hour: int = _number(60, "", "inspections started in one visit per hour", 1_000, "inspections")
    inspections_mb: int = _number(
        20_000, "MB", "total size of all inspections, with saved states and uploaded files", 1_000_000, "inspections"
    )
    inspection_days: int = _number(
        0, "days", "time until an inspection that nobody opens is deleted; 0: never", 10_000, least=0
    )
    test_files_mb: int = _number(
        1_000, "MB", "total size of all uploaded test files to inspect", 1_000_000, "test files"
    )
    states_mb: int = _number(1_000, "MB", "size of the states that one inspection saves", 1_000_000, "states")

    database_connections: int = _number(20, "", "connections of one process to the database", 1_000)

    teacher_password: str = _text(
        "", "", "password for opening a room; empty: none is needed", check_password, secret=True
    )
    rooms: int = _number(200, "", "open rooms of Ask a class", 10_000, "classroom")
    room_questions: int = _number(500, "", "questions in one room", 10_000, "classroom")
    rooms_per_client: int = _number(20, "", "open rooms of one address, such as a school's", 10_000, "classroom")
    room_voters: int = _number(400, "", "most seats that a teacher can give a room", 10_000, "classroom")
    room_seats: int = _number(60, "", "seats in a new room", 10_000)
    joins: int = _number(
        400, "", "seats that one address can take at once, and again every minute", 10_000, "classroom"
    )


FIELDS = {item.name: item for item in fields(Settings)}


@functools.cache
def current() -> Settings:
    """The settings of this process, from its environment. Raises UserError as ``read`` does."""
    return read(os.environ)


def read(environment: Mapping[str, str]) -> Settings:
    """The settings that the variables choose. Raises UserError for an unknown profile or a value that does not fit."""
    profile = _parsed(FIELDS["profile"], environment.get(variable("profile"), "local"))
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
            raise UserError("setting_unknown", name=name, known=nearest(name, sorted(known)))


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
        raise UserError("setting_unknown", name=name, known=nearest(name, FIELDS))
    _parsed(FIELDS[name], value)
    return variable(name), value


def _parsed(item: Field[Any], text: str) -> Any:
    """The value of a setting. Raises UserError for a text that it cannot be, whichever way it came."""
    if isinstance(item.default, str):
        item.metadata["check"](item.name, text)
        return text
    if not re.fullmatch("-?[0-9]+", text):
        raise UserError("setting_number", name=item.name, found=text or "…")
    low, high = item.metadata["least"], item.metadata["most"]
    if len(text) > 9 or not low <= int(text) <= high:
        raise UserError("setting_range", name=item.name, low=low, high=high, found=text)
    return int(text)


def is_off(feature: str) -> bool:
    """Whether one of the limits that switch the feature off is 0."""
    limits = [name for name, item in FIELDS.items() if item.metadata["off"] == feature]
    assert limits, feature
    return not all(getattr(current(), name) for name in limits)


def check_on(feature: str) -> None:
    """Raise UserError if the operator has switched the feature off."""
    if is_off(feature):
        raise UserError("switched_off")


def public(environment: Mapping[str, str]) -> dict[str, str]:
    """The environment without secrets, for a process that needs none."""
    secrets = {variable(name) for name, item in FIELDS.items() if item.metadata.get("secret")} | {PREFIX + "DATABASE"}
    return {name: value for name, value in environment.items() if name not in secrets}


def shown(chosen: Settings, name: str) -> str:
    """The value of a setting to print; of a secret only whether there is one."""
    value = str(getattr(chosen, name))
    return "…" if value and FIELDS[name].metadata.get("secret") else value


def largest_upload(chosen: Settings) -> int:
    """MB of the largest file that any field takes, or 1, the least that Streamlit accepts."""
    return max(chosen.checkpoint_mb, chosen.test_file_mb, chosen.small_file_mb, 1)


def table() -> list[tuple[str, str, str, str, str, str]]:
    """A row for each setting: name, value in ``local``, in ``class``, unit, what 0 switches off, meaning."""
    local, of_class = (read({variable("profile"): profile}) for profile in ("local", "class"))
    return [
        (
            name,
            str(getattr(local, name)),
            str(getattr(of_class, name)),
            item.metadata["unit"],
            item.metadata["off"],
            item.metadata["meaning"],
        )
        for name, item in FIELDS.items()
    ]
