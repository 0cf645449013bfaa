"""``PageState``, the parameters of a link, and how they are read and written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields
from typing import Any, TypeVar

from s2s.decode.ranges import ON_PAGES
from s2s.errors import UserError, closest
from s2s.trace.branch import Branch, pack
from s2s.web.shell import link_values as read
from s2s.web.shell.link_values import Refused, refuse

Value = TypeVar("Value")
STRATEGIES = ("greedy", "sampling", "beam")
MODES = ("both", "free", "forced")
TABS = ("player", "charts", "heads_tab", "beam_tab")  # tabs of Step through
CHAPTERS = (  # of the lesson, in the order of the lecture
    *("encoder_decoder", "attention", "layers", "cross_entropy", "prior"),
    *("exposure", "training", "predict", "homework"),
)
EXERCISES = ("step", "diverge", "unknown", "date", "submission")  # of the chapter Homework
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


def _one(on: object) -> str:
    return "1"


_STRATEGY = ("greedy", read.choice(*STRATEGIES))
_TEMPERATURE = (1.0, read.number(*ON_PAGES["temperature"]))
_TOP_K = (0, read.number(*ON_PAGES["top_k"]))
_TOP_P = (1.0, read.number(*ON_PAGES["top_p"]))
_SEED = (0, read.number(*ON_PAGES["seed"]))
_BEAM = (5, read.number(*ON_PAGES["beam"]))
_LENGTH_PENALTY = (0.6, read.number(*ON_PAGES["length_penalty"]))
_COVERAGE_PENALTY = (0.0, read.number(*ON_PAGES["coverage_penalty"]))
_MAX_LENGTH = (0, read.number(*ON_PAGES["max_length"]))
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

    model: str = _parameter("", read.text)
    compare: str = _parameter("", read.text)
    text: str = _parameter("", read.text)
    ref: str = _parameter("", read.text)
    mode: str = _parameter("both", read.choice(*MODES))
    strategy: str = _parameter(*_STRATEGY)
    temperature: float = _parameter(*_TEMPERATURE)
    top_k: int = _parameter(*_TOP_K)
    top_p: float = _parameter(*_TOP_P)
    seed: int = _parameter(*_SEED)
    beam: int = _parameter(*_BEAM)
    length_penalty: float = _parameter(*_LENGTH_PENALTY)
    coverage_penalty: float = _parameter(*_COVERAGE_PENALTY)
    max_length: int = _parameter(*_MAX_LENGTH)
    tokens: str = _parameter("", read.tokens)  # read instead of the text, separated by spaces; empty: the text
    differs: str = _parameter("source", read.some_of(*DIFFERS))
    b_text: str = _parameter("", read.text)  # empty: as A
    b_tokens: str = _parameter("", read.tokens)
    compared: str = _parameter("free", read.choice("free", "forced"))
    b_strategy: str = _parameter(*_STRATEGY)
    b_temperature: float = _parameter(*_TEMPERATURE)
    b_top_k: int = _parameter(*_TOP_K)
    b_top_p: float = _parameter(*_TOP_P)
    b_seed: int = _parameter(*_SEED)
    b_beam: int = _parameter(*_BEAM)
    b_length_penalty: float = _parameter(*_LENGTH_PENALTY)
    b_coverage_penalty: float = _parameter(*_COVERAGE_PENALTY)
    b_max_length: int = _parameter(*_MAX_LENGTH)
    layer: int = _parameter(0, read.number(0, 999))  # for a model of many heads, from 1; 0: the mean of all
    head: int = _parameter(0, read.number(0, 999))
    pieces: bool = _parameter(False, read.flag, _one)  # show subwords instead of whole words
    tab: str = _parameter("player", read.choice(*TABS))
    step: int = _parameter(1, read.number(1, 10_000))
    lane: str = _parameter("free", read.lane)
    tour: int = _parameter(0, read.number(1, TOUR))  # the stop of the guided tour; 0: none
    branches: tuple[Branch, ...] = _parameter((), read.branches, pack)
    predict: bool = _parameter(False, read.flag, _one)  # the viewer guesses each step before it is shown
    chapter: str = _parameter("", read.numbered(*CHAPTERS))  # chapter of the lesson; empty: the first
    exercise: str = _parameter("step", read.choice(*EXERCISES))  # of the chapter Homework
    projector: bool = _parameter(False, read.flag, _one)
    hide: str = _parameter("", _hidden)
    note: str = _parameter("", read.note)  # a teacher's, shown beside the page
    inspection: str = _parameter("", read.inspection)
    against: str = _parameter("", read.inspection)  # a second inspection of the same file
    won_by: str = _parameter("chrf", read.choice("chrf", "bleu", "rouge_l", "nll"))
    query: str = _parameter("", read.query)
    labelled: str = _parameter("", read.labelled)
    row: int = _parameter(0, read.number(1, 10**12))  # 0: none is open
    marked: str = _parameter("reference", read.choice("reference", "outputs", "off"))  # what the outputs differ from

    @property
    def source(self) -> str | tuple[str, ...]:
        """The input of the model: the given tokens, else the text."""
        return tuple(self.tokens.split(" ")) if self.tokens else self.text

    @property
    def settings(self) -> tuple[tuple[str, Any], ...]:
        """The settings of decoding, as hashable pairs (name, value) for the caches."""
        return tuple((name, getattr(self, name)) for name in SETTINGS)


FIELDS: Mapping[str, Field[Any]] = {parameter.name: parameter for parameter in fields(PageState)}
OTHERS = ("lang", "room", "person", "teach")  # parameters that are no part of the state
MAX_UNKNOWN = 50  # parameters of a link that are compared with ours
PLAYERS = ("step", "lane", "tour")  # parameters that only scripts in the browser read and write
INSPECTION = ("inspection", "against", "won_by", "query", "labelled", "row", "marked")  # parameters of the page Errors
GREEDY = PageState().settings  # the default settings


def parameters(state: PageState) -> dict[str, Any]:
    """All fields by name."""
    return {name: getattr(state, name) for name in FIELDS}


def read_link(query: Mapping[str, str]) -> tuple[PageState, list[Refused]]:
    """Read a link: the state, and what was refused of it, for which the state has the default.

    >>> state, (refused,) = read_link({"step": "3", "top_p": "9"})
    >>> state.step, state.top_p, str(refused.reason), refused.used
    (3, 1.0, 'It must be a number from 0.05 to 1.', '1.0')
    """
    valid, ignored = {}, []
    for name, parameter in FIELDS.items():
        if name in query:
            try:
                valid[name] = parameter.metadata["read"](query[name])
            except UserError as reason:
                ignored.append(refuse(name, query[name], reason, _default(parameter)))
    if unknown := [name for name in names_of(query.get("hide", "")) if name not in HIDEABLE]:
        ignored.append(refuse("hide", ", ".join(unknown), UserError("link_hide", known=", ".join(HIDEABLE))))
    return PageState(**valid), ignored + _misspelt(query)


def _misspelt(query: Mapping[str, str]) -> list[Refused]:
    """The parameters that there are not and that are like one of ours; others are another program's, as ``utm_id``.

    Who misspells a name rarely begins with another letter: ``from`` is not meant for ``room``.
    """
    known = (*FIELDS, *OTHERS)
    unknown = [name for name in query if name not in known and len(name) <= read.MAX_REFUSED][:MAX_UNKNOWN]
    likes = {name: closest(name, [other for other in known if other[0] == name[:1].lower()]) for name in unknown}
    return [
        refuse(name, query[name], UserError("link_name", name=name, like=like)) for name, like in likes.items() if like
    ]


def _default(parameter: Field[Any]) -> str:
    """The default as a link would say it; empty for one that no link says, such as that nothing is open."""
    written = str(parameter.metadata["write"](parameter.default))
    try:
        return written if parameter.metadata["read"](written) == parameter.default else ""
    except UserError:
        return ""


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
