"""A model's architecture in one line, for the sidebar, the card and the list of checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s2s.config import ATTENTIONS, CELLS
from s2s.web.shell.language import t

Part = tuple[str, Mapping[str, object]]  # the key of a text in the locales, and its values
DIRECTIONS = {1: "one", 2: "both"}


def described(entry: Mapping[str, Any]) -> str:
    """The line for an entry of ``models.about``; empty if its config has no known architecture."""
    model = entry["config"].get("model", {})
    if model.get("attention") == "cross":
        return t("heads.kind", **{key: model.get(key, "?") for key in ("kind", "layers", "heads")})
    return t("card.join").join(t(key, **values) for key, values in parts(entry))


def parts(entry: Mapping[str, Any]) -> list[Part]:
    """The texts that name the parts of a recurrent model; empty if its attention or its cell is unknown."""
    model = entry["config"].get("model")
    if model is None:
        return []
    attention, cell = model.get("attention", "additive"), model.get("cell", "gru")
    if attention not in ATTENTIONS or cell not in CELLS:
        return []
    fed = attention not in ("additive", "none") and model.get("input_feeding", True) is True
    extras = [key for key in ("coverage", "pointer", "prior", "shared_embeddings") if model.get(key) is True]
    layers = {side: model.get(f"{side}_layers", 1) for side in ("encoder", "decoder")}
    return [
        (f"card.kind.{attention}", {}),
        *([("card.part.input_feeding", {})] if fed else []),
        (f"card.cell.{_directions(entry['metrics'])}", {"cell": cell.upper()}),
        ("card.layers", layers),
        *((f"card.part.{key}", {}) for key in extras),
    ]


def _directions(metrics: Mapping[str, Any]) -> str:
    """``one``, ``both`` or ``unknown``: the directions in which the encoder reads.

    Our encoders read in both. For an imported model the metrics say it: in the weights the second may be all zeros.
    """
    return DIRECTIONS.get(metrics["imported"].get("directions"), "unknown") if "imported" in metrics else "both"
