"""``PageState``, the parameters of a link, and how they are read and written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from s2s.text.safe import shortened
from s2s.trace.branch import PARENT, Branch, pack, unpack

Value = TypeVar("Value")
MAX_VALUE = 4_000  # most characters of one parameter
STRATEGIES = ("greedy", "sampling", "beam")
MODES = ("both", "free", "forced")
TABS = ("player", "charts", "heads_tab", "beam_tab")  # tabs of Step through
EXERCISES = ("step", "diverge", "unknown", "date", "submission")  # of the chapter Homework
MAX_NOTE = 500  # characters of a teacher's note
HIDEABLE = (  # what a link may hide: controls of Step through, then parts of the player (shell/hidden.py)
    *("menu", "form", "settings", "examples", "tabs"),
    *("summary", "lanes", "heatmap", "softmax", "arithmetic", "evidence", "table", "downloads", "editing", "keys"),
)
TOUR = 11  # stops of the guided tour
DIFFERS = ("source", "checkpoint", "decoding")  # how B of a comparison may differ from A


def _parameter(default: Value, read: Callable[[str], Any], write: Callable[[Any], str] = str) -> Value:
    """A field of ``PageState``: its default, and the functions that read and write the parameter's text."""
    parameter: Value = field(default=default, metadata={"read": read, "write": write})
    return parameter


def _number(kind: type[int] | type[float], low: float, high: float) -> Callable[[str], Any]:
    def read(value: str) -> Any:
        number = kind(value)
        if not low <= number <= high:
            raise ValueError(value)
        return number

    return read


def _choice(*allowed: str) -> Callable[[str], str]:
    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return read


def _text(value: str) -> str:
    if len(value) > MAX_VALUE:
        raise ValueError(value)
    return value


def _flag(value: str) -> bool:
    return _choice("1")(value) == "1"


def _lane(value: str) -> str:
    if not PARENT.fullmatch(value):
        raise ValueError(value)
    return value


def _tokens(value: str) -> str:
    """Tokens separated by single spaces, each valid for a segmenter."""
    if value:
        from s2s.text.segmenters import is_token  # with jieba, so only when it is needed

        if len(_text(value)) != len(value.strip()) or not all(map(is_token, value.split(" "))):
            raise ValueError(value)
    return value


def _differing(value: str) -> str:
    """Some of ``DIFFERS`` in their order, separated by commas."""
    chosen = value.split(",") if value else []
    if chosen != [name for name in DIFFERS if name in chosen]:
        raise ValueError(value)
    return value


def names_of(value: str) -> list[str]:
    """The names in a list with commas between.

    >>> names_of("form, table"), names_of("")
    (['form', 'table'], [])
    """
    return [name.strip() for name in value.split(",") if name.strip()]


def _hidden(value: str) -> str:
    """Those names that are in ``HIDEABLE``, in its order; ``read_link`` reports the others."""
    chosen = names_of(value)
    return ",".join(name for name in HIDEABLE if name in chosen)


def _note(value: str) -> str:
    text = value.replace("\r\n", "\n").strip()
    if len(text) > MAX_NOTE or not all(c.isprintable() or c in "\n\t" for c in text):
        raise ValueError(value)
    return text


def _chapter(value: str) -> str:
    """A name like those of chapters; whether there is such a chapter, the lesson checks."""
    if not re.fullmatch(r"[a-z_]{0,30}", value):
        raise ValueError(value)
    return value


def _inspection(value: str) -> str:
    """The name of an inspection, or an empty text."""
    if value:
        from s2s.server.inspections import VALID_NAME

        if not VALID_NAME.fullmatch(value):
            raise ValueError(value)
    return value


def _query(value: str) -> str:
    """A filter of an inspection's rows, as ``Query.pack`` writes it."""
    if value:
        from s2s.inspect.table import Query

        return Query.unpack(_text(value)).pack()
    return value


def _labelled(value: str) -> str:
    """A filter of an inspection's rows by their labels, as ``LabelFilter.pack`` writes it."""
    if value:
        from s2s.store.label import LabelFilter

        return LabelFilter.unpack(_text(value)).pack()
    return value


def _one(on: object) -> str:
    return "1"


_STRATEGY = ("greedy", _choice(*STRATEGIES))
_TEMPERATURE = (1.0, _number(float, 0.05, 3))
_TOP_K = (0, _number(int, 0, 1000))
_TOP_P = (1.0, _number(float, 0.05, 1))
_SEED = (0, _number(int, 0, 999_999))
_BEAM = (5, _number(int, 1, 10))
_LENGTH_PENALTY = (0.6, _number(float, 0, 2))
_COVERAGE_PENALTY = (0.0, _number(float, 0, 2))
_MAX_LENGTH = (0, _number(int, 0, 200))
SETTINGS = (  # the settings of decoding; those of side B of a comparison have the same names after ``b_``
    "strategy",
    "temperature",
    "top_k",
    "top_p",
    "seed",
    "beam",
    "length_penalty",
    "coverage_penalty",
    "max_length",
)


