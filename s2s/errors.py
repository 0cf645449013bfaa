"""Messages and errors for the user: keys with values, and sentences by language in ``locales/``."""

from __future__ import annotations

import difflib
import errno
import functools
import json
import re
import string
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

LANGUAGES = ("zh", "en")
SCRIPT, MODULE = "lookback", "python -m s2s"  # the installed command, and the call from a clone
LONGEST = 160  # characters of a value in a sentence; of a longer one the middle is left out
FULL_WIDTH = re.compile(r"[，。、；：！？）](?:</\w+>)*$")  # a mark at the end, also within a tag, with its own space
OUT_OF_MEMORY = (  # RuntimeErrors of torch; SystemError of an interpreter that could not make the exception itself
    "std::bad_alloc",
    "can't allocate memory",
    "returned NULL without setting an exception",
)


@functools.cache
def sentences(language: str) -> dict[str, str]:
    """Every text of the interface in one language, by key."""
    path = Path(__file__).parent / "locales" / f"{language}.json"
    loaded: dict[str, str] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def say(key: str, language: str, /, **values: object) -> str:
    """The sentence under ``key``, its ``{places}`` filled with the values; ``{program}`` with how it was called.

    >>> say("error.text_empty", "en")
    'Type a sentence first.'
    """
    return fill(sentences(language)[key], program=program(), **values)


class _Plurals(string.Formatter):
    def format_field(self, value: Any, spec: str) -> str:
        if "|" not in spec:
            return str(super().format_field(value, spec))
        one, other = spec.split("|")
        return one if value == 1 or value == "1" else other


def fill(sentence: str, /, **values: object) -> str:
    """A sentence with its ``{places}`` filled; ``{place:one|other}`` is the first word where the value is 1.

    >>> fill("{count} {count:word|words}", count=1), fill("{count} {count:word|words}", count=2)
    ('1 word', '2 words')
    """
    return _Plurals().vformat(sentence, (), values)


def joined(*texts: str) -> str:
    """Texts in one line: a space between two, but none after a full-width mark; an empty text is left out.

    >>> joined("已揭晓。", "座位 3/60"), joined("Revealed.", "", "3 of 60 seats taken")
    ('已揭晓。座位 3/60', 'Revealed. 3 of 60 seats taken')
    """
    line = ""
    for text in filter(None, texts):
        line += text if not line or FULL_WIDTH.search(line) else f" {text}"
    return line


def program() -> str:
    """How this program was called: ``lookback`` or ``python -m s2s``."""
    return SCRIPT if Path(sys.argv[0]).stem == SCRIPT else MODULE


def strings(prefix: str, language: str) -> dict[str, str]:
    """All texts whose key begins with ``prefix.``, by the rest of the key, for a script in the browser."""
    start = f"{prefix}."
    return {k.removeprefix(start): v for k, v in sentences(language).items() if k.startswith(start)}


class UserError(ValueError):
    """A mistake that the user can correct; ``str()`` is the English sentence, ``say`` has both languages.

    A value may be another error, as ``reason`` gives it: its sentence then stands within this one, in its language.

    >>> str(UserError("text_empty")), UserError("text_empty").say("zh")
    ('Type a sentence first.', '请先输入一句话。')
    """

    def __init__(self, key: str, /, **values: object) -> None:
        super().__init__(key)
        self.key, self.values = f"error.{key}", values
        self.told = False  # whether it has been counted as shown to a visitor

    @classmethod
    def again(cls, key: str, values: Mapping[str, object]) -> UserError:
        """Rebuild an error from its key and values, such as one of another process."""
        return cls(key, **values)

    def bare(self) -> UserError:
        """The same error to be kept: without its traceback, whose frames keep alive whatever their callers held."""
        values = {name: value.bare() if isinstance(value, UserError) else value for name, value in self.values.items()}
        return UserError.again(self.key.removeprefix("error."), values)

    def packed(self) -> dict[str, Any]:
        """The error as plain JSON, for another process, which reads it with ``unpacked``."""
        values = {name: _packed(value) for name, value in self.values.items()}
        return {"error": self.key.removeprefix("error."), "values": values}

    @classmethod
    def unpacked(cls, packed: object) -> UserError | None:
        """The error that was ``packed``; None for anything else, as the writer may not be ours any more."""
        if not (isinstance(packed, dict) and isinstance(packed.get("values"), dict)):
            return None
        try:
            values = {str(name): _unpacked(value) for name, value in packed["values"].items()}
            error = cls.again(str(packed.get("error")), values)
            for language in LANGUAGES:
                error.say(language)
        except (KeyError, IndexError, ValueError, TypeError, RecursionError):  # an unknown key, values that do not fit
            return None
        return error

    def __str__(self) -> str:
        return self.say("en")

    def say(self, language: str, /) -> str:
        """The sentence in ``zh`` or ``en``. Values are often a stranger's: they are bounded, and steer no terminal."""
        return say(self.key, language, **{name: _said(value, language) for name, value in self.values.items()})


