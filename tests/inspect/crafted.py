"""A model whose every answer is known: it says, word by word, what stands at the step's place in the source.

Encoder states are one-hot vectors of their tokens; local-m attention looks at position t and a little
at its neighbours; the output layer is a dictionary. ``。`` is ``<eos>``; a source without it never ends.
"""

from __future__ import annotations

import torch

from s2s.checkpoint.record import Checkpoint, Side, make_side
from s2s.config import Config, ModelConfig, TextConfig
from s2s.model import Seq2Seq
from s2s.text.vocab import EOS, SPECIALS, UNK, Vocab

DICTIONARY = {
    "我": "I",
    "你": "you",
    "喝": "drink",
    "茶": "tea",
    "水": "water",
    "苹果": "apples",
    "苹": "green",
    "果": "fruit",
    "。": "<eos>",
}
SOURCE = Vocab((*SPECIALS, *DICTIONARY), back_off=True)
TARGET = Vocab((*SPECIALS, *(word for word in DICTIONARY.values() if word != "<eos>"), "he"))
SIZE = len(SOURCE)
STRENGTH = 10.0


def sides() -> tuple[Side, Side]:
    return make_side("jieba", SOURCE), make_side("latin", TARGET)


def word_by_word(deaf: bool = False) -> Checkpoint:
    """The model as a checkpoint; a ``deaf`` one hears nothing of its source and says ``he`` for ever."""
    sizes = ModelConfig("local-m", SIZE, SIZE, 1, SIZE, window=1, tied_embeddings=False, input_feeding=False)
    model = Seq2Seq(sizes, SIZE, len(TARGET)).eval().requires_grad_(False)
    for weight in model.parameters():
        weight.zero_()
    model.encoder.embedding.weight.copy_(torch.eye(SIZE))
    for direction in ("", "_reverse"):
        getattr(model.encoder.rnn, f"weight_ih_l0{direction}")[2 * SIZE :] = 5 * torch.eye(SIZE)  # n = tanh(5 x)
        getattr(model.encoder.rnn, f"bias_ih_l0{direction}")[SIZE : 2 * SIZE] = -30.0  # z = 0: the state is n
    model.decoder.readout.weight[:, :SIZE] = 5 * torch.eye(SIZE)
    for word, said in DICTIONARY.items():
        model.output.weight[TARGET.ids.get(said, EOS), SOURCE.ids[word]] = STRENGTH
    model.output.weight[UNK, UNK] = STRENGTH
    if deaf:
        model.output.weight.zero_()
        model.output.bias[TARGET.ids["he"]] = STRENGTH
    text = TextConfig(source="jieba", target="latin", source_back_off=True)
    return Checkpoint("crafted", Config(name="crafted", model=sizes, text=text), *sides(), model, {}, "0" * 12)
