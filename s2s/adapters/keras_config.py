"""Check the layer settings in a ``.keras`` file against what our layers compute."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from s2s.adapters import arrays
from s2s.checkpoint import archive
from s2s.errors import UserError

LIMIT = 5_000_000  # bytes of one JSON file in a .keras file
EXACT: dict[str, dict[str, tuple[object, ...]]] = {  # layer → setting → values that our layers compute
    "GRU": {
        "activation": ("tanh",),
        "recurrent_activation": ("sigmoid",),
        "reset_after": (True,),
        "go_backwards": (False,),
    },
    "Bidirectional": {"merge_mode": ("concat",)},
    "Dense": {"activation": ("linear", "softmax", None)},  # our model ends with a softmax, too
}
REFUSED = ("MultiHeadAttention", "LayerNormalization", "LSTM", "SimpleRNN", "Attention", "AdditiveAttention")


def check_layer_settings(paths: Sequence[Path]) -> str:
    """The version of Keras, "" if no file states it. UserError for a layer or setting that we cannot compute.

    A subclassed model often stores no layer settings; only its weights are then checked.
    """
    versions = [_check(path) for path in paths if path.suffix == ".keras"]
    return next(filter(None, versions), "")


def _check(path: Path) -> str:
    try:
        with arrays.open_zip(path) as packed:
            members = {info.filename: info for info in packed.infolist()}
            config, metadata = (
                json.loads(archive.read_member(str(path), packed, members[name], LIMIT)) if name in members else {}
                for name in ("config.json", "metadata.json")
            )
    except (*arrays.BROKEN, RecursionError) as error:
        if isinstance(error, UserError):
            raise
        raise UserError("arrays_zip", file=str(path)) from None
    for layer, settings in _layers(config):
        if layer in REFUSED:
            raise UserError("keras_layer", file=str(path), layer=layer)
        for name, expected in EXACT.get(layer, {}).items():
            if name in settings and settings[name] not in expected:
                values = {
                    "found": arrays.short_printable(str(settings[name])),
                    "expected": " / ".join(map(str, expected)),
                }
                raise UserError("keras_setting", file=str(path), layer=layer, name=name, **values)
    version = metadata.get("keras_version") if isinstance(metadata, dict) else None
    return arrays.short_printable(version) if isinstance(version, str) else ""


def _layers(config: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every layer in a config as (class name, settings), at any depth."""
    waiting = [config]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            layer, settings = value.get("class_name"), value.get("config")
            if isinstance(layer, str) and isinstance(settings, dict):
                yield layer, settings
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
