"""Text files: detects encoding and line ends from the whole file, and yields its lines one at a time."""

from __future__ import annotations

import codecs
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from s2s.disk import refuse_special
from s2s.errors import UserError, joined, say
from s2s.text.safe import has_surrogate

Bad = Callable[[UserError], None]  # called with the error of a bad row: raises it, or returns to skip the row

AUTO = "auto"
CHUNK = 1 << 14  # bytes read at a time
MAX_LINE = 4_000_000  # characters, so that a file without line ends cannot fill the memory
BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, as it begins with the mark of UTF-16
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    ("\ufeff".encode("gb18030"), "gb18030"),
)
WIDE = ("utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be")
# Half to three quarters of the characters of any Chinese text are among these; of other encodings' bytes
# (Big5, EUC-KR, Shift JIS, EUC-JP, Latin-1, Windows-1251) read as GB18030, at most one in twenty.
COMMON = frozenset(
    "的说我是不了一有车在你主师这他个人技为上大以下要没来就好么到会时们年中之能子可国吗天后都去发出多用行里也很和动电开看问过那机于语地公家音对事生现什"
    "还日得自她成汤而月姆道十前高将正三如点方油其题想面者所气学太经进业起新王作换定常从做知关二门明把法给果打长间元着市小本最理分话被查部位应无回东工样水"
    "已加意军州然重力只情使更相等书因器图与请同西检全故见片当需保今安速金比但两度平司文信路数内怎谢手入任感万种次外该心变又马您线建合少通四名城火些让实再"
    "帝表南向网产候老制调资房美五解此修原场别官至己接体何传钱哪民据士期喜试空欢死儿管价头议真量节百北先山风才报曰改近清化障吃世政系利认压计并及告听转总"
    "直件商或受示放代收况吧品几交走周必达觉流兵京第买声处"
)
COMMON_SHARE = 0.25  # share of the Chinese characters that must be in COMMON for a file to be GB18030
LETTERS = 32  # non-ASCII letters that are enough to tell whether a file is UTF-8 only by chance
_HAN = re.compile("[\u3400-\u9fff]")
_WORD = re.compile(r"\w*[^\x00-\x7f]+\w*")
_STRUCTURE = re.compile("[\n\r\t,;]")


@dataclass(frozen=True)
class Form:
    """How a file is read: Python's name of its encoding, its line end, and its delimiter if it is a CSV.

    ``heading`` are the cells of a first line that is read as a pair, but looks like names of columns.
    """

    path: Path
    encoding: str = "utf-8"
    newline: str = "\n"
    delimiter: str = ""
    heading: tuple[str, ...] = ()

    def remark(self, language: str, name: str = "") -> str:
        """What was detected; empty for UTF-8, LF, commas and no heading. ``name`` replaces the file's name."""
        parts = []
        if self.encoding != "utf-8":
            parts.append(say("reading.encoding", language, name=self.encoding.upper()))
        if self.newline == "\r":
            parts.append(say("reading.carriage_returns", language))
        if self.delimiter in (";", "\t"):
            mark = "semicolons" if self.delimiter == ";" else "tabs"
            parts.append(say(f"reading.{mark}", language))
        between = say("reading.between", language)
        file = name or self.path.name
        recognised = say("reading.recognised", language, file=file, how=between.join(parts)) if parts else ""
        if not self.heading:
            return recognised
        return joined(recognised, say("reading.heading", language, file=file, names=between.join(self.heading)))


def any_visible(text: str) -> bool:
    """Whether the text has a visible character: other than white space, control and format characters."""
    return any(c.isprintable() and c != " " for c in text)


def codec(name: str) -> str:
    """Python's name of an encoding; GBK and GB2312, subsets of GB18030, become that. UserError for an unknown one.

    >>> codec("GBK"), codec("UTF8"), codec("utf-8-sig")
    ('gb18030', 'utf-8', 'utf-8')
    """
    try:
        found = codecs.lookup(name)
        "".encode(found.name)  # fails for codecs from bytes to bytes
    except (LookupError, UnicodeError, ValueError):
        raise UserError("encoding_unknown", name=name[:40]) from None
    aliases = {"gbk": "gb18030", "gb2312": "gb18030", "utf-8-sig": "utf-8", "ascii": "utf-8"}
    return aliases.get(found.name, found.name)


def recognise(path: str | Path, encoding: str = AUTO) -> Form:
    """Detect a file's form: by its byte order mark, else the first of UTF-8, UTF-16 and GB18030 that fits all of it.

    Memory is bounded whatever the file's size. UserError for a file that cannot be read, is ambiguous or fits none.
    A pipe can be read only once: it is taken as UTF-8 unless ``encoding`` names another.
    """
    path = refuse_special(Path(path))
    found = AUTO if encoding == AUTO else codec(encoding)
    if path.exists() and not path.is_file() and not path.is_dir():
        return Form(path, "utf-8" if found == AUTO else found)
    if found == AUTO:
        found = _recognised(path)
    return Form(path, found, _newline(path, found))


