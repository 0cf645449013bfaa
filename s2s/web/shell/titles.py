"""What models are called where the visitor reads of them or chooses one: what they do, not their directory's name."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import streamlit as st

from s2s.checkpoint.find import VIEW
from s2s.checkpoint.title import JOIN, contrasted, model_title, told_apart
from s2s.text.width import width as columns
from s2s.web.shell import language, models
from s2s.web.shell.bound import chooses

MOST_ROOM = 416  # pixels of a choice of models; the line of a window of 1280 has no more beside a sentence
TITLES = "titles"  # by language and name: the titles among all models, for one run of the app


def titles(names: Iterable[str]) -> dict[str, str]:
    """The titles of models by name, no two alike; those of the visitor's own trainings and uploads end in their name.

    A model that is not here keeps its name.
    """
    ours, known = models.shared_names(), models.names()
    found = told_apart({name: _title(name, known) for name in names if name})
    own = {name for name, title in found.items() if name.partition(VIEW)[0] not in ours and not title.endswith(name)}
    return {name: f"{title}{JOIN}{name}" if name in own else title for name, title in found.items()}


def title(name: str) -> str:
    """One model's title among all that this visitor can choose; its name if it is none of them."""
    if not models.is_known(name):
        return name
    found, key = st.session_state.setdefault(TITLES, {}), (language.current(), name)
    if key not in found:  # the folders of all models are read once, not for every title
        known = titles(dict.fromkeys([*models.names(), name]))
        found |= {(language.current(), one): shown for one, shown in known.items()}
    return str(found[key])


def forget_titles() -> None:
    """Look titles up again in this run of the app: models come and go."""
    st.session_state.pop(TITLES, None)


def contrasts(names: Iterable[str]) -> dict[str, str]:
    """The titles of models that stand beside each other, by name, without what all of them share."""
    return contrasted(titles(dict.fromkeys(names)))


def pair_titles(first: str, second: str) -> tuple[str, str]:
    """The contrasting titles of two models; of the same model, its title with A and B behind it."""
    found = contrasts((first, second))
    a, b = found[first], found[second]
    return (a, b) if first != second else (f"{a} A", f"{b} B")


def choose_model(
    key: str,
    label: str,
    names: Sequence[str],
    then: Callable[[], None] | None = None,
    width: Any = "stretch",
    **options: Any,
) -> str:
    """A choice of one of ``names``, which shows what the models do; returns the name, which is kept under ``key``.

    A ``width`` in pixels is the least: models of one task differ at the end of their titles, which must be in sight.
    """
    if st.session_state[key] not in names:  # an upload or a training gave way to others
        st.session_state[key] = names[0]
    shown = {"": "—", **titles(names)}
    bound = chooses(key, language.current(), names, then)
    if isinstance(width, int):
        width = min(max(width, _room(shown[st.session_state[key]])), MOST_ROOM)
    with st.container(key=f"models-{key}", width=width):
        st.selectbox(label, **bound, format_func=shown.__getitem__, **options)
    return str(st.session_state[key])


def _room(title: str) -> int:
    """The pixels that a field takes to show a title: of a sign, of a letter, and of the field's own parts."""
    signs = columns(title) - len(title)
    return 14 * signs + math.ceil(6.3 * (len(title) - signs)) + 38


def _title(name: str, known: Sequence[str]) -> str:
    if name.partition(VIEW)[0] not in known:
        return name
    return model_title(name, models.about(name, models.changed(name))["config"], language.current())
