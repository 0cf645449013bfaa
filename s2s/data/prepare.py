"""Turns public downloads into train, dev and test files that share no sentence.

Pairs go through a scratch file beside the output; memory holds their digests alone. Pairs that
share a side, even through others, are one group, and a group lies in one file.
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
from s2s.errors import UserError
from s2s.text.segmenters import clean, simplify

NOWHERE, TRAIN, DEV, TEST, UNSEEN = range(5)
FILES = {TRAIN: "train.tsv", DEV: "dev.tsv", TEST: "test.tsv", UNSEEN: "test-unseen-book.tsv"}
LARGEST_GROUP = 3  # in dev and test: many paraphrases of one sentence would weigh too much there
SOURCE_CHARACTERS = (4, 30)  # of classical Chinese
TARGET_CHARACTERS = (4, 45)  # of modern Chinese
BILINGUAL = "双语数据"

_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_LATIN = re.compile(r"[A-Za-z]")


@dataclass(frozen=True)
class Row:
    """A cleaned pair and whether it belongs to the book that only ``test-unseen-book.tsv`` may show."""

    source: str
    target: str
    held_out: bool = False


@dataclass(frozen=True)
class Sizes:
    """How many pairs the files may have; ``train`` 0 means all that are left, 0 of the others no such file."""

    dev: int
    test: int
    train: int = 0


def normal(text: str) -> str:
    """What two spellings of one sentence have in common: letters and digits, small, of plain width.

    >>> normal("I'm ＯＫ!") == normal("im ok")
    True
    """
    return "".join(c for c in unicodedata.normalize("NFKC", text).casefold() if c.isalnum())


def tatoeba(path: Path, encoding: str = AUTO, note: Note = silent) -> Iterator[Row]:
    """Chinese to English from the tab-separated Tatoeba pairs, whichever column is which.

    Columns after the pair are passed over, and so is a number before each sentence (as in Tatoeba's
    own export). A row without a Chinese and a Latin side is left out. Raises UserError that names
    the row which has no two columns.
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


def classical(directory: Path, unseen_book: str, report: Callable[[str], None]) -> Iterator[Row]:
    """Classical to modern Chinese from a checkout of NiuTrans/Classical-Modern, chapter by chapter.

    Pairs outside 4 to 30 and 4 to 45 characters are left out, and so is a chapter whose two files
    differ in length, which ``report`` is told. Raises UserError where the layout is another or the
    book is not there.
    """
    root = directory / BILINGUAL if (directory / BILINGUAL).is_dir() else directory
    chapters = [c.parent for c in sorted(root.rglob("source.txt")) if (c.parent / "target.txt").is_file()]
    if not chapters:
        raise UserError("prepare_no_chapters", directory=str(directory), folder=BILINGUAL)
    books = {_simple(chapter.relative_to(root).parts[0]) for chapter in chapters if chapter != root}
    if _simple(unseen_book) not in books:
        raise UserError("prepare_book", book=unseen_book, directory=str(root))
    for chapter in tqdm(chapters, desc=root.name, unit=" chapters", disable=None, leave=False):
        sources, targets = _chapter(chapter / "source.txt"), _chapter(chapter / "target.txt")
        if len(sources) != len(targets):
            where = chapter.relative_to(root)
            report(f"Left out {where}: source.txt has {len(sources)} lines, target.txt has {len(targets)}.")
            continue
        held_out = chapter != root and _simple(chapter.relative_to(root).parts[0]) == _simple(unseen_book)
        for s, t in zip(sources, targets, strict=True):
            row = Row(_simple(s), _simple(t), held_out)
            if _within(row.source, SOURCE_CHARACTERS) and _within(row.target, TARGET_CHARACTERS):
                yield row


def _simple(text: str) -> str:
    return simplify(clean(text))


def _within(text: str, bounds: tuple[int, int]) -> bool:
    return bounds[0] <= len(text) <= bounds[1]


def _chapter(path: Path) -> list[str]:
    lines = list(read_lines(path))
    while lines and not lines[-1].strip():
        lines.pop()
    return lines


