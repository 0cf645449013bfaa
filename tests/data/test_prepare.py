from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s.data import prepare
from s2s.data.batches import read_pairs
from s2s.data.prepare import DEV, NOWHERE, TEST, TRAIN, UNSEEN, Row, Sizes, assign_files, group_labels, normal_form
from s2s.errors import UserError

KEYS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), min_size=1, max_size=60)


def linked(pairs: Sequence[tuple[int, int]]) -> list[int]:
    """The slow way to groups: relabel until nothing changes."""
    labels = list(range(len(pairs)))
    while True:
        before = list(labels)
        for i, a in enumerate(pairs):
            for j, b in enumerate(pairs):
                if a[0] == b[0] or a[1] == b[1]:
                    labels[i] = labels[j] = min(labels[i], labels[j])
        if labels == before:
            return labels


@given(KEYS)
def test_groups_are_those_of_the_slow_way(pairs: list[tuple[int, int]]) -> None:
    assert group_labels(np.array(pairs, dtype=np.uint64)).tolist() == linked(pairs)


@given(KEYS, st.integers(1, 8), st.integers(1, 8), st.integers(0, 3), st.sets(st.integers(0, 59)), st.integers(0, 9))
def test_splits_share_no_side(
    pairs: list[tuple[int, int]], dev: int, test: int, train: int, held: set[int], seed: int
) -> None:
    held_out = np.array([i in held for i in range(len(pairs))])
    place = assign_files(np.array(pairs, dtype=np.uint64), held_out, Sizes(dev, test, train), seed)
    labels = linked(pairs)
    files = {p: {labels[i] for i in np.flatnonzero(place == p)} for p in (TRAIN, DEV, TEST, UNSEEN)}
    assert sum(map(len, files.values())) == len(set().union(*files.values()))
    sizes = {p: int((place == p).sum()) for p in files}
    assert sizes[DEV] <= dev and sizes[TEST] <= test and sizes[UNSEEN] <= test
    assert sizes[TRAIN] <= (train or len(pairs))
    assert (place[~held_out] != UNSEEN).all()
    assert np.isin(place[held_out], (UNSEEN, NOWHERE)).all()
    if not train and not held_out.any():
        assert (place != NOWHERE).all()
    for p in (DEV, TEST):
        assert all(labels.count(label) <= prepare.LARGEST_GROUP for label in files[p])


WORDS = st.text(alphabet="我你他喜欢茶水abC。！ ", min_size=1, max_size=4)
MADE_UP = st.lists(st.tuples(WORDS, WORDS), min_size=8, max_size=40)


@settings(deadline=None, max_examples=60)
@given(pairs=MADE_UP, seed=st.integers(0, 3))
def test_written_files_are_disjoint_and_repeatable(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]], seed: int
) -> None:
    rows = [Row(" ".join(s.split()), " ".join(t.split())) for s, t in pairs]
    outs = [tmp_path_factory.mktemp("out") for _ in range(2)]
    try:
        for out in outs:
            written = prepare.write_splits(rows, out, Sizes(2, 2), seed, out)
    except UserError as error:
        assert error.key == "error.prepare_too_few"
        assert list(outs[0].iterdir()) == []
        return
    found = {path.name: list(read_pairs(path)) for path in written}
    assert {path.name: n for path, n in written.items()} == {name: len(rows) for name, rows in found.items()}
    for side in (0, 1):
        seen = [{normal_form(pair[side]) for pair in rows} for rows in found.values()]
        assert sum(map(len, seen)) == len(set().union(*seen))
    kept = [pair for rows in found.values() for pair in rows]
    assert len(kept) == len(set(kept))
    assert set(kept) == {(r.source, r.target) for r in rows if normal_form(r.source) and normal_form(r.target)}
    for name in found:
        assert (outs[0] / name).read_bytes() == (outs[1] / name).read_bytes()
    assert sorted(p.name for p in outs[0].iterdir()) == sorted(found)


