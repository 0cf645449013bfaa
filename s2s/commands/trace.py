"""The command ``trace``: decode one text and write every step as a table, JSON or CSV."""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments
from s2s.commands.arguments import RealNumber, WholeNumber
from s2s.commands.terminal import text_table, write_output
from s2s.decode.ranges import WIDE
from s2s.errors import UserError, fill
from s2s.text.safe import printable
from s2s.text.segmenters import spaced
from s2s.trace.branch import Edit
from s2s.trace.summary import summary

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands
    from s2s.trace.search_tree import SearchTree
    from s2s.trace.step import Step
    from s2s.trace.trace import Trace

SAMPLING = ("temperature", "top_k", "top_p", "seed")
PENALTIES = ("length_penalty", "coverage_penalty")  # of a beam search


def add_trace_command(commands: Commands) -> None:
    """Add the command ``trace`` and its options."""
    p = commands.add_parser("trace", help="decode one text and show every step")
    p.set_defaults(run=trace)
    _text_arguments(p)
    _decoding_arguments(p)
    _output_arguments(p)


def _text_arguments(p: arguments.Parser) -> None:
    arguments.add_checkpoint_argument(p)
    p.add_argument("text", metavar="TEXT", nargs="?", help="what the model reads")
    p.add_argument("--tokens", metavar="TOKENS", help="instead of TEXT: the tokens to read, separated by spaces")
    p.add_argument("--reference", metavar="R", help="the correct output")
    p.add_argument(
        "--mode",
        choices=("free", "forced"),
        default="free",
        help="whose words the decoder reads: its own, or the reference's (free)",
    )
    p.add_argument("--prefix", metavar="P", help="words with which the output must begin")
    p.add_argument(
        "--attention",
        action="append",
        default=[],
        metavar="STEP=EDIT",
        help="replace a step's attention by uniform, previous, N (all on token N), -N (without it) or w1,w2,…",
    )


def _number(low: float, high: float) -> WholeNumber | RealNumber:
    """An argparse type of a number from ``low`` to ``high``: a whole one if both are."""
    return WholeNumber(low, high) if isinstance(low, int) and isinstance(high, int) else RealNumber(low, high)


def _decoding_arguments(p: arguments.Parser) -> None:
    number = {name: _number(*limits) for name, limits in WIDE.items()}
    p.add_argument("--beam", type=number["beam"], metavar="N", help="beam search with N hypotheses")
    p.add_argument(
        "--length-penalty",
        type=number["length_penalty"],
        metavar="A",
        help="with --beam: divide log P by ((5+T)/6)^A (0.6)",
    )
    p.add_argument(
        "--coverage-penalty",
        type=number["coverage_penalty"],
        metavar="B",
        help="with --beam: add B times the log of coverage (0)",
    )
    p.add_argument("--sample", action="store_true", help="sample every word at random")
    p.add_argument(
        "--temperature",
        type=number["temperature"],
        metavar="X",
        help="with --sample: below 1 more cautious, above 1 more random",
    )
    p.add_argument(
        "--top-k", type=number["top_k"], metavar="N", help="with --sample: only from the N most probable words"
    )
    p.add_argument(
        "--top-p",
        type=number["top_p"],
        metavar="X",
        help="with --sample: only from the most probable words up to this total",
    )
    p.add_argument("--seed", type=number["seed"], metavar="N", help="with --sample: random seed")
    longest = WholeNumber(1, int(WIDE["max_length"][1]))
    p.add_argument("--max-length", type=longest, metavar="N", help="stop the output after N tokens")


def _output_arguments(p: arguments.Parser) -> None:
    p.add_argument("--nbest", action="store_true", help="with --beam: also print all finished hypotheses")
    p.add_argument("--tree", metavar="FILE", help="with --beam: write the search tree as JSON; - for the terminal")
    p.add_argument(
        "--top", type=WholeNumber(1, 1000), default=10, metavar="K", help="candidates recorded per step (10)"
    )
    p.add_argument("--json", metavar="FILE", help="write the trace as JSON; - for the terminal")
    p.add_argument("--csv", metavar="FILE", help="write one row per step as CSV; - for the terminal")


def trace(options: argparse.Namespace, command: str) -> int:
    """``trace``: the steps of one text as a table, JSON or CSV."""
    _check_trace(options)
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.decode import decode
    from s2s.decode.strategy import Settings

    given = {name: getattr(options, name) for name in (*SAMPLING, *PENALTIES, "beam", "max_length")}
    strategy = "sampling" if options.sample else "beam" if options.beam else "greedy"
    settings = Settings(strategy=strategy, **{k: v for k, v in given.items() if v is not None})
    edits = attention_edits(options.attention)
    checkpoint = load(directory)
    prefix, top = options.prefix or "", options.top
    source = options.text if options.tokens is None else spaced(options.tokens)
    made = decode.trace(checkpoint, source, options.reference, options.mode, settings, prefix, top, edits)
    tree = None
    if options.nbest or options.tree:
        from s2s.decode.record_search import search_tree

        tree = search_tree(checkpoint, source, settings, options.prefix or "")
    _write_trace(options, made, tree)
    return 0


