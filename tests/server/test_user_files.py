"""An uploaded file gives pairs, or one message with its name."""

from __future__ import annotations

import gzip

import pytest

from s2s.data.readers import Columns
from s2s.data.text_file import Form
from s2s.errors import LANGUAGES, UserError
from s2s.server.user_files import parse_alignments, parse_pairs

GOOD = {
    "a.tsv": "我\tI\n你\tyou\n",
    "a.txt": "\ufeff我\tI\n你\tyou\n",
    "a.csv": "source,target\n我,I\n你,you\n",
    "A.JSONL": '{"source": "我", "target": "I"}\n{"source": "你", "target": "you"}\n',
    "名 字": "我\tI\n你\tyou\n",
}
BAD = {
    "a.tsv": (b"one column only\n", "row_not_a_pair"),
    "b.tsv": ("我\tI\n".encode() + b"\xff\tx\n", "file_not_utf8"),
    "a.csv": (b"zh,en\n1,2\n", "column_missing_page"),
    "b.csv": (b'source,target\n"a,b\n', "row_quote_open"),
    "a.jsonl": (b"[1]\n", "row_not_object"),
    "b.jsonl": (b'{"source": "a", "target": 3}\n', "row_column"),
    "empty.tsv": (b"\n\n", "file_no_pairs"),
    "a.tsv.gz": (gzip.compress("我\tI\n".encode()), "file_not_text"),
    "latin.csv": ("source,target\ncafé,thé\nélève,pupil\n".encode("latin-1"), "encoding_other_page"),
    "../../etc/passwd": (b"root\n", "row_not_a_pair"),
}


@pytest.mark.parametrize("name", GOOD)
def test_every_file_format_gives_the_pairs(name: str) -> None:
    assert parse_pairs(name, GOOD[name].encode(), Columns()) == [("我", "I"), ("你", "you")]


def test_only_the_first_pairs_are_read_and_columns_can_be_named() -> None:
    content = b"zh,en\na,b\nc,d\nbroken\n"
    assert parse_pairs("a.csv", content, Columns("zh", "en"), limit=2) == [("a", "b"), ("c", "d")]


@pytest.mark.parametrize(("content", "rest"), [("a\tb\nc\td\n", 0), ("a\tb\nc\td\ne\tf\nbroken\ng\th\n", 2)])
def test_the_pairs_that_are_not_taken_are_counted(content: str, rest: int) -> None:
    found = parse_pairs("a.tsv", content.encode(), Columns(), limit=2)
    assert (found, found.rest) == ([("a", "b"), ("c", "d")], rest)


def test_the_links_that_are_not_taken_are_counted() -> None:
    found = parse_alignments("a.tsv", b"a b\tc d\t0-0\n" * 5, limit=3)
    assert (len(found), found.rest) == (3, 2)


@pytest.mark.parametrize("name", BAD)
def test_an_unusable_file_gets_one_message(name: str) -> None:
    content, key = BAD[name]
    with pytest.raises(UserError) as caught:
        parse_pairs(name, content, Columns())
    assert caught.value.key == f"error.{key}"
    for language in LANGUAGES:
        assert caught.value.say(language).count(name) == 1
        assert "tmp" not in caught.value.say(language)
        assert "--" not in caught.value.say(language) and "data." not in caught.value.say(language)


@pytest.mark.parametrize(("encoding", "said"), [("gb18030", "GB18030"), ("utf-16", "UTF-16"), ("utf-8-sig", "")])
def test_the_recognised_format_is_reported(encoding: str, said: str) -> None:
    forms: list[Form] = []
    content = "source;target\n我们;we\n你们;you\n".encode(encoding)
    assert parse_pairs("a.csv", content, Columns(), note=forms.append) == [("我们", "we"), ("你们", "you")]
    remark = forms[0].remark("en", "a.csv")
    assert said in remark and "a.csv" in remark and "semicolons" in remark
