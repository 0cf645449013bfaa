"""The page's state as a link, and a link as the page's state.

The player writes the address and reads its own part of it, the step and the lane; Python reads the
rest once, when a visit begins, and is not told of the address afterwards.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner import get_script_run_ctx

from s2s.checkpoint.find import VIEW
from s2s.trace.branch import PARENT, pack, unpack
from s2s.web.shell import bound

MAX_VALUE = 4_000  # characters of one value
VIEWED = rf"(.+){VIEW}([0-9]{{1,3}})\.([0-9]{{1,3}})"  # a checkpoint's name with the layer and head to look at


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
    """Tokens with spaces between, each one that a model can be given."""
    if value:
        from s2s.text.segmenters import is_token  # with jieba, so only when it is needed

        if len(_text(value)) != len(value.strip()) or not all(map(is_token, value.split(" "))):
            raise ValueError(value)
    return value


def _differing(value: str) -> str:
    """Some of ``DIFFERS`` in their order, with commas between."""
    chosen = value.split(",") if value else []
    if chosen != [name for name in DIFFERS if name in chosen]:
        raise ValueError(value)
    return value


def _chapter(value: str) -> str:
    """A name as chapters have it; which there are, the lesson knows."""
    if not re.fullmatch(r"[a-z_]{0,30}", value):
        raise ValueError(value)
    return value


def _inspection(value: str) -> str:
    """The name of an inspection, or none."""
    if value:
        from s2s.server.inspections import NAME

        if not NAME.fullmatch(value):
            raise ValueError(value)
    return value


def _query(value: str) -> str:
    """Which rows of an inspection, as ``Query.pack`` writes it."""
    if value:
        from s2s.inspect.table import Query

        return Query.unpack(_text(value)).pack()
    return value


def _labelled(value: str) -> str:
    """Which rows of an inspection by what people said of them, as ``Asked.pack`` writes it."""
    if value:
        from s2s.store.label import Asked

        return Asked.unpack(_text(value)).pack()
    return value


@dataclass(frozen=True)
class Field:
    """One part of the state: its default and how its text in a link is read and written."""

    default: Any
    read: Callable[[str], Any]
    write: Callable[[Any], str] = str


STRATEGIES = ("greedy", "sampling", "beam")
MODES = ("both", "free", "forced")
TABS = ("player", "charts", "heads_tab", "beam_tab")  # of Step through
DIFFERS = ("source", "checkpoint", "decoding")  # in what B of a comparison may differ from A
_DECODING: Mapping[str, Field] = {
    "strategy": Field("greedy", _choice(*STRATEGIES)),
    "temperature": Field(1.0, _number(float, 0.05, 3)),
    "top_k": Field(0, _number(int, 0, 1000)),
    "top_p": Field(1.0, _number(float, 0.05, 1)),
    "seed": Field(0, _number(int, 0, 999_999)),
    "beam": Field(5, _number(int, 1, 10)),
    "length_penalty": Field(0.6, _number(float, 0, 2)),
    "coverage_penalty": Field(0.0, _number(float, 0, 2)),
    "max_length": Field(0, _number(int, 0, 200)),
}
SETTINGS = tuple(_DECODING)
PLAYERS = ("step", "lane")  # what of the link the player alone reads and writes
GREEDY: tuple[tuple[str, Any], ...] = tuple(
    (name, field.default) for name, field in _DECODING.items()
)  # as a page begins
_INSPECTION: Mapping[str, Field] = {
    "inspection": Field("", _inspection),
    "against": Field("", _inspection),  # a second inspection of the same file
    "won_by": Field("chrf", _choice("chrf", "bleu", "rouge_l", "nll")),
    "query": Field("", _query),
    "labelled": Field("", _labelled),
    "row": Field(0, _number(int, 0, 10**12)),
}
INSPECTION = tuple(_INSPECTION)
FIELDS: Mapping[str, Field] = {
    "model": Field("", _text),
    "compare": Field("", _text),
    "text": Field("", _text),
    "ref": Field("", _text),
    "mode": Field("both", _choice(*MODES)),
    **_DECODING,
    "tokens": Field("", _tokens),  # the words that are read for the text, where they are not the model's own
    "differs": Field("source", _differing),
    "b_text": Field("", _text),  # empty: as A
    "b_tokens": Field("", _tokens),
    "compared": Field("free", _choice("free", "forced")),
    **{f"b_{name}": field for name, field in _DECODING.items()},
    "layer": Field(0, _number(int, 0, 999)),  # of a model of many heads, 0: the mean of all
    "head": Field(0, _number(int, 0, 999)),
    "pieces": Field(False, _flag, lambda on: "1"),  # subwords as they are, not put together to words
    "tab": Field("player", _choice(*TABS)),
    "step": Field(1, _number(int, 1, 10_000)),
    "lane": Field("free", _lane),
    "branches": Field((), unpack, pack),
    "predict": Field(False, _flag, lambda on: "1"),  # each step is guessed before it is shown
    "chapter": Field("", _chapter),  # of the lesson; empty: the first
    "projector": Field(False, _flag, lambda on: "1"),
    **_INSPECTION,
}


def read(query: Mapping[str, str]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Every field's value, and the names and texts of those that made no sense and fell to their default.

    >>> values, ignored = read({"step": "3", "top_p": "9"})
    >>> values["step"], values["top_p"], ignored
    (3, 1.0, [('top_p', '9')])
    """
    values, ignored = {}, []
    for name, field in FIELDS.items():
        values[name] = field.default
        if name in query:
            try:
                values[name] = field.read(query[name])
            except ValueError:
                ignored.append((name, query[name][:40]))
    return values, ignored


