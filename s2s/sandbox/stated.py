"""What a person states about a model to import because its files do not say it: as options of a command, or typed."""

from __future__ import annotations

import argparse
import shlex
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from s2s.errors import UserError

if TYPE_CHECKING:
    from s2s.adapters.imported import ImportOptions

LONGEST = 400  # tokens to which sources may have been padded
OPTIONS = {  # of models of Keras
    *("vocab", "carries_state", "map", "marks", "padded_to", "source_marks", "query", "gru_reads", "output_reads"),
}


def add_options(p: argparse.ArgumentParser, length: Callable[[str], int]) -> None:
    """The options; ``length`` reads a number of tokens."""
    for side in ("source", "target"):
        p.add_argument(
            f"--{side}-text", metavar="CUT", help=f"segmentation of the {side}: jieba, latin, characters, spaces …"
        )
    p.add_argument(
        "--vocab",
        metavar="WORDS",
        nargs="+",
        type=Path,
        help="keras, tf-checkpoint, pytorch-tutorial: word lists of source and target; tf-checkpoint: or one of both",
    )
    keras = "keras, tf-checkpoint"
    yes = ("yes", "no")
    p.add_argument("--carries-state", choices=yes, help=f"{keras}: whether the decoder's GRU is called with its state")
    p.add_argument(
        "--map",
        metavar="PLACE=PATH",
        action="append",
        help=f"{keras}: the path of the layer for this place in the model",
    )
    p.add_argument("--marks", metavar=("START", "END"), nargs=2, help=f"{keras}: words that begin and end a sentence")
    p.add_argument("--source-marks", choices=yes, help=f"{keras}: whether sources were read between these words (yes)")
    p.add_argument(
        "--query",
        choices=("previous", "current"),
        help=f"{keras}: which state of the decoder looks back, if its GRU reads the word alone: that before its step, "
        "or that after it",
    )
    for layer, parts in (("gru", ("context", "word")), ("output", ("state", "context"))):
        orders = (",".join(parts), ",".join(reversed(parts)))
        p.add_argument(
            f"--{layer}-reads", choices=orders, help=f"{keras}: in what order the {layer}'s input joins the two"
        )
    p.add_argument(
        "--padded-to",
        type=length,
        metavar="N",
        help=f"{keras}: the length in tokens to which sources were padded",
    )


class _Typed(argparse.ArgumentParser):
    """Options of which a mistake is a UserError."""

    def error(self, message: str) -> NoReturn:
        raise UserError("import_typed", found=message[:200])


def _length(text: str) -> int:
    if not (text.isdecimal() and 1 <= int(text[:9]) <= LONGEST):
        raise argparse.ArgumentTypeError(text[:40])
    return int(text)


def typed_options(text: str) -> ImportOptions:
    """The options in a line of text. UserError for what is none."""
    parser = _Typed(prog="import", add_help=False, allow_abbrev=False)
    add_options(parser, _length)
    try:
        return import_options(parser.parse_args(shlex.split(text)))
    except UserError:
        raise
    except ValueError:  # a quotation mark without its second
        raise UserError("import_typed", found=text[:200]) from None


def plain(options: ImportOptions) -> dict[str, Any]:
    """The options as values for a child process."""
    return {**asdict(options), "vocabularies": list(map(str, options.vocabularies))}


def import_options(options: argparse.Namespace) -> ImportOptions:
    """The options as a record. UserError for an invalid value."""
    from s2s.adapters.imported import ImportOptions
    from s2s.adapters.keras_layers import ROLES
    from s2s.text.segmenters import SEGMENTERS

    for name in (options.source_text, options.target_text):
        if name is not None and name not in SEGMENTERS:
            raise UserError("segmenter_unknown", found=name, known=", ".join(SEGMENTERS))
    layers = dict[str, str]()
    for text in options.map or ():
        place, equals, path = text.partition("=")
        if not (equals and path.strip("/")) or place not in ROLES:
            raise UserError("keras_map_option", found=text, known=", ".join(ROLES))
        layers[place] = path.strip("/")
    return ImportOptions(
        source=options.source_text,
        target=options.target_text,
        vocabularies=tuple(options.vocab or ()),
        layers=layers,
        carries_state=None if options.carries_state is None else options.carries_state == "yes",
        marks=tuple(options.marks or ()),
        padded_to=options.padded_to or 0,
        source_marks=options.source_marks != "no",
        query=options.query or "",
        gru_reads=options.gru_reads or "",
        output_reads=options.output_reads or "",
    )
