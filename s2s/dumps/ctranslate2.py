"""CTranslate2's results with ``return_attention=True``: the objects of ``translate_batch``, or the same as JSON.

A result has ``hypotheses`` and ``attention``, for each hypothesis a row a target token and a weight a source token; the
end of the target is only there with ``return_end_token``. The columns of special tokens that it added to the source are
left out: what a row lacks to 1 is theirs. JSON: a list of results, or a result a line, each with these two lists and
perhaps its ``source``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from s2s.dumps.record import Broken, Dump, Rows, json_values, matrix, words
from s2s.errors import UserError

REST = "<rest>"  # the source tokens that have no column, in one
OFF = 1e-4  # how far a row's sum may be from 1


def with_rest(rows: Rows) -> Rows | None:
    """The rows with one more column, what each lacks to 1; None if all are whole, or one is no part of a whole.

    >>> with_rest([[0.25, 0.25], [1.0, 0.0]]), with_rest([[0.5, 0.5]]), with_rest([[2.0, 0.0]])
    ([[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]], None, None)
    """
    lacking = [1 - sum(row) for row in rows]
    if not all(lack >= -OFF for lack in lacking) or all(lack <= OFF for lack in lacking):
        return None
    return [[*row, max(lack, 0.0)] for row, lack in zip(rows, lacking, strict=True)]


def read_ctranslate2(text: str) -> Iterator[Dump]:
    """The hypotheses of all results in a JSON file."""
    values = json_values(text)
    results = [(line, one) for line, value in values for one in (value if isinstance(value, list) else [value])]
    for index, (line, result) in enumerate(results):
        if not isinstance(result, Mapping):
            raise Broken(line, UserError("dump_fields"))
        yield from _result(index, line, result)


def of_results(results: Any) -> Iterator[Dump]:
    """The hypotheses of one result of CTranslate2, or of several; asynchronous ones are waited for."""
    several = [results] if hasattr(results, "hypotheses") or isinstance(results, Mapping) else results
    if not isinstance(several, Iterable):
        raise Broken(1, UserError("dump_fields"))
    for index, result in enumerate(several):
        if not isinstance(result, Mapping):
            done = result.result() if hasattr(result, "result") else result
            result = {name: getattr(done, name, None) for name in ("hypotheses", "attention", "source")}
        yield from _result(index, index + 1, result)


def _result(index: int, line: int, result: Mapping[str, Any]) -> Iterator[Dump]:
    hypotheses, attention, source = (result.get(name) for name in ("hypotheses", "attention", "source"))
    if not isinstance(hypotheses, Sequence) or isinstance(hypotheses, str):
        raise Broken(line, UserError("dump_fields"))
    if not attention or not isinstance(attention, Sequence) or len(attention) != len(hypotheses):
        raise Broken(line, UserError("dump_no_attention", option="return_attention=True"))
    tokens = None if source is None else words(source, line)
    for hypothesis, weights in zip(hypotheses, attention, strict=True):
        yield Dump(index, line, words(hypothesis, line), _rows(weights, line), tokens)


def _rows(weights: Any, line: int) -> Rows:
    try:
        rows = [list(row) for row in weights]
    except TypeError:
        raise Broken(line, UserError("dump_fields")) from None
    for row in rows:
        for value in row:
            if isinstance(value, bool) or not isinstance(value, int | float) or abs(value) > 1e300:
                raise Broken(line, UserError("dump_number", found=f"{value!r:.40}"))
    return matrix([list(map(float, row)) for row in rows], line)
