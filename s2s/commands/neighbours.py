"""The command ``neighbours``: find the states of an inspected corpus that are nearest to one of a sentence."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2s.checkpoint.find import find_inspected
from s2s.commands import arguments
from s2s.commands.arguments import WholeNumber
from s2s.commands.terminal import text_table, write_output
from s2s.errors import UserError
from s2s.text.safe import printable

if TYPE_CHECKING:
    import numpy as np

    from s2s.commands.arguments import Commands
    from s2s.inspect.states.nearest import NearState
    from s2s.inspect.states.occurrences import Occurrence
    from s2s.inspect.states.store import StateStore
    from s2s.inspect.table import Examples

STATES = {"position": "encoder", "step": "decoder", "context": "context"}  # option → kind of state
PLACE = WholeNumber(1, 1_000_000)


def add_neighbours_command(commands: Commands) -> None:
    """Add the command ``neighbours`` and its options."""
    p = commands.add_parser(
        "neighbours", help="find states in an inspected corpus that are similar to one in a sentence"
    )
    p.set_defaults(run=neighbours)
    p.add_argument("directory", metavar="DIR", type=Path, help="a directory that inspect --states wrote")
    p.add_argument("text", metavar="TEXT", nargs="?", help="what the model reads")
    p.add_argument(
        "--example",
        type=WholeNumber(1, arguments.MANY),
        metavar="ID",
        help="instead of TEXT: an example of the inspection",
    )
    which = p.add_mutually_exclusive_group(required=True)
    which.add_argument("--step", type=PLACE, metavar="T", help="the decoder's state at this step, counted from 1")
    which.add_argument("--context", type=PLACE, metavar="T", help="the context vector of this step")
    which.add_argument(
        "--position", type=PLACE, metavar="S", help="the encoder's state at this source token, counted from 1"
    )
    p.add_argument(
        "--reference", metavar="R", help="the correct output, which the decoder reads instead of its own words"
    )
    p.add_argument("--count", type=WholeNumber(1, 1000), default=10, metavar="K", help="number of neighbours (10)")
    p.add_argument("--checkpoint", metavar="CHECKPOINT", help="where the model is, if it cannot be found by its name")
    p.add_argument("--json", metavar="FILE", help="write the neighbours as JSON; - for the terminal")


def neighbours(options: argparse.Namespace, command: str) -> int:
    """``neighbours``: one row a state, nearest first, with its sentence and the token there."""
    if (options.text is None) == (options.example is None):
        raise UserError("neighbours_of_what")
    if options.example is not None and options.reference is not None:
        raise UserError("neighbours_reference")
    from s2s.inspect.states.nearest import nearest
    from s2s.inspect.states.occurrences import occurrences
    from s2s.inspect.states.store import StateStore
    from s2s.inspect.table import Examples

    examples, store = Examples(options.directory), StateStore(options.directory)
    name = next(name for name in STATES if getattr(options, name) is not None)
    place, kind = getattr(options, name) - 1, STATES[name]
    words, vectors = _query(options, examples, store, kind)
    if place >= len(vectors):
        raise UserError("neighbours_beyond", found=place + 1, last=len(vectors))
    result = nearest(store, kind, vectors[place], options.count, options.example)
    matches = occurrences(examples, store, kind, [one.origin for one in result.neighbours])
    if options.json:
        made = {"kind": kind, "lane": store.lane, "word": words[place], "tokens": words, "place": place}
        rows = [_row(one.cosine, there) for one, there in zip(result.neighbours, matches, strict=True)]
        text = json.dumps({**made, "compared": result.compared, "neighbours": rows}, ensure_ascii=False, indent=1)
        write_output(text + "\n", options.json)
        return 0
    print(_heading(words, place, kind))
    print(_table(result, matches))
    return 0


def _query(
    options: argparse.Namespace, examples: Examples, store: StateStore, kind: str
) -> tuple[list[str], np.ndarray]:
    """A sentence's tokens and its states of a kind, one row a token."""
    if options.example is not None:
        from s2s.inspect.states.occurrences import example_states

        return example_states(examples, store, kind, options.example)
    from s2s.checkpoint.open import load
    from s2s.decode.decode import trace
    from s2s.inspect.states.capture import trace_states

    held = examples.manifest["checkpoint"]
    checkpoint = load(find_inspected(held, options.checkpoint))
    if checkpoint.digest != held["digest"]:
        raise UserError("states_checkpoint", checkpoint=checkpoint.name, directory=str(options.directory))
    mode = "free" if options.reference is None else "forced"
    made = trace(checkpoint, options.text, options.reference, mode)
    words = list(made.source_tokens) if kind == "encoder" else [step.output for step in made.steps]
    vectors = dict(zip(("encoder", "decoder", "context"), trace_states(checkpoint, made), strict=True))
    return words, vectors[kind].numpy()


def _row(cosine: float, there: Occurrence) -> dict[str, Any]:
    return {"cosine": round(cosine, 6), "word": there.word, **asdict(there)}


def _heading(words: list[str], place: int, kind: str) -> str:
    marked = [f"[{word}]" if n == place else word for n, word in enumerate(words)]
    return printable(f"{kind} {place + 1}: {' '.join(marked)}")


def _table(result: NearState, matches: list[Occurrence]) -> str:
    rows = [["cosine", "example", "position", "", "word", "", "error"]]
    for one, there in zip(result.neighbours, matches, strict=True):
        before, after = there.around()
        error = "" if not there.error else "error"
        numbers = [f"{one.cosine:.4f}", str(there.id), str(there.position + 1)]
        rows.append([*numbers, printable(before), f"[{printable(there.word)}]", printable(after), error])
    return text_table(rows, right=(0, 1, 2, 3))
