"""Argument parsing shared by the commands: the parser, numbers in a range, files of pairs."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

from s2s.errors import UserError, closest
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

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse, but first an error for a misspelt name, whose value argparse would take for an argument."""
        given = sys.argv[1:] if args is None else list(args)
        if mistake := self._misspelt(given):
            self.error(str(mistake))
        return super().parse_known_args(given, namespace)

    def _misspelt(self, given: Iterable[str]) -> UserError | None:
        """The first option or command that there is not, with the one that was probably meant."""
        options = self._option_string_actions
        for argument in given:
            if argument == "--":
                break
            if argument[:1] != "-" or argument == "-":
                if self._subparsers is not None:  # the rest is the command's
                    return self._misspelt_command(argument)
                continue
            name = argument.partition("=")[0]
            # As argparse does: a number below 0 and a text with a space are no options.
            if not (self._negative_number_matcher.match(argument) or " " in argument or name in options):
                if like := closest(name, [option for option in options if option[:2] == "--"]):
                    return UserError("option_like", name=name, like=like)
                return UserError("option_unknown", name=name, command=self.prog)
        return None

    def _misspelt_command(self, name: str) -> UserError | None:
        """An error with the command that was probably meant; if none is like it, argparse lists all."""
        assert self._subparsers is not None
        commands = self._subparsers._group_actions[0].choices or ()
        like = "" if name in commands else closest(name, map(str, commands))
        return UserError("command_like", name=name, like=like) if like else None


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


def add_set_option(p: Parser) -> None:
    """Add ``--set``, which overrides keys of a config."""
    p.add_argument(
        "--set",
        metavar="key=value",
        action="append",
        default=[],
        help="override one key of the config; may be repeated",
    )


def add_measuring_options(p: Parser, seeded: str = "resamples") -> None:
    """Add ``--limit``, ``--seed`` and ``--json``; ``seeded`` says in the help what the seed is for."""
    p.add_argument("--limit", type=WholeNumber(1, MANY), metavar="N", help="only the first N pairs")
    p.add_argument(
        "--seed", type=WholeNumber(0, 2**63 - 1), default=0, metavar="N", help=f"random seed of {seeded} (0)"
    )
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