NUMBERS = "一二三四五六七八九"


def tatoeba_rows(count: int = 40) -> list[tuple[str, str]]:
    return [(f"Box {i} is red.", f"第{NUMBERS[i // 9]}{NUMBERS[i % 9]}個箱子是紅的。") for i in range(count)]


@pytest.mark.parametrize("order", ["english first", "chinese first", "numbered"])
def test_tatoeba_in_any_order(tmp_path: Path, order: str) -> None:
    lines = {
        "english first": lambda e, c: f"{e}\t{c}\tCC-BY 2.0 (France) #1",
        "chinese first": lambda e, c: f"{c}\t{e}",
        "numbered": lambda e, c: f"12\t{c}\t34\t{e}",
    }
    text = "\r\n".join(lines[order](e, c) for e, c in [*tatoeba_rows(), ("OK!", "OK!")])
    (tmp_path / "pairs.txt").write_text("\ufeff" + text, encoding="utf-8", newline="")
    written = prepare.prepare_tatoeba(tmp_path / "pairs.txt", tmp_path / "out", Sizes(4, 5), 1)
    assert {path.name: n for path, n in written.items()} == {"train.tsv": 31, "dev.tsv": 4, "test.tsv": 5}
    kept = {pair for path in written for pair in read_pairs(path)}
    assert kept == {(c.replace("個", "个").replace("紅", "红"), e) for e, c in tatoeba_rows()}


@pytest.mark.parametrize(
    ("bad", "named"),
    [(b"only one column", "row 3"), (b"a\t", "row 3"), (b"\xff\t\xfe", "row 3")],
)
def test_a_bad_row_is_named_and_old_files_stay(tmp_path: Path, bad: bytes, named: str) -> None:
    good = "\n".join(f"{e}\t{c}" for e, c in tatoeba_rows(30)).encode().split(b"\n")
    (tmp_path / "pairs.txt").write_bytes(b"\n".join([*good[:2], bad, *good[2:]]))
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "train.tsv").write_text("old\told\n")
    with pytest.raises(UserError, match=named):
        prepare.prepare_tatoeba(tmp_path / "pairs.txt", tmp_path / "out", Sizes(2, 2), 1)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["train.tsv"]
    assert (tmp_path / "out" / "train.tsv").read_text() == "old\told\n"


def checkout(root: Path) -> Path:
    """A made-up corpus in the layout of NiuTrans/Classical-Modern: three books, chapters at two depths."""
    books = {
        "甲书/上/第一": range(0, 20),
        "甲书/下/第二": range(20, 40),
        "乙書": range(40, 60),
        "世说新语/言": range(60, 70),
    }
    for place, numbers in books.items():
        folder = root / "双语数据" / place
        folder.mkdir(parents=True)
        names = [f"{NUMBERS[i // 9]}{NUMBERS[i % 9]}" for i in numbers]
        (folder / "source.txt").write_text("".join(f"吾有{n}馬。\n" for n in names), encoding="utf-8")
        (folder / "target.txt").write_text("".join(f"我有{n}匹好馬。\n" for n in names) + "\n", encoding="utf-8")
        (folder / "bitext.txt").write_text("古文：无\n", encoding="utf-8")
    return root


def classical(
    root: Path, out: Path, sizes: Sizes, book: str = "世说新语"
) -> tuple[dict[str, list[tuple[str, str]]], list[str]]:
    told: list[str] = []
    written = prepare.prepare_classical(root, out, sizes, 1, book, told.append)
    return {path.name: list(read_pairs(path)) for path in written}, told


