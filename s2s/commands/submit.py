"""The command ``submit``: predictions for the AutoMaster competition's test file."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from s2s.checkpoint.find import find_checkpoint
from s2s.commands import arguments, pair_options
from s2s.commands.arguments import WholeNumber
from s2s.errors import fill

if TYPE_CHECKING:
    from s2s.commands.arguments import Commands


def add_submit_command(commands: Commands) -> None:
    """Add the command ``submit`` and its options."""
    p = commands.add_parser(
        "submit", help="answer a competition's test file: from QID,Question,Dialogue to QID,Prediction"
    )
    p.set_defaults(run=submit)
    arguments.add_checkpoint_argument(p)
    p.add_argument("file", metavar="FILE", type=Path, help="CSV with QID, Question and Dialogue, plain, .gz or .xz")
    pair_options.add_encoding_option(p)
    p.add_argument("--out", metavar="CSV", type=Path, required=True, help="the submission file")
    p.add_argument(
        "--beam", type=WholeNumber(1, 50), metavar="N", help="beam search with N hypotheses; greedy by default"
    )


def submit(options: argparse.Namespace, command: str) -> int:
    """``submit``: one prediction a question; the file is written when all are done."""
    from tqdm import tqdm

    from s2s.checkpoint.open import load
    from s2s.data.readers import read_questions
    from s2s.decode.strategy import Settings
    from s2s.evaluate import submission

    checkpoint = load(find_checkpoint(options.checkpoint))
    settings = Settings(strategy="beam", beam=options.beam) if options.beam else None
    with pair_options.print_remarks() as remarks:
        rows = read_questions(options.file, encoding=options.encoding, note=remarks.form)
        questions = tqdm(rows, unit=" questions", disable=None, leave=False)
        count, empty = submission.write_submission(options.out, submission.predictions(checkpoint, questions, settings))
    told = "Wrote {out}: {count:,} {count:prediction|predictions}, {empty:,} of them empty."
    print(fill(told, out=options.out, count=count, empty=empty), file=sys.stderr)
    return 0
