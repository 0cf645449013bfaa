"""Inspections are bounded for a visit and in all; what expires or nobody uses gives way; what is in use never does."""

from __future__ import annotations

import os
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from s2s.errors import UserError
from s2s.server import folders, inspection_quota, inspections
from s2s.server.inspection_quota import DAY, HOUR
from s2s.server.inspections import InspectionRequest, submit_request
from tests.setting import Setting


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(folders, "INSPECTED", tmp_path / "inspected")
    monkeypatch.setattr(folders, "DATA", tmp_path)
    monkeypatch.setattr(inspections, "_RUNNING", {})
    (tmp_path / "test.tsv").write_text("a\tb\n")
    return tmp_path


def held(number: int, age: float = 0.0, kilobytes: int = 0) -> str:
    """An inspection of an upload, which was last opened ``age`` seconds ago."""
    path = inspections.store_upload("test.tsv", f"a\t{number}\n".encode())
    name = submit_request(InspectionRequest("tiny", "test.tsv", path, upload=True))
    directory = inspections.inspection_directory(name)
    directory.mkdir()
    (directory / "manifest.json").write_text("{}")
    (directory / "examples.parquet").write_bytes(bytes(kilobytes * 1024))
    os.utime(inspections.request_path(name), (time.time() - age,) * 2)
    return name


def left(names: Sequence[str]) -> list[str]:
    return [name for name in names if inspections.inspection_directory(name).exists()]


def refused(*arguments: object, check: object = inspection_quota.make_room) -> str:
    with pytest.raises(UserError) as caught:
        check(*arguments)  # type: ignore[operator]
    return caught.value.key


def test_a_visit_has_a_number_of_inspections_and_a_rate(setting: Setting) -> None:
    setting(inspections_per_session=5, inspections_per_hour=3)
    now = time.time()
    inspection_quota.check_visit(4, [now - 2 * HOUR, now - HOUR - 1, now, now])
    assert refused(5, [], check=inspection_quota.check_visit) == "error.inspections_own_full"
    with pytest.raises(UserError) as hour:
        inspection_quota.check_visit(0, [now - HOUR + 119, now, now])
    assert hour.value.key == "error.inspections_hour" and hour.value.values["minutes"] == 2


def test_switched_off_nothing_gives_way(setting: Setting) -> None:
    names = [held(0, age=3 * HOUR), held(1)]
    setting(inspections=0)
    assert refused() == refused(1.0, 0) == "error.switched_off"
    assert left(names) == names


def test_the_longest_unopened_give_way_and_those_in_use_stay(setting: Setting) -> None:
    names = [held(0, age=8 * DAY), held(1, age=9 * DAY), held(2, age=6.9 * DAY), held(3)]
    setting(inspections=4)
    inspection_quota.make_room()
    assert left(names) == [names[0], *names[2:]]
    assert len(inspections.uploaded_files()) == 3
    setting(inspections=3)
    inspection_quota.make_room()
    assert left(names) == names[2:]
    setting(inspections=2)
    assert refused() == "error.inspections_full" and left(names) == names[2:]


def test_bytes_are_bounded_with_states_and_files(setting: Setting) -> None:
    names = [held(0, age=8 * DAY, kilobytes=700), held(1, kilobytes=700)]
    setting(inspections_mb=2)
    inspection_quota.make_room()
    assert left(names) == names
    inspection_quota.make_room(1.0, 0)
    assert left(names) == names[1:]
    assert refused(2.0) == "error.inspections_full"
    setting(test_files_mb=1)
    assert refused(1.0) == "error.inspections_full"


def test_what_nobody_opens_expires_and_opening_it_counts(folder: Path, setting: Setting) -> None:
    names = [held(0, age=31 * DAY), held(1, age=31 * DAY), held(2, age=29 * DAY)]
    setting(inspection_days=30)
    inspection_quota.mark_opened(names[1])
    assert [inspection_quota.days_left(name) for name in names] == [1, 30, 1]
    of_commands = folders.INSPECTED / "of-the-command-line"
    of_commands.mkdir()
    os.utime(of_commands, (0, 0))
    inspection_quota._next_sweep[0] = 0.0
    inspection_quota.sweep()
    assert left(names) == names[1:] and of_commands.exists()
    assert inspection_quota.days_left(of_commands.name) is None
    setting(inspection_days=0)
    assert inspection_quota.days_left(names[2]) is None


def test_a_file_goes_with_the_last_inspection_that_needs_it() -> None:
    one, other = held(0), held(0)
    (file,) = inspections.uploaded_files()
    inspection_quota.delete(one)
    assert file.exists() and inspections.find_entry(one) is None
    inspection_quota.delete(other)
    assert not file.exists() and left([one, other]) == []


def test_what_is_computed_is_not_deleted() -> None:
    name = held(0, age=3 * HOUR)
    with inspection_quota.lease.hold(name):
        assert refused(name, check=inspection_quota.delete) == "error.inspect_elsewhere"
    assert left([name]) == [name]


def test_who_may_delete(setting: Setting) -> None:
    private, public = held(0), submit_request(InspectionRequest("tiny", "test.tsv", "test.tsv"))
    assert inspection_quota.may_delete(public, ())
    setting(profile="class")
    assert inspection_quota.may_delete(private, ()) and not inspection_quota.may_delete(public, ())
    assert inspection_quota.may_delete(public, {public})


def test_a_refused_upload_is_not_stored(setting: Setting) -> None:
    def refuse() -> None:
        raise UserError("inspections_hour", most=1, minutes=1)

    with pytest.raises(UserError):
        inspections.store_upload("test.tsv", b"a\tb\n", refuse)
    assert inspections.uploaded_files() == []


def test_states_are_deleted_alone_and_no_longer_counted(setting: Setting) -> None:
    name = held(1, kilobytes=10)
    directory = inspections.inspection_directory(name)
    (directory / "states").mkdir()
    (directory / "states" / "encoder.npy").write_bytes(bytes(2_000_000))
    setting(inspections_mb=2)
    assert refused() == "error.inspections_full" and inspection_quota.states_size(directory) == 2_000_000
    with inspection_quota.lease.hold(name):
        assert refused(directory, check=inspection_quota.delete_states) == "error.inspect_elsewhere"
    inspection_quota.delete_states(directory)
    inspection_quota.make_room()
    assert left([name]) == [name] and (directory / "examples.parquet").exists()
    assert inspection_quota.states_size(directory) == 0
