"""``evidence --text``: what the words of one output owe to the source and to the words before them."""

from __future__ import annotations

import argparse
import json
import math
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import text_table, write_output
from s2s.errors import UserError
from s2s.text.safe import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s2s.checkpoint.record import Checkpoint
    from s2s.explain.prefix import Origins
    from s2s.explain.replay import Lane
    from s2s.trace.trace import Trace

SCHEMA = "lookback-origins/1"
HEADS = {"gradient": "gradient", "integrated": "integrated", "unknown": "<unk>", "deletion": "deleted"}


def add_origin_options(p: arguments.Parser) -> None:
    """Add the options about one text."""
    p.add_argument("--text", metavar="TEXT", help="instead of FILE: what each word of this text's output is due to")
    p.add_argument("--reference", metavar="TEXT", help="with --text: read this instead of the model's own words")
    p.add_argument(
        "--step", type=WholeNumber(1, 1000), metavar="N", help="with --text: the rows of step N, by source and prefix"
    )
    p.add_argument("--word", metavar="WORD", help="with --step: explain this word instead of the step's own")
    p.add_argument("--against", metavar="WORD", help="with --step: why the word and not this one")


def refuse_without_text(options: argparse.Namespace) -> None:
    """UserError for an option that is about one text."""
    for name in ("reference", "step", "word", "against"):
        if getattr(options, name) is not None:
            raise UserError("option_needs", option=f"--{name}", other="--text")


def explain_text(options: argparse.Namespace) -> int:
    """Print the table of a text or of one of its steps, or write all numbers as JSON."""
    if options.text is None:
        raise UserError("option_needs", option="evidence", other="FILE / --text TEXT")
    if options.file is not None:
        raise UserError("option_conflict", option="--text", other=str(options.file))
    for name in ("word", "against"):
        if getattr(options, name) is not None and options.step is None:
            raise UserError("option_needs", option=f"--{name}", other="--step")
    directory = find_checkpoint(options.checkpoint)
    from s2s.checkpoint.open import load
    from s2s.decode.decode import trace
    from s2s.explain.prefix import origins

    checkpoint = load(directory)
    mode = "free" if options.reference is None else "forced"
    made = trace(checkpoint, options.text, options.reference, mode)
    if options.step is not None and options.step > len(made.steps):
        raise UserError("evidence_step", step=options.step, steps=len(made.steps))
    steps = range(len(made.steps)) if options.step is None else [options.step - 1]
    lane = _lane(checkpoint, made, options)
    found = origins(checkpoint.model, lane, steps)
    if options.json:
        write_output(json.dumps(_values(checkpoint, made, lane, found), ensure_ascii=False) + "\n", options.json)
    elif options.step is None:
        print(_steps_table(checkpoint, found))
    else:
        print(_rows_table(checkpoint, made, lane, found[0]))
    return 0


def _lane(checkpoint: Checkpoint, trace: Trace, options: argparse.Namespace) -> Lane:
    """The lane of a trace, with the words that the options name."""
    import dataclasses

    from s2s.decode.what_if import typed_tokens
    from s2s.explain import of_trace
    from s2s.text.vocab import EOS

    lane = of_trace(checkpoint, trace)
    ids = {"<eos>": EOS, **checkpoint.target.vocab.ids}

    def named(name: str) -> int | None:
        text = getattr(options, name)
        return None if text is None else ids[typed_tokens(checkpoint, text, single=True)[0]]

    t, word, against = (options.step or 1) - 1, named("word"), named("against")
    words = [word if n == t and word is not None else own for n, own in enumerate(lane.words)]
    return dataclasses.replace(lane, words=tuple(words), against={} if against is None else {t: against})


def _values(checkpoint: Checkpoint, trace: Trace, lane: Lane, found: Sequence[Origins]) -> dict[str, object]:
    """All numbers, as docs/EVIDENCE.md describes them."""
    tokens = checkpoint.target.vocab.tokens
    named = [
        {"word": tokens[one.word], "against": None if one.against is None else tokens[one.against]} for one in found
    ]
    return {
        "schema": SCHEMA,
        "checkpoint": checkpoint.name,
        "digest": checkpoint.digest,
        "source": list(trace.source_tokens),
        "prefix": [tokens[i] for i in lane.read[1:]],
        "steps": [{**one.to_dict(), **words} for one, words in zip(found, named, strict=True)],
    }


def _steps_table(checkpoint: Checkpoint, found: Sequence[Origins]) -> str:
    rows = [["step", "word", "p", *HEADS.values()]]
    for one in found:
        shares = ["–" if share is None else f"{100 * share:.1f} %" for share in one.shares.values()]
        word = printable(checkpoint.target.vocab.tokens[one.word])
        rows.append([str(one.step + 1), word, f"{math.exp(one.value):.3f}", *shares])
    note = "The source's share, against the words before the step, of the absolute values by each method."
    return f"{text_table(rows, right=(0, 2, 3, 4, 5, 6))}\n\n{note}"


def _rows_table(checkpoint: Checkpoint, trace: Trace, lane: Lane, one: Origins) -> str:
    tokens = checkpoint.target.vocab.tokens
    rows = [["", "token", *HEADS.values()]]
    names = {"source": trace.source_tokens, "prefix": [tokens[i] for i in lane.read[1:]]}
    for side, words in names.items():
        columns = [getattr(row, side) for row in one.rows.values()]
        for n, values in enumerate(zip(*columns, strict=True)):
            rows.append([side, printable(words[n]), *(f"{value:+.4f}" for value in values)])
    shares = ["–" if share is None else f"{100 * share:.1f} %" for share in one.shares.values()]
    rows.append(["", "source's share", *shares])
    word = printable(tokens[one.word])
    said = f"log p({word})" if one.against is None else f"log p({word}) - log p({printable(tokens[one.against])})"
    return f"{said} = {one.value:.4f} nats at step {one.step + 1}\n\n{text_table(rows, right=(2, 3, 4, 5))}"
