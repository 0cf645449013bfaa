"""A trained model as a directory of plain files: nothing in it can execute.

``config.json``, ``vocab.json``, ``model.safetensors``, ``metrics.json``, ``README.md``; the exact
format is in docs/FORMATS.md.
"""

from __future__ import annotations

import dataclasses
import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

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
from s2s.config import Config, from_dict, to_dict
from s2s.errors import UserError
from s2s.model import Model, Seq2Seq
from s2s.text.keras import KerasConfig
from s2s.text.segmenters import SEGMENTERS, Segmenter, keras
from s2s.text.vocab import SPECIALS, UNK, Vocab

if TYPE_CHECKING:
    from s2s.player.lanes import Lanes
    from s2s.trace.trace import Trace

SCHEMA = "lookback-checkpoint/1"
HUGGINGFACE = "lookback-huggingface/1"  # of a directory that adapters.huggingface reads
ATTEMPTS = 100  # to read a directory that a training run is replacing


@dataclass(frozen=True, repr=False)
class Side:
    """One side's text: how it is cut, and what the model knows of it."""

    segmenter: Segmenter
    vocab: Vocab

    def __repr__(self) -> str:
        return f"<Side {self.segmenter.name}, {len(self.vocab):,} tokens>"

    def tokens(self, text: str) -> list[str]:
        """The text as the tokens that the model reads, the marks around them too."""
        return self.vocab.known(self.segmenter.cut(text))

    def words(self, text: str) -> list[str]:
        """Those tokens without the marks."""
        return self.vocab.words(self.tokens(text))

    def encode(self, text: str) -> list[int]:
        """The text as ids."""
        return self.vocab.encode(self.tokens(text))

    def written(self, text: str) -> str:
        """The text as an output that says all its words is written: cut, and put together again.

        Cutting and joining lose things (spaces around quotation marks, traditional characters), and an output has
        lost them: it is compared with what a reference is after the same. Where the cut itself has no piece for
        something, as some tokenizers have not, the text stays as it is.
        """
        words = self.words(text)
        return text if SPECIALS[UNK] in words else self.segmenter.join(words)

    def decode(self, ids: list[int]) -> str:
        """Ids as text, unknown words written ``<unk>``."""
        return self.segmenter.join([self.vocab.tokens[i] for i in ids])


@dataclass(frozen=True, repr=False)
class Checkpoint:
    """A model ready to decode, with everything needed to read and write its text.

    >>> import s2s
    >>> s2s.load("date")
    <Checkpoint date: additive attention, 108 source and 15 target tokens, 214,799 parameters>
    """

    name: str
    config: Config
    source: Side
    target: Side
    model: Model
    metrics: Mapping[str, Any]
    digest: str  # 12 hexadecimal digits: others for weights, a vocabulary or a config by which outputs differ

    def __repr__(self) -> str:
        sizes = f"{len(self.source.vocab):,} source and {len(self.target.vocab):,} target tokens"
        parameters = sum(weight.numel() for weight in self.model.parameters())
        return f"<Checkpoint {self.name}: {self.config.model.attention} attention, {sizes}, {parameters:,} parameters>"

    @property
    def recurrent(self) -> Seq2Seq:
        """The model where it is one of ours; UserError where what is asked for has no meaning for another."""
        if not isinstance(self.model, Seq2Seq):
            raise UserError("only_recurrent", checkpoint=self.name)
        return self.model

    def trace(
        self,
        text: str | Sequence[str],
        reference: str | None = None,
        *,
        mode: str = "free",
        prefix: str | Sequence[str] = "",
        attention: Mapping[int, Any] | None = None,
        top: int = 10,
        **settings: Any,
    ) -> Trace:
        """Decode a text, or the list of one text's tokens, and record every step.

        ``mode`` is ``free`` (the model reads its own words) or ``forced`` (those of ``reference``). ``prefix`` is what
        it is made to say first, ``attention`` maps steps, from 0, to weights or to ``uniform``, ``previous``, ``3``
        (all on the third source token), ``-3``; ``settings`` are fields of ``Settings``. Raises UserError for what
        cannot be used.

        >>> import s2s
        >>> s2s.load("date").trace("2025年3月9日", strategy="beam", beam=2).text
        '2025-03-09'
        """
        from s2s.decode import decode
        from s2s.decode.strategy import Settings
        from s2s.trace.branch import Edit

        if mode not in ("free", "forced"):
            raise UserError("setting_choice", name="mode", found=str(mode)[:40], known="free, forced")
        edits = {step: Edit.of(row) for step, row in (attention or {}).items()}
        how = Settings.of(settings, ("mode", "prefix", "attention", "top"))
        return decode.trace(self, decode.one(self, text), reference, mode, how, prefix, top, edits)

    def lanes(self, text: str | Sequence[str], reference: str | None = None, **settings: Any) -> Lanes:
        """The free-running lane of a text, with a reference the teacher-forced one as well, to be shown and forked.

        >>> import s2s
        >>> s2s.load("date").lanes("2025年3月9日", "2025-03-09")
        <Lanes forced, free: 2025年3月9日 → 2025-03-09>
        """
        from s2s.decode.decode import one
        from s2s.player.lanes import Lanes

        text = one(self, text)
        forced = [self.trace(text, reference, mode="forced")] if (reference or "").strip() else []
        lanes = Lanes.of(*forced, self.trace(text, reference, **settings))
        return dataclasses.replace(lanes, checkpoint=self, source=text if isinstance(text, str) else tuple(text))


