"""Records of a CSV: what a valid file says, and how little a broken one loses."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.csv_records import DELIMITERS, Records
from s2s.data.readers import refuse
from s2s.errors import UserError

NAMES = ("source", "target")
TEXTS = st.text(st.sampled_from('ab ,;\t"水\n'), min_size=1, max_size=8).filter(str.strip)


def of(text: str, told: list[UserError] | None = None, wanted: tuple[str, ...] = NAMES) -> Records:
    rows: Iterator[str] = iter(text.removesuffix("\n").split("\n"))
    return Records(rows, "a.csv", [wanted], refuse if told is None else told.append)


@given(st.lists(st.tuples(TEXTS, TEXTS), max_size=12), st.sampled_from(DELIMITERS), st.booleans())
def test_what_a_writer_writes_is_read_as_it_was(rows: list[tuple[str, str]], delimiter: str, quoted: bool) -> None:
    file = io.StringIO()
    quoting = csv.QUOTE_ALL if quoted else csv.QUOTE_MINIMAL
    writer = csv.writer(file, delimiter=delimiter, lineterminator="\n", quoting=quoting)
    writer.writerows([NAMES, *rows])
    found = of(file.getvalue())
    assert found.delimiter == delimiter and [tuple(fields) for _, fields in found] == rows


@pytest.mark.parametrize("quoted", [(), (20,), (7, 20, 33)])
@pytest.mark.parametrize(
    "stray", ['"问{n},answer {n}', '问{n},"answer {n}', '"问{n}" x,answer {n}', '问{n},answer" {n},x']
)
@pytest.mark.parametrize("place", [1, 5, 39])
def test_a_stray_quotation_mark_costs_its_own_row_alone(stray: str, place: int, quoted: tuple[int, ...]) -> None:
    rows = [f"问{n},answer {n}" for n in range(40)]
    for n in quoted:
        rows[n] = f'"问,{n}","answer, {n}"'
    rows[place] = stray.format(n=place)
    told: list[UserError] = []
    found = list(of("\n".join(["source,target", *rows]) + "\n", told))
    assert [number for number, _ in found] == [n + 2 for n in range(40) if n != place]
    assert [error.values["row"] for error in told] == [place + 2]


def test_a_mark_that_takes_in_rows_and_is_closed_by_another_stray_one() -> None:
    text = 'source,target\n一,a\n"二,b\n三,c\n四,d"\n五,e\n'
    told: list[UserError] = []
    assert [number for number, _ in of(text, told)] == [2, 4, 5, 6]
    assert [(error.key, error.values["row"], error.values["end"]) for error in told] == [
        ("error.row_quote_lines", 3, 5)
    ]


def test_a_record_of_several_lines_with_a_column_too_few_goes_whole() -> None:
    text = 'source,target,id\n一,a,1\n"二\n二二\n二二二",b\n三,c,3\n'
    told: list[UserError] = []
    assert [number for number, _ in of(text, told)] == [2, 6]
    (error,) = told
    assert error.key == "error.row_columns_lines" and error.values["lines"] == 3


def test_a_long_field_is_no_mistake() -> None:
    long = "长" * 200_000
    assert [fields for _, fields in of(f'source,target\n"{long}",a\n{long},b\n')] == [[long, "a"], [long, "b"]]


@pytest.mark.parametrize(
    ("text", "delimiter", "header"),
    [
        ("source;target\n一;a\n", ";", ["source", "target"]),
        ("source\ttarget\n一\ta\n", "\t", ["source", "target"]),
        ("id;source,x;target\n", ";", ["id", "source,x", "target"]),
        ('"source";"target"\n', ";", ["source", "target"]),
        ("sep=;\nsource;target\n", ";", ["source", "target"]),
        ("\n\nsource,target\n", ",", ["source", "target"]),
        ("zh;en;de\n", ";", ["zh", "en", "de"]),
        ("zh\n", ",", ["zh"]),
        ('"a\nb",source,target\n', ",", ["a\nb", "source", "target"]),
        ("", ",", []),
    ],
)
def test_what_parts_columns_is_seen_in_the_header(text: str, delimiter: str, header: list[str]) -> None:
    found = of(text)
    assert (found.delimiter, found.header) == (delimiter, header)


def test_the_first_line_below_sep_is_numbered_as_an_editor_does() -> None:
    assert [number for number, _ in of("sep=;\nsource;target\n\n一;a\n")] == [4]
