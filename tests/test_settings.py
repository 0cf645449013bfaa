"""Settings: defaults of the profiles, values of the environment, the table in the documentation."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s import settings
from s2s.__main__ import main
from s2s.errors import UserError
from s2s.server import clients, inspection_quota, inspections, trainings, uploads
from s2s.settings import (
    FIELDS,
    PLACES,
    PROFILES,
    Settings,
    assignment,
    check_names,
    current,
    public,
    read,
    table,
    variable,
)
from s2s.store import rooms
from s2s.train.live import Choice
from tests.paths import ROOT
from tests.setting import Setting

NUMBERS = [name for name, item in FIELDS.items() if isinstance(item.default, int)]


def test_without_variables_the_settings_are_those_of_one_person() -> None:
    assert read({}) == Settings() == read({"LOOKBACK_PROFILE": "local"})


@given(st.sampled_from(NUMBERS), st.integers(0, 10**12), st.sampled_from(sorted(PROFILES)))
def test_a_variable_changes_its_field_alone_and_only_within_its_bounds(name: str, value: int, profile: str) -> None:
    environment = {"LOOKBACK_PROFILE": profile, variable(name): str(value)}
    if not FIELDS[name].metadata["least"] <= value <= FIELDS[name].metadata["most"]:
        with pytest.raises(UserError, match=name):
            read(environment)
    else:
        before = asdict(read({"LOOKBACK_PROFILE": profile}))
        assert asdict(read(environment)) == before | {name: value}


@given(st.sampled_from(NUMBERS), st.text().filter(lambda text: not re.fullmatch("-?[0-9]+", text)))
def test_a_number_is_digits(name: str, text: str) -> None:
    with pytest.raises(UserError) as caught:
        assignment(f"{name}={text}")
    assert caught.value.key == "error.setting_number"


WRONG = {
    "profile": ("", "klass"),
    "address": ("", "a b", "http://class.example", "localhost:8501"),
    "base_path": ("a b", "?x", "a%20b", "https://a.example/x"),
    "hosts": ("https://class.example", "class.example:443", "a.example; b.example", "*.*"),
    "trusted_proxies": ("localhost", "10.0.0.1/8", "127.0.0.1;10.0.0.1", "127.0.0.1, *"),
    "log_format": ("", "xml"),
    "metrics_address": (
        "9464",
        ":9464",
        "127.0.0.1",
        "localhost:",
        "localhost:0",
        "a:99999",
        "a:b",
        "[::1]",
        "a:b:9464",
    ),
    "teacher_password": ("short", "x" * 201),
    "frames": ("moodle.example", "https://a.example/b", "https://a;script-src *", "'none'", "https://a b.example"),
    "rooms": ("", "abc", "1.5", "²", "1e3", "-1", "10001", "1" * 5_000),
    "port": ("0", "65536"),
    "database_connections": ("0",),
    "message_mb": ("0",),
    "room_seats": ("0",),
    "import_memory_mb": ("0",),
}


@pytest.mark.parametrize(("name", "text"), [(name, text) for name, texts in WRONG.items() for text in texts])
def test_a_wrong_value_is_refused_alike_whichever_way_it_comes(
    name: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(UserError) as caught:
        read({variable(name): text})
    assert name in str(caught.value) and len(str(caught.value)) < 500
    assert main(["serve", "--settings", "--set", f"{name}={text}"]) == 2
    assert str(caught.value) in capsys.readouterr().err
    monkeypatch.setenv(variable(name), text)
    for options in ([], ["--settings"]):
        assert main(["serve", *options]) == 2
        assert str(caught.value) in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("address", text) for text in ("0.0.0.0", "::", "::1", "class.example", "srv_1")),
        *(("base_path", text) for text in ("", "lookback", "/a/b-c/")),
        *(("hosts", text) for text in ("", "class.example, *.lab.example", "*", "::1,127.0.0.1")),
        *(
            ("frames", text)
            for text in ("", "*", "https://moodle.school.example, http://a.example:8080", "https://*.b.c")
        ),
        *(("trusted_proxies", text) for text in ("", "*", "127.0.0.1,10.0.0.0/8", "::1", "fd00::/8")),
        *(("metrics_address", text) for text in ("", "127.0.0.1:9464", "[::1]:9464", "::1:9464", "localhost:1")),
    ],
)
def test_a_text_that_fits_is_taken_as_it_is(name: str, text: str) -> None:
    assert getattr(read({variable(name): text}), name) == text


@pytest.mark.parametrize("address", ["mysql://x", "nonsense", "sqlite://", "postgres"])
@pytest.mark.parametrize("options", [[], ["--settings"]])
def test_a_database_of_another_kind_is_refused_at_the_start(
    address: str, options: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOOKBACK_DATABASE", address)
    assert main(["serve", *options]) == 2
    assert "Correct LOOKBACK_DATABASE" in capsys.readouterr().err


@pytest.mark.parametrize("name", ["LOOKBACK_CHECKPOINTS", "LOOKBACK_DATA"])
def test_a_folder_that_is_not_there_is_refused_at_the_start(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(name, str(tmp_path / "none"))
    assert main(["serve", "--settings"]) == main(["serve"]) == 2
    assert f"{name} is {tmp_path}/none" in capsys.readouterr().err
    monkeypatch.setenv(name, str(tmp_path))
    assert main(["serve", "--settings"]) == 0


@pytest.mark.parametrize("name", ["LOOKBACK_HOME", "LOOKBACK_INSPECTED"])
def test_a_folder_that_cannot_be_written_is_refused_at_the_start(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for place in ("/proc/nothing", str(tmp_path / "file"), str(tmp_path / "file" / "x")):
        monkeypatch.setenv(name, place)
        assert main(["serve", "--settings"]) == main(["serve"]) == 2
        assert f"{name} is {place}, but that folder cannot be written to" in capsys.readouterr().err
    monkeypatch.setenv(name, str(tmp_path / "new" / "one"))
    assert main(["serve", "--settings"]) == 0
    assert not list((tmp_path / "new" / "one").iterdir())


def test_a_process_that_needs_no_secret_gets_none() -> None:
    environment = {"LOOKBACK_TEACHER_PASSWORD": "a", "LOOKBACK_DATABASE": "b", "LOOKBACK_ROOMS": "1", "PATH": "/bin"}
    assert public(environment) == {"LOOKBACK_ROOMS": "1", "PATH": "/bin"}


def test_a_password_is_printed_by_nothing(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(os, "environ", dict(os.environ))  # into which the command writes
    assert main(["serve", "--settings", "--set", "teacher_password=correct horse"]) == 0
    assert "teacher_password=…  #" in (printed := capsys.readouterr().out) and "correct horse" not in printed
    assert main(["serve", "--settings", "--set", "teacher_password=horse"]) == 2
    assert "horse" not in capsys.readouterr().err
    current.cache_clear()


@pytest.mark.parametrize("text", ["", "=", "rooms", "room=1", "ROOMS=1", "rooms=-1", "rooms=1.5", "rooms=²", "home=/x"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        assignment(text)


def test_a_variable_with_a_slip_is_refused() -> None:
    check_names({"LOOKBACK_ROOMS": "1", "PATH": "/bin"} | {f"LOOKBACK_{name}": "x" for name in PLACES})
    with pytest.raises(UserError, match=r"LOOKBACK_UPLAODS.* are: LOOKBACK_UPLOADS, .*, …[.]$"):
        check_names({"LOOKBACK_UPLAODS": "1"})


def test_no_setting_has_the_name_of_a_place() -> None:
    assert not {name.upper() for name in FIELDS} & set(PLACES)


def test_a_class_is_bounded_at_least_as_much_as_one_person() -> None:
    local, of_class = read({}), read({"LOOKBACK_PROFILE": "class"})
    for name in ("uploads_per_session", "trainings_per_session"):
        assert 0 < getattr(of_class, name) <= getattr(local, name)


def test_the_table_of_the_documentation_is_that_of_the_code() -> None:
    head = "| setting | local | class | unit | 0 switches off | what it is |\n|---|---|---|---|---|---|\n"
    rows = [[f"`{cell}`" if place < 3 and cell else cell for place, cell in enumerate(row)] for row in table()]
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    assert head + lines in (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")


def test_the_fixture_changes_settings(setting: Setting) -> None:
    setting(rooms=3)
    assert settings.current().rooms == 3


ENTRIES: Mapping[str, Sequence[Callable[[], object]]] = {  # what a visitor begins, by the feature that it belongs to
    "uploads": (lambda: uploads.add_archive("a.zip", b""), lambda: uploads.add_folder("a")),
    "zip files": (lambda: uploads.add_archive("a.zip", b""),),
    "trainings": (lambda: trainings.start_training(Choice()),),
    "inspections": (
        lambda: inspection_quota.check_visit(0, []),
        inspection_quota.make_room,
        lambda: inspections.start_inspection("a", None),  # type: ignore[arg-type]
    ),
    "test files": (lambda: inspections.store_upload("a.tsv", b""),),
    "test files, saved runs": (lambda: inspections.store_upload("a.tsv", b""),),
    "classroom": (
        lambda: rooms.open_room(None),  # type: ignore[arg-type]
        lambda: clients.check_join("192.0.2.1"),
    ),
}
IN_PAGES = {"files", "small files", "states"}  # tests/web/test_upload_limits.py, tests/web/test_switched_off.py


@pytest.mark.parametrize("name", [name for name in NUMBERS if FIELDS[name].metadata["off"] not in {"", *IN_PAGES}])
def test_a_limit_of_0_switches_its_feature_off(name: str, setting: Setting) -> None:
    setting(**{name: 0})
    for enter in ENTRIES[FIELDS[name].metadata["off"]]:
        with pytest.raises(UserError, match="switched off"):
            enter()


def test_every_number_says_what_0_is() -> None:
    assert {item.metadata["off"] for item in FIELDS.values()} == {"", *ENTRIES, *IN_PAGES}
    taken = {name for name in NUMBERS if not FIELDS[name].metadata["least"]}
    assert taken == {name for name in NUMBERS if FIELDS[name].metadata["off"]} | {
        "log_text",
        "inspection_days",
        "browser_model_mb",
    }
