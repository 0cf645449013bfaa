"""Recovery: the output after the first k reference tokens, and after one injected wrong token."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import Batch, Ids, collate
from s2s.decode.search import running
from s2s.decode.strategy import Settings, limit
from s2s.evaluate.batching import Progress, chunks, quiet, rows_together, slices
from s2s.evaluate.bootstrap import Bootstrap, Curve, Floats, table
from s2s.evaluate.measured import Estimate
from s2s.model import Memory, Model, ModelState
from s2s.text.vocab import EOS, PAD, UNK, matches_reference

SHARES = 10  # intervals of the curve by share of the reference


@dataclass(frozen=True)
class Recovery:
    """One sentence with W reference words, T = W + 1 tokens with ``<eos>``.

    ``outputs[k]`` is the output after k reference tokens, k = 0 … W. ``injected[k]`` is the wrong token at
    k = 0 … W-1: the most probable one that is neither the reference's nor ``<eos>``. ``after[k]`` is the output
    after the wrong token.
    """

    gold: tuple[int, ...]
    outputs: tuple[tuple[int, ...], ...]
    injected: tuple[int, ...]
    after: tuple[tuple[int, ...], ...]

    @property
    def accuracy(self) -> Floats:
        """For each k, the share of the remaining T - k reference tokens that ``outputs[k]`` has in position: (T,)."""
        return np.array([accuracy(own, self.gold[k:]) for k, own in enumerate(self.outputs)])

    @property
    def f1(self) -> Floats:
        """For each k, token F1 of ``outputs[k]`` with the remaining reference, in any order: (T,)."""
        return np.array([token_f1(own, self.gold[k:]) for k, own in enumerate(self.outputs)])

    @property
    def injected_accuracy(self) -> Floats:
        """For each k, ``accuracy`` of ``after[k]`` against the reference after position k: (W,)."""
        return np.array([accuracy(own, self.gold[k + 1 :]) for k, own in enumerate(self.after)])

    @property
    def injected_f1(self) -> Floats:
        """For each k, token F1 of ``after[k]`` with the reference after position k: (W,)."""
        return np.array([token_f1(own, self.gold[k + 1 :]) for k, own in enumerate(self.after)])


def accuracy(output: Sequence[int], gold: Sequence[int]) -> float:
    """The share of gold tokens that the output has at the same position; ``<unk>`` is never right.

    >>> accuracy([7, 8, 3], [7, 9, 8, 3]), accuracy([7, 1], [7, 1])
    (0.25, 0.5)
    """
    return sum(matches_reference(output, gold)) / len(gold)


def token_f1(output: Sequence[int], gold: Sequence[int]) -> float:
    """F1 of the two bags of tokens without ``<eos>``; 1 if both are empty. ``<unk>`` never counts as shared.

    >>> token_f1([7, 8, 8, 3], [8, 9, 3]), token_f1([7, 1, 3], [7, 1, 3])
    (0.4, 0.5)
    """
    own, wanted = (Counter(t for t in tokens if t != EOS) for tokens in (output, gold))
    total, shared = own.total() + wanted.total(), own & wanted
    return 2 * (shared.total() - shared[UNK]) / total if total else 1.0


@torch.inference_mode()
def recoveries(
    model: Model, pairs: Sequence[Ids], progress: Progress = quiet, injecting: bool = True
) -> list[Recovery]:
    """The greedy outputs of each pair; prefix and output together have at most max(2 S + 10, T) tokens.

    One run per position serves both measures. If the most probable token is the reference's, the output after
    k tokens is that token and the output after k + 1. If it is a wrong token, that token is the one to inject.
    Without ``injecting`` only the second kind is run, and ``injected`` and ``after`` are empty.
    """
    out: list[Recovery | None] = [None] * len(pairs)
    for index in chunks(pairs, model.vocabulary, progress):
        batch = collate([pairs[i] for i in index]).to(model.device)
        walk = _walk(model, batch)
        runs = [
            (row, k)
            for row, i in enumerate(index)
            for k, gold in enumerate((*pairs[i][1], EOS))
            if walk.best[row][k] not in (gold, EOS) or (injecting and gold != EOS)
        ]
        outputs = dict(zip(runs, _run(model, batch, walk, runs), strict=True))
        for row, i in enumerate(index):
            out[i] = _assemble((*pairs[i][1], EOS), walk, row, outputs, injecting)
    return [recovery for recovery in out if recovery is not None]


@dataclass(frozen=True)
class _Walk:
    """A teacher-forced pass over B rows: the states of its T steps, and the most probable tokens."""

    memory: Memory
    states: ModelState  # T·B rows, row t·B + b
    best: list[list[int]]
    wrong: list[list[int]]  # the most probable token that is neither the reference's nor <eos>


def _walk(model: Model, batch: Batch) -> _Walk:
    memory, state = model.encode(batch.source_BS, batch.lengths_B)
    states, best, wrong = list[ModelState](), list[Tensor](), list[Tensor]()
    for read_B, gold_B in zip(batch.target_in_BT.T, batch.target_out_BT.T, strict=True):
        step = model.step(state, read_B, memory)
        state = step.state
        states.append(state)
        best.append(step.log_probs_BV.argmax(dim=1))
        others_BV = step.log_probs_BV.scatter(1, gold_B.unsqueeze(1), -torch.inf)
        others_BV[:, EOS] = -torch.inf
        wrong.append(others_BV.argmax(dim=1))
    return _Walk(memory, states[0].joined(states), *(torch.stack(part, dim=1).tolist() for part in (best, wrong)))


def _run(model: Model, batch: Batch, walk: _Walk, runs: Sequence[tuple[int, int]]) -> list[list[int]]:
    """The output after the wrong token at position k of a row, for every (row, k)."""
    device = batch.source_BS.device
    lengths, size = batch.lengths_B.tolist(), len(batch.source_BS)
    words = (batch.target_out_BT != PAD).sum(dim=1).tolist()
    out = list[list[int]]()
    for some in slices(runs, rows_together(model, batch.source_BS.size(1))):
        row_N = torch.tensor([row for row, _ in some], device=device)
        state_N = torch.tensor([k * size + row for row, k in some], device=device)
        token_N = torch.tensor([walk.wrong[row][k] for row, k in some], device=device)
        left = [max(limit(Settings(), lengths[row]), words[row]) - k - 1 for row, k in some]
        out += greedy_from(model, walk.memory.select(row_N), walk.states.select(state_N), token_N, left)
    return out


def greedy_from(
    model: Model, memory: Memory, state: ModelState, token_N: Tensor, left: Sequence[int]
) -> list[list[int]]:
    """Greedy output of each row after ``token_N`` is read: ids with ``<eos>``, at most ``left`` of them."""
    outputs: list[list[int]] = [[] for _ in left]
    limit_N = torch.tensor(left, device=token_N.device)
    for row_N, output_N, _ in running(model, memory, state, token_N, limit_N):
        for row, token in zip(row_N.tolist(), output_N.tolist(), strict=True):
            outputs[row].append(token)
    return outputs


def _assemble(
    gold: tuple[int, ...], walk: _Walk, row: int, runs: dict[tuple[int, int], list[int]], injecting: bool
) -> Recovery:
    """The recovery of one row; ``runs`` has by (row, k) the output after the wrong token."""
    best, wrong = walk.best[row], walk.wrong[row]
    outputs, rest = list[tuple[int, ...]](), tuple[int, ...]()
    for k in reversed(range(len(gold))):
        own = (wrong[k], *runs[row, k]) if best[k] not in (gold[k], EOS) else ()
        rest = (gold[k], *rest) if best[k] == gold[k] else own or (EOS,)
        outputs.append(rest)
    words = range(len(gold) - 1 if injecting else 0)
    after = tuple(tuple(runs[row, k]) for k in words)
    return Recovery(gold, tuple(reversed(outputs)), tuple(wrong[k] for k in words), after)


@dataclass(frozen=True)
class Recoveries:
    """Means by k over the sentences that are long enough, means by share of the reference, and the cost of an error.

    The cost at k is the score of the rest after the reference's token at k minus its score after the wrong token.
    """

    accuracy: Curve
    f1: Curve
    accuracy_by_share: Curve  # k = round(W · 0 %, 10 %, … 100 %); every sentence counts at every point
    f1_by_share: Curve
    injected_accuracy: Curve
    injected_f1: Curve
    cost_accuracy: Curve
    cost_f1: Curve
    overall: dict[str, Estimate]


def recovery(records: Sequence[Recovery], bootstrap: Bootstrap) -> Recoveries:
    """The summary over the sentences of a corpus."""
    rows = {
        "accuracy": [r.accuracy for r in records],
        "f1": [r.f1 for r in records],
        "injected_accuracy": [r.injected_accuracy for r in records],
        "injected_f1": [r.injected_f1 for r in records],
    }
    rows["cost_accuracy"] = [a[1:] - b for a, b in zip(rows["accuracy"], rows["injected_accuracy"], strict=True)]
    rows["cost_f1"] = [a[1:] - b for a, b in zip(rows["f1"], rows["injected_f1"], strict=True)]
    tables = {name: table(values) for name, values in rows.items()}
    shared = {f"{name}_by_share": table([_by_share(row) for row in rows[name]]) for name in ("accuracy", "f1")}
    overall = {
        name: bootstrap.mean(total.sum(axis=1), count.sum(axis=1))
        for name, (total, count) in tables.items()
        if name.startswith(("injected", "cost"))
    }
    return Recoveries(**{n: bootstrap.means(*both) for n, both in (tables | shared).items()}, overall=overall)


def _by_share(row_T: Floats) -> Floats:
    return row_T[[round((len(row_T) - 1) * i / SHARES) for i in range(SHARES + 1)]]
