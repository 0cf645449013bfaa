"""Our ids and the network's: ours begin with padding, unknown, begin and end, whatever theirs are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from s2s.text.vocab import BOS, EOS, PAD, SPECIALS, UNK, Vocab


@dataclass(frozen=True, repr=False)
class Marked(Vocab):
    """A side's tokens, and the special tokens that the tokenizer puts around every text."""

    first: tuple[str, ...] = ()
    last: tuple[str, ...] = ()

    @property
    def leading(self) -> int:
        """How many marks stand before the words."""
        return len(self.first)

    def marked(self, tokens: Iterable[str]) -> list[str]:
        """The tokens between their marks."""
        return [*self.first, *self.words(tokens), *self.last]

    def words(self, tokens: Iterable[str]) -> list[str]:
        """The tokens without marks, whole or in part."""
        words = list(tokens)
        for mark in self.first:
            words = words[1:] if words[:1] == [mark] else words
        for mark in reversed(self.last):
            words = words[:-1] if words[-1:] == [mark] else words
        return words


@dataclass(frozen=True)
class Ids:
    """``source_V`` and ``target_V`` have the network's id of each of ours.

    A source's are the four specials and then all of the network's, so that ``</s>`` is a token like others; a target's
    are the four, and then all others. ``opening`` is what the decoder reads first, and ``<bos>`` stands for it.
    ``alias_V`` marks ids of ours that the network does not have, or has under another one.
    """

    source_V: Tensor
    target_V: Tensor
    alias_V: Tensor
    opening: tuple[int, ...]
    never_V: Tensor  # what generate rules out
    never_first_V: Tensor  # and what it rules out for the first word alone

    def never(self, first: bool) -> Tensor:
        """Target ids that are not said."""
        return self.never_first_V if first else self.never_V


def ids(size: int, special: Sequence[int | None], opening: Sequence[int], ruled_out: tuple[set[int], set[int]]) -> Ids:
    """Of a network with ``size`` ids: those of padding, unknown and end, what is read first, what is never said.

    ``ruled_out`` are ids that are never said, and such as are not the first word.
    """
    pad, unknown, end = special
    kept = {PAD: pad, UNK: unknown, BOS: opening[0], EOS: end}
    first = [kept[i] for i in range(len(SPECIALS))]
    used, alias = set[int](), [False] * len(SPECIALS)
    for ours in (EOS, PAD, UNK, BOS):  # of one that stands for several, the first of these has the probability
        theirs = kept[ours]
        alias[ours] = theirs is None or theirs in used
        used |= set() if theirs is None else {theirs}
    filled = [opening[0] if theirs is None else theirs for theirs in first]
    target = [*filled, *(i for i in range(size) if i not in used)]
    target_V, alias_V = torch.tensor(target), torch.tensor([*alias, *[False] * (len(target) - len(alias))])
    source_V = torch.tensor([*filled, *range(size)])
    always, beginning = (torch.isin(target_V, torch.tensor(sorted(some), dtype=torch.long)) for some in ruled_out)
    return Ids(source_V, target_V, alias_V, tuple(opening), alias_V | always, alias_V | always | beginning)


def single(sequences: Iterable[Sequence[int]] | None) -> set[int]:
    """Of sequences that must not be said, those of one token."""
    return {row[0] for row in sequences or () if len(row) == 1}


def vocabs(
    made: Ids, labels: Sequence[str], around: Sequence[int], special: set[int], lead: Sequence[int] = ()
) -> tuple[Vocab, Vocab]:
    """Both sides' tokens, ``labels`` being those of the network's ids; ``around`` is what an empty source is read as.

    Of it ``special`` ids before the end token, and the end token with what follows, are the marks. A target begins
    with ``lead``.
    """
    rest = [labels[i] for i in made.target_V[len(SPECIALS) :].tolist()]
    end = int(made.target_V[EOS])
    marks = [i for i in around if i in special]
    at = marks.index(end) if end in marks else len(marks)
    first, last = (tuple(labels[i] for i in part) for part in (marks[:at], marks[at:]))
    begun = tuple(labels[i] for i in lead)
    return Marked((*SPECIALS, *labels), first=first, last=last), Marked((*SPECIALS, *rest), first=begun)


def configured(name: str, *told: Any) -> int | None:
    """The id of that name as the first of these says that has one; of several the first."""
    values = (getattr(one, name, None) for one in told)
    value = next((value for value in values if value not in (None, [])), None)
    return value[0] if isinstance(value, list | tuple) else value


def special_ids(tokenizer: Any, network: Any) -> list[int | None]:
    """Padding, unknown and end, as ``generate`` has them: the tokenizer's only where the model names none.

    Padding is the config's, which the network is built with.
    """
    generation, config = network.generation_config, network.config
    pad = configured("pad_token_id", config, generation, tokenizer)
    return [pad, tokenizer.unk_token_id, configured("eos_token_id", generation, config, tokenizer)]


def lead(tokenizer: Any, opening: Sequence[int], end: int | None) -> list[int]:
    """The special tokens that the tokenizer begins every target with: what a model learns to say first.

    None where the decoder is made to read them: what ``opening`` ends with is not said once more.
    """
    if len(opening) > 1:
        return []
    special, found = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id, end}, list[int]()
    for i in tokenizer(text_target="a")["input_ids"]:
        if i not in special:
            break
        found.append(i)
    return found[found[:1] == list(opening) :]
