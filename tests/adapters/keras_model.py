"""The tutorial's Keras model in numpy, from the documentation of its layers, and the files Keras would save it to."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np

Array = np.ndarray
SOURCE = ("<pad>", "<start>", "<end>", "ana", "come", "pan", "bebe", "agua", "no", ".", "?")
TARGET = ("<pad>", "<start>", "<end>", "ana", "eats", "bread", "drinks", "water", "does", "not", ".", "?")


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    return np.exp(x - x.max()) / np.exp(x - x.max()).sum()


def gru(x: Array, h: Array, weights: tuple[Array, Array, Array]) -> Array:
    """One step of a Keras GRU with reset_after: the columns of a kernel are z, r, h; two rows of biases."""
    kernel, recurrent, (b_x, b_h) = weights
    x_z, x_r, x_h = np.split(x @ kernel + b_x, 3)
    h_z, h_r, h_h = np.split(h @ recurrent + b_h, 3)
    z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
    return z * h + (1 - z) * np.tanh(x_h + r * h_h)


@dataclass
class KerasModel:
    """Weights by the attributes of the tutorial's classes."""

    weights: dict[str, tuple[Array, ...]]

    @staticmethod
    def random(
        seed: int = 5, units: int = 6, both: bool = False, sizes: tuple[int, int] = (5, 4), hidden: int = 7
    ) -> KerasModel:
        """``sizes``: of the embeddings of source and target."""
        rng = np.random.default_rng(seed)

        def make(*shapes: tuple[int, ...]) -> tuple[Array, ...]:
            return tuple((0.7 * rng.normal(size=shape)).astype(np.float32) for shape in shapes)

        def recurrent(read: int, size: int) -> tuple[Array, ...]:
            return make((read, 3 * size), (size, 3 * size), (2, 3 * size))

        memory, one = units * (1 + both), recurrent(sizes[0], units)
        gru = {"bidirectional/forward": one, "bidirectional/backward": recurrent(sizes[0], units)}
        weights = {
            "encoder/embedding": make((len(SOURCE), sizes[0])),
            **({f"encoder/{name}": w for name, w in gru.items()} if both else {"encoder/gru": one}),
            "decoder/embedding": make((len(TARGET), sizes[1])),
            "decoder/gru": recurrent(memory + sizes[1], memory),
            "decoder/fc": make((memory, len(TARGET)), (len(TARGET),)),
            "decoder/attention/W1": make((memory, hidden), (hidden,)),
            "decoder/attention/W2": make((memory, hidden), (hidden,)),
            "decoder/attention/V": make((hidden, 1), (1,)),
        }
        return KerasModel(weights)

    def direction(self, inputs: Array, name: str) -> Array:
        weights = self.weights[name]
        h, states = np.zeros(len(weights[1])), []
        for x in inputs:
            h = gru(x, h, weights)  # type: ignore[arg-type]
            states.append(h)
        return np.array(states)

    def run(self, source: list[int], read: list[int], carries: bool, swapped: bool = False) -> tuple[Array, Array]:
        """Log-probabilities (T, V) and attention (T, S); ``swapped``: W2 reads the decoder's state."""
        embedded = self.weights["encoder/embedding"][0][source]
        if "encoder/gru" in self.weights:
            memory = self.direction(embedded, "encoder/gru")
            state = memory[-1]
        else:
            forward = self.direction(embedded, "encoder/bidirectional/forward")
            backward = self.direction(embedded[::-1], "encoder/bidirectional/backward")[::-1]
            memory, state = np.hstack([forward, backward]), np.concatenate([forward[-1], backward[0]])
        (w1, b1), (w2, b2), (v, b) = (self.weights[f"decoder/attention/{name}"] for name in ("W1", "W2", "V"))
        if swapped:
            w1, b1, w2, b2 = w2, b2, w1, b1
        rows, looks = [], []
        for token in read:
            scores = np.tanh(state @ w1 + b1 + memory @ w2 + b2) @ v + b
            attention = softmax(scores[:, 0])
            x = np.concatenate([attention @ memory, self.weights["decoder/embedding"][0][token]])
            start = state if carries else np.zeros_like(state)
            state = gru(x, start, self.weights["decoder/gru"])  # type: ignore[arg-type]
            kernel, bias = self.weights["decoder/fc"]
            rows.append(np.log(softmax(state @ kernel + bias)))
            looks.append(attention)
        return np.array(rows), np.array(looks)

    def named(self) -> dict[str, Array]:
        """Arrays by paths as Keras 3 has them in a file of weights."""
        named = {}
        for path, arrays in self.weights.items():
            inner = f"{path}_layer/cell" if "bidirectional" in path else f"{path}/cell" if "gru" in path else path
            named |= {f"{inner}/vars/{i}": array for i, array in enumerate(arrays)}
        return named

    def legacy(self) -> dict[str, Array]:
        """Arrays by paths as Keras 2 has them: layers numbered, and their names twice."""
        named, ends = {}, {1: ("embeddings",), 2: ("kernel", "bias"), 3: ("kernel", "recurrent_kernel", "bias")}
        layers = {"W1": "dense_1", "W2": "dense_2", "V": "dense_3", "fc": "dense"}
        for path, arrays in self.weights.items():
            part, *inner = path.split("/")
            inner = ["bahdanau_attention" if name == "attention" else layers.get(name, name) for name in inner]
            if "bidirectional" in inner:
                inner[-1] += "_gru"
            cell = [*inner, "gru_cell"] if len(arrays) == 3 else inner
            for end, array in zip(ends[len(arrays)], arrays, strict=True):
                named["/".join([part, "translator", part, *cell, f"{end}:0"])] = array
        return named


def save_h5(file: Path | io.BytesIO, named: dict[str, Array]) -> None:
    with h5py.File(file, "w") as h5:
        h5.create_group("vars")  # Keras leaves empty groups
        for path, array in named.items():
            h5[path] = array


def save_keras(path: Path, named: dict[str, Array], config: object = None) -> None:
    content = io.BytesIO()
    save_h5(content, named)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1"}))
        archive.writestr("config.json", json.dumps(config or {"class_name": "Translator", "config": {}}))
        archive.writestr("model.weights.h5", content.getvalue())


def save_words(directory: Path) -> tuple[Path, Path]:
    paths = directory / "source.json", directory / "target.json"
    for path, words in zip(paths, (SOURCE, TARGET), strict=True):
        path.write_text(json.dumps(words), encoding="utf-8")
    return paths
