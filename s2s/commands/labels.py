"""The command ``labels export``: write an inspection's rows with people's labels to one file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.commands import arguments, slice_option
from s2s.commands.arguments import Parser
from s2s.errors import fill

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_labels_command(commands: Commands) -> None:
    """Add the command ``labels`` and its options."""
    p = commands.add_parser("labels", help="labels that people gave to an inspection's examples")
    actions = p.add_subparsers(dest="action", required=True, metavar="ACTION", parser_class=Parser)
    p = actions.add_parser("export", help="write the rows with everybody's verdicts, categories and notes")
    p.set_defaults(run=export)
    _arguments(p)


def _arguments(p: arguments.Parser) -> None:
    p.add_argument("directory", metavar="INSPECTION_DIR", type=Path, help="a directory that inspect wrote")
    p.add_argument(
        "--out", metavar="FILE", type=Path, required=True, help="the file to write, ending in .csv, .jsonl or .parquet"
    )
    p.add_argument("--only-labelled", action="store_true", help="leave out rows without a label")
    slice_option.add_slice_option(p)
    slice_option.add_database_option(p)


def export(options: argparse.Namespace, command: str) -> int:
    """``labels export``: write all rows, those of a slice, or only those with a label."""
    from s2s.inspect.label_export import export_labels
    from s2s.inspect.table import Examples
    from s2s.store.labels import read_labels

    examples = Examples(options.directory)
    labels = read_labels(examples.manifest, options.database)
    part = slice_option.read_part(options, examples)
    count = export_labels(examples, labels, options.out, options.only_labelled, part.rows_N if part else None)
    told = "Wrote {out}: {count:,} {count:row|rows}, {labelled:,} with a label."
    print(fill(told, out=options.out, count=count, labelled=len(labels)), file=sys.stderr)
    return 0