def side(segmenter: str, vocab: Vocab, rules: KerasConfig | None = None) -> Side:
    """A side by its segmenter's name; ``rules`` are those of the one called ``keras``, ``skip`` any other's, too."""
    if segmenter not in SEGMENTERS:
        raise UserError("segmenter_unknown", found=segmenter, known=", ".join(SEGMENTERS))
    found = SEGMENTERS[segmenter]
    if segmenter == "keras" and rules is not None:
        found = keras(rules)
    if rules is not None:
        vocab = dataclasses.replace(vocab, skip=rules.skip)
    return Side(found, vocab.spelt(found.spell))


def save(
    directory: Path,
    config: Config,
    vocabs: tuple[Vocab, Vocab],
    weights: Mapping[str, Tensor],
    metrics: Mapping[str, Any],
    text: str,
    extras: Sequence[Path] = (),
    precision: torch.dtype = torch.float16,
) -> None:
    """Write a checkpoint directory whole, ``text`` as its card, beside it copies of the files ``extras``."""
    stored = {name: weight.detach().to(precision).contiguous() for name, weight in weights.items()}
    source, target = vocabs
    vocab = {
        "source": {"tokens": source.tokens, "back_off": source.back_off},
        "target": {"tokens": target.tokens, "back_off": target.back_off},
    }

    def fill(fresh: Path) -> None:
        try:
            save_file(stored, fresh / "model.safetensors", metadata={IDENTITY: identity(config, source, target)})
        except safetensors.SafetensorError as error:  # a full disk, say
            raise UserError("disk_write", directory=str(directory), reason=str(error)) from None
        write_json(fresh / "vocab.json", vocab)
        write_json(fresh / "config.json", {"schema": SCHEMA, **to_dict(config)})
        write_json(fresh / "metrics.json", metrics)
        disk.write_text(fresh / "README.md", text)
        for extra in extras:
            shutil.copyfile(extra, fresh / extra.name)

    disk.write_directory(directory, fill)


def store(directory: Path, split: str, scores: Mapping[str, Any]) -> None:
    """Scores into ``metrics.json`` under the split's name, and into the card; whichever head is looked at."""
    directory = directory if directory.is_dir() else directory.with_name(directory.name.partition(VIEW)[0])
    file, readme = directory / "metrics.json", directory / "README.md"
    try:
        config = json.loads((directory / "config.json").read_text(encoding="utf-8"))
        foreign = config["schema"] == HUGGINGFACE
        known = {} if foreign and not file.exists() else json.loads(file.read_text(encoding="utf-8"))
        metrics = {**known, split: scores}
        if foreign:
            old = readme.read_text(encoding="utf-8") if readme.exists() else f"# {directory.resolve().name}\n"
            text = card.scored(old, metrics)
        else:
            text = card.render(directory.resolve().name, config, metrics)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UserError("card_metrics", file=str(file), reason=repr(error)) from None
    write_json(file, metrics)
    disk.write_text(readme, text)


