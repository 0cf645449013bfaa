"""The command ``exposure``: the measures of exposure bias of a checkpoint on a file of pairs."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import text_table, write_output
from s2s.errors import UserError, fill

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.commands.arguments import Commands
    from s2s.evaluate.measured import Estimate
    from s2s.exposure.all_measures import Report
    from s2s.exposure.excess import Oracle

SENTENCES = "{count:,} {count:sentence|sentences}"


def add_exposure_command(commands: Commands) -> None:
    """Add the command ``exposure`` and its options."""
    p = commands.add_parser("exposure", help="measure what a model loses when it reads its own words")
    p.set_defaults(run=exposure)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    pair_options.add_pair_options(p)
    p.add_argument("--oracle", choices=("date",), help="the synthetic task of the pairs, for the accumulated error")
    p.add_argument(
        "--beams",
        type=WholeNumber(1, 50),
        nargs="*",
        default=[1, 2, 3, 5, 10],
        metavar="N",
        help="beam sizes (1 2 3 5 10)",
    )
    arguments.add_measuring_options(p, "resamples and distractors")


def exposure(options: argparse.Namespace, command: str) -> int:
    """``exposure``: measures as a table, or all of their numbers as JSON."""
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.evaluate.bootstrap import Bootstrap
    from s2s.exposure import Options, measure

    checkpoint, pairs = load(directory), pair_options.read_pairs_option(options)[: options.limit]
    settings = Options(Bootstrap(seed=options.seed), tuple(options.beams), _oracle(options.oracle, checkpoint))
    with percent_bar() as progress:
        report = measure(checkpoint, pairs, settings, progress)
    if options.json:
        write_output(report.to_json() + "\n", options.json)
    else:
        print(text_table(exposure_rows(report), right=()))
    return 0


@contextmanager
def percent_bar() -> Iterator[Callable[[float], None]]:
    """A progress bar on the terminal; yields a function that sets it to a fraction from 0 to 1."""
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


def exposure_rows(report: Report) -> list[list[str]]:
    """One row a measure: name, value, confidence interval, meaning."""
    overall, recovered, calibrated = report.positions.overall, report.recovery.overall, report.calibration
    out = [["checkpoint", f"{report.checkpoint} ({report.digest})", "", fill(SENTENCES, count=report.sentences)]]
    out += [
        estimate_row("accuracy, teacher-forced", overall["accuracy_forced"], "of tokens"),
        estimate_row("accuracy, free-running", overall["accuracy_free"], "the reference's token at its position"),
        estimate_row("gap", overall["accuracy_gap"]),
        estimate_row("NLL, teacher-forced", overall["nll_running"], "nats per token, over the tokens of the next row"),
        estimate_row("NLL, free-running", overall["nll_free"], "nats per token, up to the end of its own output"),
        estimate_row("cost of a wrong word", recovered["cost_accuracy"], "accuracy of the rest"),
        estimate_row("", recovered["cost_f1"], "token F1 of the rest"),
        estimate_row("ECE, <eos>", calibrated.eos.ece, "teacher-forced"),
        estimate_row("ECE, other tokens", calibrated.other.ece, "teacher-forced"),
    ]
    if report.distractor:
        out.append(estimate_row("reference - distractor", report.distractor.margin, "nats per sentence"))
        out.append(estimate_row("reference preferred", report.distractor.preferred, "of sentences"))
    if report.excess:
        excess = report.excess.excess
        for n in [n for n, value in enumerate(excess.value) if value is not None][-1:]:
            what = f"%, of accumulated error at length {n + 1}"
            out.append(["ExAccErr", *_numbers(excess.value[n], excess.low[n], excess.high[n]), what])
        out.append(estimate_row("undefined", report.excess.undefined, "of the model's outputs, from some token on"))
    for scores in report.beams:
        out.append(estimate_row(f"beam {scores.beam}: log P", scores.log_prob, "nats per sentence"))
        out.append(estimate_row("  length ratio", scores.length_ratio))
        out.append(estimate_row("  character BLEU" if report.bleu_tokenizer == "char" else "  BLEU", scores.bleu))
    return out


def estimate_row(name: str, estimate: Estimate, what: str = "") -> list[str]:
    """A table row: name, value, confidence interval, meaning."""
    return [name, *_numbers(estimate.value, estimate.low, estimate.high), what]


def _numbers(value: float | None, low: float | None, high: float | None) -> list[str]:
    if value is None:
        return ["-", ""]
    return [f"{value:.4g}", "" if low is None or high is None else f"{low:.4g} to {high:.4g}"]
