"""A model ready to decode, with its vocabularies and segmenters."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from s2s.config import Config
from s2s.errors import UserError
from s2s.model import Model, Seq2Seq
from s2s.text.keras_tokenizer import KerasConfig
from s2s.text.segmenters import SEGMENTERS, Segmenter, keras_segmenter
from s2s.text.vocab import SPECIALS, UNK, Vocab

HUGGINGFACE = "lookback-huggingface/1"  # the schema in config.json of a Hugging Face checkpoint


@dataclass(frozen=True, repr=False)
class Side:
    """The text of one side: its segmenter and its vocabulary."""

    segmenter: Segmenter
    vocab: Vocab

    def __repr__(self) -> str:
        return f"<Side {self.segmenter.name}, {len(self.vocab):,} tokens>"

    def tokens(self, text: str) -> list[str]:
        """The tokens that the model reads, including the marks that begin and end a sentence."""
        return self.vocab.known(self.segmenter.cut(text))

    def words(self, text: str) -> list[str]:
        """The text's tokens without the marks that begin and end a sentence."""
        return self.vocab.words(self.tokens(text))

    def encode(self, text: str) -> list[int]:
        """The text as ids."""
        return self.vocab.encode(self.tokens(text))

    def written(self, text: str) -> str:
        """The text cut into tokens and joined again, as a perfect output would be written.

        Cutting and joining lose details (spaces around quotation marks, traditional characters), and outputs lose them,
        too; a reference is therefore compared in this form. If the segmenter has no token for a part of the text, the
        text is returned unchanged.
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
    digest: str  # 12 hexadecimal digits that change with the weights, vocabularies and settings that affect outputs

    def __repr__(self) -> str:
        sizes = f"{len(self.source.vocab):,} source and {len(self.target.vocab):,} target tokens"
        parameters = sum(weight.numel() for weight in self.model.parameters())
        kind = "no" if self.config.model.attention == "none" else self.config.model.attention
        return f"<Checkpoint {self.name}: {kind} attention, {sizes}, {parameters:,} parameters>"

    @property
    def sayable(self) -> int:
        """How many tokens the softmax is over."""
        return len(self.target.vocab)

    @property
    def recurrent(self) -> Seq2Seq:
        """The model if it is our recurrent one. UserError for any other, to which the request does not apply."""
        if not isinstance(self.model, Seq2Seq):
            raise UserError("only_recurrent", checkpoint=self.name)
        return self.model


def make_side(segmenter: str, vocab: Vocab, rules: KerasConfig | None = None) -> Side:
    """A side by its segmenter's name. ``rules`` configure the segmenter ``keras``; their ``skip`` applies to any."""
    if segmenter not in SEGMENTERS:
        raise UserError("segmenter_unknown", found=segmenter, known=", ".join(SEGMENTERS))
    found = SEGMENTERS[segmenter]
    if segmenter == "keras" and rules is not None:
        found = keras_segmenter(rules)
    if rules is not None:
        vocab = dataclasses.replace(vocab, skip=rules.skip)
    return Side(found, vocab.spelt(found.spell))
