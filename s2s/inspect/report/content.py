"""What a report of an inspection is made of: summary, confusions, chosen examples, a comparison, labels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.errors import UserError
from s2s.inspect.causes import CAUSES, Row
from s2s.inspect.comparison import comparison, same_model
from s2s.inspect.summary import load_summary
from s2s.inspect.table import Examples
from s2s.store.label import VERDICTS, Label
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

CONFUSIONS = 12  # pairs of words
EXAMPLES = 50  # of a page at most
Decode = Callable[[Row], Trace | None]  # the free lane of a row, where the model is at hand


@dataclass(frozen=True)
class Chosen:
    """An example of the page: its row, its free lane where the checkpoint is at hand, what people say of it."""

    row: Row
    trace: Trace | None = None
    labels: tuple[Label, ...] = ()


@dataclass(frozen=True)
class Report:
    """Everything on the page; ``summary`` and ``other`` as in ``summary.json``, ``against`` of ``comparison``.

    ``confusions``: the reference's word, the model's, and how often they met at a divergence. ``verdicts``: of each
    person and verdict how many.
    """

    summary: Mapping[str, Any]
    fences: Mapping[str, float]
    confusions: Sequence[tuple[str, str, int]]
    chosen: Sequence[Chosen]
    verdicts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    other: Mapping[str, Any] | None = None
    against: Mapping[str, Any] | None = None
    same_model: bool = False  # looked at in two places


def choose_examples(examples: Examples, per_cause: int) -> list[int]:
    """Ids of some examples of each cause: those with the fewest other causes, of these the worst by chrF."""
    table = examples.columns("id", "chrf", *(f"cause_{name}" for name in CAUSES))
    tags_NC = np.stack([table[f"cause_{name}"].fill_null(False).to_numpy() for name in CAUSES], axis=1).astype(bool)
    ids, chrf = table["id"].to_numpy(), np.nan_to_num(table["chrf"].cast("float64").to_numpy(), nan=100.0)
    order = np.lexsort((ids, chrf, tags_NC.sum(axis=1)))
    found = [id for c in range(len(CAUSES)) for id in ids[order[tags_NC[order, c]]][:per_cause].tolist()]
    return list(dict.fromkeys(found))[:EXAMPLES]


def rows_of_ids(examples: Examples, ids: Iterable[int]) -> list[Row]:
    """The rows of ids, in that order; UserError where there is none of an id."""
    found: list[Row] = []
    for id in dict.fromkeys(ids):
        try:
            found.append(examples.example(id))
        except KeyError:
            raise UserError("example_missing", id=id, directory=str(examples.directory)) from None
    return found


def frequent_confusions(examples: Examples) -> list[tuple[str, str, int]]:
    """The most frequent pairs of the reference's and the model's word at the first divergence, two times or more.

    ``<unk>`` for an unknown word is left out: it says nothing of which word was taken for which.
    """
    table = examples.columns("wanted", "said")
    pairs = zip(table["wanted"].to_pylist(), table["said"].to_pylist(), strict=True)
    counts = Counter((wanted, said) for wanted, said in pairs if wanted is not None and said not in (None, wanted))
    often = [(*pair, count) for pair, count in counts.items() if count > 1]  # of those there once any might stand here
    return sorted(often, key=lambda found: (-found[2], found[:2]))[:CONFUSIONS]


def count_verdicts(labels: Mapping[int, Sequence[Label]]) -> dict[str, dict[str, int]]:
    """Of each person how many of each verdict."""
    counts = Counter((label.person, label.verdict) for said in labels.values() for label in said)
    people = sorted({person for person, _ in counts})
    return {person: {verdict: counts[person, verdict] for verdict in VERDICTS} for person in people}


def make_report(
    examples: Examples,
    ids: Iterable[int],
    decode: Decode,
    labels: Mapping[int, tuple[Label, ...]],
    other: Examples | None = None,
) -> Report:
    """The report of an inspection, beside another one of the same file; UserError where one cannot be made."""
    chosen = [Chosen(row, decode(row), labels.get(row["id"], ())) for row in rows_of_ids(examples, ids)]
    return Report(
        summary=load_summary(examples.directory),
        fences=examples.manifest["fences"],
        confusions=frequent_confusions(examples),
        chosen=chosen,
        verdicts=count_verdicts(labels),
        other=load_summary(other.directory) if other else None,
        against=comparison(examples, other, _scored(examples)) if other else None,
        same_model=same_model(examples, other) if other else False,
    )


def _scored(examples: Examples) -> str:
    """By which score two are compared: chrF, or NLL where nothing was said."""
    return "nll" if examples.manifest["settings"]["mode"] == "forced" else "chrf"


def trace_decoder(checkpoint: Checkpoint) -> Decode:
    """Decodes with a checkpoint, greedily, as the inspection did; None of a text that is too long to be shown."""
    from s2s.decode import decode

    def lane(row: Row) -> Trace | None:
        try:
            return decode.trace(checkpoint, row["source"], top=1)
        except UserError:
            return None

    return lane
