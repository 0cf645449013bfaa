"""Turns public downloads into train, dev and test files that share no sentence.

Pairs are written to a scratch file beside the output; memory holds only their digests. Pairs that share a side,
directly or through other pairs, form a group, and a group goes into one file.
"""

from __future__ import annotations

import hashlib
import random
import re
import unicodedata
from array import array
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from tqdm import tqdm

from s2s import disk
from s2s.data.readers import Columns, Note, Pair, read_lines, read_pairs, silent
from s2s.data.text_file import AUTO
from s2s.errors import UserError, fill
from s2s.text.segmenters import clean, simplify

NOWHERE, TRAIN, DEV, TEST, UNSEEN = range(5)
FILES = {TRAIN: "train.tsv", DEV: "dev.tsv", TEST: "test.tsv", UNSEEN: "test-unseen-book.tsv"}
LARGEST_GROUP = 3  # pairs in dev and test: more paraphrases of one sentence would bias the scores
SOURCE_CHARACTERS = (4, 30)  # smallest and largest length of a classical Chinese side
TARGET_CHARACTERS = (4, 45)  # the same of a modern Chinese side
BILINGUAL = "双语数据"

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Row:
    """A cleaned pair; ``held_out`` if it is from the book that only ``test-unseen-book.tsv`` contains."""

    source: str
    target: str
    held_out: bool = False


@dataclass(frozen=True)
class Sizes:
    """The largest number of pairs in each file. 0 means all remaining pairs for ``train``, no file for the others."""

    dev: int
    test: int
    train: int = 0