def spelt(text: str, tokens: str) -> bool:
    """Whether tokens belong to a text: together they have its characters. No tokens belong to any text."""
    if not tokens:
        return True
    from s2s.text.segmenters import spelling

    return spelling(text) == spelling(tokens)


def write(values: Mapping[str, Any]) -> dict[str, str]:
    """The fields that differ from their default, as texts: ``read`` gives the same values back."""
    changed = {k: field for k, field in FIELDS.items() if k in values and values[k] != field.default}
    return {k: field.write(values[k]) for k, field in changed.items()}


def restore(names: list[str], first: Callable[[str], Mapping[str, str]]) -> None:
    """At the start of a visit, fill the session from the link; ``restored`` are the parameters that were ignored.

    A link without a model gets the first, one without a text the example that ``first`` has for the model.
    """
    if "restored" not in st.session_state:
        values, ignored = read(st.query_params.to_dict())
        values |= _viewed(values)
        if values["model"] not in names:
            if values["model"]:
                ignored.append(("model", values["model"][:40]))
            values["model"] = names[0]
        if "text" not in st.query_params:
            values |= first(values["model"])
        if values["compare"] not in ("", *names):
            ignored.append(("compare", values["compare"][:40]))
            values["compare"] = ""
        for text, tokens in (("text", "tokens"), ("b_text", "b_tokens")):
            if not spelt(values[text], values[tokens]):
                ignored.append((tokens, values[tokens][:40]))
                values[tokens] = ""
        kept = {k: v for k, v in values.items() if k not in PLAYERS}
        st.session_state.update(kept)
        st.session_state.update(kept=kept, restored=ignored)  # of a page that is left before it runs again, too


def back(names: Collection[str]) -> None:
    """After the browser's Back or Forward, the session as the address says it; what it does not name stays.

    ``names`` are the checkpoints. A page without an address of its own names nothing.
    """
    visit, state = get_script_run_ctx(), st.session_state
    if visit is None or not visit.is_history_navigation or "restored" not in state:
        return
    query = st.query_params.to_dict()
    values, _ = read(query)
    told = [name for name in FIELDS if name not in (*PLAYERS, *INSPECTION, "branches")] if "text" in query else []
    told += INSPECTION if "inspection" in query else []
    other = {name: values[name] for name in told if state.get(name) != values[name]}
    if other.get("model", "") not in names or other.get("compare", "") not in ("", *names):
        other = {name: value for name, value in other.items() if name not in ("model", "compare")}
    bound.put(**{name: other.pop(name) for name in list(other) if name.removeprefix("b_") in SETTINGS})
    state.update(other)


def _viewed(values: Mapping[str, Any]) -> dict[str, Any]:
    """Of a model that is named with a layer and a head, as elsewhere than in a link, the fields that say it."""
    compare = re.fullmatch(VIEWED, values["compare"])
    found = {"compare": compare[1]} if compare else {}
    if named := re.fullmatch(VIEWED, values["model"]):
        found |= {"model": named[1], "layer": int(named[2]), "head": int(named[3])}
    return found


def through_app() -> None:
    """Begin again with app.py where a page's file is run alone: so a server's first run of a link to a page begins.

    Streamlit takes the folder ``pages`` for its older kind of navigation until ``st.navigation`` has been called once.
    """
    if PagesManager.uses_pages_directory:
        PagesManager.uses_pages_directory = False
        st.rerun()


def keep(page: str) -> None:
    """Bring the fields back, which Streamlit forgets with their widgets; of this page's, those that it does not show.

    From then on they are the session's own: a callback, which comes before this, finds every one.
    """
    state = st.session_state
    kept = state.get("kept", {}) | {name: state[name] for name in FIELDS if name in state}
    another = state.get("page", page) != page
    for name, value in kept.items():
        if another or name not in state:  # also what is still there: the new page's widgets have other identities
            bound.free(name, value)
    state.update(page=page, kept=kept)
