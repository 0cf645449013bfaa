"""Weights in 8 bits for a page that holds its model: half the size of float16, and numbers that are approximate."""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import Any

import safetensors.torch
import torch
from torch import Tensor
from torch.nn import functional as F

from s2s.checkpoint.native import unique_weights
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import follow
from s2s.decode.search import greedy
from s2s.model import Model, Seq2Seq
from s2s.text.vocab import EOS

GROUP = 32  # columns with a scale of their own, at most
LARGEST = 127
SCALE = ".scale"  # behind a weight's name: the name of its scales


def quantised(checkpoint: Checkpoint) -> bytes:
    """A safetensors file: matrices as I8 with ``<name>.scale`` (rows, groups) beside them, the rest as float16.

    A number is the integer times the scale of its row and group; a row's columns are in groups of equal width, of which
    the last may be shorter.
    """
    assert isinstance(checkpoint.model, Seq2Seq)
    stored = dict[str, Tensor]()
    for name, weight in unique_weights(checkpoint.model).items():
        if weight.dim() == 2 and min(weight.shape) > 1:
            stored[name], stored[name + SCALE] = rounded(weight.detach())
        else:
            stored[name] = weight.detach().half()
    return safetensors.torch.save(stored)


def rounded(weight_OI: Tensor) -> tuple[Tensor, Tensor]:
    """Integers (O, I) of -127 to 127, and the scale of every row and group (O, G).

    >>> [part.tolist() for part in rounded(torch.tensor([[1.0, -0.5], [0.0, 0.0]]))]
    [[[127, -64], [0, 0]], [[0.00787353515625], [1.0]]]
    """
    parts_OGW = _grouped(weight_OI, math.ceil(weight_OI.size(1) / GROUP))
    scale_OG = (parts_OGW.abs().amax(dim=2) / LARGEST).half()
    scale_OG = torch.where(scale_OG == 0, torch.ones_like(scale_OG), scale_OG)
    whole_OGW = (parts_OGW / scale_OG.float().unsqueeze(2)).round().clamp(-LARGEST, LARGEST)
    return whole_OGW.flatten(1)[:, : weight_OI.size(1)].to(torch.int8).contiguous(), scale_OG


def restored(stored: bytes) -> dict[str, Tensor]:
    """The weights of ``quantised`` in float32, by name."""
    tensors = safetensors.torch.load(stored)
    weights = {name: tensor.float() for name, tensor in tensors.items() if not name.endswith(SCALE)}
    for name in (name.removesuffix(SCALE) for name in tensors if name.endswith(SCALE)):
        scale_OG = tensors[name + SCALE].float()
        parts_OGW = _grouped(weights[name], scale_OG.size(1)) * scale_OG.unsqueeze(2)
        weights[name] = parts_OGW.flatten(1)[:, : weights[name].size(1)]
    return weights


def _grouped(matrix_OI: Tensor, groups: int) -> Tensor:
    """The columns in groups of equal width, zeros behind the last: (O, G, W)."""
    width = math.ceil(matrix_OI.size(1) / groups)
    return F.pad(matrix_OI, (0, -matrix_OI.size(1) % width)).view(len(matrix_OI), -1, width)


def approximate(checkpoint: Checkpoint) -> Model:
    """The model with the weights of ``quantised``."""
    model = copy.deepcopy(checkpoint.model)
    assert isinstance(model, Seq2Seq)
    model.load_state_dict(restored(quantised(checkpoint)), strict=False)  # tied weights are stored once
    model.tie()
    return model


@torch.inference_mode()
def quantisation_error(checkpoint: Checkpoint, texts: Sequence[str]) -> dict[str, Any]:
    """How far ``quantised`` is from the checkpoint on some sentences.

    ``attention``, ``log_prob``: the greatest differences, both reading the checkpoint's own outputs; ``within``: the
    percentage of steps whose attention differs by at most 0.02; ``same``: that of sentences with the same output.
    """
    model, other = checkpoint.model, approximate(checkpoint)
    sources = [checkpoint.source.encode(text) for text in texts]
    outputs = greedy(model, sources)
    same = sum(one == two for one, two in zip(outputs, greedy(other, sources), strict=True))
    seen, said = list[Tensor](), list[Tensor]()
    for source, output in zip(sources, outputs, strict=True):
        (own_TS, own_T), (found_TS, found_T) = (_forced(one, source, [*output, EOS]) for one in (model, other))
        said.append((own_T - found_T).abs())
        seen.append((own_TS - found_TS).abs().amax(dim=1) if own_TS.size(1) else torch.zeros_like(own_T))
    seen_N = torch.cat(seen)
    return {
        "sentences": len(texts),
        "attention": round(float(seen_N.max()), 4),
        "within": round(100 * float((seen_N <= 0.02).float().mean()), 1),
        "log_prob": round(float(torch.cat(said).max()), 3),
        "same": round(100 * same / len(texts)),
    }


def _forced(model: Model, source: Sequence[int], ids: Sequence[int]) -> tuple[Tensor, Tensor]:
    """Attention (T, S) and log-probabilities (T,) of these ids."""
    _, steps, _ = follow(model, source, lambda log_probs_V, t: ids[t], len(ids))
    log_probs = [step.log_probs_BV[0, i] for step, i in zip(steps, ids, strict=True)]
    return torch.cat([step.attention_BS for step in steps]), torch.stack(log_probs)
