"""Another library's weights, taken one by one: each must exist with its shape, and none may be left over."""

from __future__ import annotations

import argparse
import pickle
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from s2s.config import ModelConfig
from s2s.errors import UserError
from s2s.text.safe import printable
from s2s.text.vocab import SPECIALS, Vocab

NEVER = -30_000.0  # the output bias of a word that the library cannot say; finite in half precision, too

BROKEN = (  # what torch raises for a damaged file
    *(pickle.UnpicklingError, RuntimeError, EOFError, ValueError, TypeError, LookupError),
    *(AttributeError, AssertionError, ArithmeticError, MemoryError),
)


def load_pickled_weights(file: Path) -> dict[str, Any]:
    """What ``torch.save`` wrote: tensors, plain values and plain options; anything else is refused, nothing runs."""
    scalar: Any = np.array(0.0)[()].__reduce__()[0]
    known: list[Any] = [argparse.Namespace, np.dtype, scalar, (scalar, "numpy.core.multiarray.scalar")]
    known += [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]  # a score, say
    try:
        with torch.serialization.safe_globals(known), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of a damaged file
            values = torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
    except BROKEN as error:
        raise UserError("import_pickle", file=str(file), reason=_reason(error)) from None
    if not isinstance(values, dict):
        raise UserError("import_pickle", file=str(file), reason=type(values).__name__)
    return values


def part(state: Mapping[str, Any], file: Path, library: str, key: str) -> dict[str, Any]:
    """The table under a key; UserError where the library would have put one."""
    found = state.get(key)
    if not isinstance(found, dict):
        raise UserError("import_not_model", file=str(file), library=library, key=key)
    return found


def _reason(error: Exception) -> str:
    """The global that was refused, or the first words of what torch says."""
    text = " ".join(str(error).split())
    found = re.search(r"GLOBAL ([\w.]+)", text)
    return found.group(1) if found else printable(text, 120)


class Weights:
    """Tensors of a file by name; ``take`` gives one in float32 and strikes it off."""

    def __init__(self, file: Path, tensors: Mapping[str, object]) -> None:
        self.file, self.left = file, dict(tensors)

    @classmethod
    def saved(cls, file: Path, library: str, key: str) -> Weights:
        """The tensors under a key of what ``torch.save`` wrote."""
        return cls(file, part(load_pickled_weights(file), file, library, key))

    def take(self, name: str, *shape: int) -> Tensor:
        """The tensor of that name; UserError where it is missing or of another shape."""
        tensor = self.left.pop(name, None)
        if not isinstance(tensor, Tensor):
            raise UserError("weight_missing", file=str(self.file), key=name)
        if tuple(tensor.shape) != shape:
            raise UserError("weight_shape", file=str(self.file), key=name, expected=shape, found=tuple(tensor.shape))
        return tensor.detach().to("cpu", torch.float32)

    def width(self, name: str, dimension: int) -> int:
        """A size that only the tensor tells."""
        tensor = self.left.get(name)
        if not isinstance(tensor, Tensor) or tensor.dim() <= dimension:
            raise UserError("weight_missing", file=str(self.file), key=name)
        return tensor.size(dimension)

    def finish(self) -> None:
        """UserError where a weight was not taken: it would mean something that we do not know of."""
        if self.left:
            raise UserError("weight_unknown", file=str(self.file), key=min(self.left))


class Rows:
    """A library's list of words in our order: our four specials, then all others as they stand."""

    def __init__(self, file: Path, tokens: list[str], specials: Mapping[str, int | None]) -> None:
        """``specials``: the place in ``tokens`` of each of ours; None where the library has none."""
        self.file, self.size = file, len(tokens)  # size: words that the library has rows for
        own = [specials[name] for name in SPECIALS]
        if len(set(own) - {None}) != len(own) - own.count(None):  # two of ours are one of theirs
            raise UserError("import_specials", file=str(file), found=own)
        words = [place for place in range(len(tokens)) if place not in own]
        self.order = [-1 if place is None else place for place in own] + words
        self.vocab = Vocab(SPECIALS + tuple(tokens[place] or "<empty>" for place in words))

    def of(self, weight: Tensor, missing: float = 0.0) -> Tensor:
        """A tensor with a row a word in our order, ``missing`` where the library has no such word."""
        filled = torch.cat([weight, torch.full_like(weight[:1], missing)])  # row -1
        return filled[torch.tensor(self.order)]


def widened(weight: Tensor, *shape: int) -> Tensor:
    """The tensor with zeros at its ends up to a shape: input that is zero may have any weight."""
    out = torch.zeros(shape)
    out[tuple(slice(size) for size in weight.shape)] = weight
    return out


def _shapes(rows: int, read: int, size: int) -> dict[str, tuple[int, ...]]:
    """Of torch's recurrent layers and cells."""
    return {"weight_ih": (rows, read), "weight_hh": (rows, size), "bias_ih": (rows,), "bias_hh": (rows,)}


def encoder(found: Weights, prefix: str, both: bool, m: ModelConfig, width: int) -> dict[str, Tensor]:
    """The encoder's weights from torch's own recurrent layers at ``prefix``, which read words of ``width`` numbers.

    Without a second direction (``both`` false) its weights are zeros, so that its states are.
    """
    size, gates = m.encoder_size, 4 if m.cell == "lstm" else 3
    weights: dict[str, Tensor] = {}
    for layer in range(m.encoder_layers):
        read, wide = (2 * size if both else size, 2 * size) if layer else (width, m.embedding_size)
        for end in ("", "_reverse"):
            for part, shape in _shapes(gates * size, read, size).items():
                name = f"{part}_l{layer}{end}"
                tensor = torch.zeros(shape) if end and not both else found.take(prefix + name, *shape)
                weights[f"encoder.rnn.{name}"] = widened(tensor, gates * size, wide) if part == "weight_ih" else tensor
    return weights


def decoder(found: Weights, name: str, m: ModelConfig, width: int) -> dict[str, Tensor]:
    """The decoder's cells from torch's own at ``name``, a pattern of layer and part; words have ``width`` numbers.

    The first cell's input is the word and with input feeding the last readout, which has the size of the state.
    """
    size, gates = m.decoder_size, 4 if m.cell == "lstm" else 3
    fed = size if m.input_feeding else 0
    weights: dict[str, Tensor] = {}
    for layer in range(m.decoder_layers):
        for part, shape in _shapes(gates * size, size if layer else width + fed, size).items():
            tensor = found.take(name.format(part=part, layer=layer), *shape)
            if part == "weight_ih" and layer == 0:
                word, read = tensor[:, :width], tensor[:, width:]
                tensor = torch.cat([widened(word, gates * size, m.embedding_size), read], dim=1)
            weights[f"decoder.cells.{layer}.{part}"] = tensor
    return weights
