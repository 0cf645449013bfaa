from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from s2s.data.batches import collate, epoch_batches, pad, read_pairs
from s2s.errors import UserError


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def test_reads_pairs_through_bom_crlf_and_empty_lines(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "\ufeff我\tI\r\n\r\n \n你们\tyou all\r\n他\the".encode())
    assert list(read_pairs(path)) == [("我", "I"), ("你们", "you all"), ("他", "he")]


def test_only_a_line_feed_ends_a_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.tsv", "a\u2028b\tc\x0bd\n".encode())
    assert list(read_pairs(path)) == [("a\u2028b", "c\x0bd")]


@pytest.mark.parametrize(
    ("bad", "columns"), [("no tab", 1), ("a\tb\tc", 3), ("a\t", 2), ("\tb", 2), ("a\t \r", 2), ("a\t\tb", 3)]
)
def test_a_bad_row_is_named(tmp_path: Path, bad: str, columns: int) -> None:
    path = write(tmp_path / "bad.tsv", f"我\tI\n\n{bad}\n你\tyou\n".encode())
    rows = read_pairs(path)
    assert next(rows) == ("我", "I")
    with pytest.raises(UserError) as error:
        next(rows)
    assert str(path) in str(error.value)
    assert error.value.values["row"] == 3 and error.value.values["columns"] == columns


@pytest.mark.parametrize("good", [2, 5, 2000])
def test_a_row_that_is_not_utf8_is_named(tmp_path: Path, good: int) -> None:
    path = write(tmp_path / "bad.tsv", "我\tI\n".encode() * good + "你\tyou\n".encode("gbk"))
    with pytest.raises(UserError) as error:
        list(read_pairs(path))
    assert error.value.key == "error.file_not_utf8" and error.value.values["row"] == good + 1


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"none\.tsv"):
        list(read_pairs(tmp_path / "none.tsv"))


def test_collate_shifts_the_target_and_pads() -> None:
    batch = collate([([7, 8], [5]), ([9], [6, 7, 8])])
    assert batch.source_BS.tolist() == [[7, 8], [9, 0]]
    assert batch.lengths_B.tolist() == [2, 1]
    assert batch.target_in_BT.tolist() == [[2, 5, 0, 0], [2, 6, 7, 8]]
    assert batch.target_out_BT.tolist() == [[5, 3, 0, 0], [6, 7, 8, 3]]
    assert batch.to(torch.device("cpu")).target_in_BT.equal(batch.target_in_BT)
    assert pad([[1], []]).tolist() == [[1], [0]]


LENGTHS = st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), max_size=60)


@given(LENGTHS, st.integers(1, 7), st.integers(0, 99), st.integers(1, 3))
def test_batches_cover_every_pair_once(lengths: list[tuple[int, int]], size: int, seed: int, pool: int) -> None:
    pairs = [([4] * s, [4] * t) for s, t in lengths]
    order = epoch_batches(pairs, size, seed, pool)
    assert sorted(i for batch in order for i in batch) == list(range(len(pairs)))
    assert all(len(batch) <= size for batch in order)
    assert len(order) == -(-len(pairs) // size)  # as many as the loop counts steps
    assert order == epoch_batches(pairs, size, seed, pool)


def test_batches_differ_by_seed_and_hold_like_lengths() -> None:
    pairs = [([4], [4] * (1 + i % 50)) for i in range(1000)]
    first, second = epoch_batches(pairs, 10, seed=1), epoch_batches(pairs, 10, seed=2)
    assert first != second
    spread = [max(len(pairs[i][1]) for i in b) - min(len(pairs[i][1]) for i in b) for b in first]
    assert max(spread) <= 1
