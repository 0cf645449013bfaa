"""The content of a report: summary, confusions, chosen examples, comparison, labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.errors import UserError
from s2s.inspect.causes import TAGS, Row
from s2s.inspect.columns import chosen_rows
from s2s.inspect.comparison import comparison, rows_beside, same_model
from s2s.inspect.slice import Slice
from s2s.inspect.summary import load_summary, summary
from s2s.inspect.table import Examples
from s2s.store.label import VERDICTS, Label
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

CONFUSIONS = 12  # pairs of words, at most
EXAMPLES = 50  # examples that are chosen automatically, at most
Decode = Callable[[Row], Trace | None]  # the free lane of a row; None if it cannot be decoded


@dataclass(frozen=True)
class Chosen:
    """An example on the page: its row, its free lane if the checkpoint is available, and its labels."""

    row: Row
    trace: Trace | None = None
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Part:
    """The rows that a report is about: a mask, the conditions that chose them, and the name under which they are saved.

    The conditions and the name are for the reader only.
    """

    rows_N: np.ndarray
    slice: Slice
    name: str = ""


@dataclass(frozen=True)
class Report:
    """Everything on the page.

    ``summary`` and ``other`` are the contents of ``summary.json`` of this and of the compared inspection, ``against``
    the result of ``comparison``. ``confusions`` has the reference's word, the model's word, and how often they met at
    the missing word; ``verdicts`` has counts by person and verdict.
    """

    summary: Mapping[str, Any]
    trials: Mapping[str, Mapping[str, Any]]
    confusions: Sequence[tuple[str, str, int]]
    chosen: Sequence[Chosen]
    verdicts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    other: Mapping[str, Any] | None = None
    against: Mapping[str, Any] | None = None
    same_model: bool = False  # the two inspections are of one model with different attention heads
    part: Part | None = None


def choose_examples(examples: Examples, per_cause: int, rows_N: np.ndarray | None = None) -> list[int]:
    """Ids of up to ``per_cause`` examples of each cause: first those with the fewest other causes, then lowest chrF.

    ``rows_N`` restricts them to some rows.
    """
    table = chosen_rows(examples.columns("id", "chrf", *TAGS.values()), rows_N)
    tags_NC = np.stack([table[column].fill_null(False).to_numpy() for column in TAGS.values()], axis=1).astype(bool)
    ids, chrf = table["id"].to_numpy(), np.nan_to_num(table["chrf"].cast("float64").to_numpy(), nan=100.0)
    order = np.lexsort((ids, chrf, tags_NC.sum(axis=1)))
    chosen = [id for c in range(len(TAGS)) for id in ids[order[tags_NC[order, c]]][:per_cause].tolist()]
    return list(dict.fromkeys(chosen))[:EXAMPLES]


def rows_of_ids(examples: Examples, ids: Iterable[int]) -> list[Row]:
    """The rows with these ids, in that order and without duplicates; UserError for an unknown id."""
    rows: list[Row] = []
    for id in dict.fromkeys(ids):
        try:
            rows.append(examples.example(id))
        except KeyError:
            raise UserError("example_missing", id=id, directory=str(examples.directory)) from None
    return rows


def frequent_confusions(examples: Examples, rows_N: np.ndarray | None = None) -> list[tuple[str, str, int]]:
    """The most frequent pairs of the reference's and the model's word in its place, at least two each.

    Pairs of two ``<unk>`` are left out, as they do not tell which words were confused.
    """
    table = chosen_rows(examples.columns("wanted", "said"), rows_N)
    pairs = zip(table["wanted"].to_pylist(), table["said"].to_pylist(), strict=True)
    counts = Counter((wanted, said) for wanted, said in pairs if wanted is not None and said not in (None, wanted))
    often = [(*pair, count) for pair, count in counts.items() if count > 1]
    return sorted(often, key=lambda pair: (-pair[2], pair[:2]))[:CONFUSIONS]


def count_verdicts(labels: Mapping[int, Sequence[Label]]) -> dict[str, dict[str, int]]:
    """The number of verdicts by person and verdict."""
    counts = Counter((label.person, label.verdict) for some in labels.values() for label in some)
    people = sorted({person for person, _ in counts})
    return {person: {verdict: counts[person, verdict] for verdict in VERDICTS} for person in people}


def make_report(
    examples: Examples,
    ids: Iterable[int],
    decode: Decode,
    labels: Mapping[int, tuple[Label, ...]],
    other: Examples | None = None,
    part: Part | None = None,
) -> Report:
    """The report of an inspection, compared with ``other`` of the same file; UserError if it cannot be made.

    With ``part``, all numbers are of its rows.
    """
    rows_N = part.rows_N if part else None
    if rows_N is not None:
        if not rows_N.any():
            raise UserError("slice_empty")
        kept = set(examples.column("id").to_numpy()[rows_N].tolist())
        labels = {id: some for id, some in labels.items() if id in kept}
    chosen = [Chosen(row, decode(row), labels.get(row["id"], ())) for row in rows_of_ids(examples, ids)]
    return Report(
        summary=part_summary(examples, rows_N),
        trials=examples.manifest["experiments"],
        confusions=frequent_confusions(examples, rows_N),
        chosen=chosen,
        verdicts=count_verdicts(labels),
        other=part_summary(other, rows_beside(examples, other, rows_N)) if other else None,
        against=comparison(examples, other, _scored(examples), rows_N=rows_N) if other else None,
        same_model=same_model(examples, other) if other else False,
        part=part,
    )


def part_summary(examples: Examples, rows_N: np.ndarray | None) -> dict[str, Any]:
    """The summary of all rows, which is computed once, or of those of a mask."""
    return load_summary(examples.directory) if rows_N is None else summary(examples, rows_N=rows_N)


def _scored(examples: Examples) -> str:
    """The score of a comparison: chrF, or NLL if only the forced lane was run."""
    return "nll" if examples.manifest["settings"]["mode"] == "forced" else "chrf"


def trace_decoder(checkpoint: Checkpoint) -> Decode:
    """A function that decodes a row greedily, as the inspection did; it gives None if the text is too long."""
    from s2s.decode import decode

    def lane(row: Row) -> Trace | None:
        try:
            return decode.trace(checkpoint, row["source"], top=1)
        except UserError:
            return None

    return lane
