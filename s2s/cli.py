"""What the commands of ``__main__`` do: one function a command, ``(options, command as typed) → exit status``."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.branch import Edit
from s2s.cli_evidence import align, evidence
from s2s.cli_export import export
from s2s.cli_exposure import exposure
from s2s.cli_inspect import compare, inspect
from s2s.cli_train import NAME, train
from s2s.errors import UserError
from s2s.trace import Trace
from s2s.tree import SearchTree

__all__ = ["align", "compare", "evaluate", "evidence", "export", "exposure", "inspect", "prepare", "trace", "train"]

ROOT = Path(__file__).parent.parent
SAMPLING = ("temperature", "top_k", "top_p", "seed")


def width(text: str) -> int:
    """Columns of a terminal: two for a wide character, none for a combining one.

    >>> width("喝tea")
    5
    """
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    return len(text) + wide - sum(bool(unicodedata.combining(c)) for c in text)


def table(rows: Sequence[Sequence[str]], right: Sequence[int]) -> str:
    """Columns side by side, two spaces between; those in ``right`` are flush right.

    >>> print(table([["水", "1"], ["a", "22"]], right=[1]))
    水   1
    a   22
    """
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        fills = [" " * (w - width(cell)) for w, cell in zip(widths, row, strict=True)]
        cells = (f + c if i in right else c + f for i, (c, f) in enumerate(zip(row, fills, strict=True)))
        lines.append("  ".join(cells).rstrip())
    return "\n".join(lines)


def printable(text: str) -> str:
    """The text with a mark for every character that could steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def trace_table(trace: Trace) -> str:
    """The steps for a terminal, then the text."""
    rows = [["step", "input", "", "output", "p", "rank", "entropy", "looks at", "weight"]]
    for t, step in enumerate(trace.steps):
        place = int(step.attention.argmax())
        word = f"{place + 1} {trace.source_tokens[place]}"
        numbers = [f"{math.exp(step.log_prob):.3f}", str(step.rank), f"{step.entropy:.2f}"]
        number = f"{t + 1}" if step.own_attention is None else f"✎ {t + 1}"
        rows.append([number, step.input, "→", step.output, *numbers, word, f"{step.attention[place]:.3f}"])
    cells = [[printable(cell) for cell in row] for row in rows]
    notes = [f"Reference: {printable(trace.reference)}"] if trace.reference else []
    if trace.prefix:
        notes.append(f"Made to say first: {printable(' '.join(s.output for s in trace.steps[: trace.prefix]))}")
    if any(step.own_attention is not None for step in trace.steps):
        notes.append("✎ edited attention")
    if trace.divergence is not None:
        notes.append(f"The reference is first left at step {trace.divergence + 1}.")
    if trace.source_unknown:
        notes.append(
            "Unknown to the model: " + printable(" ".join(trace.source_tokens[i] for i in trace.source_unknown))
        )
    if trace.ended == "length":
        notes.append("Cut off before <eos>.")
    return "\n".join([table(cells, right=(0, 4, 5, 6, 8)), "", f"Text: {printable(trace.text)}", *notes])


def nbest_table(tree: SearchTree) -> str:
    """The finished hypotheses for a terminal, with what their scores are made of."""
    rows = [["rank", "score", "log P", "/ lp", "+ cp", "tokens", "text"]]
    for rank, finished in enumerate(tree.finished, start=1):
        node, length = tree.nodes[finished.node], len(tree.path(finished.node))
        lp = f"{tree.length_factor(length):.3f}"
        text = printable(finished.text) + (" …" if node.fate == "cut" else "")
        rows.append(
            [str(rank), f"{node.score:.3f}", f"{node.total:.3f}", lp, f"{node.coverage:.3f}", str(length), text]
        )
    why = {
        "finished": "every hypothesis had ended",
        "decided": "none that was alive could still win",
        "length": f"the limit of {tree.limit} tokens came",
    }
    return "\n".join(
        [table(rows, right=range(6)), "", f"The search ended after {len(tree.steps)} steps: {why[tree.ended]}."]
    )


def find_checkpoint(name: str) -> Path:
    """The directory that a user means: a path, or a name under ``checkpoints/``."""
    for path in (Path(name), Path("checkpoints", name), ROOT / "checkpoints" / name):
        if path.is_dir():
            return path if path.name not in ("", "..") else path.resolve()
    folders = (path for path in (Path("checkpoints"), ROOT / "checkpoints") if path.is_dir())
    known = sorted({path.parent.name for folder in folders for path in folder.glob("*/config.json")})
    raise UserError("checkpoint_not_found", checkpoint=name, known=", ".join(known) or "(none yet)")


def put(text: str, target: str) -> None:
    """Write to a file, whole or not at all, or to the terminal for ``-``."""
    if target == "-":
        sys.stdout.write(text)
        return
    fresh = Path(target + ".new")
    try:
        fresh.write_text(text, encoding="utf-8", newline="")
        os.replace(fresh, target)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise UserError("file_unwritable", file=target, reason=error.strerror) from None
    print(f"Wrote {target}.", file=sys.stderr)


