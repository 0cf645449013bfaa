"""What models are called on pages, in the visitor's language: what they do, not their directory's name."""

from __future__ import annotations

from collections.abc import Iterable

from s2s.checkpoint.find import VIEW
from s2s.checkpoint.title import JOIN, contrasted, model_title, told_apart
from s2s.web.shell import language, models


def titles(names: Iterable[str]) -> dict[str, str]:
    """The titles of models by name, no two alike; those of the visitor's own trainings and uploads end in their name.

    A model that is not here keeps its name.
    """
    ours = models.shared_names()
    found = told_apart({name: _title(name) for name in names if name})
    own = {name for name, title in found.items() if name.partition(VIEW)[0] not in ours and not title.endswith(name)}
    return {name: f"{title}{JOIN}{name}" if name in own else title for name, title in found.items()}


def title(name: str) -> str:
    """One model's title among all that this visitor can choose; its name if it is none of them."""
    return titles(dict.fromkeys([*models.names(), name]))[name]


def contrasts(names: Iterable[str]) -> dict[str, str]:
    """The titles of models that stand beside each other, by name, without what all of them share."""
    return contrasted(titles(dict.fromkeys(names)))


def pair_titles(first: str, second: str) -> tuple[str, str]:
    """The contrasting titles of two models; of the same model, its title with A and B behind it."""
    found = contrasts((first, second))
    a, b = found[first], found[second]
    return (a, b) if first != second else (f"{a} A", f"{b} B")


def _title(name: str) -> str:
    if not models.is_known(name):
        return name
    return model_title(name, models.about(name, models.changed(name))["config"], language.current())
