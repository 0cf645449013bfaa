"""Read another library's vocabulary, a JSON or text file, as a list of words by id."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from s2s.checkpoint.files import MAX_JSON_BYTES
from s2s.errors import UserError
from s2s.text.keras_tokenizer import FILTERS, KerasConfig

PADDING = ("", "<pad>", "[pad]", "<blank>", "<mask>")


@dataclass(frozen=True)
class WordList:
    """The words by id, from 0; ``unknown`` is the token for unlisted words, if the file names one.

    ``whole`` is false if the file has no word at id 0, the padding; ``words`` then begins with "". Ids from ``used`` on
    (``num_words`` of Keras) are never used, so a matrix may end there. ``rules`` are the settings of Keras' Tokenizer,
    if the file has them.
    """

    file: Path
    words: list[str]
    unknown: str | None = None
    whole: bool = True
    used: int | None = None
    rules: KerasConfig | None = None

    def sized(self, rows: int) -> WordList:
        """The list adjusted to a matrix of ``rows`` rows. UserError if that is not possible.

        A list without padding may be one shorter than the matrix.
        """
        words = self.words
        if self.whole and len(words) == rows - 1 and words[0].lower() not in PADDING:
            words = ["", *words]
        if self.used is not None and self.used <= rows:
            words = [word if i < self.used else f"<unused-{i}>" for i, word in enumerate(words[:rows])]
        if len(words) != rows:
            raise UserError("words_count", file=str(self.file), found=len(words), expected=rows)
        return replace(self, words=words, whole=True)


def read_word_list(path: Path) -> WordList:
    """Keras' ``Tokenizer.to_json()``, a JSON list, ``{word: id}``, ``{id: word}``; lines ``word``, ``word TAB id`` or
    ``id TAB word``.

    UserError for another file, two words with one id, a repeated word, and a missing id other than 0.
    """
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            raise UserError("file_too_large", file=str(path), limit=MAX_JSON_BYTES // 1_000_000)
        text = path.read_text(encoding="utf-8-sig")
    except OSError:
        raise UserError("file_missing", file=str(path)) from None
    except UnicodeDecodeError:
        raise UserError("words_broken", file=str(path)) from None
    found = _json(text) if text.lstrip()[:1] in ("{", "[", '"') else None
    if isinstance(found, dict) and found.get("class_name") == "Tokenizer":
        return _tokenizer(path, found.get("config"))
    if isinstance(found, list):
        return _listed(path, dict(enumerate(found)))
    if isinstance(found, dict):
        return _listed(path, _by_id(found))
    return _listed(path, _lines(text))


def _json(text: str) -> Any:
    """The JSON value, or None. A JSON string is parsed again: ``json.dump(tokenizer.to_json())`` writes one."""
    try:
        value = json.loads(text)
        return json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return None


def _lines(text: str) -> dict[int, Any]:
    """One word a line, by line number, or by the id after or before a TAB; {} if both could be ids."""
    lines = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")]
    columns = [_columns([line.rsplit("\t", 1) for line in lines], column) for column in (1, 0)]
    if columns == [None, None]:
        return dict(enumerate(lines))
    after, before = columns
    return {} if after and before and after != before else after or before or {}


def _columns(pairs: Sequence[Sequence[str]], column: int) -> dict[int, Any] | None:
    """The other column by the numbers in this one; {} if they are not ids, None if they are no numbers."""
    if not all(len(pair) == 2 and pair[column].strip().isdecimal() and len(pair[column]) < 10 for pair in pairs):
        return None
    found = {int(pair[column]): pair[1 - column] for pair in pairs}
    return found if len(found) == len(pairs) and min(found) < 2 and max(found) - min(found) < len(found) else {}


def _by_id(values: Mapping[str, Any]) -> dict[int, Any]:
    """``{word: id}`` or ``{id: word}`` as ``{id: word}``; {} if it is neither or two words share an id."""
    if all(type(value) is int for value in values.values()):
        turned = {place: word for word, place in values.items()}
        return turned if len(turned) == len(values) else {}
    if all(key.isdecimal() and len(key) < 10 for key in values):
        return {int(key): word for key, word in values.items()}
    return {}


def _tokenizer(path: Path, config: Any) -> WordList:
    """The word list of Keras' Tokenizer: ids from 1, as JSON in a string; ids from ``num_words`` on are unused."""
    values = config if isinstance(config, dict) else {}
    index = values.get("word_index")
    index = _json(index) if isinstance(index, str) else index
    most, unknown = values.get("num_words"), values.get("oov_token")
    if not isinstance(index, dict) or not all(type(place) is int for place in index.values()):
        raise UserError("words_broken", file=str(path))
    listed = _listed(path, _by_id(index))
    used = most if type(most) is int and most > 0 else None
    unknown = unknown if isinstance(unknown, str) else None
    return replace(listed, unknown=unknown, used=used, rules=_rules(path, values, unknown is None))


def _rules(path: Path, values: Mapping[str, Any], skip: bool) -> KerasConfig | None:
    """The Tokenizer's settings; None if the file has none. UserError for a value of another type."""
    names = {"lower": "lower", "filters": "filters", "split": "split", "char_level": "characters"}
    given = {ours: values[theirs] for theirs, ours in names.items() if values.get(theirs) is not None}
    if not given:
        return None
    given = {"filters": FILTERS} | given
    if isinstance(given.get("filters"), list):
        given["filters"] = "".join(map(str, given["filters"]))
    for theirs, ours in names.items():
        value = given.get(ours, getattr(KerasConfig(), ours))
        if type(value) is not type(getattr(KerasConfig(), ours)) or (theirs == "split" and not value):
            raise UserError("words_rule", file=str(path), key=theirs, found=repr(value)[:80])
    return KerasConfig(**given, skip=skip)


def _listed(path: Path, by_id: Mapping[int, Any]) -> WordList:
    first = 0 if 0 in by_id else 1
    if not by_id or set(by_id) != set(range(first, len(by_id) + first)):
        raise UserError("words_broken", file=str(path))
    words = [by_id.get(i, "") for i in range(len(by_id) + first)]
    if not all(isinstance(word, str) and (word or i == 0) for i, word in enumerate(words)):
        raise UserError("words_broken", file=str(path))
    repeated = [word for word, count in Counter(words).items() if count > 1]
    if repeated:
        raise UserError("vocab_repeated", token=repeated[0])
    return WordList(path, words, whole=first == 0)
