"""A typed path names a file in the data folder, or is refused."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.server import folders

HOSTILE = (
    ".",
    "/etc/passwd",
    "../secret.tsv",
    "set/../../secret.tsv",
    "set/./../../secret.tsv",
    "out.tsv",
    "folder/secret.tsv",
    "set",
    "missing.tsv",
    "set/test.tsv\0",
    "loop",
    "~/secret.tsv",
    "x" * 100_000,
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder beside a secret, with links out of it."""
    folder = tmp_path / "data"
    (folder / "set").mkdir(parents=True)
    (folder / "set" / "test.tsv").write_text("a\tb\n")
    (folder / "inside.tsv").symlink_to("set/test.tsv")
    (tmp_path / "secret.tsv").write_text("a\tb\n")
    (folder / "out.tsv").symlink_to(tmp_path / "secret.tsv")
    (folder / "folder").symlink_to(tmp_path)
    (folder / "loop").symlink_to("loop")
    return folder


@pytest.mark.parametrize("typed", ["", " ", "\t\n"])
def test_an_empty_path_is_asked_for(data: Path, typed: str) -> None:
    with pytest.raises(UserError) as raised:
        folders.resolve_inside(typed, data)
    assert raised.value.key == "error.path_empty"


@pytest.mark.parametrize("typed", HOSTILE)
def test_a_path_out_of_the_folder_gets_one_message(data: Path, typed: str) -> None:
    with pytest.raises(UserError) as raised:
        folders.resolve_inside(typed, data)
    assert raised.value.key == "error.path_outside"
    assert "secret.tsv\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize("typed", ["set/test.tsv", " set/test.tsv ", "./set//test.tsv", "inside.tsv"])
def test_a_path_inside_the_folder_is_resolved(data: Path, typed: str) -> None:
    assert folders.resolve_inside(typed, data) == data / "set" / "test.tsv"


def test_a_data_folder_that_is_a_link_itself_is_no_escape(data: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(data)
    assert folders.resolve_inside("set/test.tsv", tmp_path / "linked") == data / "set" / "test.tsv"


@given(st.text(max_size=40))
def test_any_text_is_a_file_inside_or_an_error(typed: str) -> None:
    try:
        assert folders.resolve_inside(typed, Path(__file__).parent).is_relative_to(Path(__file__).parent)
    except UserError as error:
        assert error.key == ("error.path_outside" if typed.strip() else "error.path_empty")
