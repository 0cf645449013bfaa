"""The command ``export``: saved traces, or a model that decodes what is typed, as one HTML file without a server."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments
from s2s.commands.terminal import write_output
from s2s.disk import refuse_special
from s2s.errors import LANGUAGES, UserError, reason
from s2s.player import page
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands

LIMIT = 64  # MB, the largest trace file that is read


def add_export_command(commands: Commands) -> None:
    """Add the command ``export`` and its options."""
    p = commands.add_parser("export", help="turn saved traces, or a model, into a page that needs no server")
    p.set_defaults(run=export)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    p.add_argument(
        "traces",
        metavar="TRACE.json",
        nargs="*",
        type=Path,
        help="one lane, or the free-running and the teacher-forced lane",
    )
    p.add_argument(
        "--model", metavar="CHECKPOINT", help="instead of traces: a model, for a page that decodes what is typed"
    )
    p.add_argument("--text", metavar="TEXT", help="with --model: the sentence that the page shows first")
    p.add_argument("--reference", metavar="R", help="with --model: the correct output for --text")
    p.add_argument("--int8", action="store_true", help="with --model: weights in 8 bits, half the size, approximate")
    p.add_argument("--html", metavar="FILE", required=True, help="the page to write; - for the terminal")
    p.add_argument("--lang", choices=LANGUAGES, default="en", help="language in which the page opens; it has both (en)")


def export(options: argparse.Namespace, command: str) -> int:
    """``export``: the free and the forced lane of one text, or one of them, as a page; with ``--model`` a model."""
    if bool(options.model) == bool(options.traces):
        raise UserError("export_what")
    wrong = options.text is not None and not options.text.strip()
    if wrong or (options.reference and not options.text) or (options.text and not options.model):
        raise UserError("export_text")
    if options.model:
        return _export_model(options)
    lanes = page.merge_lanes([_read(path) for path in options.traces])
    write_output(page.render(lanes, options.lang), options.html)
    return 0


def _export_model(options: argparse.Namespace) -> int:
    from s2s.player.live import LiveModel, render_live  # imports torch

    pair = (options.text, options.reference or "") if options.text else None
    model = LiveModel.of(find_checkpoint(options.model), pair, options.int8)
    write_output(render_live(model, options.lang), options.html)
    return 0


def _read(path: Path) -> dict[str, Trace]:
    name = str(path)
    try:
        with refuse_special(path).open("rb") as file:
            content = file.read(LIMIT * 1_000_000 + 1)
    except OSError:
        raise UserError("file_missing", file=name) from None
    if len(content) > LIMIT * 1_000_000:
        raise UserError("file_too_large", file=name, limit=LIMIT)
    try:
        return page.read_lanes(content.decode("utf-8-sig"))
    except ValueError as error:  # UnicodeDecodeError is one
        raise UserError("export_no_trace", file=name, reason=reason(error)) from None
