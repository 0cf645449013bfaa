"""Argument parsing shared by the commands: the parser, numbers in a range, files of pairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction["Parser"]

MISTAKE = 2
MANY = 1_000_000_000


class Parser(argparse.ArgumentParser):
    """argparse with errors of one line and no abbreviated options."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"allow_abbrev": False, **kwargs})

    def error(self, message: str) -> NoReturn:
        """Exit with status 2 and one line."""
        self.exit(MISTAKE, f"{self.prog}: {one_line(message)}\n")


def one_line(text: str) -> str:
    """White space as single spaces."""
    return " ".join(text.split())


def whole(low: int, high: int) -> Callable[[str], int]:
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


def share(text: str) -> float:
    """An argparse type: a number above 0 and not above 1."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no number above 0 and up to 1")
    return value


def checkpoint(p: Parser) -> None:
    """A checkpoint, by its name or path."""
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a directory, or a name under checkpoints/")


def measuring(p: Parser, seeded: str = "resamples") -> None:
    """How much of a file is measured, by which draws, and where the numbers go."""
    p.add_argument("--limit", type=whole(1, MANY), metavar="N", help="only the first N pairs")
    p.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="N", help=f"of {seeded} (0)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")
