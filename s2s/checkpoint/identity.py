"""The digest of a checkpoint: it changes with the weights, the vocabularies and any setting that outputs depend on."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from pathlib import Path
from typing import Any

import safetensors

from s2s.config import Config
from s2s.text.vocab import Vocab

IDENTITY = "identity"  # key in the weight file's metadata
# Settings that only shape the vocabulary, which is hashed itself.
COUNTING = ("source_min_count", "target_min_count", "max_vocab")


def identity(config: Config, source: Vocab, target: Vocab) -> str:
    """The SHA-256 of the config and vocabularies, limited to what outputs depend on.

    Only settings that differ from their defaults count, so that a setting added later changes no digest.
    """
    text = {key: value for key, value in _chosen(config.text).items() if key not in COUNTING}
    vocabs = [[vocab.tokens, vocab.back_off] for vocab in (source, target)]
    values = {"model": _chosen(config.model), "text": text, "vocab": vocabs}
    whole = json.dumps(values, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(whole.encode("utf-8", "surrogatepass")).hexdigest()


def digest(weights: Path, own: str) -> str:
    """The first 12 hexadecimal digits of the weight file's SHA-256.

    The file's metadata has the identity it was written with. If the config or a vocabulary was changed since, so that
    ``own`` differs, ``own`` is hashed as well. Older files have no identity; their digest is the file's SHA-256.
    """
    with weights.open("rb") as file:
        whole = hashlib.file_digest(file, "sha256").hexdigest()
    with safetensors.safe_open(weights, framework="np") as opened:
        written = (opened.metadata() or {}).get(IDENTITY, own)
    return (whole if written == own else hashlib.sha256(f"{whole} {own}".encode()).hexdigest())[:12]


def _chosen(config: Any) -> dict[str, Any]:
    """A section's values that differ from their defaults."""
    default = dataclasses.asdict(type(config)())
    return {key: value for key, value in dataclasses.asdict(config).items() if value != default[key]}
