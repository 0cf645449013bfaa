"""The model of docs/FORMATS.md in numpy, written from that page without s2s and torch."""

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
    prior: Array | None
    optional: dict[str, Array | float]  # what only some kinds have


def log_sum_exp(x: Array) -> float:
    return float(np.log(np.exp(x - x.max()).sum()) + x.max())


class NumpyModel:
    def __init__(self, checkpoint: Path) -> None:
        config = json.loads((checkpoint / "config.json").read_text(encoding="utf-8"))
        vocab = json.loads((checkpoint / "vocab.json").read_text(encoding="utf-8"))
        stored = load_file(checkpoint / "model.safetensors")
        self.weights = {name: weight.astype(np.float64) for name, weight in stored.items()}
        self.shapes = {name: weight.shape for name, weight in stored.items()}
        off = ("coverage", "pointer", "prior", "shared_embeddings", "attention_bias")
        defaults = {
            "cell": "gru",
            "bridge": "tanh",
            "readout": "tanh",
            "carry_state": True,
            **dict.fromkeys(off, False),
        }
        self.config = defaults | config["model"]
        marks = {"<bos>": (2, "source_bos"), "<eos>": (3, "source_eos")}
        self.marks = {token: i for token, (i, key) in marks.items() if config["text"].get(key)}  # read around a source
        self.fill = config["text"].get("source_fill", 0)  # source tokens that there are at least
        self.attention = self.config["attention"]
        self.source, self.target = vocab["source"]["tokens"], vocab["target"]["tokens"]

    def expected_shapes(self) -> dict[str, tuple[int, ...]]:
        """The table of weights."""
        c = self.config
        e, n, h = c["embedding_size"], c["encoder_size"], c["decoder_size"]
        m, r = 2 * n, e if c["tied_embeddings"] else h
        g, p = (4, 2) if c["cell"] == "lstm" else (3, 1)
        additive = self.attention in ("additive", "none")
        i = e + m if additive else e + r if c["input_feeding"] else e
        shapes: dict[str, tuple[int, ...]] = {"encoder.embedding.weight": (len(self.source), e)}
        for k in range(c["encoder_layers"]):
            for end in ("", "_reverse"):
                shapes[f"encoder.rnn.weight_ih_l{k}{end}"] = (g * n, 2 * n if k else e)
                shapes[f"encoder.rnn.weight_hh_l{k}{end}"] = (g * n, n)
                shapes[f"encoder.rnn.bias_ih_l{k}{end}"] = shapes[f"encoder.rnn.bias_hh_l{k}{end}"] = (g * n,)
        d = p * c["decoder_layers"] * h
        if c["bridge"] != "copy":
            shapes |= {"bridge.weight": (d, p * m), "bridge.bias": (d,)}
        shapes |= self.attention_shapes()
        if not c["shared_embeddings"]:
            shapes["embedding.weight"] = (len(self.target), e)
        for k in range(c["decoder_layers"]):
            shapes[f"decoder.cells.{k}.weight_ih"] = (g * h, h if k else i)
            shapes[f"decoder.cells.{k}.weight_hh"] = (g * h, h)
            shapes[f"decoder.cells.{k}.bias_ih"] = shapes[f"decoder.cells.{k}.bias_hh"] = (g * h,)
        if c["readout"] != "state":
            shapes |= {"decoder.readout.weight": (r, h + m + e if additive else h + m), "decoder.readout.bias": (r,)}
        if not c["tied_embeddings"]:
            shapes["output.weight"] = (len(self.target), r)
        if c["prior"]:
            shapes["prior.log_scale"] = shapes["prior.shift"] = (len(self.target),)
        if c["pointer"]:
            shapes |= {"pointer.gate.weight": (1, m + h + e), "pointer.gate.bias": (1,)}
        return shapes | {"output.bias": (len(self.target),)}

    def attention_shapes(self) -> dict[str, tuple[int, ...]]:
        h, m, a = self.config["decoder_size"], 2 * self.config["encoder_size"], self.config["attention_size"]
        shapes: dict[str, tuple[int, ...]] = {}
        if self.attention == "none":
            return shapes
        if self.attention in ("additive", "concat", "local-p"):
            shapes |= {"query": (a, h), "v": (1, a)}
        if self.attention in ("additive", "concat"):
            shapes["key"] = (a, m)
        elif self.attention == "location":
            shapes["key"] = (self.config["max_source_length"], h)
        elif self.attention != "dot":
            shapes["key"] = (h, m)
        if self.config["coverage"]:
            shapes["coverage"] = (a, 1)
        bias = {"decoder.attention.query.bias": (a,)} if self.config["attention_bias"] else {}
        return {f"decoder.attention.{name}.weight": shape for name, shape in shapes.items()} | bias

    def cell(self, x: Array, state: Array, names: tuple[str, ...]) -> Array:
        """One step of a GRU from [h], of an LSTM from [h, c]: its new state."""
        w_ih, w_hh, b_ih, b_hh = (self.weights[name] for name in names)
        from_x, from_h = w_ih @ x + b_ih, w_hh @ state[0] + b_hh
        if self.config["cell"] == "lstm":
            i, f, g, o = np.split(from_x + from_h, 4)
            c = sigmoid(f) * state[1] + sigmoid(i) * np.tanh(g)
            return np.array([sigmoid(o) * np.tanh(c), c])
        r_x, z_x, n_x = np.split(from_x, 3)
        r_h, z_h, n_h = np.split(from_h, 3)
        r, z = sigmoid(r_x + r_h), sigmoid(z_x + z_h)
        n = np.tanh(n_x + r * n_h)
        return np.array([(1 - z) * n + z * state[0]])

    def query(self, state: Array) -> Array:
        """W s, with a bias W s + b."""
        bias = self.weights["decoder.attention.query.bias"] if self.config["attention_bias"] else 0.0
        return self.weights["decoder.attention.query.weight"] @ state + bias

    def direction(self, inputs: Array, layer: int, end: str) -> Array:
        """States (S, P, N) in the order of the source; ``_reverse`` reads it from its end."""
        names = tuple(f"encoder.rnn.{part}_l{layer}{end}" for part in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"))
        state, states = np.zeros((2 if self.config["cell"] == "lstm" else 1, self.config["encoder_size"])), []
        for x in inputs[::-1] if end else inputs:
            state = self.cell(x, state, names)
            states.append(state)
        return np.array(states[::-1] if end else states)

    def encode(self, ids: list[int]) -> tuple[Array, Array]:
        """The memory (S, M) and the decoder's first states (P, Ld, H)."""
        states, layers = self.weights["encoder.embedding.weight"][ids], []
        for layer in range(self.config["encoder_layers"]):
            forward, backward = (self.direction(states, layer, end) for end in ("", "_reverse"))
            states = np.concatenate([forward[:, 0], backward[:, 0]], axis=1)
            layers.append(np.concatenate([forward[-1], backward[0]], axis=1))  # [h h] and, of an LSTM, [c c]
        if self.config["bridge"] == "copy":
            kept = np.stack(layers[: self.config["decoder_layers"]], axis=1)
            return states, kept[:, :, : self.config["decoder_size"]]
        d = self.weights["bridge.weight"] @ layers[-1].ravel() + self.weights["bridge.bias"]
        d = d if self.config["bridge"] == "linear" else np.tanh(d)
        return states, d.reshape(-1, self.config["decoder_layers"], self.config["decoder_size"])

    def cells(self, x: Array, states: Array) -> Array:
        """The decoder's new states (P, Ld, H)."""
        new, states = [], states if self.config["carry_state"] else np.zeros_like(states)
        for k in range(self.config["decoder_layers"]):
            parts = ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
            new.append(self.cell(x, states[:, k], tuple(f"decoder.cells.{k}.{part}" for part in parts)))
            x = new[-1][0]
        return np.stack(new, axis=1)

    def scores(self, state: Array, memory: Array, coverage: Array) -> tuple[Array, Array]:
        """S scores, and for each source token the terms of its score (S, terms, columns)."""
        size, part = len(memory), {n: self.weights.get(f"decoder.attention.{n}.weight") for n in ("query", "key", "v")}
        if self.attention in ("additive", "concat"):
            columns = [np.tile(part["v"][0], (size, 1)), np.tile(self.query(state), (size, 1))]
            columns.append(memory @ part["key"].T)
            if self.config["coverage"]:
                columns.append(np.outer(coverage, self.weights["decoder.attention.coverage.weight"][:, 0]))
            return (columns[0] * np.tanh(sum(columns[1:]))).sum(axis=1), np.stack(columns, axis=2)
        keys = {"dot": lambda: memory, "location": lambda: part["key"][:size]}
        key = keys.get(self.attention, lambda: memory @ part["key"].T)()
        return key @ state, np.stack([np.tile(state, (size, 1)), key], axis=2)

    def factors(self, state: Array, size: int, t: int) -> tuple[float, Array]:
        """Local attention's position and its Gaussian, cut off outside the window."""
        p, d = float(min(t, size - 1)), self.config["window"]
        if self.attention == "local-p":
            query, v = (self.weights[f"decoder.attention.{name}.weight"] for name in ("query", "v"))
            p = size * float(sigmoid(v[0] @ np.tanh(query @ state)))
        away = np.arange(size) - p
        return p, np.where(np.abs(away) <= d, np.exp(-(away**2) / (2 * (d / 2) ** 2)), 0.0)

    def look(self, state: Array, memory: Array, t: int, coverage: Array, edited: Array | None) -> Numbers:
        """What looking back from a state shows; what depends on the output layer is still to come."""
        if self.attention == "none":
            n = self.config["encoder_size"]
            fixed = np.concatenate([memory[-1, :n], memory[0, n:]])
            return Numbers(np.empty(0), 0.0, np.empty(0), np.empty(0), fixed, np.empty(0), None, {})
        scores, terms = self.scores(state, memory, coverage)
        optional: dict[str, Array | float] = {"coverage": coverage} if self.config["coverage"] else {}
        if self.attention in ("local-m", "local-p"):
            position, factors = self.factors(state, len(memory), t)
            optional |= {"position": position, "factors": factors}
            powers = factors * np.exp(scores - scores[factors > 0].max())
            attention = powers / powers.sum()
        else:
            attention = softmax(scores)
        if edited is not None:
            optional["own_attention"], attention = attention, edited
        return Numbers(
            np.empty(0), 0.0, attention, scores, attention @ memory, terms[attention.argmax()], None, optional
        )

    def predict(self, numbers: Numbers, readout: Array, read: Array, source: list[int]) -> None:
        """Readout to log-probabilities; ``read`` is [c; s'; y]."""
        logits = self.output @ readout + self.weights["output.bias"]
        if self.config["prior"]:
            x = np.array([float(v > 3 and v in source) for v in range(len(logits))])
            numbers.prior = np.exp(self.weights["prior.log_scale"]) * x + self.weights["prior.shift"]
            logits = (logits + numbers.prior) / 2
        numbers.normaliser = log_sum_exp(logits)
        numbers.log_probs = logits - numbers.normaliser
        if self.config["pointer"]:
            p_gen = float(sigmoid(self.weights["pointer.gate.weight"][0] @ read + self.weights["pointer.gate.bias"][0]))
            mixed = p_gen * np.exp(numbers.log_probs)
            for j, token in enumerate(source):
                mixed[token] += (1 - p_gen) * numbers.attention[j]
            numbers.log_probs, numbers.optional["p_gen"] = np.log(mixed), p_gen

    def readout(self, read: list[Array]) -> Array:
        """What the output layer reads; the state itself is the first of its parts where it stands alone."""
        if self.config["readout"] == "state":
            return read[0]
        x = self.weights["decoder.readout.weight"] @ np.concatenate(read) + self.weights["decoder.readout.bias"]
        return x if self.config["readout"] == "linear" else np.tanh(x)

    def run(
        self, source: list[int], inputs: list[int], edits: dict[int, Array] | None = None
    ) -> tuple[Array, list[Numbers]]:
        """The memory, and a step for each id that the decoder reads; ``edits`` replace the attention of steps."""
        memory, states = self.encode(source)
        shared = "encoder.embedding.weight" if self.config["shared_embeddings"] else "embedding.weight"
        self.output = self.weights[shared if self.config["tied_embeddings"] else "output.weight"]
        readout, coverage, steps = np.zeros(self.output.shape[1]), np.zeros(len(source)), []
        for t, token in enumerate(inputs):
            y, edited = self.weights[shared][token], (edits or {}).get(t)
            if self.attention in ("additive", "none"):
                numbers = self.look(states[0, -1], memory, t, coverage, edited)
                states = self.cells(np.concatenate([y, numbers.context]), states)
                read = [states[0, -1], numbers.context, y]
            else:
                states = self.cells(np.concatenate([y, readout]) if self.config["input_feeding"] else y, states)
                numbers = self.look(states[0, -1], memory, t, coverage, edited)
                read = [numbers.context, states[0, -1]]
            readout = self.readout(read)
            self.predict(numbers, readout, np.concatenate([numbers.context, states[0, -1], y]), source)
            if self.attention != "none":
                coverage = coverage + numbers.attention
            steps.append(numbers)
        return memory, steps
