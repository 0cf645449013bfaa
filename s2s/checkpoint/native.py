"""Our own checkpoint format: a directory of plain files, in which nothing can execute.

``config.json``, ``vocab.json``, ``model.safetensors``, ``metrics.json``, ``README.md``; the exact
format is in docs/FORMATS.md.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import safetensors
import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.overrides import TorchFunctionMode

from s2s import disk
from s2s.checkpoint import card
from s2s.checkpoint.files import read_object, read_vocab, read_weights, write_json
from s2s.checkpoint.find import VIEW
from s2s.checkpoint.identity import IDENTITY, digest, identity
from s2s.checkpoint.record import HUGGINGFACE, Checkpoint, make_side
from s2s.config import Config, from_dict, to_dict
from s2s.errors import UserError, reason
from s2s.model import Seq2Seq
from s2s.text.vocab import Vocab

SCHEMA = "lookback-checkpoint/1"


def write_checkpoint(
    directory: Path,
    config: Config,
    vocabs: tuple[Vocab, Vocab],
    weights: Mapping[str, Tensor],
    metrics: Mapping[str, Any],
    text: str,
    extras: Sequence[Path] = (),
    precision: torch.dtype = torch.float16,
) -> None:
    """Write a checkpoint directory atomically, with ``text`` as its card and copies of the files ``extras``."""
    stored = {name: weight.detach().to(precision).contiguous() for name, weight in weights.items()}
    source, target = vocabs
    vocab = {
        "source": {"tokens": source.tokens, "back_off": source.back_off},
        "target": {"tokens": target.tokens, "back_off": target.back_off},
    }

    def fill(fresh: Path) -> None:
        try:
            save_file(stored, fresh / "model.safetensors", metadata={IDENTITY: identity(config, source, target)})
        except safetensors.SafetensorError as error:  # such as a full disk
            raise UserError("disk_write", directory=str(directory), reason=reason(error)) from None
        write_json(fresh / "vocab.json", vocab)
        write_json(fresh / "config.json", {"schema": SCHEMA, **to_dict(config)})
        write_json(fresh / "metrics.json", metrics)
        disk.write_text(fresh / "README.md", text)
        for extra in extras:
            shutil.copyfile(extra, fresh / extra.name)

    disk.write_directory(directory, fill)


def store_scores(directory: Path, split: str, scores: Mapping[str, Any]) -> None:
    """Write scores into ``metrics.json`` under the name of the split, and into the card, both in one step."""
    directory = directory if directory.is_dir() else directory.with_name(directory.name.partition(VIEW)[0])
    directory = directory.resolve()
    file, readme = directory / "metrics.json", directory / "README.md"
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        foreign = config["schema"] == HUGGINGFACE
        known = {} if foreign and not file.exists() else json.loads(file.read_text(encoding="utf-8"))
        metrics = {**known, split: scores}
        if foreign:
            old = readme.read_text(encoding="utf-8") if readme.exists() else f"# {directory.name}\n"
            text = card.with_scores(old, metrics)
        else:
            text = card.render_card(directory.name, config, metrics)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("card_metrics", file=str(file), reason=reason(error)) from None

    def fill(fresh: Path) -> None:
        shutil.copytree(directory, fresh, symlinks=True, copy_function=disk.link_or_copy, dirs_exist_ok=True)
        write_json(fresh / file.name, metrics)
        disk.write_text(fresh / readme.name, text)

    disk.write_directory(directory, fill)


def read_native(directory: Path, values: Mapping[str, Any]) -> Checkpoint:
    """The checkpoint in a directory whose ``config.json`` holds ``values`` besides the schema.

    The model is in float32 and evaluation mode. UserError names the file or key that is missing, broken or unfit.
    """
    config = from_dict(Config, values)
    vocabs = read_object(directory / "vocab.json")
    read = read_vocab(vocabs, "source", directory)
    read = dataclasses.replace(
        read, bos=config.text.source_bos, eos=config.text.source_eos, fill=config.text.source_fill
    )
    text = config.text
    source = make_side(text.source, read, text.source_keras)
    target = make_side(text.target, read_vocab(vocabs, "target", directory), text.target_keras)
    if config.text.shared_vocab and source.vocab.tokens != target.vocab.tokens:
        raise UserError("vocab_not_shared", file=str(directory / "vocab.json"))
    model = _shapes_only(config, source.vocab, target.vocab)
    path = directory / "model.safetensors"
    weights = read_weights(path, expected_shapes(config, source.vocab, target.vocab))
    model.load_state_dict(weights, assign=True, strict=False)  # tied weights are stored once
    model.tie()
    model.requires_grad_(False).eval()
    metrics = read_object(directory / "metrics.json") if (directory / "metrics.json").exists() else {}
    known = digest(path, identity(config, source.vocab, target.vocab))
    return Checkpoint(directory.name, config, source, target, model, metrics, known)


def _shapes_only(config: Config, source: Vocab, target: Vocab) -> Seq2Seq:
    """A model on the meta device: weights have shapes but no memory, so a claimed huge size allocates nothing."""
    with torch.device("meta"), _Uninitialised():
        return Seq2Seq(config.model, len(source), len(target))


def expected_shapes(config: Config, source: Vocab, target: Vocab) -> dict[str, tuple[int, ...]]:
    """The weights that a checkpoint of this config stores, and their shapes."""
    return {name: tuple(t.shape) for name, t in unique_weights(_shapes_only(config, source, target)).items()}


def unique_weights(model: Seq2Seq) -> dict[str, Tensor]:
    """The weights to store: a tensor with several names appears once, under the first."""
    state = model.state_dict()
    return {name: state[name] for name, _ in model.named_parameters()}


class _Uninitialised(TorchFunctionMode):
    """Skips initialisation: on the meta device ``init.normal_`` would import a compiler, which takes a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs.get("tensor", args[0] if args else None)
        return func(*args, **kwargs)
