"""The commands ``prepare`` and ``generate``: write training files from a public download or a synthetic task."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands import arguments, pair_options
from s2s.commands.arguments import WholeNumber
from s2s.errors import fill
from s2s.text.safe import printable

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_prepare_command(commands: Commands) -> None:
    """Add the commands ``prepare`` and ``generate`` and their options."""
    p = commands.add_parser("prepare", help="turn a public download into train, dev and test files")
    p.set_defaults(run=prepare)
    _prepare_arguments(p)
    p = commands.add_parser("generate", help="write train, dev and test files of a synthetic task")
    p.set_defaults(run=generate)
    _generate_arguments(p)


def _prepare_arguments(p: arguments.Parser) -> None:
    kinds = p.add_subparsers(dest="corpus", required=True, metavar="CORPUS", parser_class=arguments.Parser)
    tatoeba = kinds.add_parser("tatoeba", help="Chinese and English sentence pairs")
    tatoeba.add_argument("path", metavar="FILE", type=Path, help="the tab-separated pairs")
    classical = kinds.add_parser("classical", help="classical and modern Chinese")
    classical.add_argument("path", metavar="DIR", type=Path, help="a checkout of NiuTrans/Classical-Modern")
    automaster = kinds.add_parser(
        "automaster", help="the competition's dialogues of drivers and mechanics, with reports"
    )
    automaster.add_argument("path", metavar="FILE", type=Path, help="AutoMaster_TrainSet.csv")
    for kind, name, size in (
        (tatoeba, "tatoeba", 2000),
        (classical, "classical", 1500),
        (automaster, "automaster", 2000),
    ):
        count = WholeNumber(1, arguments.MANY)
        kind.add_argument("--out", metavar="DIR", type=Path, default=Path("data", name), help=f"data/{name}")
        kind.add_argument("--dev", type=count, default=size, metavar="N", help=f"pairs in dev.tsv ({size})")
        kind.add_argument("--test", type=count, default=size, metavar="N", help=f"pairs in test.tsv ({size})")
        kind.add_argument(
            "--seed", type=WholeNumber(0, 2**63 - 1), default=1, metavar="N", help="random seed of the split (1)"
        )
    for kind in (tatoeba, automaster):
        pair_options.add_encoding_option(kind)
    classical.add_argument("--max-train", type=count, default=300_000, metavar="N", help="pairs in train.tsv (300000)")
    classical.add_argument(
        "--unseen-book", default="世说新语", metavar="BOOK", help="the book to hold out for testing (世说新语)"
    )


def _generate_arguments(p: arguments.Parser) -> None:
    kinds = p.add_subparsers(dest="task", required=True, metavar="TASK", parser_class=arguments.Parser)
    date = kinds.add_parser("date", help="from dates as people write them to ISO dates")
    date.add_argument("--hard", action="store_true", help="chains of dates, each relative to the one before")
    report = kinds.add_parser("car-report", help="from a dialogue of driver and mechanic to a short report, in Chinese")
    report.add_argument("--hard", action="store_true", help="the mechanic first names a wrong cause, then corrects it")
    for kind, name, held_out in ((date, "date", 1000), (report, "car-report", 500)):
        for split, size in (("train", 20_000), ("dev", held_out), ("test", held_out)):
            kind.add_argument(
                f"--{split}", type=WholeNumber(1, 10_000_000), default=size, metavar="N", help=f"pairs ({size})"
            )
        kind.add_argument("--out", metavar="DIR", type=Path, default=Path("data", name), help=f"data/{name}")
        kind.add_argument(
            "--seed", type=WholeNumber(0, 2**63 - 1), default=1, metavar="N", help="random seed of the examples (1)"
        )


def prepare(options: argparse.Namespace, command: str) -> int:
    """``prepare``: turn a public download into train, dev and test files."""
    from tqdm import tqdm

    from s2s.data.prepare import Sizes, prepare_automaster, prepare_classical, prepare_tatoeba

    if options.corpus != "classical":
        read = {"tatoeba": prepare_tatoeba, "automaster": prepare_automaster}[options.corpus]
        sizes = Sizes(options.dev, options.test)
        with pair_options.print_remarks() as remarks:
            written = read(options.path, options.out, sizes, options.seed, options.encoding, remarks.form)
    else:
        sizes = Sizes(options.dev, options.test, options.max_train)
        report = lambda line: tqdm.write(printable(line), file=sys.stderr)  # noqa: E731
        written = prepare_classical(options.path, options.out, sizes, options.seed, options.unseen_book, report)
    for path, pairs in written.items():
        print(fill("{path}: {count:,} {count:pair|pairs}", path=path, count=pairs))
    return 0


def generate(options: argparse.Namespace, command: str) -> int:
    """``generate``: write train, dev and test files of a synthetic task."""
    from s2s.tasks.generate import generate

    sizes = {"train": options.train, "dev": options.dev, "test": options.test}
    for path, examples in generate(options.task, options.out, sizes, options.seed, options.hard).items():
        print(fill("{path}: {count:,} {count:example|examples}", path=path, count=examples))
    return 0
