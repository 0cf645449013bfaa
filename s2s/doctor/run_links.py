"""People's links for one run: the row of their file that has its words, in the run's own tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s2s.doctor.sheet import special
from s2s.errors import UserError
from s2s.text.subwords import BEGIN, FOLLOWS, GOES_ON

if TYPE_CHECKING:
    from s2s.data.batches import Links
    from s2s.explain.gold_links import Gold


def links_of_run(source: Sequence[str], target: Sequence[str], golds: Sequence[Gold]) -> tuple[Links, Links]:
    """The sure and all possible links between the tokens of a run. UserError if no row has its words.

    Words are compared by their characters, without spaces, capitals and what marks a piece of a word.
    """
    from s2s.explain.token_spans import overlap, project, spans

    sides = _letters(source), _letters(target)
    for gold in golds:
        theirs = _letters(gold.source), _letters(gold.target)
        if all("".join(one) == "".join(other) for one, other in zip(sides, theirs, strict=True)):
            ways = [overlap(spans(other), spans(one)) for one, other in zip(sides, theirs, strict=True)]
            return project(gold.sure, *ways), project(gold.possible, *ways)
    rows = {"first": golds[0].row, "last": golds[-1].row}
    raise UserError("doctor_links_run", source=" ".join(source), target=" ".join(target), **rows)


def _letters(tokens: Sequence[str]) -> list[str]:
    """Each token's own characters; none of ``<eos>`` and its like."""
    return [
        "" if special(token) else token.removesuffix(GOES_ON).removeprefix(FOLLOWS).replace(BEGIN, "").casefold()
        for token in tokens
    ]
