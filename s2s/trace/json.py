"""Steps and fields of a trace as the plain values of docs/FORMATS.md, and back."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from s2s.errors import UserError, reason
from s2s.text.rounding import significant
from s2s.trace.step import UNKNOWN, Scored, Step


def number(value: float) -> float:
    """To 8 significant digits."""
    return significant(value, 8)


def numbers(values: Sequence[float] | np.ndarray) -> list[float]:
    """Each to 8 significant digits."""
    return [number(v) for v in values]


def read_record(text: str, schema: str) -> dict[str, Any]:
    """The JSON object in a record's text. ValueError for any other text, or another ``schema``."""
    values = json.loads(text)
    if not isinstance(values, dict) or values.get("schema") != schema:
        raise UserError("record_schema", schema=schema)
    return values


@contextmanager
def broken_record(kind: str) -> Iterator[None]:
    """Turn what reading a record of this kind raises, ``trace`` or ``tree``, into a UserError."""
    try:
        yield
    except (ValueError, LookupError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise UserError("trace_broken" if kind == "trace" else "tree_broken", reason=reason(error)) from None


def _scored_dict(scored: Scored) -> dict[str, Any]:
    prior = {} if scored.prior is None else {"prior": number(scored.prior)}
    return {"token": scored.token, "log_prob": number(scored.log_prob), "rank": scored.rank, **prior}


def step_to_dict(step: Step) -> dict[str, Any]:
    """Plain values of a step in order; what is unknown or empty of optional parts is left out."""
    return {
        "input": step.input,
        "output": step.output,
        **_known(step, "log_prob"),
        **({"rank": step.rank} if step.rank else {}),
        **_known(step, "entropy"),
        "target": _scored_dict(step.target) if step.target else None,
        "top": [_scored_dict(s) for s in step.top],
        **_known(step, "normaliser"),
        "attention": numbers(step.attention),
        "scores": numbers(step.scores),
        "context": numbers(step.context),
        "score_terms": [numbers(term) for term in step.score_terms],
        **{name: numbers(row) for name in ("coverage", "factors") if (row := getattr(step, name))},
        **{name: number(x) for name in ("position", "p_gen") if (x := getattr(step, name)) is not None},
        **({} if step.own_attention is None else {"own_attention": numbers(step.own_attention)}),
    }


def _known(step: Step, name: str) -> dict[str, float]:
    value = getattr(step, name)
    return {} if math.isnan(value) else {name: number(value)}


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise UserError("record_text", found=f"{value!r:.40}")
    return value


def _scored(value: Mapping[str, Any]) -> Scored:
    return Scored(_text(value["token"]), float(value["log_prob"]), int(value["rank"]), _optional(value, "prior"))


def _optional(value: Mapping[str, Any], name: str) -> float | None:
    return None if value.get(name) is None else float(value[name])


def _given(value: Mapping[str, Any], name: str) -> float:
    found = _optional(value, name)
    if found is not None and math.isnan(found):
        raise UserError("record_number", name=name)
    return UNKNOWN if found is None else found


def _row(values: Any) -> np.ndarray:
    """Numbers as a row of a step; those that are too large for one are infinite."""
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float32)


def step_from_dict(value: Mapping[str, Any]) -> Step:
    """The step that ``step_to_dict`` made plain. Raises ValueError, KeyError, TypeError for anything else."""
    return Step(
        input=_text(value["input"]),
        output=_text(value["output"]),
        log_prob=_given(value, "log_prob"),
        rank=int(value.get("rank") or 0),
        entropy=_given(value, "entropy"),
        attention=_row(value["attention"]),
        scores=_row(value["scores"]),
        top=tuple(_scored(s) for s in value["top"]),
        normaliser=_given(value, "normaliser"),
        target=_scored(value["target"]) if value["target"] else None,
        context=tuple(map(float, value["context"])),
        score_terms=tuple(tuple(map(float, term)) for term in value["score_terms"]),
        coverage=tuple(map(float, value.get("coverage", ()))),
        position=_optional(value, "position"),
        factors=tuple(map(float, value.get("factors", ()))),
        p_gen=_optional(value, "p_gen"),
        own_attention=None if (row := value.get("own_attention")) is None else _row(row),
    )


def trace_fields(values: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of the trace that ``Trace.to_dict`` made plain. ValueError, KeyError, TypeError for anything else."""
    source = values["source"]
    return {
        "mode": values["mode"],
        "checkpoint": {_text(name): _text(value) for name, value in values["checkpoint"].items()},
        "source_text": _text(source["text"]),
        "source_tokens": tuple(map(_text, source["tokens"])),
        "steps": tuple(step_from_dict(step) for step in values["steps"]),
        "text": _text(values["text"]),
        "source_unknown": tuple(map(int, source["unknown"])),
        "reference": None if values["reference"] is None else _text(values["reference"]),
        "reference_tokens": tuple(map(_text, values["reference_tokens"])),
        "memory": tuple(tuple(map(float, row)) for row in source["memory"]),
        "settings": dict(values["settings"]),
        "ended": values["ended"],
        "prefix": int(values.get("prefix", 0)),
    }
