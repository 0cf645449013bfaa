"""Read and write single files of a checkpoint. Reading is bounded and checked, and executes nothing."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import load_file
from torch import Tensor

from s2s import disk
from s2s.errors import UserError, reason
from s2s.text.safe import parse_json
from s2s.text.vocab import Vocab

MAX_JSON_BYTES = 20_000_000  # of a JSON file that is read
MAX_TOKEN = 10_000  # characters of a token: a page shows hundreds of them
MAX_WEIGHT_BYTES = 2_000_000_000  # of a weight file that is read


def write_json(path: Path, value: object) -> None:
    """Write JSON atomically, non-ASCII characters unescaped."""
    disk.write_text(path, json.dumps(value, ensure_ascii=False, indent=1) + "\n")


def read_object(path: Path) -> dict[str, Any]:
    """The JSON object in a file. UserError if the file is missing, too large or not an object."""
    try:
        if disk.refuse_special(path).stat().st_size > MAX_JSON_BYTES:
            raise UserError("file_too_large", file=str(path), limit=MAX_JSON_BYTES // 1_000_000)
        content = path.read_bytes()
    except OSError:
        raise UserError("checkpoint_file_missing", file=str(path)) from None
    try:
        value = parse_json(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise UserError("json_broken", file=str(path), reason=reason(error)) from None
    if not isinstance(value, dict):
        raise UserError("json_broken", file=str(path), reason=UserError("reason_no_object"))
    return value


def read_vocab(values: Mapping[str, Any], key: str, directory: Path) -> Vocab:
    """The vocabulary ``key`` (``source`` or ``target``) of ``vocab.json``. UserError unless it lists tokens."""
    entry = values.get(key)
    tokens = entry.get("tokens") if isinstance(entry, dict) else None
    if not isinstance(tokens, list) or not all(isinstance(t, str) and 0 < len(t) <= MAX_TOKEN for t in tokens):
        raise UserError("vocab_broken", file=str(directory / "vocab.json"), key=f"{key}.tokens", most=MAX_TOKEN)
    assert isinstance(entry, dict)
    return Vocab(tuple(tokens), entry.get("back_off") is True)


def read_weights(path: Path, expected: Mapping[str, tuple[int, ...]]) -> dict[str, Tensor]:
    """Weights as float32; the file's header is first checked against the expected shapes.

    UserError names the file or the weight that is missing, broken, of another shape or type, or not finite.
    """
    try:
        if disk.refuse_special(path).stat().st_size > MAX_WEIGHT_BYTES:
            raise UserError("file_too_large", file=str(path), limit=MAX_WEIGHT_BYTES // 1_000_000)
        with safetensors.safe_open(path, framework="pt") as file:
            slices = {key: file.get_slice(key) for key in file.keys()}  # noqa: SIM118
            shapes = {key: tuple(part.get_shape()) for key, part in slices.items()}
            kinds = {key: part.get_dtype() for key, part in slices.items()}
    except OSError:
        raise UserError("checkpoint_file_missing", file=str(path)) from None
    except safetensors.SafetensorError as error:
        raise UserError("weights_broken", file=str(path), reason=reason(error)) from None
    for key, shape in expected.items():
        if key not in shapes:
            raise UserError("weight_missing", file=str(path), key=key)
        if shapes[key] != shape:
            raise UserError("weight_shape", file=str(path), key=key, expected=list(shape), found=list(shapes[key]))
        if kinds[key] not in ("F16", "F32", "BF16"):
            raise UserError("weight_type", file=str(path), key=key, found=kinds[key])
    extra = sorted(set(shapes) - set(expected))
    if extra:
        raise UserError("weight_unknown", file=str(path), key=extra[0])
    weights = {key: weight.float() for key, weight in load_file(path).items()}
    for key, weight in weights.items():
        if not torch.isfinite(weight).all():
            raise UserError("weight_not_finite", file=str(path), key=key)
    return weights
