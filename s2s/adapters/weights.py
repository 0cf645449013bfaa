"""Another library's weights: each must have the expected shape, and none may remain unused."""

from __future__ import annotations

import argparse
import pickle
import re
import struct
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from s2s.config import ModelConfig
from s2s.errors import UserError
from s2s.text.vocab import SPECIALS, Vocab

NEVER = -30_000.0  # output bias of a token that the library never outputs; finite in half precision

BROKEN = (  # exceptions of torch.load for a damaged file
    *(pickle.UnpicklingError, struct.error, RuntimeError, EOFError, ValueError, TypeError, LookupError),
    *(AttributeError, AssertionError, ArithmeticError, MemoryError),
)


def load_pickled_weights(file: Path) -> dict[str, Any]:
    """Read a file of ``torch.save`` without executing anything. UserError for more than tensors and plain values."""
    scalar: Any = np.array(0.0)[()].__reduce__()[0]
    known: list[Any] = [argparse.Namespace, np.dtype, scalar, (scalar, "numpy.core.multiarray.scalar")]
    known += [type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64)]  # types of stored scores
    try:
        with torch.serialization.safe_globals(known), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch warns about damaged files
            values = torch.load(file, map_location="cpu", weights_only=True)
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
    except BROKEN as error:
        refused = re.search(r"GLOBAL ([\w.]+)", str(error))  # of torch's message
        if refused is None:
            raise UserError("import_damaged", file=str(file)) from None
        raise UserError("import_pickle", file=str(file), reason=refused[1]) from None
    if not isinstance(values, dict):
        raise UserError("import_pickle", file=str(file), reason=type(values).__name__)
    return values


def required_table(state: Mapping[str, Any], file: Path, library: str, key: str) -> dict[str, Any]:
    """The dict under a key. UserError if there is none."""
    found = state.get(key)
    if not isinstance(found, dict):
        raise UserError("import_not_model", file=str(file), library=library, key=key)
    return found


class Weights:
    """Tensors of a file by name; ``pop`` removes one and returns it in float32."""

    def __init__(self, file: Path, tensors: Mapping[str, object]) -> None:
        self.file, self.left = file, dict(tensors)

    @classmethod
    def saved(cls, file: Path, library: str, key: str) -> Weights:
        """The tensors under a key of a file of ``torch.save``."""
        return cls(file, required_table(load_pickled_weights(file), file, library, key))

    def pop(self, name: str, *shape: int) -> Tensor:
        """Remove and return a tensor. UserError if it is missing or has another shape."""
        tensor = self.left.pop(name, None)
        if not isinstance(tensor, Tensor):
            raise UserError("weight_missing", file=str(self.file), key=name)
        if tensor.layout != torch.strided or tensor.is_meta or tensor.is_quantized or not tensor.is_floating_point():
            kind = "meta" if tensor.is_meta else f"{tensor.layout} {tensor.dtype}".replace("torch.", "")
            raise UserError("weight_type", file=str(self.file), key=name, found=kind)
        if tuple(tensor.shape) != shape:
            raise UserError("weight_shape", file=str(self.file), key=name, expected=shape, found=tuple(tensor.shape))
        return tensor.detach().to("cpu", torch.float32)

    def width(self, name: str, dimension: int) -> int:
        """The size of a tensor in one dimension. UserError if there is no such tensor."""
        tensor = self.left.get(name)
        if not isinstance(tensor, Tensor) or tensor.dim() <= dimension:
            raise UserError("weight_missing", file=str(self.file), key=name)
        return tensor.size(dimension)

    def finish(self) -> None:
        """UserError if a weight is left: its meaning would be unknown."""
        if self.left:
            raise UserError("weight_unknown", file=str(self.file), key=min(self.left))


class Rows:
    """Reorders a library's vocabulary: our four special tokens first, then the others in their order."""

    def __init__(self, file: Path, tokens: list[str], specials: Mapping[str, int | None]) -> None:
        """``specials``: our special token → its index in ``tokens``, None if the library has none."""
        self.file, self.size = file, len(tokens)  # size: rows of the library's matrices
        indices = [specials[name] for name in SPECIALS]
        if len(set(indices) - {None}) != len(indices) - indices.count(None):  # two of ours have the same index
            raise UserError("import_specials", file=str(file), found=indices)
        words = [index for index in range(len(tokens)) if index not in indices]
        self.order = [-1 if index is None else index for index in indices] + words
        self.vocab = Vocab(SPECIALS + tuple(tokens[index] or "<empty>" for index in words))

    def reorder(self, weight: Tensor, missing: float = 0.0) -> Tensor:
        """The rows of a tensor (tokens first) in our order; rows of tokens that the library lacks are ``missing``."""
        filled = torch.cat([weight, torch.full_like(weight[:1], missing)])  # for index -1
        return filled[torch.tensor(self.order)]


def zero_padded(weight: Tensor, *shape: int) -> Tensor:
    """The tensor padded with zeros to a shape, at the end of each dimension."""
    out = torch.zeros(shape)
    out[tuple(slice(size) for size in weight.shape)] = weight
    return out


def _shapes(rows: int, read: int, size: int) -> dict[str, tuple[int, ...]]:
    """The shapes of the weights of one of torch's recurrent layers or cells."""
    return {"weight_ih": (rows, read), "weight_hh": (rows, size), "bias_ih": (rows,), "bias_hh": (rows,)}


def convert_encoder(tensors: Weights, prefix: str, both: bool, m: ModelConfig, width: int) -> dict[str, Tensor]:
    """Our encoder's weights from torch's recurrent layers under ``prefix``, with embeddings of size ``width``.

    ``both``: whether there is a backward direction; if not, its weights are zeros, and so are its states.
    """
    size, gates = m.encoder_size, 4 if m.cell == "lstm" else 3
    weights: dict[str, Tensor] = {}
    for layer in range(m.encoder_layers):
        read, wide = (2 * size if both else size, 2 * size) if layer else (width, m.embedding_size)
        for end in ("", "_reverse"):
            for part, shape in _shapes(gates * size, read, size).items():
                name = f"{part}_l{layer}{end}"
                tensor = torch.zeros(shape) if end and not both else tensors.pop(prefix + name, *shape)
                weights[f"encoder.rnn.{name}"] = (
                    zero_padded(tensor, gates * size, wide) if part == "weight_ih" else tensor
                )
    return weights


def convert_decoder(tensors: Weights, name: str, m: ModelConfig, width: int) -> dict[str, Tensor]:
    """Our decoder's cells from torch's weights; ``name`` is a pattern with ``{layer}`` and ``{part}``.

    The first cell reads an embedding of size ``width`` and, with input feeding, the last readout.
    """
    size, gates = m.decoder_size, 4 if m.cell == "lstm" else 3
    fed = size if m.input_feeding else 0
    weights: dict[str, Tensor] = {}
    for layer in range(m.decoder_layers):
        for part, shape in _shapes(gates * size, size if layer else width + fed, size).items():
            tensor = tensors.pop(name.format(part=part, layer=layer), *shape)
            if part == "weight_ih" and layer == 0:
                word, read = tensor[:, :width], tensor[:, width:]
                tensor = torch.cat([zero_padded(word, gates * size, m.embedding_size), read], dim=1)
            weights[f"decoder.cells.{layer}.{part}"] = tensor
    return weights
