"""What a model is called for readers: what it does, and with which attention."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import takewhile
from typing import Any

from s2s.checkpoint.find import VIEW
from s2s.errors import say, sentences, strings
from s2s.text.safe import shortened

JOIN = " · "
LONGEST = 60  # characters of a name from a file
FROM_ENGLISH = "tatoeba_back"  # the task of a model that was trained on Tatoeba's pairs the other way round


def model_title(name: str, config: Mapping[str, Any], language: str) -> str:
    """The task and the attention of a model; its ``name`` in place of a task that its config does not tell.

    ``config`` is bounded as by ``read_facts``. Names from files are shortened, but not escaped.

    >>> model_title("mine", {"model": {"attention": "general"}}, "en")
    'mine · Luong attention'
    """
    name, _, view = name.partition(VIEW)
    parts = [_task(config, language) or shortened(name, LONGEST), *_network(config, language), *_view(view, language)]
    return JOIN.join(parts)


def told_apart(titles: Mapping[str, str]) -> dict[str, str]:
    """The titles of models by name, in which models with the same title have their name behind it.

    >>> told_apart({"a": "Dates", "b": "Dates", "c": "Reports"})
    {'a': 'Dates · a', 'b': 'Dates · b', 'c': 'Reports'}
    """
    found = list(titles.values())
    return {name: f"{title}{JOIN}{name}" if found.count(title) > 1 else title for name, title in titles.items()}


def contrasted(titles: Mapping[str, str]) -> dict[str, str]:
    """The titles of models that stand beside each other, by name, without the parts that all begin with.

    >>> contrasted({"a": "Dates · Luong attention", "b": "Dates · no attention"})
    {'a': 'Luong attention', 'b': 'no attention'}
    """
    if len(titles) < 2:
        return dict(titles)
    parts = {name: title.split(JOIN) for name, title in titles.items()}
    rows = zip(*(part[:-1] for part in parts.values()), strict=False)  # at least one part of each stays
    shared = sum(1 for _ in takewhile(lambda row: len(set(row)) == 1, rows))
    return {name: JOIN.join(part[shared:]) for name, part in parts.items()}


def _task(config: Mapping[str, Any], language: str) -> str:
    """What the model does, where its data are ours or its languages are stated; else empty."""
    ends = [shortened(str(config[key]), LONGEST) for key in _languages(config)]
    if ends:
        return say("title.languages", language, source=ends[0], target=ends[1])
    origin = config.get("data", {}).get("origin")
    task = next((key for key, text in strings("card.known", "en").items() if text == origin), "")
    if task == "tatoeba" and config.get("text", {}).get("source") == "latin":
        task = FROM_ENGLISH
    return sentences(language).get(f"title.task.{task}", "")


def _view(view: str, language: str) -> list[str]:
    """The layer and the head of ``LAYER.HEAD``, of which 0 is the mean of all; nothing without them."""
    mean = say("title.mean", language)
    numbers = [shortened(number, LONGEST) if number != "0" else mean for number in view.split(".")]
    return [say("title.view", language, layer=numbers[0], head=numbers[1])] if len(numbers) == 2 else []


def _languages(config: Mapping[str, Any]) -> Iterable[str]:
    keys = ("source_language", "target_language")
    return keys if all(config.get(key) for key in keys) else ()


def _network(config: Mapping[str, Any], language: str) -> list[str]:
    """The kind of attention, and what tells models of one task apart; empty for a network that is not known."""
    model = config.get("model", {})
    attention, texts = model.get("attention"), sentences(language)
    if attention == "cross":
        layers, heads = (model.get(key, "?") for key in ("layers", "heads"))
        return [say("title.heads", language, layers=layers, heads=heads)]
    objective = config.get("train", {}).get("objective")
    keys = [
        f"title.attention.{attention}",
        *(f"title.part.{part}" for part in ("pointer", "prior") if model.get(part) is True),
        *([f"objective.{objective}"] if objective not in (None, "cross_entropy") else []),
    ]
    return [texts[key] for key in keys if key in texts]
