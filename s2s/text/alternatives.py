"""Alternative segmentations of a text: paths through jieba's dictionary, and the other segmenters.

jieba cuts a text along the most probable path through a lattice, whose edges are the dictionary words that begin at
each character. This module finds the next best paths.
"""

from __future__ import annotations

import heapq
import itertools
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

import jieba

from s2s.text import segmenters as cutting
from s2s.text.edits import MASK
from s2s.text.segmenters import Segmenter
from s2s.text.vocab import Vocab

Lattice = list[list[tuple[int, float]]]  # for each character, the edges that begin there: (end, log-probability)
PATHS = 6  # paths through the lattice that are offered
_MASK = "\ue000"  # replaces <unk> while a text is cut: a private-use character that is in no word
_LATIN = re.compile("[a-zA-Z0-9]")
_HAN = re.compile("[\u3400-\u9fff]")


@dataclass(frozen=True)
class Segmentation:
    """One segmentation; ``kind`` names the method, ``log_prob`` (nats) is that of a path in jieba's lattice."""

    kind: str
    tokens: tuple[str, ...]
    log_prob: float | None = None


def lattice(text: str) -> Lattice:
    """The dictionary's words in a normalised text, with the log of their relative frequency.

    A character that is not a dictionary word is an edge with frequency 1, as in jieba.
    """
    words, log_total = cutting.dictionary(), math.log(cutting.dictionary().total)
    edges: Lattice = []
    for block in filter(None, jieba.re_han_default.split(text)):
        start = len(edges)
        ends = words.get_DAG(block) if jieba.re_han_default.match(block) else {i: [i] for i in range(len(block))}
        for i in range(len(block)):
            weights = ((end, math.log(words.FREQ.get(block[i : end + 1]) or 1)) for end in ends[i])
            edges.append([(start + end + 1, weight - log_total) for end, weight in weights])
    return edges


def best_paths(edges: Lattice, k: int) -> list[tuple[float, list[int]]]:
    """The k most probable paths through a lattice, as log-probability and word ends.

    Among equally probable paths the one with the longer first word comes first, as in jieba.
    """
    # From the end to the front; a path is (score, end of its first word, negative rank of the path that follows).
    best: list[list[tuple[float, int, int]]] = [[] for _ in edges] + [[(0.0, 0, 0)]]
    for start in reversed(range(len(edges))):
        paths = (
            (weight + score, end, -rank) for end, weight in edges[start] for rank, (score, _, _) in enumerate(best[end])
        )
        best[start] = heapq.nlargest(k, paths)
    found = []
    for score, end, rank in best[0]:
        ends, place, along = [], end, rank
        while len(edges) > 0:
            ends.append(place)
            if place == len(edges):
                break
            _, place, along = best[place][-along]
        found.append((score, ends))
    return found


def path_words(text: str, ends: Iterable[int]) -> list[str]:
    """The words of a path without white space; consecutive Latin letters and digits are one word, as in jieba."""
    pieces = [text[start:end] for start, end in itertools.pairwise([0, *ends])]
    joined = list[str]()
    latin = False  # whether the last word consists of single Latin letters
    for piece in pieces:
        single = bool(_LATIN.fullmatch(piece))
        if single and latin:
            joined[-1] += piece
        elif not piece.isspace():
            joined.append(piece)
        latin = single
    return joined


def token_splits(token: str, most: int = 4) -> list[tuple[str, ...]]:
    """Ways to cut a token into smaller ones: along the dictionary, most probable first, then its characters."""
    edges = lattice(token)
    if len(token) < 2 or token == MASK:
        return []
    edges[0] = [(end, weight) for end, weight in edges[0] if end < len(token)]
    paths = (tuple(path_words(token, ends)) for _, ends in best_paths(edges, most))
    return list(dict.fromkeys([*(path for path in paths if len(path) > 1), tuple(token)]))


def alternatives(segmenter: Segmenter, vocab: Vocab, text: str) -> list[Segmentation]:
    """All distinct segmentations of a text, the model's own first; each spells the text.

    ``kind``: ``model`` as in training; ``words`` the same without back-off to characters; ``hmm`` jieba with
    its hidden Markov model, which guesses unknown words; ``path`` the next most probable paths through the
    lattice; ``search`` long words cut again, as jieba's search mode does; ``longest`` the fewest words;
    ``characters``; ``jieba`` and ``latin`` words of a model that is cut in another way. ``<unk>`` in the
    text (a masked word) stays one token. For a segmenter that changes characters, only its own result is returned.
    """
    if not segmenter.exact:
        return [Segmentation("model", tuple(vocab.words(vocab.known(segmenter.cut(text)))), None)]
    text = text.replace(MASK, _MASK)
    plain = cutting.normalised(text)
    edges = lattice(plain)
    own, words_ = segmenter.cut(text), cutting.jieba_words(text)
    found: list[tuple[str, Iterable[str]]] = [
        ("model", vocab.words(vocab.known(own))),
        ("words", own),
        ("jieba", words_),
    ]
    scored = [(path_words(plain, ends), score) for score, ends in best_paths(edges, PATHS)]
    found += [("path", path) for path, _ in scored]
    found.append(("hmm", cutting.dictionary().cut(plain, HMM=True)))
    found.append(("search", [piece for token in words_ for piece in _finer(token)]))
    costly = [[(end, weight - 1000) for end, weight in row] for row in edges]  # so that the fewest words win
    longest = best_paths(costly, 1)
    found += [("longest", path_words(plain, ends)) for _, ends in longest]
    found.append(("characters", cutting.characters(text)))
    latin = cutting.latin_words(text)
    if not any(len(token) > 1 and _HAN.search(token) for token in latin):  # only if it cuts Chinese into characters
        found.append(("latin", latin))
    spaces = {""} if segmenter.name == "characters" else {"", cutting.SPACE}
    log_probs = {_tokens(path, spaces): score for path, score in reversed(scored)}
    kinds = dict[tuple[str, ...], str]()
    for kind, cut in found:
        kinds.setdefault(_tokens(cut, spaces), kind)
    return [Segmentation(kind, cut, log_probs.get(cut)) for cut, kind in kinds.items()]


def _tokens(cut: Iterable[str], spaces: set[str]) -> tuple[str, ...]:
    return tuple(MASK if token == _MASK else token for token in cut if token.strip() not in spaces)


def _finer(token: str) -> tuple[str, ...]:
    """Cut a word of three or more characters again, along its most probable path."""
    cuts = token_splits(token, 1) if len(token) > 2 and not _LATIN.search(token) else []
    return cuts[0] if cuts else (token,)
