"""Argument parsing shared by the commands: the parser, numbers in a range, files of pairs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from s2s.text.safe import shortened

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]

MISTAKE = 2  # exit status for wrong arguments
LONGEST = 500  # characters of what argparse says, which repeats arguments whole
MANY = 1_000_000_000  # the largest count that an option accepts


class WithRanges(argparse.HelpFormatter):
    """A help that ends the text of an option that takes a number with its range."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        text = super()._get_help_string(action)
        number = action.type
        if not text or not isinstance(number, (WholeNumber, RealNumber)):
            return text
        return f"{text} [{_written(number.low)}–{_written(number.high)}]"


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line and no abbreviated options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, "formatter_class": WithRanges, **kwargs})

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and one line."""
        self.exit(MISTAKE, f"{self.prog}: {shortened(one_line(message), LONGEST)}\n")


def _written(number: float) -> str:
    """A limit as a help says it.

    >>> _written(5.0), _written(0.05), _written(2**63 - 1)
    ('5', '0.05', '9223372036854775807')
    """
    return f"{number:g}" if isinstance(number, float) else str(number)


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


@dataclass(frozen=True)
class WholeNumber:
    """An argparse type: a whole number from ``low`` to ``high``."""

    low: int
    high: int

    def __call__(self, text: str) -> int:
        """The number. Raises ArgumentTypeError if there is none in the range."""
        try:
            value = int(text)
        except ValueError:
            value = self.low - 1
        if not self.low <= value <= self.high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {self.low} to {self.high}")
        return value


@dataclass(frozen=True)
class RealNumber:
    """An argparse type: a number from ``low`` to ``high``."""

    low: float
    high: float

    def __call__(self, text: str) -> float:
        """The number. Raises ArgumentTypeError if there is none in the range."""
        try:
            value = float(text)
        except ValueError:
            value = self.low - 1
        if not self.low <= value <= self.high:  # also true of NaN
            raise argparse.ArgumentTypeError(
                f"{text!r} is no number from {_written(self.low)} to {_written(self.high)}"
            )
        return value


def fraction(text: str) -> float:
    """An argparse type: a number above 0 and not above 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and up to 1")
    return value


def add_checkpoint_argument(p: Parser) -> None:
    """Add the argument CHECKPOINT: a name or a path."""
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a directory, or the name of one under checkpoints/")


def add_measuring_options(p: Parser, seeded: str = "resamples") -> None:
    """Add ``--limit``, ``--seed`` and ``--json``; ``seeded`` says in the help what the seed is for."""
    p.add_argument("--limit", type=WholeNumber(1, MANY), metavar="N", help="only the first N pairs")
    p.add_argument(
        "--seed", type=WholeNumber(0, 2**63 - 1), default=0, metavar="N", help=f"random seed of {seeded} (0)"
    )
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