def _write_trace(options: argparse.Namespace, trace: Trace, tree: SearchTree | None) -> None:
    """Write the files that the options name; without one, print the tables."""
    if options.json:
        write_output(trace.to_json() + "\n", options.json)
    if options.csv:
        write_output(trace.to_csv(), options.csv)
    if options.tree and tree:
        write_output(tree.to_json() + "\n", options.tree)
    if not options.json and not options.csv and options.tree != "-":
        print(trace_table(trace))
    if options.nbest and tree:
        print(("" if options.json or options.csv else "\n") + nbest_table(tree))


def trace_table(trace: Trace) -> str:
    """The steps as a table, then the text, notes and the summary."""
    rows = [["step", "input", "", "output", "p", "rank", "entropy", "looks at", "weight"]]
    for t, step in enumerate(trace.steps):
        numbers = [f"{math.exp(step.log_prob):.3f}", str(step.rank), f"{step.entropy:.2f}"]
        number = f"{t + 1}" if step.own_attention is None else f"✎ {t + 1}"
        rows.append([number, step.input, "→", step.output, *numbers, *_most_attended(trace, step)])
    cells = [[printable(cell) for cell in row] for row in rows]
    notes = [f"Reference: {printable(trace.reference)}"] if trace.reference else []
    if trace.prefix:
        notes.append(f"Given prefix: {printable(' '.join(s.output for s in trace.steps[: trace.prefix]))}")
    if any(step.own_attention is not None for step in trace.steps):
        notes.append("✎ edited attention")
    if trace.source_unknown:
        notes.append(
            "Unknown to the model: " + printable(" ".join(trace.source_tokens[i] for i in trace.source_unknown))
        )
    notes.append(summary(trace))
    return "\n".join([text_table(cells, right=(0, 4, 5, 6, 8)), "", f"Text: {printable(trace.text)}", *notes])


def _most_attended(trace: Trace, step: Step) -> list[str]:
    """The source token with the most attention at a step, and its weight; dashes without attention."""
    if not trace.looks:
        return ["–", "–"]
    most = int(step.attention.argmax())
    return [f"{most + 1} {trace.source_tokens[most]}", f"{step.attention[most]:.3f}"]


def nbest_table(tree: SearchTree) -> str:
    """The finished hypotheses as a table, with the terms of their scores."""
    rows = [["rank", "score", "log P", "/ lp", "+ cp", "tokens", "text"]]
    for rank, finished in enumerate(tree.finished, start=1):
        node, length = tree.nodes[finished.node], len(tree.path(finished.node))
        lp = f"{tree.length_factor(length):.3f}"
        text = printable(finished.text) + (" …" if node.fate == "cut" else "")
        rows.append(
            [str(rank), f"{node.score:.3f}", f"{node.total:.3f}", lp, f"{node.coverage:.3f}", str(length), text]
        )
    why = {
        "finished": "every hypothesis in the beam was finished",
        "decided": "no unfinished hypothesis could still win",
        "length": fill("the limit of {count} {count:token|tokens} was reached", count=tree.limit),
    }
    ended = "The search ended after {count} {count:step|steps}: {why}."
    told = fill(ended, count=len(tree.steps), why=why[tree.ended])
    return "\n".join([text_table(rows, right=range(6)), "", told])


def attention_edits(given: Sequence[str]) -> dict[int, Edit]:
    """Parse ``STEP=EDIT`` texts: edits by step index. A typed step counts from 1, an index from 0.

    >>> attention_edits(["2=uniform"])
    {1: Edit(kind='uniform', place=0, weights=())}
    """
    edits = dict[int, Edit]()
    for text in given:
        step, equals, edit = text.partition("=")
        if not equals or not re.fullmatch(r"[1-9]\d{0,3}", step, re.ASCII):
            raise UserError("edit_option", found=text[:60])
        if int(step) - 1 in edits:
            raise UserError("edit_twice", found=step)
        edits[int(step) - 1] = Edit.parse(edit)
    return edits


def _check_trace(options: argparse.Namespace) -> None:
    """UserError for options that exclude each other, or that would have no effect."""
    free_only = [
        n
        for n in ("beam", "nbest", "tree", "sample", "prefix", "max_length", *SAMPLING, *PENALTIES)
        if getattr(options, n) is not None and getattr(options, n) is not False
    ]
    if options.text is None and options.tokens is None:
        raise UserError("text_empty")
    if options.text is not None and options.tokens is not None:
        raise UserError("option_conflict", option="--tokens", other="TEXT")
    if options.mode == "forced":
        if free_only:
            raise UserError("option_conflict", option=_flag(free_only[0]), other="--mode forced")
        if not (options.reference or "").strip():
            raise UserError("option_needs", option="--mode forced", other="--reference")
    if options.attention and options.beam:
        raise UserError("option_conflict", option="--attention", other="--beam")
    if options.sample and options.beam:
        raise UserError("option_conflict", option="--beam", other="--sample")
    for name in SAMPLING:
        if getattr(options, name) is not None and not options.sample:
            raise UserError("option_needs", option=_flag(name), other="--sample")
    for name in ("nbest", "tree", *PENALTIES):
        value = getattr(options, name)
        if value is not None and value is not False and not options.beam:
            raise UserError("option_needs", option=_flag(name), other="--beam")
    printed = [f"--{name} -" for name in ("json", "csv", "tree") if getattr(options, name) == "-"]
    printed += ["--nbest"] if options.nbest and printed else []
    if len(printed) > 1:
        raise UserError("option_conflict", option=printed[0], other=printed[1])


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")