def test_classical_holds_a_book_out(tmp_path: Path) -> None:
    files, told = classical(checkout(tmp_path / "in"), tmp_path / "out", Sizes(6, 7, 30))
    assert {name: len(rows) for name, rows in files.items()} == {
        "train.tsv": 30,
        "dev.tsv": 6,
        "test.tsv": 7,
        "test-unseen-book.tsv": 7,
    }
    book = {f"吾有{NUMBERS[i // 9]}{NUMBERS[i % 9]}马。" for i in range(60, 70)}
    assert {s for s, _ in files["test-unseen-book.tsv"]} <= book
    assert not book & {s for name in ("train.tsv", "dev.tsv", "test.tsv") for s, _ in files[name]}
    assert all(t == s.replace("吾", "我").replace("马", "匹好马") for rows in files.values() for s, t in rows)
    assert told == []


def test_a_line_of_the_unseen_book_in_another_book_goes_nowhere_else(tmp_path: Path) -> None:
    root = checkout(tmp_path / "in")
    for name in ("source.txt", "target.txt"):
        lines = [(root / "双语数据" / place / name).read_text().strip() for place in ("甲书/上/第一", "世说新语/言")]
        (root / "双语数据" / "甲书/上/第一" / name).write_text("\n".join(lines) + "\n")
    files, _ = classical(root, tmp_path / "out", Sizes(10, 10))
    assert {name: len(rows) for name, rows in files.items()} == {
        "train.tsv": 40,
        "dev.tsv": 10,
        "test.tsv": 10,
        "test-unseen-book.tsv": 10,
    }


def test_a_chapter_out_of_line_is_left_out_and_named(tmp_path: Path) -> None:
    root = checkout(tmp_path / "in")
    with open(root / "双语数据" / "乙書" / "source.txt", "a", encoding="utf-8") as file:
        file.write("吾有鸡犬。\n")
    files, told = classical(root, tmp_path / "out", Sizes(2, 2), "甲书")
    assert told == ["Skipped 乙書: source.txt has 21 lines, target.txt has 20."]
    left_out = {f"吾有{NUMBERS[i // 9]}{NUMBERS[i % 9]}马。" for i in range(40, 60)}
    assert not left_out & {s for rows in files.values() for s, _ in rows}
    assert len(files["train.tsv"]) == 10 - 2 - 2  # of 世说新语, which is not held out here


def test_lengths_count_characters(tmp_path: Path) -> None:
    root = checkout(tmp_path / "in")
    folder = root / "双语数据" / "甲书" / "三"
    folder.mkdir()
    sources = ["三个字", "四个字。", "甲" * 30, "乙" * 31, "五个字呢。", "六个字的呢"]
    targets = ["丙" * 9, "丁丁丁。", "戊" * 45, "己" * 9, "庚" * 46, "辛辛辛"]
    (folder / "source.txt").write_text("\n".join(sources), encoding="utf-8")
    (folder / "target.txt").write_text("\n".join(targets), encoding="utf-8")
    kept = {(row.source, row.target) for row in prepare.classical_rows(root, "世说新语", print)}
    assert {pair for pair in kept if pair[0] in sources} == {(sources[1], targets[1]), (sources[2], targets[2])}


def test_an_unseen_book_without_usable_pairs_is_a_mistake(tmp_path: Path) -> None:
    root = checkout(tmp_path / "in")
    for name in ("source.txt", "target.txt"):
        (root / "双语数据" / "世说新语/言" / name).write_text("短\n")
    with pytest.raises(UserError, match="too few"):
        classical(root, tmp_path / "out", Sizes(2, 2))


def test_mistakes_have_names(tmp_path: Path) -> None:
    root = checkout(tmp_path / "in")
    for directory, book, key in (
        (tmp_path / "nowhere", "世说新语", "prepare_no_chapters"),
        (root, "无名书", "prepare_book"),
        (root / "双语数据" / "乙書", "乙書", "prepare_book"),
    ):
        with pytest.raises(UserError) as caught:
            classical(directory, tmp_path / "out", Sizes(1, 1), book)
        assert caught.value.key == f"error.{key}"
        assert all(caught.value.say(language) for language in ("en", "zh"))
    with pytest.raises(UserError, match="70 usable pairs"):
        classical(root, tmp_path / "out", Sizes(1000, 1000))