def load(directory: str | Path) -> Checkpoint:
    """A checkpoint directory as a model in float32 and evaluation mode; its name may end with ``@layer.head``.

    Raises UserError naming the file or the key that is missing, broken or does not fit.
    """
    directory = Path(directory)
    name, viewed, view = directory.name.partition(VIEW)
    if viewed and not directory.is_dir():
        from s2s.checkpoint import huggingface

        return huggingface.viewed(load(directory.with_name(name)), view)
    for _ in range(ATTEMPTS):
        place = disk.readable(directory)
        before = disk.identity(place)
        if before is None:
            continue
        try:
            found = _load(place)
        except UserError:
            if disk.identity(place) == before:
                raise
            continue
        if disk.identity(place) == before:
            return dataclasses.replace(found, name=directory.name)
    raise UserError("checkpoint_missing", checkpoint=str(directory))


def _load(directory: Path) -> Checkpoint:
    values = read_object(directory / "config.json")
    schema = values.pop("schema", None)
    if schema == HUGGINGFACE:
        from s2s.checkpoint import huggingface  # imports transformers, so only for such a model

        return huggingface.load(directory, values)
    if schema != SCHEMA:
        raise UserError("checkpoint_schema", file=str(directory / "config.json"), expected=SCHEMA, found=schema)
    config = from_dict(Config, values)
    vocabs = read_object(directory / "vocab.json")
    read = read_vocab(vocabs, "source", directory)
    read = dataclasses.replace(
        read, bos=config.text.source_bos, eos=config.text.source_eos, fill=config.text.source_fill
    )
    text = config.text
    source = side(text.source, read, text.source_keras)
    target = side(text.target, read_vocab(vocabs, "target", directory), text.target_keras)
    if config.text.shared_vocab and source.vocab.tokens != target.vocab.tokens:
        raise UserError("vocab_not_shared", file=str(directory / "vocab.json"))
    model = _shapes_only(config, source.vocab, target.vocab)
    path = directory / "model.safetensors"
    weights = read_weights(path, expected_shapes(config, source.vocab, target.vocab))
    model.load_state_dict(weights, assign=True, strict=False)  # what is tied is stored once
    model.tie()
    model.requires_grad_(False).eval()
    metrics = read_object(directory / "metrics.json") if (directory / "metrics.json").exists() else {}
    known = digest(path, identity(config, source.vocab, target.vocab))
    return Checkpoint(directory.name, config, source, target, model, metrics, known)


def _shapes_only(config: Config, source: Vocab, target: Vocab) -> Seq2Seq:
    """A model whose weights have shapes and no values: a claim of a huge size allocates nothing."""
    with torch.device("meta"), _Uninitialised():
        return Seq2Seq(config.model, len(source), len(target))


def expected_shapes(config: Config, source: Vocab, target: Vocab) -> dict[str, tuple[int, ...]]:
    """The weights that a checkpoint of this config stores, and their shapes."""
    return {name: tuple(t.shape) for name, t in unique_weights(_shapes_only(config, source, target)).items()}


def unique_weights(model: Seq2Seq) -> dict[str, Tensor]:
    """The weights that are stored: a tensor that has several names once, under the first."""
    state = model.state_dict()
    return {name: state[name] for name, _ in model.named_parameters()}


class _Uninitialised(TorchFunctionMode):
    """Layers without starting values: on the meta device ``init.normal_`` alone would import a compiler, a second."""

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if getattr(func, "__module__", None) == "torch.nn.init":
            return kwargs.get("tensor", args[0] if args else None)
        return func(*args, **kwargs)
