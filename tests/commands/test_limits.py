"""Limits of the command line are named where one reads: the range of a number in --help, sizes of files in a page."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator
from decimal import Decimal

import pytest

from s2s.__main__ import parser
from s2s.adapters import arrays
from s2s.checkpoint import files
from s2s.commands.arguments import Parser, WholeNumber, fraction
from s2s.commands.export import LIMIT
from s2s.data import text_file
from s2s.data.batches import MAX_TOKENS
from s2s.decode.inputs import MAX_CHARACTERS
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.trace import film
from tests.paths import ROOT


def commands(top: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """A parser and those of its commands."""
    yield top
    for action in top._actions:
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from commands(command)


NUMBERS = [
    pytest.param(command, action, id=f"{command.prog} {action.option_strings[0]}")
    for command in commands(parser())
    for action in command._actions
    if isinstance(action.type, WholeNumber) or action.type in (int, float, fraction)
]


def range_in_help(command: argparse.ArgumentParser, action: argparse.Action) -> tuple[Decimal, Decimal]:
    """The range that the help says of an option."""
    text = command._get_formatter()._expand_help(action)
    said = re.search(r"\[(?:above )?([\d.]+)–([\d.]+)\]$", text)
    assert said, f"{text} says no range"
    return Decimal(said[1]), Decimal(said[2])


def test_there_are_options_to_test() -> None:
    assert len(NUMBERS) > 30 and isinstance(parser(), Parser)


@pytest.mark.parametrize(("command", "action"), NUMBERS)
def test_the_help_says_the_range_of_a_number(command: argparse.ArgumentParser, action: argparse.Action) -> None:
    low, high = range_in_help(command, action)
    if isinstance(action.type, WholeNumber):
        assert (low, high) == (action.type.low, action.type.high)
        assert (action.type(str(action.type.low)), action.type(str(action.type.high))) == (low, high)
        for outside in (action.type.low - 1, action.type.high + 1):
            with pytest.raises(argparse.ArgumentTypeError, match=f"from {action.type.low} to {action.type.high}"):
                action.type(str(outside))
    elif action.type is fraction:
        assert (low, high) == (0, 1)
    else:
        for inside in (low, high):
            Settings(**{action.dest: float(inside)})
        for outside in (float(low) - 0.001, float(high) + 0.001):
            with pytest.raises(UserError, match=f"{outside}"):
                Settings(**{action.dest: outside})


def test_the_page_says_the_limits_of_files_and_texts() -> None:
    page = " ".join((ROOT / "docs" / "COMMANDS.md").read_text(encoding="utf-8").split())
    for words in (
        f"a JSON file may have up to {files.MAX_JSON_BYTES // 10**6:,} MB",
        f"the weights {files.MAX_WEIGHT_BYTES // 10**6:,} MB",
        f"the film {film.MAX_BYTES // 10**6:,} MB",
        f"a file of arrays may have {arrays.LIMIT // 10**6:,} MB",
        f"a line in a file of pairs may have {text_file.MAX_LINE:,} characters",
        f"larger than {LIMIT:,} MB",
        f"more than {MAX_CHARACTERS:,} characters or {MAX_TOKENS:,} tokens",
    ):
        assert words in page
