"""Languages of a few words whose right alignment is known, because their sentences are made from it."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from s2s.data.batches import Pair

WORDS = ("ba", "de", "fi", "go", "ku", "la", "me", "ni", "po", "ru", "sa", "ti")
LONGEST = 6
Links = tuple[int, ...]  # for each target word the place of the source word that it translates


@dataclass(frozen=True)
class Task:
    """How words are chosen and ordered; ``mark`` stands before the first chosen word, ``end`` after all words.

    Of more than 12 words some are frequent, as in a language.
    """

    name: str
    order: Callable[[int, random.Random], list[int]]
    mark: str = ""
    end: str = ""
    shortest: int = 3
    longest: int = LONGEST
    words: int = len(WORDS)

    @property
    def source(self) -> list[str]:
        """The words of the source language."""
        return [*WORDS, *(f"w{i}" for i in range(len(WORDS), self.words))]

    def examples(self, count: int, seed: int) -> tuple[list[Pair], list[Links]]:
        """So many pairs, and their links."""
        rng = random.Random(f"{self.name} {seed}")
        made = [self._pair(rng) for _ in range(count)]
        return [pair for pair, _ in made], [links for _, links in made]

    def _pair(self, rng: random.Random) -> tuple[Pair, Links]:
        length, words = rng.randint(self.shortest, self.longest), self.source
        frequencies = [1 / (i + 1) for i in range(len(words))] if len(words) > len(WORDS) else None
        source = rng.choices(words, frequencies, k=length)
        order = self.order(length, rng)
        target = [source[i].upper() for i in order]
        if self.mark:
            source.insert(order[0], self.mark)
            order = [i + 1 for i in order]
        return (" ".join([*source, self.end] if self.end else source), " ".join(target)), tuple(order)


def _in_order(length: int, rng: random.Random) -> list[int]:
    return list(range(length))


def _backwards(length: int, rng: random.Random) -> list[int]:
    return list(range(length))[::-1]


def _one_thrice(length: int, rng: random.Random) -> list[int]:
    return [rng.randrange(length)] * 3


def _each_twice(length: int, rng: random.Random) -> list[int]:
    return [i for i in range(length) for _ in range(2)]


MONOTONE = Task("monotone", _in_order)
REVERSED = Task("reversed", _backwards)
CONSTANT = Task("constant", _one_thrice, mark="!")
TWICE = Task("twice", _each_twice, shortest=2, longest=4)
FULL_STOP = Task("full stop", _in_order, end=".")
FROM_ONE = Task("from one word", _in_order, shortest=1)
BRIEF = Task("brief", _in_order, shortest=1, longest=2)
LARGE = Task("large", _in_order, words=60)
TASKS = (MONOTONE, REVERSED, CONSTANT, TWICE, FULL_STOP, FROM_ONE, BRIEF, LARGE)
