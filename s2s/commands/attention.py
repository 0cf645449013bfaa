"""The command ``attention``: what another program wrote about its attention, as traces."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import text_table, write_output
from s2s.dumps.read import READERS, read_attention
from s2s.dumps.record import SENTENCES
from s2s.errors import UserError
from s2s.text.safe import printable, shortened

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands

SHOWN = 60  # characters of a text in the table


def add_attention_command(commands: Commands) -> None:
    """Add the command ``attention`` and its options."""
    p = commands.add_parser("attention", help="read the attention that another program wrote while it translated")
    p.set_defaults(run=attention)
    p.add_argument("format", metavar="FORMAT", choices=tuple(READERS), help="whose file it is: " + ", ".join(READERS))
    p.add_argument("file", metavar="FILE", type=Path, help="what that program wrote")
    p.add_argument(
        "--source", metavar="FILE", type=Path, help="the source tokens, a sentence a line, where FILE has none"
    )
    p.add_argument(
        "--target", metavar="FILE", type=Path, help="the target tokens, where FILE has words made of several"
    )
    p.add_argument("--normalise", action="store_true", help="divide each row of weights by its sum")
    p.add_argument("--name", metavar="NAME", default="", help="the model's name in the trace (FORMAT)")
    p.add_argument(
        "--sentence", type=WholeNumber(1, SENTENCES), default=1, metavar="N", help="with --json: which sentence (1)"
    )
    p.add_argument("--json", metavar="FILE", help="write a sentence's trace as JSON; - for the terminal")


def attention(options: argparse.Namespace, command: str) -> int:
    """``attention``: the sentences of a file as a table, or one of them as a trace."""
    given = {name: getattr(options, name) for name in ("source", "target", "normalise", "name")}
    traces = read_attention(options.file, options.format, **given)
    if not options.json:
        rows = [["sentence", "source", "", "output"]]
        for n, trace in enumerate(traces, start=1):
            texts = (printable(shortened(text, SHOWN)) for text in (trace.source_text, trace.text))
            source, output = texts
            rows.append([str(n), source, "→", output])
        print(text_table(rows, right=[0]))
        return 0
    if options.sentence > len(traces):
        raise UserError("dump_no_sentence", file=str(options.file), found=options.sentence, count=len(traces))
    write_output(traces[options.sentence - 1].to_json() + "\n", options.json)
    return 0
