"""Another library's weights, taken one by one: each must be there, of its shape, and none may be left."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from s2s.errors import UserError
from s2s.vocab import SPECIALS, Vocab

NEVER = -30_000.0  # the output bias of a word that the library cannot say; finite in half precision, too


class Weights:
    """Tensors of a file by name; ``take`` gives one in float32 and strikes it off."""

    def __init__(self, file: Path, tensors: Mapping[str, object]) -> None:
        self.file, self.left = file, dict(tensors)

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
        self.file = file
        own = [specials[name] for name in SPECIALS]
        if len(set(own) - {None}) != len(own) - own.count(None):  # two of ours are one of theirs
            raise UserError("import_specials", file=str(file), found=own)
        words = [place for place in range(len(tokens)) if place not in own]
        self.order = [-1 if place is None else place for place in own] + words
        self.vocab = Vocab(SPECIALS + tuple(tokens[place] for place in words))

    def of(self, weight: Tensor, missing: float = 0.0) -> Tensor:
        """A tensor with a row a word in our order, ``missing`` where the library has no such word."""
        filled = torch.cat([weight, torch.full_like(weight[:1], missing)])  # row -1
        return filled[torch.tensor(self.order)]


def widened(weight: Tensor, *shape: int) -> Tensor:
    """The tensor with zeros at its ends up to a shape: input that is zero may have any weight."""
    out = torch.zeros(shape)
    out[tuple(slice(size) for size in weight.shape)] = weight
    return out


def encoder(
    weights: Weights, prefix: str, both: bool, layers: int, gates: int, sizes: tuple[int, int]
) -> dict[str, Tensor]:
    """The weights of torch's own recurrent layers at ``prefix`` under our names; ``sizes``: of input and of state.

    Without a second direction (``both`` false) its weights are zeros, so that its states are.
    """
    first, size = sizes
    found: dict[str, Tensor] = {}
    for layer in range(layers):
        width = first if layer == 0 else 2 * size
        for end in ("", "_reverse"):
            shapes = {"weight_ih": (gates * size, width), "weight_hh": (gates * size, size)}
            shapes |= dict.fromkeys(("bias_ih", "bias_hh"), (gates * size,))
            for part, shape in shapes.items():
                name = f"{part}_l{layer}{end}"
                if both:
                    tensor = weights.take(prefix + name, *shape)
                elif end:
                    tensor = torch.zeros(shape)
                elif part == "weight_ih" and layer:
                    tensor = widened(weights.take(prefix + name, gates * size, size), *shape)
                else:
                    tensor = weights.take(prefix + name, *shape)
                found[f"encoder.rnn.{name}"] = tensor
    return found
