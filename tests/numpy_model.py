"""The model of docs/FORMATS.md in numpy: written from that page, with nothing of s2s and no torch."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

Array = np.ndarray


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def softmax(x: Array) -> Array:
    e = np.exp(x - x.max())
    return e / e.sum()


@dataclass
class Numbers:
    """All that one step of a trace shows, whole vectors."""

    log_probs: Array
    normaliser: float
    attention: Array
    scores: Array
    context: Array
    score_terms: Array


class NumpyModel:
    def __init__(self, checkpoint: Path) -> None:
        config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
        vocab = json.loads((checkpoint / "vocab.json").read_text(encoding="utf-8"))
        stored = load_file(checkpoint / "model.safetensors")
        self.weights = {name: weight.astype(np.float64) for name, weight in stored.items()}
        self.shapes = {name: weight.shape for name, weight in stored.items()}
        self.config = config["model"]
        self.source, self.target = vocab["source"]["tokens"], vocab["target"]["tokens"]

    def expected_shapes(self) -> dict[str, tuple[int, ...]]:
        """The table of weights."""
        c = self.config
        e, n, h, a = c["embedding_size"], c["encoder_size"], c["decoder_size"], c["attention_size"]
        m, r = 2 * n, c["embedding_size"] if c["tied_embeddings"] else c["decoder_size"]
        additive = c["attention"] == "additive"
        i = e + m if additive else e + r if c["input_feeding"] else e
        shapes: dict[str, tuple[int, ...]] = {"encoder.embedding.weight": (len(self.source), e)}
        for k in range(c["encoder_layers"]):
            for end in ("", "_reverse"):
                shapes[f"encoder.rnn.weight_ih_l{k}{end}"] = (3 * n, 2 * n if k else e)
                shapes[f"encoder.rnn.weight_hh_l{k}{end}"] = (3 * n, n)
                shapes[f"encoder.rnn.bias_ih_l{k}{end}"] = shapes[f"encoder.rnn.bias_hh_l{k}{end}"] = (3 * n,)
        shapes |= {"bridge.weight": (c["decoder_layers"] * h, m), "bridge.bias": (c["decoder_layers"] * h,)}
        shapes["embedding.weight"] = (len(self.target), e)
        if additive:
            shapes |= {"decoder.attention.query.weight": (a, h), "decoder.attention.v.weight": (1, a)}
        shapes["decoder.attention.key.weight"] = (a if additive else h, m)
        for k in range(c["decoder_layers"]):
            shapes[f"decoder.cells.{k}.weight_ih"] = (3 * h, h if k else i)
            shapes[f"decoder.cells.{k}.weight_hh"] = (3 * h, h)
            shapes[f"decoder.cells.{k}.bias_ih"] = shapes[f"decoder.cells.{k}.bias_hh"] = (3 * h,)
        shapes |= {"decoder.readout.weight": (r, h + m + e if additive else h + m), "decoder.readout.bias": (r,)}
        if not c["tied_embeddings"]:
            shapes["output.weight"] = (len(self.target), r)
        return shapes | {"output.bias": (len(self.target),)}

    def gru(self, x: Array, h: Array, names: tuple[str, str, str, str]) -> Array:
        w_ih, w_hh, b_ih, b_hh = (self.weights[name] for name in names)
        r_x, z_x, n_x = np.split(w_ih @ x + b_ih, 3)
        r_h, z_h, n_h = np.split(w_hh @ h + b_hh, 3)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = np.tanh(n_x + r * n_h)
        return (1 - z) * n + z * h

    def direction(self, inputs: Array, layer: int, end: str) -> Array:
        """States in the order of the source; ``_reverse`` reads it from its end."""
        names = tuple(f"encoder.rnn.{part}_l{layer}{end}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        h, states = np.zeros(self.config["encoder_size"]), []
        for x in inputs[::-1] if end else inputs:
            h = self.gru(x, h, names)
            states.append(h)
        return np.array(states[::-1] if end else states)

    def encode(self, ids: list[int]) -> tuple[Array, Array]:
        """The memory (S, M) and the decoder's first states (Ld, H)."""
        states = self.weights["encoder.embedding.weight"][ids]
        for layer in range(self.config["encoder_layers"]):
            forward, backward = (self.direction(states, layer, end) for end in ("", "_reverse"))
            states = np.concatenate([forward, backward], axis=1)
        ends = np.concatenate([forward[-1], backward[0]])
        d = np.tanh(self.weights["bridge.weight"] @ ends + self.weights["bridge.bias"])
        return states, d.reshape(self.config["decoder_layers"], self.config["decoder_size"])

    def cells(self, x: Array, hidden: Array) -> Array:
        new = []
        for k, h in enumerate(hidden):
            parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            x = self.gru(x, h, tuple(f"decoder.cells.{k}.{part}" for part in parts))
            new.append(x)
        return np.array(new)

    def look(self, state: Array, memory: Array) -> tuple[Array, Array, Array, Array]:
        """Scores, attention, context, and the terms of the most attended token's score."""
        keys = memory @ self.weights["decoder.attention.key.weight"].T
        if self.config["attention"] == "additive":
            query = self.weights["decoder.attention.query.weight"] @ state
            v = self.weights["decoder.attention.v.weight"][0]
            scores = np.tanh(query + keys) @ v
        else:
            scores = keys @ state
        attention = softmax(scores)
        key = keys[attention.argmax()]
        columns = [v, query, key] if self.config["attention"] == "additive" else [state, key]
        return scores, attention, attention @ memory, np.stack(columns, axis=1)

    def run(self, source: list[int], inputs: list[int]) -> tuple[Array, list[Numbers]]:
        """The memory, and a step for each id that the decoder reads."""
        memory, hidden = self.encode(source)
        w, b = self.weights["decoder.readout.weight"], self.weights["decoder.readout.bias"]
        tied = self.config["tied_embeddings"]
        out, readout, steps = self.weights["embedding.weight" if tied else "output.weight"], np.zeros(len(b)), []
        for token in inputs:
            y = self.weights["embedding.weight"][token]
            if self.config["attention"] == "additive":
                scores, attention, context, terms = self.look(hidden[-1], memory)
                hidden = self.cells(np.concatenate([y, context]), hidden)
                read = [hidden[-1], context, y]
            else:
                hidden = self.cells(np.concatenate([y, readout]) if self.config["input_feeding"] else y, hidden)
                scores, attention, context, terms = self.look(hidden[-1], memory)
                read = [context, hidden[-1]]
            readout = np.tanh(w @ np.concatenate(read) + b)
            logits = out @ readout + self.weights["output.bias"]
            normaliser = float(np.log(np.exp(logits - logits.max()).sum()) + logits.max())
            steps.append(Numbers(logits - normaliser, normaliser, attention, scores, context, terms))
        return memory, steps