def trace(options: argparse.Namespace, command: str) -> int:
    """``trace``: the steps of one text as a table, JSON or CSV."""
    _check_trace(options)
    directory = find_checkpoint(options.checkpoint)
    from s2s import decode
    from s2s.checkpoint import load
    from s2s.strategy import Settings

    given = {name: getattr(options, name) for name in (*SAMPLING, "beam", "max_length")}
    strategy = "sampling" if options.sample else "beam" if options.beam else "greedy"
    settings = Settings(strategy=strategy, **{k: v for k, v in given.items() if v is not None})
    edits = attention_edits(options.attention)
    checkpoint = load(directory)
    prefix, top = options.prefix or "", options.top
    source = options.text if options.tokens is None else options.tokens.split()
    made = decode.trace(checkpoint, source, options.reference, options.mode, settings, prefix, top, edits)
    tree = None
    if options.nbest or options.tree:
        from s2s.search_tree import search_tree

        tree = search_tree(checkpoint, source, settings, options.prefix or "")
    _put_trace(options, made, tree)
    return 0


def _put_trace(options: argparse.Namespace, made: Trace, tree: SearchTree | None) -> None:
    """The files that were asked for, or else the tables."""
    if options.json:
        put(made.to_json() + "\n", options.json)
    if options.csv:
        put(made.to_csv(), options.csv)
    if options.tree and tree:
        put(tree.to_json() + "\n", options.tree)
    if not options.json and not options.csv and options.tree != "-":
        print(trace_table(made))
    if options.nbest and tree:
        print(("" if options.json or options.csv else "\n") + nbest_table(tree))


def attention_edits(given: Sequence[str]) -> dict[int, Edit]:
    """``STEP=EDIT`` texts as edits by step, steps typed from 1 and kept from 0.

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
    """Options that would have no effect, or two that exclude each other, are mistakes."""
    free_only = [
        n
        for n in ("beam", "nbest", "tree", "sample", "prefix", "max_length", *SAMPLING)
        if getattr(options, n) not in (None, False)
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
    for name in ("nbest", "tree"):
        if getattr(options, name) and not options.beam:
            raise UserError("option_needs", option=_flag(name), other="--beam")
    printed = [f"--{name} -" for name in ("json", "csv", "tree") if getattr(options, name) == "-"]
    printed += ["--nbest"] if options.nbest and printed else []
    if len(printed) > 1:
        raise UserError("option_conflict", option=printed[0], other=printed[1])


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def evaluate(options: argparse.Namespace, command: str) -> int:
    """``evaluate``: the scores of a checkpoint on a file of pairs."""
    split = options.card
    if split is not None and (not NAME.fullmatch(split) or split == "training"):
        raise UserError("split_name", name=split)
    if split is not None and options.beam:
        raise UserError("option_conflict", option="--beam", other="--card")
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint import load, store
    from s2s.evaluate import corpus_scores
    from s2s.readers import Columns, read_pairs
    from s2s.strategy import Settings

    checkpoint = load(directory)
    columns = Columns(options.source_column, options.target_column)
    pairs = list(read_pairs(options.file, columns, options.format))
    if not pairs:
        raise UserError("file_no_pairs", file=str(options.file))
    settings = Settings(strategy="beam", beam=options.beam) if options.beam else None
    scores = corpus_scores(checkpoint.model, checkpoint.source, checkpoint.target, pairs, settings)
    if split is not None:
        store(directory, split, scores)
    report = {
        "checkpoint": {"name": checkpoint.name, "digest": checkpoint.digest},
        "file": options.file.name,
        "decoding": f"beam {options.beam}" if options.beam else "greedy",
        **scores,
    }
    if options.json:
        put(json.dumps(report, ensure_ascii=False, indent=1) + "\n", options.json)
    else:
        print(_report_table(report))
    return 0


def _report_table(report: Mapping[str, Any]) -> str:
    rows = [
        ["checkpoint", f"{report['checkpoint']['name']} ({report['checkpoint']['digest']})"],
        ["file", f"{report['file']}, {report['sentences']:,} pairs, {report['decoding']}"],
        ["BLEU", f"{report['bleu']:.2f}   {report['signatures']['bleu']}"],
        ["chrF", f"{report['chrf']:.2f}   {report['signatures']['chrf']}"],
        ["ROUGE-1, -2, -L", "   ".join(f"{report[name]:.2f}" for name in ("rouge_1", "rouge_2", "rouge_l"))],
        ["loss", f"{report['loss']:.4f} nats a token, teacher-forced"],
        ["perplexity", f"{report['perplexity']:.2f}"],
        ["accuracy", f"{report['token_accuracy']:.4f} of tokens, teacher-forced"],
    ]
    return table([[printable(cell) for cell in row] for row in rows], right=())


def prepare(options: argparse.Namespace, command: str) -> int:
    """``prepare``: a public download to train, dev and test files."""
    from tqdm import tqdm

    from s2s.prepare import Sizes, prepare_automaster, prepare_classical, prepare_tatoeba

    if options.corpus != "classical":
        read = {"tatoeba": prepare_tatoeba, "automaster": prepare_automaster}[options.corpus]
        written = read(options.path, options.out, Sizes(options.dev, options.test), options.seed)
    else:
        sizes = Sizes(options.dev, options.test, options.max_train)
        report = lambda line: tqdm.write(printable(line), file=sys.stderr)  # noqa: E731
        written = prepare_classical(options.path, options.out, sizes, options.seed, options.unseen_book, report)
    for path, pairs in written.items():
        print(f"{path}: {pairs:,} pairs")
    return 0


def generate(options: argparse.Namespace, command: str) -> int:
    """``generate``: a synthetic task to train, dev and test files."""
    from s2s.tasks.generate import generate

    sizes = {"train": options.train, "dev": options.dev, "test": options.test}
    for path, examples in generate(options.task, options.out, sizes, options.seed, options.hard).items():
        print(f"{path}: {examples:,} examples")
    return 0
