"""Settings: defaults of the profiles, values of the environment, the table in the documentation."""

from __future__ import annotations

from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s import settings
from s2s.errors import UserError
from s2s.server import trainings, uploads
from s2s.settings import FIELDS, PLACES, PROFILES, Settings, assignment, check_names, read, table, variable
from s2s.train.live import Choice
from tests.paths import ROOT
from tests.setting import Setting

NUMBERS = [name for name, item in FIELDS.items() if isinstance(item.default, int)]


def test_without_variables_the_settings_are_those_of_one_person() -> None:
    assert read({}) == Settings() == read({"LOOKBACK_PROFILE": "local"})


@given(st.sampled_from(NUMBERS), st.integers(0, 10**12), st.sampled_from(sorted(PROFILES)))
def test_a_variable_changes_its_field_alone_and_only_within_its_bounds(name: str, value: int, profile: str) -> None:
    environment = {"LOOKBACK_PROFILE": profile, variable(name): str(value)}
    if value > FIELDS[name].metadata["most"]:
        with pytest.raises(UserError, match=name):
            read(environment)
    else:
        before = asdict(read({"LOOKBACK_PROFILE": profile}))
        assert asdict(read(environment)) == before | {name: value}


@given(st.sampled_from(NUMBERS), st.text().filter(lambda text: not (text.isascii() and text.isdecimal())))
def test_a_number_is_digits(name: str, text: str) -> None:
    with pytest.raises(UserError):
        assignment(f"{name}={text}")


@pytest.mark.parametrize("text", ["", "=", "rooms", "room=1", "ROOMS=1", "rooms=-1", "rooms=1.5", "rooms=²", "home=/x"])
def test_what_is_no_assignment_is_refused(text: str) -> None:
    with pytest.raises(UserError):
        assignment(text)


def test_a_variable_with_a_slip_is_refused() -> None:
    check_names({"LOOKBACK_ROOMS": "1", "PATH": "/bin"} | {f"LOOKBACK_{name}": "x" for name in PLACES})
    with pytest.raises(UserError, match="LOOKBACK_UPLAODS"):
        check_names({"LOOKBACK_UPLAODS": "1"})


def test_no_setting_has_the_name_of_a_place() -> None:
    assert not {name.upper() for name in FIELDS} & set(PLACES)


def test_a_class_is_bounded_at_least_as_much_as_one_person() -> None:
    local, of_class = read({}), read({"LOOKBACK_PROFILE": "class"})
    for name in ("uploads_per_session", "trainings_per_session"):
        assert 0 < getattr(of_class, name) <= getattr(local, name)


def test_the_table_of_the_documentation_is_that_of_the_code() -> None:
    head = "| setting | local | class | unit | what it is |\n|---|---|---|---|---|\n"
    rows = [[f"`{cell}`" if place < 3 and cell else cell for place, cell in enumerate(row)] for row in table()]
    lines = "".join(f"| {' | '.join(row)} |\n" for row in rows)
    assert head + lines in (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")


def test_the_fixture_changes_settings(setting: Setting) -> None:
    setting(rooms=3)
    assert settings.current().rooms == 3


def test_a_limit_of_0_switches_a_feature_off(setting: Setting) -> None:
    setting(uploads_per_session=0, trainings_per_session=0)
    with pytest.raises(UserError, match="switched this off"):
        uploads.add_archive("a.zip", b"")
    with pytest.raises(UserError, match="switched this off"):
        trainings.start_training(Choice())
