"""The forms of written dates. A form is a sequence of pieces, a piece the spellings of a field with probabilities."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Spellings = tuple[tuple[str, float], ...]

HAN = "〇一二三四五六七八九"
_NAMES = """January February March April May June July August September October November December
Monday Tuesday Wednesday Thursday Friday Saturday Sunday
zero ten twenty thirty forty fifty sixty seventy eighty ninety
zero one two three four five six seven eight nine ten eleven twelve
thirteen fourteen fifteen sixteen seventeen eighteen nineteen"""
MONTHS, WEEKDAYS, TENS, _LOW, _TEENS = (line.split() for line in _NAMES.splitlines())
UNITS = _LOW + _TEENS
ORDINALS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth"}
ORDINALS |= {"twelve": "twelfth", "twenty": "twentieth", "thirty": "thirtieth"}
STEPS = (1, 2, 3, 5, 7, 10, 14)  # days between two dates of a chain
YEARS = (1900, 2099)


@dataclass(frozen=True, eq=False)
class Piece:
    """A part of a form: the field that it shows ("" for none), and the spellings of each value."""

    field: str
    spellings: Mapping[int, Spellings]

    @functools.cached_property
    def readings(self) -> dict[str, list[tuple[int, float]]]:
        """The inverse: each spelling's possible values with the spelling's probability."""
        out: dict[str, list[tuple[int, float]]] = {}
        for value, spellings in self.spellings.items():
            for text, probability in spellings:
                out.setdefault(text, []).append((value, probability))
        return out

    @functools.cached_property
    def lengths(self) -> list[int]:
        """The lengths that a spelling can have."""
        return sorted({len(text) for text in self.readings})


@dataclass(frozen=True, eq=False)
class Form:
    """A way to write a date, drawn with ``weight``; the pieces' spellings are independent."""

    language: str
    weight: float
    pieces: tuple[Piece, ...]


def literals(**weights: float) -> Piece:
    """A piece that shows no field: texts with their probabilities."""
    return Piece("", {0: tuple(weights.items())})


def literal(only: str) -> Piece:
    """A piece with a single text."""
    return Piece("", {0: ((only, 1.0),)})


def field_piece(name: str, values: range | tuple[int, ...], *spell: tuple[Callable[[int], str], float]) -> Piece:
    """A piece that shows a field; ``spell`` are functions that write a value, with their probabilities."""
    return Piece(name, {v: tuple((write(v), p) for write, p in spell) for v in values})


def han(n: int) -> str:
    """Chinese numerals up to 99.

    >>> han(9), han(10), han(22)
    ('九', '十', '二十二')
    """
    tens, units = divmod(n, 10)
    return ("" if not tens else "十" if tens == 1 else HAN[tens] + "十") + (HAN[units] if units or not tens else "")


