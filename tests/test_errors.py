from __future__ import annotations

import ast
import errno
import json
import re
import string

import pytest

from s2s.errors import LANGUAGES, UserError, reason, say, sentences
from tests.paths import ROOT

SOURCES = sorted((ROOT / "s2s").rglob("*.py"))


def places(text: str) -> set[str]:
    return {name for _, name, _, _ in string.Formatter().parse(text) if name is not None}


def raised() -> list[tuple[str, str, set[str] | None]]:
    """(key, where, names of the values) of every ``UserError(…)``; the names are None where ``**`` hides them."""
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "UserError"):
                continue
            names = {k.arg for k in node.keywords if k.arg}
            known = names if all(k.arg for k in node.keywords) else None
            first = node.args[0]
            for option in [first.body, first.orelse] if isinstance(first, ast.IfExp) else [first]:
                assert isinstance(option, ast.Constant), f"{path.name}:{node.lineno}: write the key out"
                found.append((option.value, f"{path.name}:{node.lineno}", known))
    return found


def test_languages_have_the_same_keys() -> None:
    first, *others = (sentences(language) for language in LANGUAGES)
    for other in others:
        assert first.keys() == other.keys()
    assert len(first) > 30


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_empty_and_places_agree(language: str) -> None:
    for key, text in sentences(language).items():
        assert text.strip(), key
        assert places(text) == places(sentences("en")[key]), key
        assert all(name.isidentifier() for name in places(text)), key


def test_every_error_has_a_sentence_and_fills_its_places() -> None:
    found = raised()
    assert len(found) > 30
    for key, where, names in found:
        assert f"error.{key}" in sentences("en"), f"{where}: {key}"
        assert names is None or places(sentences("en")[f"error.{key}"]) <= names | {"program"}, f"{where}: {key}"


def test_every_error_sentence_is_used() -> None:
    scripts = sorted((ROOT / "s2s").rglob("*.js"))
    code = "\n".join(path.read_text(encoding="utf-8") for path in (*SOURCES, *scripts))
    used = {key for key, _, _ in raised()}
    for key in (k.removeprefix("error.") for k in sentences("en") if k.startswith("error.")):
        general = key.removesuffix("_option").removesuffix("_page")  # s2s.data.readers.advise puts these in its place
        assert key in used or general in used or f"error.{key}" in code or f'"{key}"' in code, key


def test_an_error_speaks_both_languages() -> None:
    error = UserError("file_missing", file="a.tsv")
    assert str(error) == "Cannot read a.tsv. Check the path."
    assert error.say("zh") == say("error.file_missing", "zh", file="a.tsv") == "无法读取 a.tsv，请检查路径。"
    assert isinstance(error, ValueError)


def test_braces_in_a_value_are_kept() -> None:
    assert "{x}" in str(UserError("file_missing", file="{x}"))


def raised_by(text: str) -> Exception:
    """What JSON's reader raises for a text."""
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return error
    raise AssertionError(text)


@pytest.mark.parametrize(
    "error",
    [
        *map(raised_by, ("{", "[" * 100_000, "9" * 5_000)),
        *(RecursionError(), MemoryError(), KeyError("3"), ValueError("could not convert string to float: 'x'")),
        *(UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte"), TypeError("'int' object is not iterable")),
        *(OSError(errno.ENOSPC, "No space left on device"), PermissionError(errno.EACCES, "Permission denied")),
        UserError("trace_broken", reason=UserError("trace_memory")),
    ],
    ids=lambda error: type(error).__name__,
)
def test_a_reason_is_in_the_language_of_its_sentence_also_from_another_process(error: Exception) -> None:
    whole = UserError("json_broken", file="1", reason=reason(error))
    again = UserError.unpacked(json.loads(json.dumps(whole.packed())))
    assert again is not None and again.bare().say("zh") == whole.say("zh") and str(again) == str(whole)
    assert set(re.findall("[A-Za-z]{3,}", whole.say("zh"))) <= {"JSON", "UTF", "memory"}
    assert not re.search(r"[　-鿿]|\.[:.]", str(whole)) and str(whole).count(".") == 1


@pytest.mark.parametrize(
    "packed", [None, 3, {}, {"error": "no such key", "values": {}}, {"error": "json_broken", "values": {}}]
)
def test_what_is_no_packed_error_is_none(packed: object) -> None:
    assert UserError.unpacked(packed) is None
    assert UserError.unpacked({"error": packed, "values": packed}) is None