def normal_form(text: str) -> str:
    """A key for two spellings of one sentence: letters and digits, case-folded, NFKC.

    >>> normal_form("I'm ＯＫ!") == normal_form("im ok")
    True
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def tatoeba_rows(path: Path, encoding: str = AUTO, note: Note = silent) -> Iterator[Row]:
    """Chinese to English from the tab-separated Tatoeba pairs, whichever column is which.

    Columns after the pair are ignored, and so is a number before each sentence (as in Tatoeba's own export). A row
    without a Chinese and a Latin side is left out. UserError names a row without two columns.
    """
    chinese_first = sum(bool(_HAN.search(a)) - bool(_HAN.search(b)) for a, b in _columns(path, encoding, note)) > 0
    for a, b in tqdm(_columns(path, encoding, silent), desc=path.name, unit=" rows", disable=None, leave=False):
        chinese, english = (a, b) if chinese_first else (b, a)
        if _HAN.search(chinese) and _LATIN.search(english):
            yield Row(simplify(clean(chinese)), clean(english))


def _columns(path: Path, encoding: str, note: Note) -> Iterator[Pair]:
    for number, line in enumerate(read_lines(path, encoding=encoding, note=note), start=1):
        if not line.strip():
            continue
        columns = line.split("\t")
        if len(columns) >= 4 and columns[0].isdecimal() and columns[2].isdecimal():
            columns = [columns[1], columns[3]]
        if len(columns) < 2 or not columns[0].strip() or not columns[1].strip():
            raise UserError("row_not_a_pair", file=str(path), row=number, columns=len(columns))
        yield columns[0], columns[1]


def classical_rows(directory: Path, unseen_book: str, report: Callable[[str], None]) -> Iterator[Row]:
    """Classical to modern Chinese from a checkout of NiuTrans/Classical-Modern, chapter by chapter.

    Pairs outside 4 to 30 and 4 to 45 characters are left out, and so is a chapter whose two files differ in length;
    ``report`` is called with a line about it. UserError for another directory layout or a missing book.
    """
    root = directory / BILINGUAL if (directory / BILINGUAL).is_dir() else directory
    chapters = [c.parent for c in sorted(root.rglob("source.txt")) if (c.parent / "target.txt").is_file()]
    if not chapters:
        raise UserError("prepare_no_chapters", directory=str(directory), folder=BILINGUAL)
    books = {_simplified(chapter.relative_to(root).parts[0]) for chapter in chapters if chapter != root}
    if _simplified(unseen_book) not in books:
        raise UserError("prepare_book", book=unseen_book, directory=str(root))
    for chapter in tqdm(chapters, desc=root.name, unit=" chapters", disable=None, leave=False):
        sources, targets = _chapter(chapter / "source.txt"), _chapter(chapter / "target.txt")
        if len(sources) != len(targets):
            where = chapter.relative_to(root)
            told = "Skipped {where}: source.txt has {lines} {lines:line|lines}, target.txt has {others}."
            report(fill(told, where=where, lines=len(sources), others=len(targets)))
            continue
        held_out = chapter != root and _simplified(chapter.relative_to(root).parts[0]) == _simplified(unseen_book)
        for s, t in zip(sources, targets, strict=True):
            row = Row(_simplified(s), _simplified(t), held_out)
            if _within(row.source, SOURCE_CHARACTERS) and _within(row.target, TARGET_CHARACTERS):
                yield row


def _simplified(text: str) -> str:
    return simplify(clean(text))


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text) <= bounds[1]


def _chapter(path: Path) -> list[str]:
    lines = list(read_lines(path))
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def group_labels(keys_N2: np.ndarray) -> np.ndarray:
    """One label a pair (N), equal for pairs that share a key on a side, directly or through others.

    >>> group_labels(np.array([[1, 1], [2, 2], [1, 3], [4, 3], [5, 5]])).tolist()
    [0, 1, 0, 0, 4]
    """
    parent = array("q", range(len(keys_N2)))

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    for side in (0, 1):
        first_N = np.unique(keys_N2[:, side], return_index=True, return_inverse=True)
        for i, j in enumerate(first_N[1][first_N[2]].tolist()):
            a, b = root(i), root(j)
            parent[max(a, b)] = min(a, b)
    return np.array([root(i) for i in range(len(keys_N2))], dtype=np.int64)


def assign_files(keys_N2: np.ndarray, held_out_N: np.ndarray, sizes: Sizes, seed: int) -> np.ndarray:
    """The file of each pair (TRAIN, DEV, TEST, UNSEEN or NOWHERE), whole groups at a time in shuffled order.

    Of a group with a pair of the held-out book, only the book's pairs are used, in UNSEEN.
    """
    label_N = group_labels(keys_N2)
    by_group = np.argsort(label_N, kind="stable")
    cuts_G = np.flatnonzero(np.diff(label_N[by_group], prepend=-1, append=-1))
    order = list(range(len(cuts_G) - 1))
    random.Random(seed).shuffle(order)
    room = {TEST: sizes.test, DEV: sizes.dev, TRAIN: sizes.train or len(keys_N2), UNSEEN: sizes.test}
    out_N = np.full(len(keys_N2), NOWHERE, dtype=np.int8)
    for group in order:
        part = by_group[cuts_G[group] : cuts_G[group + 1]]
        held = part[held_out_N[part]]
        places: tuple[int, ...] = (TEST, DEV, TRAIN) if len(part) <= LARGEST_GROUP else (TRAIN,)
        if len(held):
            part, places = held[: room[UNSEEN]], (UNSEEN,)
        place = next((p for p in places if len(part) <= room[p]), NOWHERE)
        if place != NOWHERE:
            room[place] -= len(part)
            out_N[part] = place
    return out_N


def write_splits(
    rows: Iterable[Row], directory: Path, sizes: Sizes, seed: int, origin: Path, unseen: bool = False
) -> dict[Path, int]:
    """Split the rows into the files of ``directory``, which are replaced together at the end.

    ``unseen``: also write the held-out book's file. Returns the number of pairs by file. UserError if a file would be
    empty.
    """
    with disk.fresh_files(directory) as (scratch, names):
        keys, pair_keys, held_out = array("Q"), array("Q"), array("b")
        with open(scratch / "pairs", "w", encoding="utf-8", newline="\n") as spool:
            for row in rows:
                marks = normal_form(row.source), normal_form(row.target)
                if not all(marks):
                    continue
                spool.write(f"{row.source}\t{row.target}\n")
                keys.extend(map(_key, marks))
                pair_keys.append(_key(f"{row.source}\t{row.target}"))
                held_out.append(row.held_out)
        place_N = _assign_unique(
            np.array(keys).reshape(-1, 2), np.array(pair_keys), np.array(held_out, bool), sizes, seed
        )
        counts = {place: int((place_N == place).sum()) for place in FILES}
        requested = {TRAIN: True, DEV: sizes.dev, TEST: sizes.test, UNSEEN: unseen}
        wanted = tuple(place for place in FILES if requested[place])
        if not all(counts[place] for place in wanted):
            raise UserError("prepare_too_few", file=str(origin), found=len(place_N), dev=sizes.dev, test=sizes.test)
        _distribute(scratch, place_N, wanted)
        names += [FILES[place] for place in wanted]
    return {directory / FILES[place]: counts[place] for place in wanted}


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _assign_unique(
    keys_N2: np.ndarray, pair_keys_N: np.ndarray, held_out_N: np.ndarray, sizes: Sizes, seed: int
) -> np.ndarray:
    """``assign_files`` without duplicates: of equal pairs the held-out book's is kept, else the first."""
    order_N = np.lexsort((np.arange(len(pair_keys_N)), ~held_out_N))
    first_N = np.sort(order_N[np.unique(pair_keys_N[order_N], return_index=True)[1]])
    place_N = np.full(len(pair_keys_N), NOWHERE, dtype=np.int8)
    place_N[first_N] = assign_files(keys_N2[first_N], held_out_N[first_N], sizes, seed)
    return place_N


def _distribute(scratch: Path, place_N: np.ndarray, wanted: tuple[int, ...]) -> None:
    with ExitStack() as stack:
        pairs = stack.enter_context(open(scratch / "pairs", encoding="utf-8", newline="\n"))
        files = {p: stack.enter_context(open(scratch / FILES[p], "w", encoding="utf-8", newline="\n")) for p in wanted}
        for place, line in zip(place_N.tolist(), pairs, strict=True):
            if place != NOWHERE:
                files[place].write(line)


def prepare_tatoeba(
    path: Path, directory: Path, sizes: Sizes, seed: int, encoding: str = AUTO, note: Note = silent
) -> dict[Path, int]:
    """Write ``tatoeba_rows`` to the files of ``directory``; returns the number of pairs by file."""
    return write_splits(tatoeba_rows(path, encoding, note), directory, replace(sizes, train=0), seed, path)


def prepare_automaster(
    path: Path, directory: Path, sizes: Sizes, seed: int, encoding: str = AUTO, note: Note = silent
) -> dict[Path, int]:
    """Write the AutoMaster CSV's usable rows to the files of ``directory``; returns the number of pairs by file."""
    pairs = read_pairs(path, Columns(), "automaster", encoding=encoding, note=note)
    rows = (Row(clean(s), clean(t)) for s, t in pairs)
    return write_splits(rows, directory, replace(sizes, train=0), seed, path)


def prepare_classical(
    checkout: Path, directory: Path, sizes: Sizes, seed: int, unseen_book: str, report: Callable[[str], None]
) -> dict[Path, int]:
    """Write ``classical_rows`` to the files of ``directory``, with one for the held-out book; returns pairs by file."""
    return write_splits(classical_rows(checkout, unseen_book, report), directory, sizes, seed, checkout, unseen=True)
