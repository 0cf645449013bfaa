from __future__ import annotations

import gzip
import json
import lzma
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from s2s.data import readers, text_file
from s2s.data.readers import FORMATS, Columns, read_pairs
from s2s.errors import UserError

PAIRS = [("我喝茶。", "I drink tea."), ("你说“好，\n行”", 'You said "fine,\nOK"'), ("水", "water")]
HEADER = "QID,Brand,Model,Question,Dialogue,Report\n"


def write(path: Path, text: str) -> Path:
    path.write_bytes(text.encode())
    return path


def refused(path: Path, key: str, row: int | None = None, columns: Columns | None = None, form: str = "auto") -> str:
    with pytest.raises(UserError) as error:
        list(read_pairs(path, columns, form))
    assert error.value.key == f"error.{key}"
    for sentence in (error.value.say("en"), error.value.say("zh")):
        assert path.name in sentence and "\n" not in sentence and (row is None or str(row) in sentence)
    assert error.value.values.get("row") == row
    return str(error.value)


def test_csv_with_quotes_line_ends_and_other_columns(tmp_path: Path) -> None:
    first = "\ufeffid,target,note,source\r\n1,I drink tea.,,我喝茶。\r\n\r\n"
    text = first + '2,"You said ""fine,\nOK""",x,"你说“好，\n行”"\r\n3,water,,水'
    assert list(read_pairs(write(tmp_path / "a.csv", text))) == PAIRS


def test_jsonl_by_name(tmp_path: Path) -> None:
    lines = [json.dumps({"zh": s, "en": t, "id": i}) for i, (s, t) in enumerate(PAIRS)]
    path = write(tmp_path / "a.jsonl", "\n\n".join(lines) + "\n")
    assert list(read_pairs(path, Columns("zh", "en"))) == PAIRS
    assert list(read_pairs(path, Columns("en", "zh"))) == [(t, s) for s, t in PAIRS]


def test_tsv_with_and_without_names(tmp_path: Path) -> None:
    named = write(tmp_path / "a.tsv", "target\tid\tsource\nwater\t1\t水\n")
    assert list(read_pairs(named)) == [("水", "water")]
    other = write(tmp_path / "b.tsv", "zh\ten\n水\twater\n")
    assert list(read_pairs(other)) == [("zh", "en"), ("水", "water")]  # no names were asked for
    assert list(read_pairs(other, Columns("en", "zh"))) == [("water", "水")]
    refused(write(tmp_path / "c.tsv", "水\twater\n"), "column_missing", columns=Columns("zh", "en"))


@pytest.mark.parametrize("suffix", [".gz", ".xz"])
@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl", "a.train.v2.jsonl"])
def test_compressed_files_read_the_same(tmp_path: Path, name: str, suffix: str) -> None:
    texts = {"tsv": "水\twater\n", "csv": "source,target\n水,water\n", "jsonl": '{"source": "水", "target": "water"}\n'}
    content = texts[name.rsplit(".", 1)[1]].encode()
    packed = gzip.compress(content) if suffix == ".gz" else lzma.compress(content)
    (tmp_path / (name + suffix)).write_bytes(packed)
    assert list(read_pairs(tmp_path / (name + suffix))) == [("水", "water")]


