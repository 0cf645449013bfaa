"""What the player asks of Python: one request at a time, client data, checked field by field and answered once.

The browser (``player/ask.js``) sets one component state, ``request`` = {seq, page, has, kind, …}. A fragment beside
the player calls ``answer_request`` with a function a kind and gives what it returns to ``player.answer``.
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

COMPONENT = "player"  # its key, under which the session holds what the browser set
REQUEST = "request"  # the component state that the browser sets
TAKEN = "requests_taken"  # the session's numbers of the last requests that were followed, by component
MAX_SEQ = 2**53 - 1
MAX_TEXT = 400
MAX_KNOWN = 64


@dataclass(frozen=True)
class Request:
    """One request; every reader of a field raises UserError where the field is not what it must be."""

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


Handler = Callable[[Request], Mapping[str, Any]]  # the answer's fields, JSON values


def state_digest(*state: object) -> str:
    """A short name of what is on screen: a request made about another page is stale.

    >>> page("model", "text") == page("model", "text") != page("model", "other text")
    True
    """
    return hashlib.sha256(repr(state).encode()).hexdigest()[:12]


def answer_request(shown: str, handlers: Mapping[str, Handler], component: str = COMPONENT) -> dict[str, Any]:
    """Answer the browser's request if it is a new one; returns what the player must know: page, seq, last answer.

    An answer is ``{seq, kind}`` and the handler's fields; ``stale`` where it was about another page,
    ``error``, a sentence, where it cannot be served. ``component`` is the key of whoever asks, the player's by default.
    """
    heard = "asked" if component == COMPONENT else f"asked-{component}"
    last: dict[str, Any] = st.session_state.setdefault(heard, {"seq": 0, "answer": None})
    request = _read(component, REQUEST, last["seq"])
    if request is not None:
        answer: dict[str, Any] = {"seq": request.seq, "kind": request.kind}
        if request.fields.get("page") != shown:
            answer["stale"] = True
        else:
            answer |= _answer(request, handlers)
        last = {"seq": request.seq, "answer": answer}
        st.session_state[heard] = last
    return {"page": shown, **last}


def known() -> frozenset[str]:
    """The names of what the browser said, with its last request, that it has: none needs to be sent again."""
    has = _value(COMPONENT, REQUEST).get("has")
    if not isinstance(has, list) or len(has) > MAX_KNOWN:
        return frozenset()
    return frozenset(name for name in has if isinstance(name, str))


def take_request(component: str, state: str = REQUEST) -> Request | None:
    """A component's request that is to be followed but not answered: given once, None from then on.

    ``state`` is the component state that the browser sets; one of another name than ``request`` has no kinds.
    """
    request = _read(component, state, last_taken(component))
    if request is not None:
        st.session_state.setdefault(TAKEN, {})[component] = request.seq
    return request


def last_taken(component: str) -> int:
    """The number of the last request that ``take_request`` gave: the browser's next one has a greater number."""
    return int(st.session_state.get(TAKEN, {}).get(component, 0))


def _value(component: str, state: str) -> Mapping[str, Any]:
    """What the browser set last; empty if it is no request."""
    held = st.session_state.get(component)
    value = held.get(state) if isinstance(held, Mapping) else None
    return value if isinstance(value, Mapping) else {}


def _read(component: str, state: str, handled: int) -> Request | None:
    """The request in the session; None if there is none, it is malformed, or its number is at most ``handled``."""
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