def number_words(n: int) -> str:
    """English numerals up to 99.

    >>> number_words(7), number_words(40), number_words(22)
    ('seven', 'forty', 'twenty-two')
    """
    if n < len(UNITS):
        return UNITS[n]
    return TENS[n // 10] + (f"-{UNITS[n % 10]}" if n % 10 else "")


def ordinal(n: int) -> str:
    """1st, 2nd, 3rd, 4th, 11th."""
    return f"{n}{'th' if 10 < n % 100 < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(n % 10, 'th')}"


def ordinal_words(n: int) -> str:
    """first, second, twentieth, twenty-second."""
    head, dash, last = number_words(n).rpartition("-")
    return head + dash + ORDINALS.get(last, f"{last}th")


def year_pairs(year: int) -> str:
    """nineteen hundred, nineteen oh five, two thousand, twenty oh five, twenty twenty-six."""
    century, rest = divmod(year, 100)
    if not rest:
        return "two thousand" if century == 20 else f"{number_words(century)} hundred"
    return f"{number_words(century)} {'oh ' if rest < 10 else ''}{number_words(rest)}"


def year_sum(year: int, glue: str = " ") -> str:
    """nineteen hundred five, two thousand twenty-six; ``glue`` may be " and "."""
    century, rest = divmod(year, 100)
    head = "two thousand" if century == 20 else f"{number_words(century)} hundred"
    return head + (f"{glue}{number_words(rest)}" if rest else "")


def _month_short(month: int) -> str:
    return "Sept" if month == 9 else MONTHS[month - 1][:3]


def _month_dotted(month: int) -> str:
    return "May" if month == 5 else _month_short(month) + "."


_YEARS, _MONTHS, _DAYS, _WEEKDAYS = range(YEARS[0], YEARS[1] + 1), range(1, 13), range(1, 32), range(7)
YEAR = field_piece("year", _YEARS, (str, 1.0))
SHORT_YEAR = field_piece("year", _YEARS, (lambda y: f"{y % 100:02}", 1.0))
HAN_YEAR = field_piece(
    "year",
    _YEARS,
    (lambda y: "".join(HAN[int(c)] for c in str(y)), 0.7),
    (lambda y: "".join(HAN[int(c)] for c in str(y)).replace("〇", "零"), 0.3),
)
WORD_YEAR = field_piece("year", _YEARS, (year_pairs, 0.6), (year_sum, 0.2), (lambda y: year_sum(y, " and "), 0.2))
MONTH = field_piece("month", _MONTHS, (str, 1.0))
MONTH_00 = field_piece("month", _MONTHS, (lambda m: f"{m:02}", 1.0))
HAN_MONTH = field_piece("month", _MONTHS, (han, 1.0))
NAMED_MONTH = field_piece("month", _MONTHS, (lambda m: MONTHS[m - 1], 0.45), (_month_short, 0.35), (_month_dotted, 0.2))
DAY = field_piece("day", _DAYS, (str, 1.0))
DAY_00 = field_piece("day", _DAYS, (lambda d: f"{d:02}", 1.0))
HAN_DAY = field_piece("day", _DAYS, (han, 0.9), (lambda d: "廿" + han(d)[2:] if 20 <= d < 30 else han(d), 0.1))
ORDINAL_DAY = field_piece("day", _DAYS, (ordinal, 0.5), (str, 0.5))
WORD_DAY = field_piece("day", _DAYS, (ordinal_words, 1.0))


def _zh_weekday(shape: str, sunday: str = "日") -> Callable[[int], str]:
    return lambda w: shape.format(("一二三四五六" + sunday)[w])


ZH_WEEKDAY = field_piece(
    "weekday",
    _WEEKDAYS,
    (lambda w: "", 0.7),
    (_zh_weekday("星期{}"), 0.1),
    (_zh_weekday(" 星期{}", "天"), 0.05),
    (_zh_weekday("（周{}）"), 0.05),
    (_zh_weekday("，周{}"), 0.05),
    (_zh_weekday(" 礼拜{}", "天"), 0.05),
)
EN_WEEKDAY = field_piece(
    "weekday",
    _WEEKDAYS,
    (lambda w: "", 0.7),
    (lambda w: WEEKDAYS[w] + ", ", 0.1),
    (lambda w: WEEKDAYS[w] + " ", 0.08),
    (lambda w: WEEKDAYS[w][:3] + " ", 0.06),
    (lambda w: WEEKDAYS[w][:3] + ". ", 0.03),
    (lambda w: WEEKDAYS[w][:3] + ", ", 0.03),
)
COMMA = literals(**{" ": 0.3, ", ": 0.6, ",": 0.1})
ERA = literals(**{"": 0.95, "公元": 0.05})


def _with_weekday(language: str, pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Add a weekday. Only for unambiguous dates: resolving others by the weekday is too hard for a small model."""
    return (EN_WEEKDAY, *pieces) if language == "en" else (*pieces, ZH_WEEKDAY)


def _numeric() -> list[Form]:
    """2026-11-22, 11/22/2026, 22.11.26 and similar forms, whose order of numbers is ambiguous."""
    orders = (("zh", "ymd", 2.0), ("en", "ymd", 1.0), ("en", "mdy", 2.0), ("en", "dmy", 2.0))
    out = []
    for language, order, weight in orders:
        for year, month, day, share in (
            (YEAR, MONTH, DAY, 0.35),
            (YEAR, MONTH_00, DAY_00, 0.3),
            (SHORT_YEAR, MONTH, DAY, 0.2),
            (SHORT_YEAR, MONTH_00, DAY_00, 0.15),
        ):
            a, b, c = ({"y": year, "m": month, "d": day}[letter] for letter in order)
            for mark, part in (("/", 0.5), ("-", 0.25), (".", 0.15), (" / ", 0.05), (" ", 0.05)):
                core, clear = (a, literal(mark), b, literal(mark), c), year is YEAR and order == "ymd"
                out.append(Form(language, weight * share * part, _with_weekday(language, core) if clear else core))
    return [*out, Form("zh", 0.3, (YEAR, MONTH_00, DAY_00, ZH_WEEKDAY))]


def _chinese() -> list[Form]:
    """2026年11月22日 and 二〇二六年十一月二十二日."""
    marks = (literal("年"), literal("月"), literals(日=0.7, 号=0.3))
    spaced = (literal(" 年 "), literal(" 月 "), literals(**{" 日": 0.7, " 号": 0.3}))
    rows = (
        (1.4, (YEAR, MONTH, DAY), marks),
        (0.4, (YEAR, MONTH_00, DAY_00), marks),
        (0.4, (SHORT_YEAR, MONTH, DAY), marks),
        (0.4, (YEAR, MONTH, DAY), spaced),
        (1.4, (HAN_YEAR, HAN_MONTH, HAN_DAY), marks),
        (0.2, (HAN_YEAR, HAN_MONTH, HAN_DAY), spaced),
    )
    cores = ((weight, y, (y, a, m, b, d, c)) for weight, (y, m, d), (a, b, c) in rows)
    return [Form("zh", w, core if y is SHORT_YEAR else _with_weekday("zh", (ERA, *core))) for w, y, core in cores]


def _english() -> list[Form]:
    """22 November 2026, Nov. 22nd, 2026, and the date in words."""
    of = literals(**{" ": 0.5, " of ": 0.5})
    short = field_piece("month", _MONTHS, (_month_short, 1.0))
    cut_year = field_piece("year", _YEARS, (lambda y: f"'{y % 100:02}", 1.0))
    rows: list[tuple[float, tuple[Piece, ...]]] = [
        (0.3, (DAY_00, literal("-"), short, literal("-"), YEAR)),
        (0.2, (DAY_00, literal("-"), short, literal("-"), SHORT_YEAR)),
        (0.5, (NAMED_MONTH, literals(**{" ": 0.6, " the ": 0.4}), WORD_DAY, COMMA, WORD_YEAR)),
        (0.4, (literals(**{"": 0.4, "the ": 0.6}), WORD_DAY, of, NAMED_MONTH, COMMA, WORD_YEAR)),
    ]
    for year, share in ((YEAR, 0.9), (cut_year, 0.1)):
        rows += [
            (1.6 * share, (ORDINAL_DAY, literal(" "), NAMED_MONTH, COMMA, year)),
            (0.4 * share, (literal("the "), field_piece("day", _DAYS, (ordinal, 1.0)), of, NAMED_MONTH, COMMA, year)),
            (1.6 * share, (NAMED_MONTH, literal(" "), ORDINAL_DAY, COMMA, year)),
        ]
    cut = (SHORT_YEAR, cut_year)
    return [Form("en", weight, pieces if pieces[-1] in cut else _with_weekday("en", pieces)) for weight, pieces in rows]


def _days_zh(shape: str, digits: bool) -> Callable[[int], str]:
    def write(n: int) -> str:
        if not digits and n % 7 == 0:
            return shape.format("一周" if n == 7 else "两周")
        return shape.format(f"{n}天" if digits else ("两" if n == 2 else han(n)) + "天")

    return write


def _days_en(shape: str, digits: bool) -> Callable[[int], str]:
    def write(n: int) -> str:
        count, unit = (n // 7, "week") if n % 7 == 0 and not digits else (n, "day")
        number = str(count) if digits else "a" if count == 1 else number_words(count)
        return shape.format(f"{number} {unit}{'' if count == 1 else 's'}")

    return write


STEP = {
    "zh": field_piece(
        "step",
        STEPS,
        *(
            (_days_zh(shape, d), 0.125)
            for shape in ("，{}后", "，再过{}", "，又过{}", "；{}之后")
            for d in (True, False)
        ),
    ),
    "en": field_piece(
        "step",
        STEPS,
        *(
            (_days_en(shape, d), 0.125)
            for shape in (", {} later", ", then {} later", ", and {} after that", "; {} on")
            for d in (True, False)
        ),
    ),
}
END = {"zh": literals(**{"": 0.9, "。": 0.1}), "en": literals(**{"": 0.9, ".": 0.1})}
FORMS = (*_numeric(), *_chinese(), *_english())


def as_is(written: str) -> str:
    """The text unchanged."""
    return written


def full_width(written: str) -> str:
    """Digits and separators as full-width characters, as some input methods write them.

    >>> full_width("11/22")
    '１１／２２'
    """
    return "".join(chr(ord(c) + 0xFEE0) if c in "0123456789/-." else c for c in written)


STYLES: dict[str, tuple[tuple[Callable[[str], str], float], ...]] = {
    "zh": ((as_is, 0.95), (full_width, 0.05)),
    "en": ((as_is, 0.8), (str.lower, 0.12), (str.upper, 0.08)),
}


@functools.cache
def styled(piece: Piece, style: Callable[[str], str]) -> Piece:
    """The piece with a style (such as ``str.lower``) applied to every spelling."""
    return Piece(piece.field, {v: tuple((style(t), p) for t, p in s) for v, s in piece.spellings.items()})