@dataclass(frozen=True)
class PageState:
    """What a page shows. Each field is a parameter of the link, whose default holds for a link without it."""

    model: str = _parameter("", _text)
    compare: str = _parameter("", _text)
    text: str = _parameter("", _text)
    ref: str = _parameter("", _text)
    mode: str = _parameter("both", _choice(*MODES))
    strategy: str = _parameter(*_STRATEGY)
    temperature: float = _parameter(*_TEMPERATURE)
    top_k: int = _parameter(*_TOP_K)
    top_p: float = _parameter(*_TOP_P)
    seed: int = _parameter(*_SEED)
    beam: int = _parameter(*_BEAM)
    length_penalty: float = _parameter(*_LENGTH_PENALTY)
    coverage_penalty: float = _parameter(*_COVERAGE_PENALTY)
    max_length: int = _parameter(*_MAX_LENGTH)
    tokens: str = _parameter("", _tokens)  # read instead of the text, separated by spaces; empty: the text
    differs: str = _parameter("source", _differing)
    b_text: str = _parameter("", _text)  # empty: as A
    b_tokens: str = _parameter("", _tokens)
    compared: str = _parameter("free", _choice("free", "forced"))
    b_strategy: str = _parameter(*_STRATEGY)
    b_temperature: float = _parameter(*_TEMPERATURE)
    b_top_k: int = _parameter(*_TOP_K)
    b_top_p: float = _parameter(*_TOP_P)
    b_seed: int = _parameter(*_SEED)
    b_beam: int = _parameter(*_BEAM)
    b_length_penalty: float = _parameter(*_LENGTH_PENALTY)
    b_coverage_penalty: float = _parameter(*_COVERAGE_PENALTY)
    b_max_length: int = _parameter(*_MAX_LENGTH)
    layer: int = _parameter(0, _number(int, 0, 999))  # for a model of many heads, from 1; 0: the mean of all
    head: int = _parameter(0, _number(int, 0, 999))
    pieces: bool = _parameter(False, _flag, _one)  # show subwords instead of whole words
    tab: str = _parameter("player", _choice(*TABS))
    step: int = _parameter(1, _number(int, 1, 10_000))
    lane: str = _parameter("free", _lane)
    tour: int = _parameter(0, _number(int, 1, TOUR))  # the stop of the guided tour; 0: none
    branches: tuple[Branch, ...] = _parameter((), unpack, pack)
    predict: bool = _parameter(False, _flag, _one)  # the viewer guesses each step before it is shown
    chapter: str = _parameter("", _chapter)  # chapter of the lesson; empty: the first
    exercise: str = _parameter("step", _choice(*EXERCISES))  # of the chapter Homework
    projector: bool = _parameter(False, _flag, _one)
    hide: str = _parameter("", _hidden)
    note: str = _parameter("", _note)  # a teacher's, shown beside the page
    inspection: str = _parameter("", _inspection)
    against: str = _parameter("", _inspection)  # a second inspection of the same file
    won_by: str = _parameter("chrf", _choice("chrf", "bleu", "rouge_l", "nll"))
    query: str = _parameter("", _query)
    labelled: str = _parameter("", _labelled)
    row: int = _parameter(0, _number(int, 0, 10**12))

    @property
    def source(self) -> str | tuple[str, ...]:
        """The input of the model: the given tokens, else the text."""
        return tuple(self.tokens.split(" ")) if self.tokens else self.text

    @property
    def settings(self) -> tuple[tuple[str, Any], ...]:
        """The settings of decoding, as hashable pairs (name, value) for the caches."""
        return tuple((name, getattr(self, name)) for name in SETTINGS)


FIELDS: Mapping[str, Field[Any]] = {parameter.name: parameter for parameter in fields(PageState)}
PLAYERS = ("step", "lane", "tour")  # parameters that only scripts in the browser read and write
INSPECTION = ("inspection", "against", "won_by", "query", "labelled", "row")  # parameters of the page Errors
GREEDY = PageState().settings  # the default settings


def parameters(state: PageState) -> dict[str, Any]:
    """All fields by name."""
    return {name: getattr(state, name) for name in FIELDS}


def read_link(query: Mapping[str, str]) -> tuple[PageState, list[tuple[str, str]]]:
    """Read a link: the state, and name and text of each parameter that was ignored because it is invalid.

    >>> state, ignored = read_link({"step": "3", "top_p": "9"})
    >>> state.step, state.top_p, ignored
    (3, 1.0, [('top_p', '9')])
    """
    valid, ignored = {}, []
    for name, parameter in FIELDS.items():
        if name in query:
            try:
                valid[name] = parameter.metadata["read"](query[name])
            except ValueError:
                ignored.append((name, query[name][:40]))
    if unknown := [name for name in names_of(query.get("hide", "")) if name not in HIDEABLE]:
        ignored.append(("hide", shortened(", ".join(unknown), 40)))
    return PageState(**valid), ignored


def write_link(state: PageState) -> dict[str, str]:
    """The parameters that differ from their defaults, as texts: ``read`` gives the same state back."""
    changed = {name: value for name, value in parameters(state).items() if value != FIELDS[name].default}
    return {name: FIELDS[name].metadata["write"](value) for name, value in changed.items()}


def spelt(text: str, tokens: str) -> bool:
    """Whether the tokens spell the text, spaces aside; true without tokens."""
    if not tokens:
        return True
    from s2s.text.segmenters import spelling

    return spelling(text) == spelling(tokens)
