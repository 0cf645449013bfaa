"""Which encoding and line ends a file has: right, or refused, never other characters."""

from __future__ import annotations

import lzma
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.data import text_file
from s2s.data.readers import read_pairs, refuse
from s2s.data.text_file import COMMON, Form, codec, lines, recognise
from s2s.errors import LANGUAGES, UserError

ROWS = ("我们明天去看电影。\tWe are going.", "你知道他为什么来吗？\tDo you know why?", "水\twater", "“好”\tnaïve café")
ENCODINGS = {"utf-8": "utf-8", "utf-8-sig": "utf-8", "gb18030": "gb18030", "utf-16": "utf-16", "utf-32": "utf-32"}
KOREAN = "나는 오늘 아침에 학교에 갔습니다. 그는 매일 책을 읽는다. 물이 차다.\tx\n"
JAPANESE = "私は今日の朝、学校に行きました。東京は日本の首都です。\tx\n"
TAIWAN = "我們明天要去看電影，你想一起去嗎？這個問題很難回答，因為他們沒有時間。\tx\n"


def file_of(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def read(path: Path, encoding: str = "auto") -> list[str]:
    return list(lines(recognise(path, encoding), refuse))


@pytest.mark.parametrize("written", ENCODINGS)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_an_encoding_is_recognised_and_told(tmp_path: Path, written: str, end: str) -> None:
    text = end.join(ROWS) + end
    path = file_of(tmp_path / "a.tsv", text.encode(written))
    form = recognise(path)
    assert form == Form(path, ENCODINGS[written], "\r" if end == "\r" else "\n")
    assert list(lines(form, refuse)) == list(ROWS)
    for language in LANGUAGES:
        remark = form.remark(language)
        assert (ENCODINGS[written].upper() in remark) == (form.encoding != "utf-8")
        assert ("CR" in remark) == (end == "\r") and bool(remark) == (remark.startswith("a.tsv"))


@pytest.mark.parametrize("written", ["utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("text", ["a\tb\n", "一\t二\n" * 3, "一一一一一,N\n", "\n".join(ROWS)])
def test_utf_16_without_a_mark(tmp_path: Path, written: str, text: str) -> None:
    path = file_of(tmp_path / "a.tsv", text.encode(written))
    assert recognise(path).encoding == written and read(path) == text.splitlines()


WORDS = st.text(st.sampled_from(sorted(COMMON)), min_size=2, max_size=30)


@given(st.lists(st.tuples(WORDS, st.text("abc éßñ→кΩ", min_size=1).filter(str.strip)), min_size=8, max_size=40))
def test_chinese_text_is_read_as_it_was_written_or_refused(
    tmp_path_factory: pytest.TempPathFactory, pairs: list[tuple[str, str]]
) -> None:
    """Whatever the other column holds."""
    path = tmp_path_factory.getbasetemp() / "property.tsv"
    for written in (*ENCODINGS, "utf-16-le", "utf-16-be"):
        path.write_bytes("".join(f"{s}\t{t}\n" for s, t in pairs).encode(written))
        try:
            assert list(read_pairs(path)) == pairs, written
        except UserError as error:
            assert error.key == "error.encoding_ambiguous" and written == "gb18030"


@given(st.binary(max_size=300))
def test_any_bytes_are_text_of_an_encoding_or_refused_in_a_sentence(
    tmp_path_factory: pytest.TempPathFactory, content: bytes
) -> None:
    path = file_of(tmp_path_factory.getbasetemp() / "bytes.tsv", content)
    try:
        form = recognise(path)
        list(lines(form, refuse))
    except UserError as error:
        assert all(path.name in error.say(language) for language in LANGUAGES)
    else:
        content.decode(form.encoding)


@pytest.mark.parametrize(
    ("text", "written"),
    [
        (KOREAN, "euc_kr"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc_jp"),
        (TAIWAN, "big5"),
        ("Le théâtre était réservé à l'élève préféré.\tx\n", "latin-1"),
        ("Мы не знаем, чего они хотят.\tx\n", "cp1251"),
        ("Мы не знаем, чего они хотят.\tx\n", "koi8-r"),
    ],
)
@pytest.mark.parametrize("times", [1, 50])
def test_other_encodings_are_refused_and_can_be_named(tmp_path: Path, text: str, written: str, times: int) -> None:
    path = file_of(tmp_path / "a.tsv", (text * times).encode(written))
    with pytest.raises(UserError) as error:
        recognise(path)
    assert error.value.key == "error.encoding_other"
    assert read(path, written) == (text * times).splitlines()


def test_traditional_characters_in_gbk_are_read(tmp_path: Path) -> None:
    assert read(file_of(tmp_path / "a.tsv", TAIWAN.encode("gbk"))) == TAIWAN.splitlines()


def test_utf_8_with_gbk_rows_stays_utf_8_and_names_them(tmp_path: Path) -> None:
    """Read as GB18030 the Chinese of the others would be other characters: of an even number each."""
    rows = ["我们去\t你们".encode(), "他们\tthey".encode("gbk")]
    path = file_of(tmp_path / "a.tsv", b"\n".join([rows[0] * 2, rows[1], rows[0], rows[1]]))
    told: list[int] = []
    found = list(lines(recognise(path), lambda error: told.append(int(str(error.values["row"])))))
    assert told == [2, 4] and [bool(line) for line in found] == [True, False, True, False]


def test_a_few_letters_that_may_be_either_are_refused(tmp_path: Path) -> None:
    by_chance = [c for c in sorted(COMMON) if 0xC2 <= c.encode("gbk")[0] <= 0xDF and c.encode("gbk")[1] <= 0xBF]
    words = "".join(by_chance[::9][:4])
    words.encode("gbk").decode("utf-8")  # valid
    path = file_of(tmp_path / "a.tsv", f"{words}\tx\n".encode("gbk"))
    with pytest.raises(UserError) as error:
        recognise(path)
    assert error.value.key == "error.encoding_ambiguous"
    assert read(path, "gbk") == [f"{words}\tx"]
    for text in ("café\tnaïve", "říjen\tžluťoučký", "Ωμέγα\tомега", "é", "x\tñandú"):
        assert read(file_of(tmp_path / "b.tsv", text.encode())) == [text]


def test_a_bad_row_is_named_and_passed_over_in_every_encoding(tmp_path: Path) -> None:
    for written, wrong in (("gb18030", b"\xff"), ("utf-16-le", b"\x00\xd8"), ("utf-8", b"\xe4")):
        content = "我们\tx\n".encode(written) * 3
        end = "\n".encode(written)
        path = file_of(tmp_path / "a.tsv", content + wrong + end + content)
        told: list[UserError] = []
        found = list(lines(recognise(path, written), told.append))
        assert found == ["我们\tx"] * 3 + [""] + ["我们\tx"] * 3, written
        assert [error.values["row"] for error in told] == [4]


def test_half_a_character_at_the_end_is_a_bad_row(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.tsv", "我们\tx\n".encode("utf-16")[:-1])
    told: list[UserError] = []
    list(lines(recognise(path), told.append))
    assert [error.values["row"] for error in told] == [1]


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00\x08" + bytes(range(256)), bytes(99), b"a\0b\tc\n"])
def test_what_is_no_text_is_said_so(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(UserError) as error:
        recognise(file_of(tmp_path / "a.tsv", content))
    assert error.value.key == "error.file_not_text"


def test_compressed_files_are_recognised_inside(tmp_path: Path) -> None:
    path = file_of(tmp_path / "a.tsv.xz", lzma.compress("\r".join(ROWS).encode("gbk", "replace")))
    assert recognise(path) == Form(path, "gb18030", "\r")


def test_a_pipe_that_the_shell_opened_is_read_once() -> None:
    reading, writing = os.pipe()
    os.write(writing, "水\twater\n".encode())
    os.close(writing)
    assert list(read_pairs(Path(f"/dev/fd/{reading}"))) == [("水", "water")]
    os.close(reading)


def test_encodings_by_name() -> None:
    assert [codec(name) for name in ("GBK", "gb2312", "UTF8", "utf-16", "Big5", "ascii")] == [
        *("gb18030", "gb18030", "utf-8", "utf-16", "big5", "utf-8")
    ]
    for name in ("klingon", "rot13", "base64", "a\0b", ""):
        with pytest.raises(UserError):
            codec(name)


def test_the_common_characters_are_characters() -> None:
    assert len(COMMON) > 300 and all("\u4e00" <= c <= "\u9fff" for c in COMMON)
    assert text_file.COMMON_SHARE < 0.3