def reason(error: BaseException) -> UserError:
    """What an exception of Python or a library means, as a value of another error; of a UserError its own reason.

    >>> str(reason(KeyError("weight"))), reason(RecursionError()).say("zh")
    ('weight is missing.', '嵌套太深。')
    """
    text, kind = " ".join(str(error).split()), type(error)
    if isinstance(error, UserError):
        inner = error.values.get("reason")
        return inner.bare() if isinstance(inner, UserError) else error.bare()
    if isinstance(error, RecursionError):
        return UserError("reason_deep")
    if isinstance(error, MemoryError) or any(words in text for words in OUT_OF_MEMORY):
        return UserError("reason_memory")
    if isinstance(error, UnicodeError):
        return UserError("reason_encoding")
    if isinstance(error, json.JSONDecodeError):
        return UserError("reason_json", line=error.lineno, column=error.colno)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return UserError("reason_disk_full")
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return UserError("reason_permission")
    if kind is KeyError:
        return UserError("reason_missing", key=error.args[0] if error.args else "")
    if "int_max_str_digits" in text:
        return UserError("reason_digits")
    if kind is ValueError and "not JSON compliant" in text:
        return UserError("record_finite")
    if kind in (ValueError, TypeError, AttributeError, IndexError, OverflowError, ZeroDivisionError):
        return UserError("reason_value")
    return UserError("reason_quoted", text=getattr(error, "strerror", None) or text or kind.__name__)


def _packed(value: object) -> object:
    if isinstance(value, UserError):
        return value.packed()
    return value if isinstance(value, (int, float)) else str(value)


def _unpacked(value: object) -> object:
    if isinstance(value, dict):
        return UserError.unpacked(value) or ""
    return value if isinstance(value, (int, float)) else str(value)


def _said(value: object, language: str) -> object:
    return within(value.say(language)) if isinstance(value, UserError) else _bounded(value)


def within(sentence: str) -> str:
    """A sentence as it stands within another: without a capital to begin with, and without its full stop.

    >>> within("The disk is full."), within("磁盘已满。")
    ('the disk is full', '磁盘已满')
    """
    return (sentence[:1].lower() + sentence[1:] if sentence[1:2].islower() else sentence).rstrip(".。")


def _bounded(value: object) -> object:
    """Numbers as they are; anything else as a text of at most ``LONGEST`` printable characters.

    >>> _bounded(2.5), _bounded("a\x1b[1m"), len(str(_bounded("a" * 1000)))
    (2.5, 'a�[1m', 160)
    """
    if isinstance(value, float) or (isinstance(value, int) and abs(value) < 1 << 63):
        return value
    text = repr(value) if isinstance(value, bytes) else hex(value) if isinstance(value, int) else str(value)
    text = "".join(c if c.isprintable() else "�" for c in text.replace("\n", " "))
    return text if len(text) <= LONGEST else f"{text[:100]}…{text[101 - LONGEST :]}"


def nearest(name: str, names: Iterable[str]) -> str:
    """Names for a sentence, with commas between; too many for a value: those most like ``name``, and an ellipsis.

    >>> nearest("zh", ["en_XX", "zh_CN"])
    'en_XX, zh_CN'
    """
    known = list(names)
    if len(whole := ", ".join(known)) <= LONGEST:
        return whole
    like = difflib.get_close_matches(name, known, n=len(known), cutoff=0.5)
    like += [other for other in known if other[:2] == name[:2] and other not in like]
    while like and len(", ".join(like)) > LONGEST - 3:
        like.pop()
    for other in known:
        if other not in like:
            if len(", ".join([*like, other])) > LONGEST - 3:
                break
            like.append(other)
    return f"{', '.join(like)}, …"


def closest(name: str, names: Iterable[str], cutoff: float = 0.75) -> str:
    """Of ``names`` the one that ``name`` was probably meant for; empty if it is like none.

    It may be in another case, with hyphens or underscores, only the beginning, or misspelt.

    >>> closest("--top_p", ["--top-k", "--top-p"]), closest("Modle", ["model"]), closest("utm_source", ["text"])
    ('--top-p', 'model', '')
    """
    known = {_bare_name(other): other for other in names}
    plain = _bare_name(name)
    begun = [other for other in known if other.startswith(plain)] if len(plain) >= 3 else []
    like = [plain] if plain in known else begun or difflib.get_close_matches(plain, known, n=1, cutoff=cutoff)
    return known[like[0]] if like else ""


def _bare_name(name: str) -> str:
    return name.lower().replace("_", "-").strip("-")
