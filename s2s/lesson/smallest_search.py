"""The smallest search in which greedy loses: two steps, p(a) = .6, p(c) = .4, p(b|a) = .55, p(d|c) = .9."""

from __future__ import annotations

from s2s.decode.record_search import grow
from s2s.decode.search import greedy
from s2s.decode.strategy import Settings
from s2s.model.toy import TableModel
from s2s.text.vocab import SPECIALS
from s2s.trace.search_tree import SearchTree

WORDS = (*SPECIALS, "a", "b", "c", "d", "e", "f")
A, B, C, D, E, F = range(len(SPECIALS), len(WORDS))
TABLE = {(): {A: 0.6, C: 0.4}, (A,): {B: 0.55, E: 0.45}, (C,): {D: 0.9, F: 0.1}}
SOURCE = [A]  # its content does not matter


def textbook() -> tuple[SearchTree, tuple[str, ...]]:
    """The search tree with a beam of 2, which finds cd (.36), and the greedy output: ab (.33)."""
    model = TableModel(len(WORDS), TABLE)
    settings = Settings(strategy="beam", beam=2, length_penalty=0.0)
    growth = grow(model, SOURCE, settings, WORDS)
    tree = growth.tree({"name": "textbook"}, "", (), lambda ids: " ".join(WORDS[i] for i in ids))
    (alone,) = greedy(model, [SOURCE])
    return tree, (*(WORDS[i] for i in alone), "<eos>")
