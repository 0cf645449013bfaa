"""Read what another program wrote about its attention as traces: ``s2s.read_attention``."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.disk import read_bounded
from s2s.dumps.ctranslate2 import REST, of_results, read_ctranslate2, with_rest
from s2s.dumps.fairseq import read_fairseq
from s2s.dumps.marian import read_marian
from s2s.dumps.nematus import read_nematus
from s2s.dumps.record import MEGABYTES, SENTENCES, Broken, Dump
from s2s.errors import UserError
from s2s.trace.trace import Trace

READERS: Mapping[str, Callable[[str], Iterator[Dump]]] = {
    "marian": read_marian,
    "ctranslate2": read_ctranslate2,
    "fairseq": read_fairseq,
    "nematus": read_nematus,
}
TITLES = {"marian": "Marian", "ctranslate2": "CTranslate2", "fairseq": "fairseq", "nematus": "Nematus"}
OPTIONS = {  # what makes the program write weights
    "marian": "--alignment soft",
    "ctranslate2": "return_attention=True",
    "fairseq": "--print-alignment soft",
    "nematus": "--output_alignment",
}
ENDS = ("</s>", "<eos>", "<EOS>")
END = "<eos>"

Sentences = str | Path | Sequence[str | Sequence[str]]


def read_attention(
    file: Any,
    format: str,
    *,
    source: Sentences | None = None,
    target: Sentences | None = None,
    normalise: bool = False,
    name: str = "",
) -> list[Trace]:
    """The sentences that a program translated, as traces: of ``marian``, ``ctranslate2``, ``fairseq`` or ``nematus``.

    ``file`` is what the program wrote; for ``ctranslate2`` also the results of ``translate_batch`` themselves.
    ``source`` and ``target`` are the tokens where the program writes none, or joins subwords: a file with a sentence a
    line and spaces between tokens, or a list of texts or of lists of tokens. With ``normalise`` each row is divided by
    its sum. ``name`` stands in place of the model's. Raises UserError for a file that cannot be read, in one sentence.

    >>> import s2s, tempfile, pathlib
    >>> folder = tempfile.TemporaryDirectory()
    >>> output = pathlib.Path(folder.name, "output.txt")
    >>> _ = output.write_text("drink tea ||| 0.8,0.1,0.1 0.1,0.7,0.2 0.1,0.1,0.8\\n", encoding="utf-8")
    >>> s2s.read_attention(output, "marian", source=["喝 茶"])
    [<Trace free: 喝 茶 → drink tea, 3 steps>]
    >>> folder.cleanup()
    """
    if format not in READERS:
        raise UserError("setting_choice", name="format", found=str(format)[:40], known=", ".join(READERS))
    title = str(file) if isinstance(file, str | Path) else TITLES[format]
    try:
        found = list(_limited(_dumps(file, format), format))
    except Broken as broken:
        raise UserError("dump_line", file=title, line=broken.line, format=TITLES[format], reason=broken.why) from None
    if not found:
        raise UserError("dump_empty", file=title, format=TITLES[format], option=OPTIONS[format])
    sides = {"source": _sentences("source", source), "target": _sentences("target", target)}
    _check_count(found, sides, title)
    return [_trace(dump, n, sides, format, normalise, name or format) for n, dump in enumerate(found)]


def _dumps(file: Any, format: str) -> Iterator[Dump]:
    if isinstance(file, str | Path):
        return READERS[format](_text(Path(file)))
    if format != "ctranslate2":
        raise UserError("dump_path", format=TITLES[format], found=type(file).__name__)
    return of_results(file)


def _limited(dumps: Iterator[Dump], format: str) -> Iterator[Dump]:
    for count, dump in enumerate(dumps):
        if count >= SENTENCES:
            raise Broken(dump.line, UserError("dump_many", limit=SENTENCES))
        yield dump


def _text(path: Path) -> str:
    """A file's text, which may have ``MEGABYTES``, without the mark that some editors put at its beginning."""
    content = read_bounded(path, MEGABYTES)
    try:
        return io.IncrementalNewlineDecoder(None, translate=True).decode(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise UserError("dump_encoding", file=str(path)) from None


def _sentences(side: str, given: Sentences | None) -> list[list[str]] | None:
    """Tokens a sentence, of a file or of a list; None where nothing is given."""
    if given is None:
        return None
    if isinstance(given, str | Path):
        lines: Iterable[Any] = _text(Path(given)).removesuffix("\n").split("\n")
    elif isinstance(given, Iterable):
        lines = given
    else:
        raise UserError("dump_side", side=side)
    sentences = [line.split() if isinstance(line, str) else list(line) for line in lines]
    if not all(isinstance(token, str) for sentence in sentences for token in sentence):
        raise UserError("dump_side", side=side)
    return sentences


def _check_count(found: list[Dump], sides: Mapping[str, list[list[str]] | None], title: str) -> None:
    """Each side that is given has the sentences of the file."""
    for side, sentences in sides.items():
        count = len(found) if side == "target" else max(dump.index for dump in found) + 1
        if sentences is not None and (len(sentences) != count if side == "target" else len(sentences) < count):
            raise UserError("dump_count", file=title, count=count, side=side, found=len(sentences))


def _trace(
    dump: Dump,
    place: int,
    sides: Mapping[str, list[list[str]] | None],
    format: str,
    normalise: bool,
    name: str,
) -> Trace:
    sources, targets = sides["source"], sides["target"]
    source = dump.source if sources is None else sources[dump.index]
    if source is None:
        raise UserError("dump_source", format=TITLES[format])
    target = dump.target if targets is None else targets[place]
    weights = dump.weights
    read = _ended("source", source, len(weights[0]), place)
    if format == "ctranslate2" and not normalise and (whole := with_rest(weights)):
        weights, read = whole, [*read, REST]
    said = _ended("target", target, len(dump.weights), place)
    said = [*said[:-1], END] if said[-1] in ENDS else said
    try:
        return Trace.from_arrays(
            weights,
            read,
            said,
            log_probs=dump.log_probs,
            normalise=normalise,
            name=name,
            source_text=_joined(source) if source else "",
            text=dump.text or _joined(said),
        )
    except UserError as error:
        raise UserError("dump_sentence", sentence=place + 1, reason=error) from None


def _ended(side: str, tokens: list[str], size: int, place: int) -> list[str]:
    """As many tokens as the matrix has: with an end where it is the one that is missing."""
    if len(tokens) + 1 == size:
        return [*tokens, END]
    if len(tokens) != size:
        raise UserError("dump_tokens", sentence=place + 1, side=side, found=len(tokens), size=size)
    return tokens


def _joined(tokens: Sequence[str]) -> str:
    """Tokens as a text, without the end, subwords of SentencePiece and subword-nmt put together."""
    kept = list(tokens[:-1] if tokens[-1] in ENDS else tokens)
    if any(token.startswith("▁") for token in kept):
        return "".join(kept).replace("▁", " ").strip()
    return " ".join(kept).replace("@@ ", "").removesuffix("@@")
