"""A path that a visitor types leads to a file of the data folder or nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.server import folders

HOSTILE = (
    "",
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


@pytest.mark.parametrize("typed", HOSTILE)
def test_what_leads_out_is_one_sentence(data: Path, typed: str) -> None:
    with pytest.raises(UserError) as raised:
        folders.within(typed, data)
    assert raised.value.key == "error.path_outside"
    assert "secret.tsv\n" not in str(raised.value) and len(str(raised.value)) < 300


@pytest.mark.parametrize("typed", ["set/test.tsv", " set/test.tsv ", "./set//test.tsv", "inside.tsv"])
def test_what_stays_inside_is_found(data: Path, typed: str) -> None:
    assert folders.within(typed, data) == data / "set" / "test.tsv"


def test_a_data_folder_that_is_a_link_itself_is_no_escape(data: Path, tmp_path: Path) -> None:
    (tmp_path / "linked").symlink_to(data)
    assert folders.within("set/test.tsv", tmp_path / "linked") == data / "set" / "test.tsv"


@given(st.text(max_size=40))
def test_any_text_is_a_file_inside_or_a_sentence(typed: str) -> None:
    try:
        assert folders.within(typed, Path(__file__).parent).is_relative_to(Path(__file__).parent)
    except UserError as error:
        assert error.key == "error.path_outside"
