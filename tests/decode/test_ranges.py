"""The ranges of settings: those of pages lie within those of the command line, and people find both written down."""

from __future__ import annotations

import re
from dataclasses import fields

import pytest

from s2s.__main__ import main, parser
from s2s.decode.ranges import ON_PAGES, WIDE
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.web.shell.page_state import SETTINGS, PageState, read_link
from tests.paths import ROOT

BEYOND = {name: (low - 1, high + 1) for name, (low, high) in WIDE.items()}


def written(number: str) -> float:
    """A number of the table; with commas a whole one."""
    return float(number) if "." in number else int(number.replace(",", ""))


def test_every_number_of_decoding_has_both_ranges() -> None:
    assert WIDE.keys() == ON_PAGES.keys() == {one.name for one in fields(Settings)} - {"strategy"}
    assert {*SETTINGS} == {*WIDE, "strategy"}
    for name, (low, high) in ON_PAGES.items():
        assert WIDE[name][0] <= low <= getattr(Settings(), name) <= high <= WIDE[name][1]
        assert type(low) is type(high) is type(getattr(Settings(), name))


def test_the_guide_gives_the_ranges_and_defaults() -> None:
    guide = (ROOT / "docs" / "GUIDE.md").read_text(encoding="utf-8")
    span = r"([\d.,]+) to ([\d.,]+)"
    rows = re.findall(rf"^\| `(\w+)`[^|]* \| {span} \| {span} \| ([\d.]+) \|$", guide, re.MULTILINE)
    found = {name: [written(number) for number in numbers] for name, *numbers in rows}
    assert found == {name: [*ON_PAGES[name], *WIDE[name], getattr(Settings(), name)] for name in WIDE}


def test_the_help_gives_the_ranges(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["trace", "--help"])
    shown = " ".join(capsys.readouterr().out.split())
    for name, (low, high) in WIDE.items():
        least = max(low, 1) if name == "max_length" else low  # there is no option for the default
        assert (
            f"[{least:g}–{high if isinstance(high, int) else format(high, 'g')}]"
            in shown.split(f"--{name.replace('_', '-')} ")[-1]
        )


@pytest.mark.parametrize("name", WIDE)
def test_settings_refuse_what_is_beyond(name: str) -> None:
    for number in BEYOND[name]:
        with pytest.raises(UserError, match=name):
            Settings(**{name: number})


@pytest.mark.parametrize("name", WIDE)
@pytest.mark.parametrize("typed", ["1e5x", "2,5", "", "nan", "inf", "1_0"])
def test_no_number_is_read_as_another(name: str, typed: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Neither in a link nor on the command line; a whole one with an exponent or a fraction neither."""
    whole = isinstance(WIDE[name][0], int)
    way = ["--sample"] if name in ("temperature", "top_k", "top_p", "seed") else []
    for number in [typed, *(["1e1", "2.5", "1.0"] if whole else [])]:
        state, refused = read_link({name: number})
        assert getattr(state, name) == getattr(PageState(), name) and [one.name for one in refused] == [name]
        if number == "1_0":
            continue  # Python's own way to write 10
        with pytest.raises(SystemExit) as ended:
            main(["trace", "zh-en-luong", "我喝茶。", *way, f"--{name.replace('_', '-')}={number}"])
        assert ended.value.code == 2 and len(capsys.readouterr().err.splitlines()) == 1
