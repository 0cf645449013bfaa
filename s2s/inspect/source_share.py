"""How much of each word of an output comes from the source, and how much from the words before it.

The row ``unknown`` of ``s2s/explain/prefix.py`` for many outputs at once: what ``<unk>`` in the place of a token takes
from log p of the word. All rows of an output are steps of one batch: those of other sources from the start, those of
another word of the prefix from the step that reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import torch

from s2s.data.batches import Ids, pad
from s2s.evaluate.batching import rows_together
from s2s.explain.prefix import Row, with_unknown
from s2s.model import Model
from s2s.text.vocab import BOS, UNK

LONGEST = 900  # source tokens × output tokens; a longer output is not examined
Shares = list[float | None]

# AUC, from 0 to 1, with its 95 % interval over outputs: how often a word that both judges call wrong has the lower
# share of the source than a word that neither does. 0.5 is chance. ``python -m benchmarks.judged share`` measures it.
METHODS_AUC = {
    "unknown": (0.602, 0.554, 0.642),
    "gradient": (0.538, 0.485, 0.579),
    "integrated": (0.525, 0.471, 0.568),
    "deletion": (0.345, 0.307, 0.378),
}
PROBABILITY_AUC = 0.861  # of the word's own log-probability instead, on the same words
WRONG, RIGHT = 285, 620  # words of 140 outputs, without the first of each


@torch.inference_mode()
def source_shares(model: Model, pairs: Sequence[Ids]) -> list[Shares]:
    """The source's share of each token of each output, without ``<eos>``; None where no token changes the word.

    ``pairs`` are the ids of sources and of outputs. The list of an output that is too long is empty.
    """
    found: list[Shares] = [[] for _ in pairs]
    for some in _groups(model, pairs):
        for n, shares in zip(some, _group(model, [pairs[n] for n in some]), strict=True):
            found[n] = shares
    return found


def mean_share(shares: Sequence[float | None]) -> float | None:
    """The mean over the words but the first, which has no word before it; None without any."""
    known = [share for share in shares[1:] if share is not None]
    return sum(known) / len(known) if known else None


def _groups(model: Model, pairs: Sequence[Ids]) -> Iterator[list[int]]:
    """Indices of pairs whose rows together fit in one step, of similar length; without those that are too long."""
    fit = [n for n, (source, output) in enumerate(pairs) if output and len(source) * len(output) <= LONGEST]
    group, rows = list[int](), 0
    for n in sorted(fit, key=lambda n: tuple(map(len, pairs[n]))):
        own = len(pairs[n][0]) + len(pairs[n][1])
        if group and rows + own > rows_together(model, len(pairs[n][0])):
            yield group
            group, rows = [], 0
        group, rows = [*group, n], rows + own
    if group:
        yield group


def _group(model: Model, pairs: Sequence[Ids]) -> list[Shares]:
    """``source_shares`` of outputs that are run together."""
    sources = [row for source, _ in pairs for row in (source, *(with_unknown(source, s) for s in range(len(source))))]
    memory, state = model.encode(pad(sources), torch.tensor([len(source) for source in sources]))
    owner = [n for n, (source, _) in enumerate(pairs) for _ in range(len(source) + 1)]  # the pair of each row
    place = [s for source, _ in pairs for s in (-1, *range(len(source)))]  # of its <unk>; -1: none
    values: list[list[Row]] = [[] for _ in pairs]
    for t in range(max(len(output) for _, output in pairs)):
        kept = [r for r, n in enumerate(owner) if t < len(pairs[n][1])]
        whole = [r for r in kept if place[r] < 0]
        begun = whole if t else []  # the same again, but it reads <unk>
        read = [(BOS, *pairs[owner[r]][1])[t] for r in kept] + [UNK] * len(begun)
        index = torch.tensor([*kept, *begun])
        owner = [owner[r] for r in (*kept, *begun)]
        place = [place[r] for r in kept] + [len(pairs[owner[r]][0]) + t - 1 for r in range(len(kept), len(owner))]
        memory, state = memory.select(index), state.select(index)
        output = model.step(state, torch.tensor(read), memory)
        state = output.state
        said = torch.tensor([pairs[n][1][t] for n in owner]).unsqueeze(1)
        _note(values, owner, place, output.log_probs_BV.gather(1, said).squeeze(1).tolist(), pairs)
    return [[row.share for row in rows] for rows in values]


def _note(
    values: list[list[Row]],
    owner: Sequence[int],
    place: Sequence[int],
    log_probs: Sequence[float],
    pairs: Sequence[Ids],
) -> None:
    """Add a step's row to each output that has the step: what each token's ``<unk>`` takes from log p of its word."""
    by_place: dict[int, dict[int, float]] = {}
    for n, s, value in zip(owner, place, log_probs, strict=True):
        by_place.setdefault(n, {})[s] = value
    for n, found in by_place.items():
        whole = found.pop(-1)
        lost = [whole - found[s] for s in sorted(found)]
        length = len(pairs[n][0])
        values[n].append(Row(tuple(lost[:length]), tuple(lost[length:])))
