"""Argument parsing shared by the commands: the parser, numbers in a range, files of pairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]

MISTAKE = 2  # exit status for wrong arguments
MANY = 1_000_000_000  # the largest count that an option accepts


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line and no abbreviated options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and one line."""
        self.exit(MISTAKE, f"{self.prog}: {one_line(message)}\n")


def one_line(text: str) -> str:
    """The text with every run of white space as one space."""
    return " ".join(text.split())


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """An argparse type: a whole number from ``low`` to ``high``."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number from {low} to {high}")
        return value

    return parse


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
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a directory, or a name under checkpoints/")


def add_measuring_options(p: Parser, seeded: str = "resamples") -> None:
    """Add ``--limit``, ``--seed`` and ``--json``; ``seeded`` says in the help what the seed is for."""
    p.add_argument("--limit", type=whole_number(1, MANY), metavar="N", help="only the first N pairs")
    p.add_argument("--seed", type=whole_number(0, 2**63 - 1), default=0, metavar="N", help=f"of {seeded} (0)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