def groups(keys_N2: np.ndarray) -> np.ndarray:
    """One label a pair, equal for pairs that share a key on a side, directly or through others.

    >>> groups(np.array([[1, 1], [2, 2], [1, 3], [4, 3], [5, 5]])).tolist()
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


def split(keys_N2: np.ndarray, held_out_N: np.ndarray, sizes: Sizes, seed: int) -> np.ndarray:
    """The file of each pair (TRAIN, DEV, TEST, UNSEEN or NOWHERE), whole groups at a time in shuffled order.

    A group with a pair of the held-out book gives nothing to train, dev and test.
    """
    label_N = groups(keys_N2)
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


def write(
    rows: Iterable[Row], directory: Path, sizes: Sizes, seed: int, origin: Path, unseen: bool = False
) -> dict[Path, int]:
    """Split the rows into the files of ``directory``, the ``unseen`` book's too; all are replaced together, at the end.

    Returns how many pairs each file got. Raises UserError where a file would have none.
    """
    with disk.fresh_files(directory) as (scratch, names):
        keys, pair_keys, held_out = array("Q"), array("Q"), array("b")
        with open(scratch / "pairs", "w", encoding="utf-8", newline="\n") as spool:
            for row in rows:
                marks = normal(row.source), normal(row.target)
                if not all(marks):
                    continue
                spool.write(f"{row.source}\t{row.target}\n")
                keys.extend(map(_key, marks))
                pair_keys.append(_key(f"{row.source}\t{row.target}"))
                held_out.append(row.held_out)
        place_N = _places(np.array(keys).reshape(-1, 2), np.array(pair_keys), np.array(held_out, bool), sizes, seed)
        counts = {place: int((place_N == place).sum()) for place in FILES}
        asked = {TRAIN: True, DEV: sizes.dev, TEST: sizes.test, UNSEEN: unseen}
        wanted = tuple(place for place in FILES if asked[place])
        if not all(counts[place] for place in wanted):
            raise UserError("prepare_too_few", file=str(origin), found=len(place_N), dev=sizes.dev, test=sizes.test)
        _distribute(scratch, place_N, wanted)
        names += [FILES[place] for place in wanted]
    return {directory / FILES[place]: counts[place] for place in wanted}


def _key(text: str) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


def _places(
    keys_N2: np.ndarray, pair_keys_N: np.ndarray, held_out_N: np.ndarray, sizes: Sizes, seed: int
) -> np.ndarray:
    """``split`` without duplicates: of equal pairs one is kept, the held-out book's if it has one, else the first."""
    order_N = np.lexsort((np.arange(len(pair_keys_N)), ~held_out_N))
    first_N = np.sort(order_N[np.unique(pair_keys_N[order_N], return_index=True)[1]])
    place_N = np.full(len(pair_keys_N), NOWHERE, dtype=np.int8)
    place_N[first_N] = split(keys_N2[first_N], held_out_N[first_N], sizes, seed)
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
    """``tatoeba`` rows into ``directory``."""
    return write(tatoeba(path, encoding, note), directory, replace(sizes, train=0), seed, path)


def prepare_automaster(
    path: Path, directory: Path, sizes: Sizes, seed: int, encoding: str = AUTO, note: Note = silent
) -> dict[Path, int]:
    """The AutoMaster CSV's usable rows (``automaster``) into ``directory``."""
    found = read_pairs(path, Columns(), "automaster", encoding=encoding, note=note)
    rows = (Row(clean(s), clean(t)) for s, t in found)
    return write(rows, directory, replace(sizes, train=0), seed, path)


def prepare_classical(
    checkout: Path, directory: Path, sizes: Sizes, seed: int, unseen_book: str, report: Callable[[str], None]
) -> dict[Path, int]:
    """``classical`` rows into ``directory``, with a file for the book that the others do not know."""
    return write(classical(checkout, unseen_book, report), directory, sizes, seed, checkout, unseen=True)
