"""The command on files that are wrong, or made to do harm: one sentence, nothing executed, bounded time and memory."""

from __future__ import annotations

import io
import json
import os
import resource
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.commands.test_commands import inside

ROWS_TS = np.full((3, 4), 0.25)
RAN = Path("ran")
MEGABYTES = 300  # that reading may ask for


class Harm:
    """What an unpickler would run."""

    def __reduce__(self) -> tuple[Callable[[str], int], tuple[str]]:
        return os.system, (f"touch {RAN}",)


def arrays(**given: Any) -> bytes:
    packed = io.BytesIO()
    np.savez_compressed(packed, **given)
    return packed.getvalue()


def said_to_be(shape: tuple[int, ...], kind: str = "<f8", content: bytes = b"") -> bytes:
    """An archive whose only array has a header of its own."""
    array, packed = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": kind, "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("weights.npy", array.getvalue() + content)
    return packed.getvalue()


def changed(content: bytes, *at: tuple[int, int]) -> bytes:
    """Bytes of the first member's header set, and the same ones of the directory."""
    whole = bytearray(content)
    directory = content.find(b"PK\x01\x02")
    for place, value in at:
        whole[place] = whole[directory + place + 2] = value
    return bytes(whole)


OBJECTS = np.array([Harm()], dtype=object)
NO_MATRIX = "all of them numbers"
NO_ARCHIVE = "no .npz file of NumPy"
MATRICES = {
    "pickled": (arrays(weights=OBJECTS), "wrong type"),
    "pickled tokens": (arrays(weights=ROWS_TS, source=OBJECTS), "wrong type"),
    "pickled links": (arrays(weights=ROWS_TS, gold=OBJECTS), "wrong type"),
    "no rows": (arrays(weights=np.zeros((0, 4))), NO_MATRIX),
    "no columns": (arrays(weights=np.zeros((4, 0))), NO_MATRIX),
    "one dimension": (arrays(weights=np.ones(4)), NO_MATRIX),
    "four dimensions": (arrays(weights=np.ones((1, 1, 2, 2))), NO_MATRIX),
    "a number": (arrays(weights=np.float64(1)), NO_MATRIX),
    "complex": (arrays(weights=ROWS_TS * 1j), NO_MATRIX),
    "strings": (arrays(weights=np.array([["a", "b"]])), NO_MATRIX),
    "dates": (arrays(weights=np.array([["2025-01-01"]], dtype="M8[D]")), NO_MATRIX),
    "records": (arrays(weights=np.zeros((2, 2), dtype=[("a", "f8")])), NO_MATRIX),
    "two arrays": (arrays(a=ROWS_TS, b=ROWS_TS), NO_MATRIX),
    "no array": (arrays(), NO_MATRIX),
    "too many weights": (arrays(weights=np.zeros((3000, 3000), dtype=np.int8)), "limit is 8,000,000"),
    "too much to unpack": (arrays(weights=np.zeros((9000, 1000))), "unpacks to more than 64 MB"),
    "a header beyond its content": (said_to_be((40_000, 40_000), content=bytes(1000)), NO_ARCHIVE),
    "a header beyond all memory": (said_to_be((10**9, 10**9)), NO_ARCHIVE),
    "tokens beyond their content": (said_to_be((10**6,), "<U1000"), NO_ARCHIVE),
    "a negative size": (said_to_be((-1, 4), content=bytes(96)), "wrong type"),
    "encrypted": (changed(arrays(weights=ROWS_TS), (6, 1)), NO_ARCHIVE),
    "packed in an unknown way": (changed(arrays(weights=ROWS_TS), (8, 99)), NO_ARCHIVE),
    "empty": (b"", NO_ARCHIVE),
    "cut": (arrays(weights=ROWS_TS)[:100], NO_ARCHIVE),
    "a pickle": (b"\x80\x04\x95\x1d\x00\x00\x00", NO_ARCHIVE),
    "links of one place": (arrays(weights=ROWS_TS, gold=np.arange(3)), "two whole numbers"),
    "links of three places": (arrays(weights=ROWS_TS, gold=np.zeros((2, 3), dtype=int)), "two whole numbers"),
    "links of fractions": (arrays(weights=ROWS_TS, gold=np.full((6, 2), 0.5)), "two whole numbers"),
    "links of complex numbers": (arrays(weights=ROWS_TS, gold=np.zeros((6, 2), dtype=complex)), "two whole numbers"),
    "links beyond the matrix": (arrays(weights=ROWS_TS, gold=np.array([[3, 2], [2, 3]])), "link (2, 3)"),
    "links before the matrix": (arrays(weights=ROWS_TS, gold=np.array([[-1, 0]])), "link (-1, 0)"),
    "a token too few": (arrays(weights=ROWS_TS, source=np.array(list("abc"))), "3 tokens"),
    "half a character": (arrays(weights=ROWS_TS, source=np.array(["\ud800"] * 4)), "half a character"),
}
EXAMINED = {  # numbers that are wrong in themselves, which is what is found
    "NaN": (np.full((3, 4), np.nan), "nan"),
    "infinite": (np.full((3, 4), -np.inf), "nan"),
    "both": (np.array([[np.nan, 1.0], [np.inf, -np.inf], [0.5, 0.5]]), "nan"),
    "as large as can be": (np.full((3, 4), 1.7e308), "not_normalised"),
    "as small as can be": (np.full((3, 4), 5e-324), "empty_row"),
    "negative": (-np.eye(4), "not_normalised"),
    "large whole numbers": (np.full((3, 4), 2**63, dtype=np.uint64), "not_normalised"),
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def refused(capsys: pytest.CaptureFixture[str], said: str, *arguments: object) -> None:
    """One line on the terminal, status 2, nothing executed, and no more memory than a file needs."""
    tracemalloc.start()
    try:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_utime
        status, out, err = inside(capsys, "doctor", *arguments)
        assert resource.getrusage(resource.RUSAGE_SELF).ru_utime - before < 20
        assert tracemalloc.get_traced_memory()[1] < MEGABYTES * 1_000_000
    finally:
        tracemalloc.stop()
    assert (status, out, err.count("\n")) == (2, "", 1) and said in err, err
    assert len(err) < 600 and not RAN.exists()


@pytest.mark.parametrize("kind", MATRICES)
def test_arrays_that_are_no_matrix_are_refused(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = MATRICES[kind]
    Path("m.npz").write_bytes(content)
    refused(capsys, said, "m.npz")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("kind", EXAMINED)
def test_numbers_that_are_wrong_are_what_is_found(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    weights_TS, cause = EXAMINED[kind]
    Path("M.NPZ").write_bytes(arrays(weights=weights_TS))
    status, out, err = inside(capsys, "doctor", "M.NPZ", "--json", "-")
    assert (status, err) == (0, "") and json.loads(out)["findings"][0]["name"] == cause
    assert inside(capsys, "doctor", "M.NPZ")[0] == 0


def saved(**fields: Any) -> dict[str, Any]:
    """A trace as JSON has it, each of whose steps has some other fields."""
    step = {"input": "a", "output": "a", "attention": [0.9, 0.1], "scores": [1.0, 2.0], "top": [], "target": None}
    source = {"text": "xy", "tokens": ["x", "y"], "unknown": [], "memory": []}
    whole = {
        "schema": "lookback-trace/1",
        "mode": "free",
        "checkpoint": {"name": "m", "attention": "dot"},
        "text": "aa",
    }
    rest = {"reference": None, "reference_tokens": [], "settings": {}, "ended": "eos"}
    steps = [{**step, "context": [], "score_terms": [], **fields}] * 2
    return {**whole, **rest, "source": source, "steps": steps}


HUGE = 10**400
TRACES = {
    "a list": ([1], "wrong type"),
    "another record": ({"schema": 1}, "is no run"),
    "no steps": ({**saved(), "steps": None}, "wrong type"),
    "no source": ({**saved(), "source": None}, "wrong type"),
    "tokens that are numbers": ({**saved(), "source": {**saved()["source"], "tokens": [1, 2]}}, "text should be"),
    "no weights": (saved(attention=None), "wrong type"),
    "weights that are words": (saved(attention=["1.5", "2.5"]), "do not sum to 1"),
    "weights that are lists": (saved(attention=[[2.0], [2.0]]), "is no run"),
    "weights that are too long": (saved(attention=[HUGE, HUGE]), "wrong type"),
    "scores that are too long": (saved(scores=[HUGE, HUGE]), "wrong type"),
    "half a character": (saved(output="\ud800"), "half a character"),
}
TEXTS = {
    "empty": (b"", "not valid JSON"),
    "cut": (json.dumps(saved()).encode()[:90], "not valid JSON"),
    "not UTF-8": (json.dumps(saved()).encode("utf-16"), "not text in UTF-8"),
    "nested": (b"[" * 100_000, "nested too deeply"),
    "a number too long": (b'{"schema":' + b"9" * 10_000 + b"}", "too many digits"),
    "large": (b" " * 64_000_001, "larger than the limit of 64 MB"),
}


@pytest.mark.parametrize("kind", [*TRACES, *TEXTS])
def test_a_file_that_is_no_trace_is_refused(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    content, said = TEXTS[kind] if kind in TEXTS else (json.dumps(TRACES[kind][0]).encode(), TRACES[kind][1])
    Path("t.json").write_bytes(content)
    refused(capsys, said, "t.json")


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("row", [[1e308, -1e308], [float("inf"), 0.0], [float("nan"), 0.0], [3.0, -2.0]])
@pytest.mark.parametrize("field", ["attention", "scores"])
def test_numbers_of_a_trace_that_are_wrong_are_told(
    field: str, row: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    Path("t.json").write_text(json.dumps(saved(**{field: row})), encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "t.json", "--json", "-")
    assert (status, err) == (0, "")
    assert json.loads(out)["healthy"] is (field == "scores" and not abs(row[0]) > 1000)


def test_an_unknown_word_counts_once(capsys: pytest.CaptureFixture[str]) -> None:
    source = {**saved()["source"], "unknown": [0] * 1000}
    Path("t.json").write_text(json.dumps({**saved(), "source": source}), encoding="utf-8")
    assert json.loads(inside(capsys, "doctor", "t.json", "--json", "-")[1])["measures"]["unknown_words"] == 0.5


PAIR = "2025年3月9日\t2025-03-09"
LINKED = "\t".join(" ".join(side) for side in PAIR.split("\t"))
OPTIONS = {
    "pairs of bytes": ("--data", bytes(50), "not a text file"),
    "pairs of one column": ("--data", b"a\n", "found 1 column"),
    "no pairs": ("--data", b"", "no pairs"),
    "pairs that are too long": ("--data", b"2" * 9000 + b"\t" + b"2" * 9000 + b"\n", "No pair"),
    "training pairs of bytes": ("--train", bytes(50), "not a text file"),
    "no links": ("--links", b"", "no pairs"),
    "links of words": ("--links", f"{LINKED}\tx-y\n".encode(), "x-y is not a valid link"),
    "links beyond the words": ("--links", f"{LINKED}\t99-0\n".encode(), "99-0 is not a valid link"),
    "links of many digits": ("--links", f"{LINKED}\t{'9' * 9000}-0\n".encode(), "is not a valid link"),
    "a log of lists": ("--log", b"[1]\n", "row 1 is no line of a training log"),
    "a log that is nested": ("--log", b"[" * 100_000 + b"\n", "nested too deeply"),
    "a log of bytes": ("--log", b"\xff\xfe\n", "not text in UTF-8"),
    "a log of a number too long": ("--log", b'{"train_loss": 1' + b"0" * 400 + b"}\n", "row 1 is no line"),
    "a log of other things": ("--log", b'{"loss": 1}\n', "no train_loss, dev_loss or gradient_norm"),
    "no log": ("--log", b"", "no train_loss, dev_loss or gradient_norm"),
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_a_file_of_an_option_that_is_wrong_is_refused(kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    option, content, said = OPTIONS[kind]
    Path("given.txt").write_bytes(content)
    refused(capsys, said, "date", option, "given.txt")


@pytest.mark.parametrize("option", ["--data", "--train", "--links", "--log"])
def test_a_device_is_not_read(option: str, capsys: pytest.CaptureFixture[str]) -> None:
    Path("endless").symlink_to("/dev/zero")
    refused(capsys, "a pipe, a socket or a device", "date", option, "endless")
    Path("endless.npz").symlink_to("/dev/zero")
    refused(capsys, "a pipe, a socket or a device", "endless.npz")


def test_a_log_of_infinite_numbers_is_a_run_that_exploded(capsys: pytest.CaptureFixture[str]) -> None:
    line = '{"step": 1, "train_loss": 1e999, "dev_loss": NaN, "gradient_norm": 1e999}\n'
    Path("log.jsonl").write_text(line * 6, encoding="utf-8")
    Path("pairs.tsv").write_text(f"{PAIR}\n", encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "date", "--data", "pairs.tsv", "--log", "log.jsonl", "--json", "-")
    assert (status, err) == (0, "") and json.loads(out)["findings"][0]["name"] == "exploding_norms"
