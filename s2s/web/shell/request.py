"""Requests of a browser component to Python: client data, validated field by field; each request is answered once.

The browser (``player/ask.js``) sets one component state, ``request`` = {seq, page, has, kind, …}. A fragment beside the
player calls ``answer_request`` with a function for each kind and passes the result to ``player.answer``.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import streamlit as st

from s2s.errors import UserError
from s2s.web.shell import language

COMPONENT = "player"  # the player's key; the session holds there what the browser set
REQUEST = "request"  # the component state that the browser sets
TAKEN = "requests_taken"  # by component: the number of the last request that was taken
MAX_SEQ = 2**53 - 1  # largest whole number that is exact in JavaScript
MAX_TEXT = 400  # characters of a text, unless a handler allows more
MAX_KNOWN = 64  # names in ``has``


@dataclass(frozen=True)
class Request:
    """One request. The methods return a field and raise UserError if it is missing or invalid."""

    seq: int
    kind: str
    fields: Mapping[str, Any]

    def text(self, name: str, longest: int = MAX_TEXT) -> str:
        """A string of at most ``longest`` characters."""
        value = self.fields.get(name)
        if not isinstance(value, str) or len(value) > longest:
            raise UserError("request_broken")
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``."""
        value = self.fields.get(name)
        if type(value) is not int or not low <= value <= high:
            raise UserError("request_broken")
        return value

    def numbers(self, name: str, count: int) -> tuple[float, ...]:
        """A list of ``count`` finite numbers."""
        value = self.fields.get(name)
        if not isinstance(value, list) or len(value) != count:
            raise UserError("request_broken")
        if not all(type(x) in (int, float) and math.isfinite(x) for x in value):
            raise UserError("request_broken")
        return tuple(map(float, value))


Handler = Callable[[Request], Mapping[str, Any]]  # returns the fields of the answer, JSON values


def state_digest(*state: object) -> str:
    """A short hash of the content on screen, by which a request about other content is recognised as stale.

    >>> state_digest("model", "text") == state_digest("model", "text") != state_digest("model", "other text")
    True
    """
    return hashlib.sha256(repr(state).encode()).hexdigest()[:12]


def answer_request(shown: str, handlers: Mapping[str, Handler], component: str = COMPONENT) -> dict[str, Any]:
    """Answer the browser's request if it is new; returns ``{page, seq, answer}``, of the last answer if it is not.

    An answer is ``{seq, kind}`` and the handler's fields, or ``stale`` if the request was about another page than
    ``shown``, or ``error``, a sentence, if the handler raised UserError. ``component`` is the key of the component that
    sends the requests.
    """
    key = "asked" if component == COMPONENT else f"asked-{component}"
    last: dict[str, Any] = st.session_state.setdefault(key, {"seq": 0, "answer": None})
    request = _read(component, REQUEST, last["seq"])
    if request is not None:
        answer: dict[str, Any] = {"seq": request.seq, "kind": request.kind}
        if request.fields.get("page") != shown:
            answer["stale"] = True
        else:
            answer |= _answer(request, handlers)
        last = {"seq": request.seq, "answer": answer}
        st.session_state[key] = last
    return {"page": shown, **last}


def known() -> frozenset[str]:
    """Keys of the rows that the browser has, as its last request lists them; they need not be sent again."""
    return _listed("has")


def computed(shown: str) -> frozenset[str]:
    """The branches of the page ``shown`` whose rows the browser computes itself, as its last request lists them."""
    return _listed("own") if _value(COMPONENT, REQUEST).get("page") == shown else frozenset()


def _listed(field: str) -> frozenset[str]:
    names = _value(COMPONENT, REQUEST).get(field)
    if not isinstance(names, list) or len(names) > MAX_KNOWN:
        return frozenset()
    return frozenset(name for name in names if isinstance(name, str))


def take_request(component: str, state: str = REQUEST) -> Request | None:
    """A component's new request, which gets no answer; None if there is none or it was taken before.

    ``state`` is the component state that the browser sets; if it is not ``request``, its name is the request's kind.
    """
    request = _read(component, state, last_taken(component))
    if request is not None:
        st.session_state.setdefault(TAKEN, {})[component] = request.seq
    return request


def last_taken(component: str) -> int:
    """The number of the last request that was taken: the browser must give its next one a greater number."""
    return int(st.session_state.get(TAKEN, {}).get(component, 0))


def _value(component: str, state: str) -> Mapping[str, Any]:
    """The component state as the browser set it; empty if it is not an object."""
    held = st.session_state.get(component)
    value = held.get(state) if isinstance(held, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _read(component: str, state: str, handled: int) -> Request | None:
    """The request in the session; None if there is none, if it is malformed, or its number is not above ``handled``."""
    value = _value(component, state)
    seq, kind = value.get("seq"), value.get("kind") if state == REQUEST else state
    if type(seq) is not int or not handled < seq <= MAX_SEQ or not isinstance(kind, str) or len(kind) > MAX_TEXT:
        return None
    return Request(seq, kind, value)


def _answer(request: Request, handlers: Mapping[str, Handler]) -> Mapping[str, Any]:
    try:
        if request.kind not in handlers:
            raise UserError("request_broken")
        return handlers[request.kind](request)
    except UserError as error:
        return {"error": language.spoken(error)}
