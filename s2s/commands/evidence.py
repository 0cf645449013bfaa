"""The commands ``evidence`` and ``align``: does attention explain an output; does it match human links?"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import WholeNumber
from s2s.commands.exposure import SENTENCES, estimate_row, percent_bar
from s2s.commands.origins import add_origin_options, explain_text, refuse_without_text
from s2s.commands.terminal import text_table, write_output
from s2s.errors import fill

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.explain.alignment_error import Alignment
    from s2s.explain.alignment_score import Score
    from s2s.explain.corpus import EvidenceReport

MEASURES = {
    "tau_gradient": ("tau, gradient x input", "Kendall's tau with attention"),
    "tau_integrated": ("tau, integrated gradients", ""),
    "tau_erasure": ("tau, erasure", ""),
    "uniform_variation": ("uniform attention", "total variation of the prediction"),
    "permuted_variation": ("permuted attention", ""),
    "uniform_drop": ("  uniform: p - p'", "of the word"),
    "permuted_drop": ("  permuted: p - p'", ""),
    "flips": ("decision flips", "of steps, by erasing weights, largest first"),
    "flip_share": ("  erased by then", "of the source tokens"),
    "comprehensiveness": ("comprehensiveness", "AOPC; high: what is attended to is needed"),
    "comprehensiveness_normalised": ("  normalised", "NAOPC; 1 is the best order, 0 the worst"),
    "sufficiency": ("sufficiency", "AOPC; low: what is attended to is enough"),
    "sufficiency_normalised": ("  normalised", "NAOPC"),
    "gap": ("completeness gap", "nats, of integrated gradients"),
}
SHARES = {
    "gradient": ("source's share, gradient x input", "against the words before; from the second step on"),
    "integrated": ("  integrated gradients", ""),
    "unknown": ("  erasure by <unk>", ""),
    "deletion": ("  erasure by deletion", ""),
}

ROWS = {
    "attention": "by attention",
    "gradient": "by gradient x input",
    "integrated": "by integrated gradients",
    "erasure": "by erasure",
}


def add_evidence_command(commands: Commands) -> None:
    """Add the commands ``evidence`` and ``align`` and their options."""
    p = commands.add_parser("evidence", help="measure what a model's words are due to, and whether attention says so")
    p.set_defaults(run=evidence)
    _evidence_arguments(p)
    p = commands.add_parser("align", help="score attention against human word alignments")
    p.set_defaults(run=align)
    _align_arguments(p)


def _evidence_arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    pair_options.add_pair_options(p, needed=False)
    arguments.add_measuring_options(p)
    add_origin_options(p)


def _align_arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    p.add_argument("file", metavar="FILE", type=Path, help="source TAB target TAB sure links TAB possible links")
    pair_options.add_encoding_option(p)
    p.add_argument(
        "--threshold",
        type=arguments.fraction,
        metavar="X",
        help="link every weight of at least X; by default the largest of each step [above 0–1]",
    )
    p.add_argument(
        "--rows",
        type=WholeNumber(0, arguments.MANY),
        default=50,
        metavar="N",
        help="also score the evidence beside attention, of the first N pairs that are short enough (50)",
    )
    arguments.add_measuring_options(p)


def evidence(options: argparse.Namespace, command: str) -> int:
    """``evidence``: means over all steps, or with ``--text`` the steps of one text, as a table or as JSON."""
    if options.text is not None or options.file is None:
        return explain_text(options)
    refuse_without_text(options)
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.evaluate.bootstrap import Bootstrap
    from s2s.explain.corpus import measure_evidence

    checkpoint, pairs = load(directory), pair_options.read_pairs_option(options)[: options.limit]
    with percent_bar() as progress:
        report = measure_evidence(checkpoint, [source for source, _ in pairs], Bootstrap(seed=options.seed), progress)
    if options.json:
        write_output(report.to_json() + "\n", options.json)
    else:
        print(text_table(evidence_rows(report), right=()))
    return 0


def evidence_rows(report: EvidenceReport) -> list[list[str]]:
    """One row a measure: name, value, confidence interval, meaning."""
    out = [["checkpoint", f"{report.checkpoint} ({report.digest})", "", fill(SENTENCES, count=report.sentences)]]
    out += [estimate_row(name, report.measures[key], what) for key, (name, what) in MEASURES.items()]
    out += [estimate_row(name, report.prefix.share[key], what) for key, (name, what) in SHARES.items()]
    out.append(estimate_row("  completeness gap", report.prefix.gap, "nats, over both"))
    return out + [estimate_row(f"verdict: {name}", share, "of steps") for name, share in report.verdicts.items()]


def align(options: argparse.Namespace, command: str) -> int:
    """``align``: alignment error rates as a table, or as JSON."""
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.evaluate.bootstrap import Bootstrap
    from s2s.explain.alignment_error import measure_alignment
    from s2s.explain.gold_links import read_gold

    checkpoint = load(directory)
    with pair_options.print_remarks() as remarks:
        golds = read_gold(options.file, options.encoding, remarks.form)[: options.limit]
    with percent_bar() as progress:
        bootstrap = Bootstrap(seed=options.seed)
        alignment = measure_alignment(checkpoint, golds, options.threshold, bootstrap, progress, options.rows)
    if options.json:
        write_output(alignment.to_json() + "\n", options.json)
    else:
        print(text_table(align_rows(alignment), right=()))
    return 0


def align_rows(alignment: Alignment) -> list[list[str]]:
    """One row for each lane and shift: alignment error rate, its interval, precision and recall."""
    out = [
        [
            "checkpoint",
            f"{alignment.checkpoint} ({alignment.digest})",
            "",
            fill("{count:,} {count:pair|pairs}", count=alignment.sentences),
        ]
    ]
    for title, scores in (
        ("forced", alignment.forced),
        ("free", alignment.free),
        ("forced, in the model's own tokens", alignment.by_token),
        ("the diagonal", {"0": alignment.diagonal}),
    ):
        for shift, score in scores.items():
            at = "" if shift == "0" else f", shift {int(shift):+d}"
            out.append(estimate_row(f"AER, {title}{at}", score.error_rate, _both(score)))
    out += [
        estimate_row(f"AER, forced, {ROWS[name]}", score.error_rate, _both(score))
        for name, score in alignment.rows.items()
    ]
    if alignment.rows:
        out.append(["", "", "", fill("these four of {count:,} {count:pair|pairs}", count=alignment.row_sentences)])
    out.append(["unknown words", f"{alignment.unknown_source:.4g}", "", "of source tokens"])
    out.append(["", f"{alignment.unknown_target:.4g}", "", "of target tokens"])
    out.append(["free = reference", f"{alignment.free_words:.4g}", "", "of target tokens; free counts only these"])
    return out


def _both(score: Score) -> str:
    def number(value: float | None) -> str:
        return "-" if value is None else f"{value:.4g}"

    return f"precision {number(score.precision.value)}, recall {number(score.recall.value)}"
