"""Nematus' files of alignments, as text (``--output_alignment``) and as JSON (``--json_alignment``).

Text: ``id ||| translation ||| score ||| source ||| S T``, then T lines of S weights, and an empty one. JSON: a list a
sentence of [target word, source word, weight, …], row by row; in the oldest form an object of ``nodes`` and ``links``.
The ends of both sides are included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from s2s.dumps.record import TOKENS, Broken, Dump, Rows, json_values, matrix, number, words
from s2s.errors import UserError

END = "</s>"
SIZES = re.compile(r"(\d{1,6}) (\d{1,6})", re.ASCII)


def read_nematus(text: str) -> Iterator[Dump]:
    """The sentences of a file of either kind."""
    yield from _json(text) if text.lstrip()[:1] in ("[", "{") else _text(text)


def _text(text: str) -> Iterator[Dump]:
    lines = [line.rstrip("\r") for line in text.split("\n")]
    at = 0
    while at < len(lines):
        if not lines[at].strip():
            at += 1
            continue
        fields = [field.strip() for field in f" {lines[at]} ".split(" ||| ")]
        sizes = SIZES.fullmatch(fields[-1])
        if len(fields) != 5 or not re.fullmatch(r"\d{1,9}", fields[0], re.ASCII) or sizes is None:
            raise Broken(at + 1, UserError("dump_fields"))
        columns, height = int(sizes[1]), int(sizes[2])
        if max(columns, height) > TOKENS:
            raise Broken(at + 1, UserError("dump_long", limit=TOKENS))
        rows = [[number(w, at + 2 + n) for w in line.split()] for n, line in enumerate(lines[at + 1 : at + 1 + height])]
        if len(rows) != height or any(len(row) != columns for row in rows):
            raise Broken(at + 1, UserError("dump_ragged"))
        yield Dump(int(fields[0]), at + 1, fields[1].split(), matrix(rows, at + 1), fields[3].split())
        at += 1 + height


def _json(text: str) -> Iterator[Dump]:
    for index, (line, value) in enumerate(json_values(text)):
        if isinstance(value, dict):
            yield _nodes(index, line, value)
        elif isinstance(value, list):
            yield _links(index, line, value)
        else:
            raise Broken(line, UserError("dump_fields"))


def _links(index: int, line: int, links: list[Any]) -> Dump:
    """A sentence as a list of links: the source's words come again and again, once a row."""
    if not links or not all(isinstance(link, list) and len(link) >= 3 for link in links):
        raise Broken(line, UserError("dump_fields"))
    target, source = words([link[0] for link in links], line), words([link[1] for link in links], line)
    if END not in source:
        raise Broken(line, UserError("dump_end", end=END))
    return _regular(index, line, target, source, [link[2] for link in links], source.index(END) + 1)


def _nodes(index: int, line: int, value: dict[str, Any]) -> Dump:
    nodes, links = value.get("nodes"), value.get("links")
    if not isinstance(nodes, list) or not isinstance(links, list) or not links:
        raise Broken(line, UserError("dump_fields"))
    if not all(isinstance(one, dict) for one in [*nodes, *links]):
        raise Broken(line, UserError("dump_fields"))
    size = sum(node.get("group") == 1 for node in nodes)
    target, source = (words([link.get(key) for link in links], line) for key in ("target", "source"))
    return _regular(index, line, target, source, [link.get("value") for link in links], size)


def _regular(index: int, line: int, target: list[str], source: list[str], weights: list[Any], size: int) -> Dump:
    """The matrix of links that run row by row over a source of ``size`` words."""
    if not size or len(weights) % size:
        raise Broken(line, UserError("dump_ragged"))
    starts = range(0, len(weights), size)
    if max(size, len(starts)) > TOKENS:
        raise Broken(line, UserError("dump_long", limit=TOKENS))
    if any(source[at : at + size] != source[:size] or len(set(target[at : at + size])) > 1 for at in starts):
        raise Broken(line, UserError("dump_ragged"))
    rows: Rows = [[_weight(weight, line) for weight in weights[at : at + size]] for at in starts]
    return Dump(index, line, [target[at] for at in starts], matrix(rows, line), source[:size])


def _weight(value: Any, line: int) -> float:
    if isinstance(value, str):
        return number(value, line)
    if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
        raise Broken(line, UserError("dump_number", found=f"{value!r:.40}"))
    return float(value)
