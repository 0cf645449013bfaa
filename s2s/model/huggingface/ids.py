"""Map our token ids to the network's. Ours begin with padding, unknown, begin and end."""

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
        """The number of special tokens before the words."""
        return len(self.first)

    def marked(self, tokens: Iterable[str]) -> list[str]:
        """The tokens with the special tokens around them."""
        return [*self.first, *self.words(tokens), *self.last]

    def words(self, tokens: Iterable[str]) -> list[str]:
        """The tokens without the special tokens around them, if these are there in whole or in part."""
        words = list(tokens)
        for mark in self.first:
            words = words[1:] if words[:1] == [mark] else words
        for mark in reversed(self.last):
            words = words[:-1] if words[-1:] == [mark] else words
        return words


@dataclass(frozen=True)
class Ids:
    """``source_V`` and ``target_V`` map our ids to the network's.

    Source ids are our four special tokens and then all of the network's, so ``</s>`` is an ordinary token there; target
    ids are the four and then all others. ``opening`` is what the decoder reads first, for which ``<bos>`` stands.
    ``alias_V`` marks ids of ours that the network lacks or has under another id.
    """

    source_V: Tensor
    target_V: Tensor
    alias_V: Tensor
    opening: tuple[int, ...]
    never_V: Tensor  # ids that generate rules out
    never_first_V: Tensor  # ids that it rules out for the first word only

    def never(self, first: bool) -> Tensor:
        """The target ids that are ruled out."""
        return self.never_first_V if first else self.never_V


def ids(size: int, special: Sequence[int | None], opening: Sequence[int], ruled_out: tuple[set[int], set[int]]) -> Ids:
    """The map for a network with ``size`` ids, ``special`` (padding, unknown, end) and ``opening``.

    ``ruled_out``: ids that are never generated, and ids that are not generated first.
    """
    pad, unknown, end = special
    kept = {PAD: pad, UNK: unknown, BOS: opening[0], EOS: end}
    first = [kept[i] for i in range(len(SPECIALS))]
    used, alias = set[int](), [False] * len(SPECIALS)
    for ours in (EOS, PAD, UNK, BOS):  # if several are one id of theirs, the first gets its probability
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
    """The single tokens among the sequences that must not be generated."""
    return {row[0] for row in sequences or () if len(row) == 1}


def vocabs(
    made: Ids, labels: Sequence[str], around: Sequence[int], special: set[int], lead: Sequence[int] = ()
) -> tuple[Vocab, Vocab]:
    """The vocabularies of both sides, from the ``labels`` of the network's ids.

    ``around`` are the ids of an empty source: the ``special`` ones before the end token stand before every source, the
    end token and those after it follow. A target begins with ``lead``.
    """
    rest = [labels[i] for i in made.target_V[len(SPECIALS) :].tolist()]
    end = int(made.target_V[EOS])
    marks = [i for i in around if i in special]
    at = marks.index(end) if end in marks else len(marks)
    first, last = (tuple(labels[i] for i in part) for part in (marks[:at], marks[at:]))
    begun = tuple(labels[i] for i in lead)
    return Marked((*SPECIALS, *labels), first=first, last=last), Marked((*SPECIALS, *rest), first=begun)


def configured(name: str, *holders: Any) -> int | None:
    """The id of that name in the first of ``holders`` that has one; the first of a list."""
    values = (getattr(one, name, None) for one in holders)
    value = next((value for value in values if value not in (None, [])), None)
    return value[0] if isinstance(value, list | tuple) else value


def special_ids(tokenizer: Any, network: Any) -> list[int | None]:
    """The ids of padding, unknown and end that ``generate`` uses: the tokenizer's only if the model names none.

    Padding is the config's, with which the network was built.
    """
    generation, config = network.generation_config, network.config
    pad = configured("pad_token_id", config, generation, tokenizer)
    return [pad, tokenizer.unk_token_id, configured("eos_token_id", generation, config, tokenizer)]


def lead(tokenizer: Any, opening: Sequence[int], end: int | None) -> list[int]:
    """The special tokens with which the tokenizer begins every target: a model learns to generate them first.

    Empty if ``opening`` ends with them: then the decoder reads them and does not generate them.
    """
    if len(opening) > 1:
        return []
    special, found = set(tokenizer.all_special_ids) - {tokenizer.unk_token_id, end}, list[int]()
    for i in tokenizer(text_target="a")["input_ids"]:
        if i not in special:
            break
        found.append(i)
    return found[found[:1] == list(opening) :]
