"""The command ``evaluate``: the scores of a checkpoint on a file of pairs."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import baseline_rows, text_table, write_output
from s2s.commands.train import NAME
from s2s.errors import UserError, fill
from s2s.text.safe import printable

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_evaluate_command(commands: Commands) -> None:
    """Add the command ``evaluate`` and its options."""
    p = commands.add_parser("evaluate", help="score a model on a file of pairs")
    p.set_defaults(run=evaluate)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    pair_options.add_pair_options(p)
    p.add_argument(
        "--beam", type=WholeNumber(1, 50), metavar="N", help="beam search with N hypotheses; greedy by default"
    )
    p.add_argument("--json", metavar="FILE", help="write the scores as JSON; - for the terminal")
    p.add_argument(
        "--card",
        metavar="SPLIT",
        help="store the scores in the checkpoint and its model card, under this name, such as test",
    )


def evaluate(options: argparse.Namespace, command: str) -> int:
    """``evaluate``: score a model on a file of pairs and print or store the scores."""
    split = options.card
    if split is not None and (not NAME.fullmatch(split) or split in ("training", "imported")):
        raise UserError("split_name", name=split)
    if split is not None and options.beam:
        raise UserError("option_conflict", option="--beam", other="--card")
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.native import store_scores
    from s2s.checkpoint.open import load
    from s2s.decode.strategy import Settings
    from s2s.evaluate.baselines import corpus_baselines
    from s2s.evaluate.corpus import corpus_scores, max_scored_tokens, scored_pairs

    checkpoint, pairs = load(directory), pair_options.read_pairs_option(options)
    settings = Settings(strategy="beam", beam=options.beam) if options.beam else None
    most = max_scored_tokens(checkpoint.config.data)
    model, sides = checkpoint.model, (checkpoint.source, checkpoint.target)
    scores = corpus_scores(model, *sides, pairs, settings, most)
    if split is not None:
        store_scores(directory, split, scores)
    report = {
        "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
        "file": options.file.name,
        "decoding": f"beam {options.beam}" if options.beam else "greedy",
        **scores,
        "baselines": corpus_baselines(scored_pairs(model, *sides, pairs, most)[0], checkpoint.target),
    }
    if options.json:
        write_output(json.dumps(report, ensure_ascii=False, indent=1) + "\n", options.json)
    else:
        print(_report_table(report, most))
    return 0


def _baselines(report: Mapping[str, Any]) -> list[list[str]]:
    rows = report["baselines"]["rows"]
    of = "" if rows == report["sentences"] else f", on {rows:,} random pairs"
    return [[name, f"{scores}   without a model{of}"] for name, scores in baseline_rows(report["baselines"])]


def _report_table(report: Mapping[str, Any], most: int) -> str:
    from s2s.checkpoint.card import bleu_name

    left = f"{report['left_out']:,}: one side is empty, or longer than {most} tokens or than the model can read"
    pairs = fill("{count:,} {count:pair|pairs}", count=report["sentences"])
    rows = [
        ["checkpoint", f"{report['checkpoint']['name']} ({report['checkpoint']['digest']})"],
        ["file", f"{report['file']}, {pairs}, {report['decoding']}"],
        *([["skipped", left]] if report["left_out"] else []),
        [bleu_name(report["signatures"]["bleu"]), f"{report['bleu']:.2f}   {report['signatures']['bleu']}"],
        ["chrF", f"{report['chrf']:.2f}   {report['signatures']['chrf']}"],
        ["ROUGE-1, -2, -L", "   ".join(f"{report[name]:.2f}" for name in ("rouge_1", "rouge_2", "rouge_l"))],
        *_baselines(report),
        ["loss", f"{report['loss']:.4f} nats per token, teacher-forced"],
        ["perplexity", f"{report['perplexity']:.2f}"],
        ["accuracy", f"{report['token_accuracy']:.4f} of tokens, teacher-forced"],
    ]
    return text_table([[printable(cell) for cell in row] for row in rows], right=())
