"""The command ``exposure``: the measures of exposure bias of a checkpoint on a file of pairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import whole
from s2s.commands.terminal import put, table
from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.commands.arguments import Commands
    from s2s.evaluate.measured import Estimate
    from s2s.exposure.all_measures import Report
    from s2s.exposure.excess import Oracle


def add_exposure_command(commands: Commands) -> None:
    """The parser."""
    p = commands.add_parser("exposure", help="measure what a checkpoint loses when it reads its own words")
    p.set_defaults(run=exposure)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    arguments.checkpoint(p)
    pair_options.pairs_options(p)
    p.add_argument("--oracle", choices=("date",), help="of the synthetic task that the pairs are of: accumulated error")
    p.add_argument(
        "--beams",
        type=whole(1, 50),
        nargs="*",
        default=[1, 2, 3, 5, 10],
        metavar="N",
        help="sizes (1 2 3 5 10)",
    )
    arguments.measuring(p, "resamples and distractors")


def exposure(options: argparse.Namespace, command: str) -> int:
    """``exposure``: measures as a table, or all of their numbers as JSON."""
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.evaluate.bootstrap import Bootstrap
    from s2s.exposure import Options, measure

    checkpoint, pairs = load(directory), pair_options.read_options_pairs(options)[: options.limit]
    told = Options(Bootstrap(seed=options.seed), tuple(options.beams), _oracle(options.oracle, checkpoint))
    with percent() as tell:
        report = measure(checkpoint, pairs, told, tell)
    if options.json:
        put(report.to_json() + "\n", options.json)
    else:
        print(table(rows(report), right=()))
    return 0


@contextmanager
def percent() -> Iterator[Callable[[float], None]]:
    """A bar of per cent on the terminal; what it yields moves it to a share."""
    from tqdm import tqdm

    with tqdm(total=100, unit="%", disable=None, leave=False, bar_format="{l_bar}{bar}| {elapsed}") as bar:
        yield lambda share: bar.update(100 * share - bar.n)


def _oracle(name: str | None, checkpoint: Checkpoint) -> Oracle | None:
    if name is None:
        return None
    if checkpoint.config.text.target != "characters":
        raise UserError("option_needs", option=f"--oracle {name}", other='text.target = "characters"')
    from s2s.tasks.date import oracle

    return oracle


def rows(report: Report) -> list[list[str]]:
    """The measures in short: name, value, interval, what it is."""
    overall, recovered, calibrated = report.positions.overall, report.recovery.overall, report.calibration
    out = [["checkpoint", f"{report.checkpoint} ({report.digest})", "", f"{report.sentences:,} sentences"]]
    out += [
        row("accuracy, teacher-forced", overall["accuracy_forced"], "of tokens"),
        row("accuracy, free-running", overall["accuracy_free"], "the reference's token at its position"),
        row("gap", overall["accuracy_gap"]),
        row("NLL, teacher-forced", overall["nll_running"], "nats a token, over the tokens of the next row"),
        row("NLL, free-running", overall["nll_free"], "nats a token, until the own output ends"),
        row("cost of a wrong word", recovered["cost_accuracy"], "accuracy of the rest"),
        row("", recovered["cost_f1"], "token F1 of the rest"),
        row("ECE, <eos>", calibrated.eos.ece, "teacher-forced"),
        row("ECE, other tokens", calibrated.other.ece, "teacher-forced"),
    ]
    if report.distractor:
        out.append(row("reference - distractor", report.distractor.margin, "nats a sentence"))
        out.append(row("reference preferred", report.distractor.preferred, "of sentences"))
    if report.excess:
        made = report.excess.excess
        for n in [n for n, value in enumerate(made.value) if value is not None][-1:]:
            what = f"%, of accumulated error at length {n + 1}"
            out.append(["ExAccErr", *_numbers(made.value[n], made.low[n], made.high[n]), what])
        out.append(row("undefined", report.excess.undefined, "of own outputs, from some token on"))
    for scores in report.beams:
        out.append(row(f"beam {scores.beam}: log P", scores.log_prob, "nats a sentence"))
        out.append(row("  length ratio", scores.length_ratio))
        out.append(row("  character BLEU" if report.bleu_tokenizer == "char" else "  BLEU", scores.bleu))
    return out


def row(name: str, estimate: Estimate, what: str = "") -> list[str]:
    """A line of a table: name, value, interval, what it is."""
    return [name, *_numbers(estimate.value, estimate.low, estimate.high), what]


def _numbers(value: float | None, low: float | None, high: float | None) -> list[str]:
    if value is None:
        return ["-", ""]
    return [f"{value:.4g}", "" if low is None or high is None else f"{low:.4g} to {high:.4g}"]
