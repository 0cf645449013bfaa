"""The weights of a Keras model as ours: gates, columns and rows in our order, zeros where Keras has nothing."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from s2s.adapters.imported import ImportOptions
from s2s.adapters.keras_layers import Layer, Roles, gru_reads_context, output_reads_context
from s2s.adapters.weights import NEVER, Rows, zero_padded

EMBEDDINGS = ("encoder.embedding", "decoder.embedding")


def convert_weights(way: Roles, options: ImportOptions, source: Rows, target: Rows) -> dict[str, Tensor]:
    """All weights of our model."""
    return _encoder(way, source) | _decoder(way, options, target) | _joined(way, options, target)


def embedded_size(way: Roles) -> int:
    """The size of our embeddings: the larger of the two."""
    return max(way[role].size for role in EMBEDDINGS)


def state_size(way: Roles) -> int:
    """The size of our decoder's state: Keras' own, and zeros beside it if the output layer reads the context, too.

    Our output layer reads a vector of the state's size, which then has room for both.
    """
    return way["decoder.gru"].size + (_memory(way) if output_reads_context(way) else 0)


def _memory(way: Roles) -> int:
    return int(way["attention.key"].kernel.shape[0])


def _tensor(array: np.ndarray) -> Tensor:
    return torch.from_numpy(np.array(array, dtype=np.float32))


def reorder_gates(array: np.ndarray) -> Tensor:
    """Reorder Keras' gates z, r, h (thirds of the last axis) to our rows r, z, n."""
    z, r, h = np.split(array, 3, axis=-1)
    return _tensor(np.concatenate([r, z, h], axis=-1).T)


def _recurrent(layer: Layer, weight_ih: Tensor) -> dict[str, Tensor]:
    """A GRU's weights by the suffixes of our names.

    With ``reset_after`` the biases are torch's. A GRU without it starts from zeros, where there is nothing to reset.
    """
    _, hidden, bias = layer.arrays
    read, kept = bias if bias.ndim == 2 else (bias, np.zeros_like(bias))
    return {
        "weight_ih": weight_ih,
        "weight_hh": reorder_gates(hidden),
        "bias_ih": reorder_gates(read),
        "bias_hh": reorder_gates(kept),
    }


def _widened(weights: dict[str, Tensor], size: int) -> dict[str, Tensor]:
    """A GRU's weights with more units, whose states are always zero."""

    def gates(tensor: Tensor) -> Tensor:
        wide = (size, size) if tensor is weights["weight_hh"] else (size, *tensor.shape[1:])
        return torch.cat([zero_padded(gate, *wide) for gate in tensor.chunk(3)])

    return {name: gates(tensor) for name, tensor in weights.items()}


def _encoder(way: Roles, rows: Rows) -> dict[str, Tensor]:
    embedded, forward = embedded_size(way), way["encoder.gru"]
    found = {"encoder.embedding.weight": rows.reorder(_wide(way["encoder.embedding"], embedded))}
    for end, layer in (("", forward), ("_reverse", way.get("encoder.backward"))):
        weights = _recurrent(
            layer or forward, zero_padded(reorder_gates((layer or forward).kernel), 3 * forward.size, embedded)
        )
        for name, weight in weights.items():
            found[f"encoder.rnn.{name}_l0{end}"] = weight if layer else torch.zeros_like(weight)
    return found


def _wide(layer: Layer, size: int) -> Tensor:
    """An embedding padded with zeros to ``size`` columns."""
    return zero_padded(_tensor(layer.kernel), layer.kernel.shape[0], size)


def _read(way: Roles, options: ImportOptions) -> Tensor:
    """What the decoder's cell reads: columns [word; context], of the word alone where the context comes later."""
    gru, embedded = way["decoder.gru"], embedded_size(way)
    kernel, word = reorder_gates(gru.kernel), way["decoder.embedding"].size
    if options.query == "current":
        return zero_padded(kernel, 3 * gru.size, embedded)
    context = kernel[:, :0]
    if gru_reads_context(way):
        first = word if options.gru_reads == "word,context" else _memory(way)
        parts = (kernel[:, :first], kernel[:, first:])
        kernel, context = parts if options.gru_reads == "word,context" else parts[::-1]
    width = 2 * way["encoder.gru"].size
    return torch.cat([zero_padded(kernel, 3 * gru.size, embedded), zero_padded(context, 3 * gru.size, width)], dim=1)


def _decoder(way: Roles, options: ImportOptions, rows: Rows) -> dict[str, Tensor]:
    gru, key, query = way["decoder.gru"], way["attention.key"], way["attention.query"]
    size, width = state_size(way), 2 * way["encoder.gru"].size
    cell = _widened(_recurrent(gru, _read(way, options)), size)
    return {
        "embedding.weight": rows.reorder(_wide(way["decoder.embedding"], embedded_size(way))),
        "decoder.attention.query.weight": zero_padded(_tensor(query.kernel.T), key.size, size),
        "decoder.attention.query.bias": _tensor(query.bias + key.bias),
        "decoder.attention.key.weight": zero_padded(_tensor(key.kernel.T), key.size, width),
        "decoder.attention.v.weight": _tensor(way["attention.v"].kernel.T),
        **{f"decoder.cells.0.{name}": weight for name, weight in cell.items()},
    }


def _joined(way: Roles, options: ImportOptions, rows: Rows) -> dict[str, Tensor]:
    """The output layer, and before it the layers that only hand on numbers if it reads state and context."""
    output, units = way["decoder.output"], way["decoder.gru"].size
    weight = _tensor(output.kernel.T)
    found = {"output.bias": rows.reorder(_tensor(output.bias), NEVER)}
    if not output_reads_context(way):
        return found | {"output.weight": rows.reorder(weight)}
    if options.output_reads == "context,state":
        weight = torch.cat([weight[:, _memory(way) :], weight[:, : _memory(way)]], dim=1)
    size, memory, width = state_size(way), _memory(way), 2 * way["encoder.gru"].size
    first = torch.zeros(size, width)
    first[:units, :units] = torch.eye(units)
    state, context = torch.zeros(size, size), torch.zeros(size, width)
    state[:units, :units] = torch.eye(units)
    context[units:, :memory] = torch.eye(memory)
    word = torch.zeros(size, embedded_size(way))
    parts = [context, state] if options.query == "current" else [state, context, word]
    return found | {
        "output.weight": rows.reorder(weight),
        "bridge.weight": first,
        "bridge.bias": torch.zeros(size),
        "decoder.readout.weight": torch.cat(parts, dim=1),
        "decoder.readout.bias": torch.zeros(size),
    }