def lines(form: Form, bad: Bad) -> Iterator[str]:
    """The lines without line ends. ``bad`` is called for a row with bytes outside the encoding, which is then empty.

    UserError for a file that cannot be read, and for a line longer than MAX_LINE.
    """
    number, file = 0, str(form.path)
    spared = "surrogatepass" if form.encoding in WIDE else "surrogateescape"
    with _user_errors(form.path, lambda: number + 1), _open(form.path) as content:
        text = io.TextIOWrapper(content, form.encoding, spared, newline=form.newline)
        while True:
            try:
                line = text.readline(MAX_LINE)
            except UnicodeDecodeError:  # an incomplete character at the end
                bad(_not_encoded(form, number + 1))
                return
            if not line:
                return
            number += 1
            if len(line) == MAX_LINE and not line.endswith(form.newline):
                raise UserError("row_too_long", file=file, row=number, limit=MAX_LINE // 1_000_000)
            if has_surrogate(line):
                bad(_not_encoded(form, number))
                line = ""
            yield (line.removeprefix("\ufeff") if number == 1 else line).rstrip("\r\n")


def _not_encoded(form: Form, row: int) -> UserError:
    if form.encoding == "utf-8":
        return UserError("file_not_utf8", file=str(form.path), row=row)
    return UserError("row_not_encoded", file=str(form.path), row=row, encoding=form.encoding.upper())


def _open(path: Path) -> IO[bytes]:
    refuse_special(path)
    match path.suffix.lower():
        case ".gz":
            return cast(IO[bytes], gzip.open(path))
        case ".xz":
            return cast(IO[bytes], lzma.open(path))
    return open(path, "rb")


@contextmanager
def _user_errors(path: Path, row: Callable[[], int]) -> Iterator[None]:
    """Turn errors of the system and of decompression into a UserError."""
    try:
        yield
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile):
        raise UserError("file_not_compressed", file=str(path), row=row()) from None
    except OSError:
        raise UserError("file_missing", file=str(path)) from None


def _chunks(path: Path) -> Iterator[bytes]:
    row = 1
    with _user_errors(path, lambda: row), _open(path) as file:
        while chunk := file.read(CHUNK):
            yield chunk
            row += chunk.count(b"\n")


def _texts(path: Path, encoding: str) -> Iterator[str]:
    """The file's text in pieces. UnicodeDecodeError for bytes outside the encoding."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    for chunk in _chunks(path):
        yield decoder.decode(chunk)
    yield decoder.decode(b"", final=True)


def _recognised(path: Path) -> str:
    head = next(_chunks(path), b"")
    for mark, encoding in BOMS:
        if head.startswith(mark):
            return encoding
    words = _non_ascii_words(path)
    if words is None:
        return _which_utf16(path) if any(b"\0" in chunk for chunk in _chunks(path)) else _not_utf8(path)
    if words and _by_chance(words):
        raise UserError("encoding_ambiguous", file=str(path))
    return "utf-8"


def _non_ascii_words(path: Path) -> list[str] | None:
    """The first words with non-ASCII characters; None if the file is not UTF-8 text."""
    kept: list[str] = []
    count = 0
    try:
        for text in _texts(path, "utf-8"):
            if "\0" in text:
                return None
            found = iter(()) if text.isascii() else _WORD.finditer(text)
            while count < LETTERS and (match := next(found, None)):
                kept.append(match[0])
                count += len(match[0])
    except UnicodeDecodeError:
        return None
    return kept


def _by_chance(words: list[str]) -> bool:
    """Whether the bytes are more likely GB18030: no ASCII in the words, and common Chinese characters if decoded so."""
    try:
        chinese = "".join(words).encode().decode("gb18030")
    except UnicodeDecodeError:
        return False
    bare = not any(c.isascii() for word in words for c in word)
    return bare and 2 * sum(c in COMMON for c in chinese) >= len(chinese)


def _not_utf8(path: Path) -> str:
    """The encoding of a file with bytes outside UTF-8: GB18030, or UTF-8 with bad rows."""
    right = chinese = broken = 0
    for line in _raw_lines(path):
        try:
            chinese += any(c > "\u07ff" for c in line.decode())
            right += 1
        except UnicodeDecodeError:
            broken += 1
    if chinese <= broken / 20 and _is_gb18030(path):
        return "gb18030"
    if right > broken or chinese:
        return "utf-8"
    raise UserError("encoding_other", file=str(path))


def _raw_lines(path: Path) -> Iterator[bytes]:
    """The lines with non-ASCII bytes; a long line in parts."""
    rest = b""
    for chunk in _chunks(path):
        *whole, rest = re.split(rb"[\r\n]", rest + chunk)
        yield from (line for line in whole if not line.isascii())
        if len(rest) > MAX_LINE:
            yield rest
            rest = b""
    if not rest.isascii():
        yield rest


def _is_gb18030(path: Path) -> bool:
    han = common = 0
    try:
        for text in _texts(path, "gb18030"):
            found = _HAN.findall(text)
            han, common = han + len(found), common + sum(c in COMMON for c in found)
    except UnicodeDecodeError:
        return False
    return han > 0 and common >= COMMON_SHARE * han


def _which_utf16(path: Path) -> str:
    """The byte order of a UTF-16 file: the one in which it has more line ends, tabs and commas."""
    marks = {encoding: _count_separators(path, encoding) for encoding in ("utf-16-le", "utf-16-be")}
    best, other = sorted(marks, key=lambda encoding: -marks[encoding])
    if marks[best] > 10 * marks[other]:
        return best
    raise UserError("file_not_text", file=str(path))


def _count_separators(path: Path, encoding: str) -> int:
    count = 0
    try:
        for text in _texts(path, encoding):
            if "\0" in text:
                return 0
            count += len(_STRUCTURE.findall(text))
    except UnicodeDecodeError:
        return 0
    return count


def _newline(path: Path, encoding: str) -> str:
    """``\\r`` if the file has carriage returns and no line feed, else ``\\n``."""
    texts = _texts(path, encoding) if encoding in WIDE else (chunk.decode("latin-1") for chunk in _chunks(path))
    found = False
    with suppress(UnicodeDecodeError):  # reported when the row is read
        for text in texts:
            if "\n" in text:
                return "\n"
            found |= "\r" in text
    return "\r" if found else "\n"
