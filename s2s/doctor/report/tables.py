"""The tables of a diagnosis in either language: error rates against people's links, and the heads of a model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from s2s.doctor.diagnosis import Diagnosis, Head
from s2s.errors import say

BEST = "★"
DIAGONAL = "aer_diagonal"  # a baseline, which is not marked
SHIFTS = ("aer+0", "aer-1", "aer+1", DIAGONAL)
EVIDENCE = ("aer_attention", "aer_gradient", "aer_integrated", "aer_erasure")


@dataclass(frozen=True)
class Table:
    """A table with a sentence below its title; all cells are texts."""

    title: str
    note: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(diagnosis: Diagnosis, language: str) -> list[Table]:
    """Those that there is anything in."""
    return [*_links(diagnosis.measures, language), *_heads(diagnosis.heads, language)]


def _links(measures: Mapping[str, float], language: str) -> list[Table]:
    out = list[Table]()
    for names, count in ((SHIFTS, "aer_sentences"), (EVIDENCE, "aer_row_sentences")):
        there = [name for name in names if name in measures]
        if not there:
            continue
        best = min(measures[name] for name in there if name != DIAGONAL)
        cells = [_marked(measures[name], best, name == DIAGONAL) for name in there]
        rows = [(say(f"doctor.row.{name}", language), cell) for name, cell in zip(there, cells, strict=True)]
        title = "doctor.links" if names == SHIFTS else "doctor.links_evidence"
        note = say("doctor.links_note", language, count=int(measures.get(count, 1)))
        header = (say("doctor.row", language), say("doctor.error_rate", language))
        out.append(Table(say(title, language), note, header, tuple(rows)))
    return out


def _heads(heads: tuple[Head, ...], language: str) -> list[Table]:
    if not heads:
        return []
    rates = [head.aer for head in heads if head.aer is not None]
    overlaps = [head.overlap for head in heads if head.overlap is not None]
    rows = [
        (
            view(head, language),
            _marked(head.aer, min(rates, default=None)),
            _marked(head.overlap, max(overlaps, default=None)),
            say("doctor.shown", language) if head.shown else "",
        )
        for head in heads
    ]
    header = tuple(say(f"doctor.{name}", language) for name in ("head", "error_rate", "overlap", "shown_here"))
    note = say("doctor.heads_by_links" if rates else "doctor.heads_by_erasure", language)
    return [Table(say("doctor.heads", language), note, header, tuple(rows))]


def view(head: Head, language: str) -> str:
    """The name of a head, of the mean of a layer, or of that of all."""
    if head.head:
        return f"{head.layer}.{head.head}"
    return say("doctor.layer_mean", language, layer=head.layer) if head.layer else say("doctor.all_mean", language)


def _marked(value: float | None, best: float | None, baseline: bool = False) -> str:
    if value is None:
        return ""
    return f"{value:.3f} {BEST}" if value == best and not baseline else f"{value:.3f}"
