"""What pages show of ``config.json`` and ``metrics.json``: values of the kinds that their keys tell, of bounded size.

Anybody may have written these files. What is of another kind than a page expects is left out here, so that no page has
to ask again.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from s2s.checkpoint.files import read_object
from s2s.config import Config
from s2s.errors import UserError
from s2s.text.safe import shortened
from s2s.trace.film import LARGEST

LONGEST = 1_000  # characters of a text
MOST = 60  # entries of an object or a list
LIMITS = {"layers": 999, "heads": 999}  # the largest that a link can name
SECTIONS = ("model", "text", "data", "train")  # of the config; those of the metrics are named by who measures
SCORES = ("bleu", "chrf", "rouge_1", "rouge_2", "rouge_l", "loss", "perplexity", "token_accuracy")
COUNTS = ("sentences", "left_out", "seconds", "epoch", "pairs", "parameters", "directions", "layers", "heads")
# The kind of a value by its key, in whichever section; one of another key is a text, a number or a truth value.
KINDS: Mapping[str, type] = {
    **{key: type(value) for name in SECTIONS for key, value in dataclasses.asdict(Config())[name].items()},
    **dict.fromkeys(SCORES, float),
    **dict.fromkeys(COUNTS, int),
    **dict.fromkeys(("library", "version", "hardware", "command", "references", "kind"), str),
    **{"signatures": dict, "files": list, "notes": list},
}


def read_facts(directory: Path) -> dict[str, dict[str, Any]]:
    """The ``bounded_facts`` of a checkpoint directory; of a file that cannot be read, nothing."""
    return bounded_facts(*(_read(directory / f"{part}.json") for part in ("config", "metrics")))


def bounded_facts(config: Mapping[str, Any], metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """The ``config`` and ``metrics`` of a checkpoint, of which only what pages can show is left.

    ``config`` has its sections, and texts beside them; ``metrics`` has sections alone. Numbers are finite, scores are
    floats, counts are whole and not negative. A section of the config with a value of another kind is left out whole,
    as its other values describe no model; of the metrics that value alone.
    """
    sections = {key: _section(config[key]) for key in SECTIONS if _fits(config.get(key))}
    others = {key: _bounded(value) for key, value in _entries(config) if key not in SECTIONS and isinstance(value, str)}
    return {
        "config": {**others, **sections},
        "metrics": {key: _section(value) for key, value in _entries(metrics) if isinstance(value, dict)},
    }


def _read(path: Path) -> dict[str, Any]:
    try:
        return read_object(path)
    except UserError:
        return {}


def _bounded(value: Any) -> Any:
    """A text cut to its limit, a number or a truth value as it is; None for what is none of these, or too large."""
    if isinstance(value, str):
        return shortened(value, LONGEST)
    return value if isinstance(value, (int, float)) and abs(value) <= LARGEST else None  # false of NaN


def _entries(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    return ((shortened(key, LONGEST), value) for key, value in itertools.islice(values.items(), MOST))


def _fits(section: Any) -> bool:
    """Whether this is a section of the config whose known keys have values of their kinds."""
    return isinstance(section, dict) and all(
        _of_kind(key, value) is not None for key, value in section.items() if key in KINDS
    )


def _section(values: Mapping[str, Any]) -> dict[str, Any]:
    known = ((key, _of_kind(key, value)) for key, value in _entries(values))
    return {key: value for key, value in known if value is not None}


def _of_kind(key: str, value: Any) -> Any:
    """The value of a key in a section, bounded; None if it is of another kind than the key tells."""
    kind = KINDS.get(key)
    if kind is dict or kind is list:
        if type(value) is not kind:
            return None
        if isinstance(value, list):
            return [one for one in map(_bounded, value[:MOST]) if one is not None]
        inner = ((name, _bounded(one)) for name, one in _entries(value))
        return {name: one for name, one in inner if one is not None}
    value = _bounded(value)
    if kind is float and type(value) is int:
        value = float(value)
    if kind is not None and type(value) is not kind:
        return None
    return value if key not in COUNTS or 0 <= value <= LIMITS.get(key, LARGEST) else None