@pytest.mark.parametrize("pack", [gzip.compress, lzma.compress])
def test_a_damaged_compressed_file_is_named(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    path = tmp_path / ("a.tsv.gz" if pack is gzip.compress else "a.tsv.xz")
    path.write_bytes(pack("水\twater\n".encode() * 5000)[:-20])
    with pytest.raises(UserError) as error:
        list(read_pairs(path))
    assert error.value.key == "error.file_not_compressed" and path.name in str(error.value)
    path.write_bytes(b"plain text")
    refused(path, "file_not_compressed", 1)


def test_a_format_overrules_the_extension(tmp_path: Path) -> None:
    path = write(tmp_path / "a.data", '{"source": "水", "target": "water"}\n')
    assert list(read_pairs(path, form="jsonl")) == [("水", "water")]
    with pytest.raises(UserError) as error:
        read_pairs(path, form="parquet")
    assert ", ".join(FORMATS) in str(error.value)


BAD = [
    ("a.csv", "source,target\n水,water\n茶\n", "row_columns", 3),
    ("a.csv", "source,target\n水,water,\n", "row_columns", 2),
    ("a.csv", 'source,target\n"水\n",water\n茶,\n', "row_column", 4),
    ("a.csv", 'source,target\n水,water\n"茶,tea\n水,water\n', "row_quote_open", 3),
    ("a.csv", 'source,target\n"水"x,water\n', "row_quote_text", 2),
    ("a.csv", "source,target\n水\rwater,x\n", "row_carriage_return", 2),
    ("a.csv", 'source,target,id\n"水\n了",water\n茶,tea,1\n', "row_columns_lines", 2),
    ("a.csv", 'source,target\n"水,water\n茶,tea"\n奶,milk\n', "row_quote_lines", 2),
    ("a.csv", "zh,en\n水,water\n", "column_missing", None),
    ("a.jsonl", '{"source": "水", "target": "water"}\n["茶", "tea"]\n', "row_not_object", 2),
    ("a.jsonl", '\n{"source": "水", "target"\n', "row_not_object", 2),
    ("a.jsonl", "[" * 100_000, "row_not_object", 1),
    ("a.jsonl", '{"source": "水"}\n', "row_column", 1),
    ("a.jsonl", '{"source": "水", "target": 5}\n', "row_column", 1),
    ("a.jsonl", '{"source": "\\ud800", "target": "x"}\n', "row_column", 1),
    ("a.jsonl", '{"source": "\\u200b", "target": "x"}\n', "row_column", 1),
    ("a.tsv", "source\ttarget\tid\n水\twater\n", "row_columns", 2),
    ("a.csv", HEADER + "Q1,b,m,问,答\n", "row_columns", 2),
]


@pytest.mark.parametrize(("name", "text", "key", "row"), BAD)
def test_a_bad_row_is_named(tmp_path: Path, name: str, text: str, key: str, row: int | None) -> None:
    refused(write(tmp_path / name, text), key, row)


def test_missing_columns_are_named_with_those_there_are(tmp_path: Path) -> None:
    sentence = refused(write(tmp_path / "a.csv", "zh,en\n水,water\n"), "column_missing", columns=Columns("zh", "de"))
    assert "column de" in sentence and "zh, en" in sentence
    test_set = write(tmp_path / "b.csv", "QID,Brand,Model,Question,Dialogue\n1,b,m,问,答\n")
    sentence = refused(test_set, "column_needed", form="automaster")
    assert "Report" in sentence and "--" not in sentence and "data." not in sentence  # no option names it


def test_automaster_is_known_by_its_header_and_cleaned(tmp_path: Path) -> None:
    rows = [
        "Q1,甲,乙,灯不亮,技师说：[语音]|车主说：换过灯泡[图片]|技师说：查保险丝,先查保险丝。",
        "Q2,甲,乙,漏水,车主说：急,随时联系",
        "Q3,甲,乙,漏油,,更换油封。欢迎关注，有问题可以单独咨询。",
        "Q4,甲,乙,,技师说：[语音],更换轮胎。",
        'Q5,甲,乙,"怠速,抖",车主说：什么原因,"您当前的问题已经解决，建议您下载汽车大师APP，我会尽力为您解决问题！"',
        "Q6,甲,乙,异响,,",
    ]
    path = write(tmp_path / "cars.csv", HEADER + "\n".join(rows) + "\n")
    pairs = [("灯不亮 换过灯泡 查保险丝", "先查保险丝。"), ("漏油", "更换油封。")]
    assert list(read_pairs(path)) == list(read_pairs(path, form="automaster")) == pairs
    refused(path, "row_column", 7, Columns("Brand", "Report"))  # columns that were asked for are taken as they are


@pytest.mark.parametrize(
    "report", ["", " ", "[图片]", "老哥，随时联系！", "有问题请联系我", "见图", "详细见对话框", "已解决"]
)
def test_a_report_that_says_nothing_is_empty(report: str) -> None:
    assert readers.automaster.target_text(report) == ""


@pytest.mark.parametrize("report", ["更换电瓶", "联系4S店更换。", "没有图片不好判断", "无需热车。"])
def test_a_report_that_says_something_is_kept(report: str) -> None:
    assert readers.automaster.target_text(report) == report


@pytest.mark.parametrize("name", ["a.tsv", "a.csv", "a.jsonl"])
def test_memory_is_bounded(tmp_path: Path, name: str) -> None:
    row = {"a.tsv": "水\twater\n", "a.csv": "水,water\n", "a.jsonl": '{"source": "水", "target": "water"}\n'}[name]
    with lzma.open(tmp_path / (name + ".xz"), "wt", encoding="utf-8", preset=0) as file:
        file.write(("source,target\n" if name == "a.csv" else "") + row * 100_000)
    tracemalloc.start()
    count = sum(1 for _ in read_pairs(tmp_path / (name + ".xz")))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert count == 100_000 and peak < 500_000


def test_a_file_without_line_ends_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(text_file, "MAX_LINE", 1000)
    refused(write(tmp_path / "a.tsv", "水\twater\n" + "x" * 5000), "row_too_long", 2)


@pytest.mark.parametrize(
    ("first", "heads"),
    [
        ("中文\t英文", True),
        ("Source\tTarget", True),
        ("question\tANSWER", True),
        ("原文\tEnglish", True),
        ("中文\t中文", False),
        ("中文\tChinese is spoken here.", False),
        ("你好\thello", False),
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_first_line_that_looks_like_names_is_told(tmp_path: Path, first: str, heads: bool, encoding: str) -> None:
    path, forms = tmp_path / "a.tsv", list[text_file.Form]()
    path.write_bytes((first + "\n" + 2 * "我们喝茶。\tWe drink tea.\n").encode(encoding))
    left, right = first.split("\t")
    assert list(read_pairs(path, note=forms.append)) == [(left, right), *[("我们喝茶。", "We drink tea.")] * 2]
    for language in ("en", "zh"):
        assert all(name in forms[0].remark(language) for name in (left, right)) == heads
    if heads:  # what it advises
        assert list(read_pairs(path, Columns(left, right), note=forms.append)) == [("我们喝茶。", "We drink tea.")] * 2
        assert not forms[1].heading


def test_names_that_are_known_and_later_lines_are_not_told(tmp_path: Path) -> None:
    for text, pairs in {
        "target\tsource\nwater\t水\n": [("水", "water")],
        "水\twater\n中文\tChinese\n": [("水", "water"), ("中文", "Chinese")],
        "": [],
    }.items():
        forms = list[text_file.Form]()
        assert list(read_pairs(write(tmp_path / "a.tsv", text), note=forms.append)) == pairs
        assert not forms[0].heading and not forms[0].remark("en")
