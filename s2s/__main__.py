"""The command line: ``python -m s2s COMMAND``, trace, export, train, evaluate and the others of ``parser``.

Exit status 0, 2 for a user's mistake (one line on stderr says which), 130 after Ctrl-C, 143 after
SIGTERM. What a command does is in ``cli.py``, imported only when one runs.
"""

from __future__ import annotations

import argparse
import io
import os
import shlex
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from s2s.errors import LANGUAGES, UserError
from s2s.readers import FORMATS

PROGRAM = "python -m s2s"
MISTAKE, INTERRUPTED = 2, 130


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


def parser() -> Parser:
    """All commands and options."""
    top = Parser(prog=PROGRAM, description="Watch an attention seq2seq model look back at its source, word by word.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Parser)
    _trace(commands.add_parser("trace", help="decode one text and show every step"))
    _export(commands.add_parser("export", help="make a page that plays without a server of saved traces"))
    _train(commands.add_parser("train", help="train a model from a config, or go on with a run"))
    _evaluate(commands.add_parser("evaluate", help="score a checkpoint on a file of pairs"))
    _exposure(commands.add_parser("exposure", help="measure what a checkpoint loses when it reads its own words"))
    _evidence(commands.add_parser("evidence", help="measure whether attention is the reason for a checkpoint's words"))
    _align(commands.add_parser("align", help="score attention against word links that people drew"))
    _inspect(commands.add_parser("inspect", help="find the causes of a checkpoint's errors on a file of pairs"))
    _compare(commands.add_parser("compare", help="compare two inspections of one file"))
    _prepare(commands.add_parser("prepare", help="turn a public download into train, dev and test files"))
    _generate(commands.add_parser("generate", help="write train, dev and test files of a synthetic task"))
    return top


def _checkpoint(p: Parser) -> None:
    p.add_argument("checkpoint", metavar="CHECKPOINT", help="a directory, or a name under checkpoints/")


def _trace(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("text", metavar="TEXT", nargs="?", help="what the model reads")
    p.add_argument("--tokens", metavar="TOKENS", help="in its place: what it reads word by word, spaces between")
    p.add_argument("--reference", metavar="R", help="the right output")
    p.add_argument("--mode", choices=("free", "forced"), default="free", help="whose words the decoder reads")
    p.add_argument("--prefix", metavar="P", help="words that the output begins with")
    p.add_argument(
        "--attention",
        action="append",
        default=[],
        metavar="STEP=EDIT",
        help="replace a step's attention by uniform, previous, N (all on token N), -N (without it) or w1,w2,…",
    )
    p.add_argument("--beam", type=whole(1, 50), metavar="N", help="beam search with N hypotheses")
    p.add_argument("--nbest", action="store_true", help="with --beam: all finished hypotheses, too")
    p.add_argument("--tree", metavar="FILE", help="with --beam: write the search as JSON; - for the terminal")
    p.add_argument("--sample", action="store_true", help="draw every word at random")
    p.add_argument("--temperature", type=float, metavar="X", help="with --sample: below 1 bolder, above 1 wilder")
    p.add_argument("--top-k", type=whole(0, 100_000), metavar="N", help="with --sample: only the N most probable")
    p.add_argument("--top-p", type=float, metavar="X", help="with --sample: only the nucleus of this mass")
    p.add_argument("--seed", type=whole(0, 2**63 - 1), metavar="N", help="with --sample: which draw")
    p.add_argument("--max-length", type=whole(1, 500), metavar="N", help="cut the output off after N tokens")
    p.add_argument("--top", type=whole(1, 1000), default=10, metavar="K", help="candidates recorded a step (10)")
    p.add_argument("--json", metavar="FILE", help="write the trace as JSON; - for the terminal")
    p.add_argument("--csv", metavar="FILE", help="write a row a step; - for the terminal")


def _export(p: Parser) -> None:
    p.add_argument("traces", metavar="TRACE.json", nargs="+", type=Path, help="one lane, or the free and the forced")
    p.add_argument("--html", metavar="FILE", required=True, help="the page; - for the terminal")
    p.add_argument("--lang", choices=LANGUAGES, default="en", help="which the page opens in; it has both (en)")


def _train(p: Parser) -> None:
    p.add_argument("config", metavar="CONFIG", nargs="?", type=Path, help="a TOML file, see configs/")
    p.add_argument("--data", metavar="FILE", type=Path, help="instead: pairs, from which a config and a split are made")
    _columns(p)
    p.add_argument("--set", metavar="key=value", action="append", default=[], help="overrule one key of the config")
    p.add_argument("--name", metavar="NAME", help="of the run and its checkpoint; the config's or file's by default")
    p.add_argument("--out", metavar="DIR", type=Path, default=Path("checkpoints"), help="where checkpoints go")
    p.add_argument("--runs", metavar="DIR", type=Path, default=Path("runs"), help="where a run can be resumed from")


def _evaluate(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("file", metavar="FILE", type=Path, help="pairs: TSV, JSONL or CSV, plain, .gz or .xz")
    _columns(p)
    p.add_argument("--beam", type=whole(1, 50), metavar="N", help="beam search with N hypotheses; greedy by default")
    p.add_argument("--json", metavar="FILE", help="write the scores as JSON; - for the terminal")
    p.add_argument("--card", metavar="SPLIT", help="store the scores in the checkpoint and its card, as test, say")


def _exposure(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("file", metavar="FILE", type=Path, help="pairs: TSV, JSONL or CSV, plain, .gz or .xz")
    _columns(p)
    p.add_argument("--limit", type=whole(1, 1_000_000_000), metavar="N", help="only the first N pairs")
    p.add_argument("--oracle", choices=("date",), help="of the synthetic task that the pairs are of: accumulated error")
    p.add_argument(
        "--beams", type=whole(1, 50), nargs="*", default=[1, 2, 3, 5, 10], metavar="N", help="sizes (1 2 3 5 10)"
    )
    p.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="N", help="of resamples and distractors (0)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")


def _evidence(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("file", metavar="FILE", type=Path, help="pairs: TSV, JSONL or CSV, plain, .gz or .xz")
    _columns(p)
    p.add_argument("--limit", type=whole(1, 1_000_000_000), metavar="N", help="only the first N pairs")
    p.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="N", help="of resamples (0)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")


def _align(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("file", metavar="FILE", type=Path, help="source TAB target TAB sure links TAB possible links")
    p.add_argument("--limit", type=whole(1, 1_000_000_000), metavar="N", help="only the first N pairs")
    p.add_argument(
        "--threshold", type=share, metavar="X", help="link all weights of at least X; the largest by default"
    )
    p.add_argument("--seed", type=whole(0, 2**63 - 1), default=0, metavar="N", help="of resamples (0)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")


def _inspect(p: Parser) -> None:
    _checkpoint(p)
    p.add_argument("file", metavar="FILE", type=Path, help="pairs: TSV, JSONL or CSV, plain, .gz or .xz")
    p.add_argument(
        "--out", metavar="DIR", type=Path, required=True, help="where rows and summary go, or are gone on with"
    )
    _columns(p)
    p.add_argument("--limit", type=whole(1, 1_000_000_000), metavar="N", help="only the first N pairs")
    p.add_argument("--mode", choices=("both", "forced", "free"), default="both", help="causes need both lanes (both)")
    p.add_argument("--skip-bad", action="store_true", help="pass over rows that are no pair, and count them")
    p.add_argument("--json", metavar="FILE", help="write the summary as JSON; - for the terminal")


def _compare(p: Parser) -> None:
    p.add_argument("first", metavar="DIR_A", type=Path, help="what inspect wrote")
    p.add_argument(
        "second", metavar="DIR_B", type=Path, help="what inspect wrote for another checkpoint and the same file"
    )
    scores = ("bleu", "chrf", "rouge_l", "nll", "perplexity", "accuracy_forced", "accuracy_free")
    p.add_argument("--score", choices=scores, default="chrf", help="by which an example is won (chrf)")
    p.add_argument("--json", metavar="FILE", help="write all numbers as JSON; - for the terminal")


def _columns(p: Parser) -> None:
    p.add_argument("--format", choices=FORMATS, default="auto", help="of the file; by its extension and header (auto)")
    p.add_argument("--source-column", metavar="C", default="source", help="where columns have names (source)")
    p.add_argument("--target-column", metavar="C", default="target", help="where columns have names (target)")


def _prepare(p: Parser) -> None:
    kinds = p.add_subparsers(dest="corpus", required=True, metavar="CORPUS", parser_class=Parser)
    tatoeba = kinds.add_parser("tatoeba", help="Chinese and English sentence pairs")
    tatoeba.add_argument("path", metavar="FILE", type=Path, help="the tab-separated pairs")
    classical = kinds.add_parser("classical", help="classical and modern Chinese")
    classical.add_argument("path", metavar="DIR", type=Path, help="a checkout of NiuTrans/Classical-Modern")
    automaster = kinds.add_parser("automaster", help="the competition's driver and mechanic dialogues, with reports")
    automaster.add_argument("path", metavar="FILE", type=Path, help="AutoMaster_TrainSet.csv")
    for kind, name, size in (
        (tatoeba, "tatoeba", 2000),
        (classical, "classical", 1500),
        (automaster, "automaster", 2000),
    ):
        count = whole(1, 1_000_000_000)
        kind.add_argument("--out", metavar="DIR", type=Path, default=Path("data", name), help=f"data/{name}")
        kind.add_argument("--dev", type=count, default=size, metavar="N", help=f"pairs in dev.tsv ({size})")
        kind.add_argument("--test", type=count, default=size, metavar="N", help=f"pairs in test.tsv ({size})")
        kind.add_argument("--seed", type=whole(0, 2**63 - 1), default=1, metavar="N", help="which split")
    classical.add_argument("--max-train", type=count, default=300_000, metavar="N", help="pairs in train.tsv (300000)")
    classical.add_argument("--unseen-book", default="世说新语", metavar="BOOK", help="held out whole (世说新语)")


def _generate(p: Parser) -> None:
    kinds = p.add_subparsers(dest="task", required=True, metavar="TASK", parser_class=Parser)
    date = kinds.add_parser("date", help="dates as people write them to ISO dates")
    date.add_argument("--hard", action="store_true", help="chains of dates, each reckoned from the one before")
    report = kinds.add_parser("car-report", help="what driver and mechanic say to a short report, in Chinese")
    report.add_argument("--hard", action="store_true", help="the mechanic first names a wrong cause and takes it back")
    for kind, name, held_out in ((date, "date", 1000), (report, "car-report", 500)):
        for split, size in (("train", 20_000), ("dev", held_out), ("test", held_out)):
            kind.add_argument(
                f"--{split}", type=whole(1, 10_000_000), default=size, metavar="N", help=f"pairs ({size})"
            )
        kind.add_argument("--out", metavar="DIR", type=Path, default=Path("data", name), help=f"data/{name}")
        kind.add_argument("--seed", type=whole(0, 2**63 - 1), default=1, metavar="N", help="which examples")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    arguments = sys.argv[1:] if arguments is None else list(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    try:
        if any("\ud800" <= c <= "\udfff" for argument in arguments for c in argument):
            raise UserError("argument_not_utf8")
        try:
            options = parser().parse_args(arguments)
        finally:
            sys.stdout.flush()  # after --help
        from s2s import cli

        run: Callable[[argparse.Namespace, str], int] = getattr(cli, options.command)
        status = run(options, f"{PROGRAM} {shlex.join(arguments)}")
        sys.stdout.flush()
        return status
    except UserError as error:
        status, message = MISTAKE, str(error)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # the flush at exit must not fail again
        return 0
    except OSError as error:
        status, message = MISTAKE, f"{error.filename or 'system'}: {error.strerror or error}"
    except KeyboardInterrupt:
        status, message = INTERRUPTED, "stopped."
    print(f"{PROGRAM}: {one_line(message)}", file=sys.stderr)  # last: progress bars have gone with the exception
    return status


if __name__ == "__main__":
    code = main()
    if "WORLD_SIZE" in os.environ:
        from s2s.train.distributed import finish

        finish(code)
    sys.exit(code)
