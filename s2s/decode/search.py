"""Searching for output ids, without recording: batched greedy for corpora, beam search for a sentence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import torch
from torch import Tensor

from s2s.data.batches import pad
from s2s.decode.strategy import Settings, limit
from s2s.model import Memory, Model, ModelState, StepOutput
from s2s.text.vocab import BOS, EOS

Pick = Callable[[Tensor, Tensor, int], Tensor]  # log_probs_NV, row_N, t → the tokens (N,) of these rows at step t


def most_probable(log_probs_NV: Tensor, row_N: Tensor, t: int) -> Tensor:
    """The most probable token of each row: (N,)."""
    return log_probs_NV.max(dim=1).indices


def running(
    model: Model, memory: Memory, state: ModelState, token_B: Tensor, limit_B: Tensor, pick: Pick = most_probable
) -> Iterator[tuple[Tensor, Tensor, StepOutput]]:
    """Decode a batch step by step, without the rows that have ended: at ``<eos>`` or after ``limit_B`` tokens.

    ``token_B`` is what each row reads first, ``pick`` chooses what it says and reads next. Yields the indices of the
    N rows that are running, their tokens and their step: (N,), (N,) and (N, …).
    """
    row_N, time = torch.arange(len(token_B), device=token_B.device), 0
    going_N = (limit_B > 0).nonzero().flatten()
    while len(going_N):
        if len(going_N) < len(row_N):
            row_N, token_B = row_N[going_N], token_B[going_N]
            memory, state = memory.select(going_N), state.select(going_N)
        step = model.step(state, token_B, memory)
        state, token_B, time = step.state, pick(step.log_probs_BV, row_N, time), time + 1
        yield row_N, token_B, step
        going_N = ((token_B != EOS) & (time < limit_B[row_N])).nonzero().flatten()


@torch.inference_mode()
def greedy(
    model: Model,
    sources: Sequence[Sequence[int]],
    max_length: int = 0,
    attention: list[Tensor] | None = None,
    log_probs: list[Tensor] | None = None,
) -> list[list[int]]:
    """The most probable token at every step, for a batch; ids without ``<eos>``.

    A row ends at ``<eos>`` or after ``max_length`` tokens (by default twice its source plus 10). The
    weights of every step, ``<eos>`` too, are appended to ``attention``, (T, S) a source, and the
    log-probabilities of its tokens to ``log_probs``, (T,).
    """
    device = model.device
    memory, state = model.encode(pad(sources).to(device), torch.tensor([len(s) for s in sources]))
    limit_B = torch.tensor([max_length or 2 * len(s) + 10 for s in sources], device=device)
    outputs: list[list[int]] = [[] for _ in sources]
    weights, values = list[tuple[list[int], Tensor]](), list[tuple[list[int], Tensor]]()  # rows running at a step
    for row_N, token_N, step in running(model, memory, state, torch.full_like(limit_B, BOS), limit_B):
        rows = row_N.tolist()
        weights.append((rows, step.attention_BS))
        values.append((rows, step.log_probs_BV.gather(1, token_N.unsqueeze(1)).squeeze(1)))
        for row, token in zip(rows, token_N.tolist(), strict=True):
            if token != EOS:
                outputs[row].append(token)
    if attention is not None:
        attention += [w_TS[:, : len(source)] for w_TS, source in zip(_by_row(weights), sources, strict=True)]
    if log_probs is not None:
        log_probs += _by_row(values)
    return outputs


def _by_row(steps: Sequence[tuple[list[int], Tensor]]) -> list[Tensor]:
    """Of steps in which ever fewer rows were running, all in the first, each row's values on top of each other."""
    kept: list[list[Tensor]] = [[] for _ in steps[0][0]] if steps else []
    for running, values in steps:
        for row, value in zip(running, values, strict=True):
            kept[row].append(value)
    return [torch.stack(row) for row in kept]


@dataclass(frozen=True)
class Hypothesis:
    """A finished output with ``<eos>``, its log-probability, the score it was ranked by, and its attention (T, S)."""

    ids: list[int]
    log_prob: float
    score: float
    attention_TS: Tensor = field(compare=False, repr=False)


def rank_score(log_prob: float, length: int, coverage_S: Tensor, settings: Settings) -> float:
    """``log P / lp + cp`` with ``lp = (5+|Y|)^a / 6^a``, ``cp = β Σ_i log min(Σ_t α_ti, 1)`` (Wu et al. 2016, eq. 14).

    A source word that got no attention at all counts as 1e-10, so that it is penalised, not skipped.
    """
    return log_prob / length_factor(length, settings) + coverage_term(coverage_S, settings)


def length_factor(length: int, settings: Settings) -> float:
    """``lp`` of ``rank_score``."""
    factor: float = ((5 + length) / 6) ** settings.length_penalty
    return factor


def coverage_term(coverage_S: Tensor, settings: Settings) -> float:
    """``cp`` of ``rank_score``, at most 0."""
    return settings.coverage_penalty * float(coverage_S.clamp(1e-10, 1.0).log().sum())


@torch.inference_mode()
def beam(
    model: Model, source: Sequence[int], settings: Settings, prefix: Sequence[int] = (), max_length: int = 0
) -> list[Hypothesis]:
    """Beam search for one sentence: finished hypotheses, best score first (see ``beams``)."""
    return beams(model, [source], settings, [prefix], max_length)[0]


@torch.inference_mode()
def beams(
    model: Model,
    sources: Sequence[Sequence[int]],
    settings: Settings,
    prefixes: Sequence[Sequence[int]] | None = None,
    max_length: int = 0,
) -> list[list[Hypothesis]]:
    """Beam search for a batch: each source's finished hypotheses, best score first.

    The ``beam`` most probable continuations are kept a step; those that end leave the beam and are
    kept as finished. A source is done when no live hypothesis can still win, or at ``max_length``
    tokens. Prefixes must be of one length.
    """
    search = Search(model, sources, settings, prefixes or [()] * len(sources), max_length)
    while search.places:
        search.advance()
    return [sorted(found, key=lambda h: -h.score) for found in search.finished]


class _Extended:
    """One step: of each source that was running, which row each new hypothesis extends, and by which token."""

    def __init__(
        self,
        running: Sequence[int],
        origins: list[list[int]],
        tokens: list[list[int]],
        attention_NS: Tensor,
        width: int,
    ) -> None:
        self.places = {source: place for place, source in enumerate(running)}
        self.origins, self.tokens, self.attention_NS, self.width = origins, tokens, attention_NS, width


@dataclass(frozen=True)
class Considered:
    """The continuations a step chose among, ``each`` of every row: log P with the token, the token's own, its id."""

    each: int
    total_AF: Tensor
    log_prob_AF: Tensor
    token_AF: Tensor


class Search:
    """The live hypotheses of the sources that are not done, ``width`` rows a source after the first free step.

    After ``advance``: ``considered`` and ``ended_AK`` tell of the sources that were running, ``endings`` why each that
    is done was: ``finished``, all had ended; ``decided``, none that lived could win; ``length``, the limit came.
    """

    def __init__(
        self,
        model: Model,
        sources: Sequence[Sequence[int]],
        settings: Settings,
        prefixes: Sequence[Sequence[int]],
        max_length: int,
    ) -> None:
        self.model, self.sources, self.settings = model, sources, settings
        self.limits = [max_length or limit(settings, len(s)) for s in sources]
        self.forced_TB = torch.tensor([list(p) for p in prefixes], dtype=torch.long).reshape(len(sources), -1).t()
        self.finished: list[list[Hypothesis]] = [[] for _ in sources]
        self.places = list(range(len(sources)))  # of the sources not done
        self.width, self.time = 1, 0
        self.memory, self.state = model.encode(pad(sources), torch.tensor([len(s) for s in sources]))
        self.token_N = torch.full((len(sources),), BOS)
        self.log_probs_AK = torch.zeros(len(sources), 1)  # -inf: no hypothesis
        self.steps = list[_Extended]()
        self.considered = Considered(1, self.log_probs_AK, self.log_probs_AK, self.token_N.unsqueeze(1))
        self.ended_AK = torch.zeros(len(sources), 1, dtype=torch.bool)
        self.endings = [""] * len(sources)

    def advance(self) -> None:
        """One step: extend, keep the best, put the ended ones by, drop the sources that are done."""
        step = self.model.step(self.state, self.token_N, self.memory)
        if self.time < len(self.forced_TB):
            token_AK = self.forced_TB[self.time, self.places].unsqueeze(1)
            origin_AK, log_prob_AK = torch.zeros_like(token_AK), step.log_probs_BV.gather(1, token_AK)
            self.log_probs_AK = self.log_probs_AK + log_prob_AK
            self.considered = Considered(1, self.log_probs_AK, log_prob_AK, token_AK)
        else:
            origin_AK, token_AK = self._best(step.log_probs_BV)
        self.steps.append(_Extended(self.places, origin_AK.tolist(), token_AK.tolist(), step.attention_BS, self.width))
        self.time += 1
        going = self._finish(token_AK)
        self._keep(going, step.state, origin_AK, token_AK)

    def _best(self, log_probs_NV: Tensor) -> tuple[Tensor, Tensor]:
        """The ``beam`` most probable continuations of each source: which row each extends, and by which token."""
        size = min(self.settings.beam, log_probs_NV.size(1))
        best = log_probs_NV.topk(size, dim=1)
        total_AF = (self.log_probs_AK.unsqueeze(2) + best.values.view(len(self.places), self.width, size)).flatten(1)
        token_AF = best.indices.view_as(total_AF)
        chosen = total_AF.topk(min(self.settings.beam, total_AF.size(1)), dim=1)
        self.log_probs_AK = chosen.values
        self.considered = Considered(size, total_AF, best.values.view_as(total_AF), token_AF)
        return chosen.indices // size, token_AF.gather(1, chosen.indices)

    def _finish(self, token_AK: Tensor) -> list[int]:
        """Put by what ended; returns the places, among those running, of the sources that go on."""
        going, ended = list[int](), torch.zeros_like(token_AK, dtype=torch.bool)
        rows = zip(self.places, token_AK.tolist(), self.log_probs_AK.tolist(), strict=True)
        for place, (source, tokens, values) in enumerate(rows):
            free, last, best_live = self.time > len(self.forced_TB), self.time == self.limits[source], -math.inf
            for k, (token, value) in enumerate(zip(tokens, values, strict=True)):
                if value == -math.inf:
                    continue
                if (token == EOS or last) and free:
                    self.finished[source].append(self._hypothesis(source, k, value))
                    ended[place, k] = True
                else:
                    best_live = max(best_live, value)
            if best_live == -math.inf:
                self.endings[source] = "length" if last else "finished"
            elif self._decided(source, best_live):
                self.endings[source] = "decided"
            else:
                going.append(place)
        self.log_probs_AK, self.ended_AK = self.log_probs_AK.masked_fill(ended, -math.inf), ended
        return going

    def _hypothesis(self, source: int, k: int, log_prob: float) -> Hypothesis:
        """Follow the origins back to the start."""
        ids, weights = list[int](), list[Tensor]()
        for step in reversed(self.steps):
            place = step.places[source]
            ids.append(step.tokens[place][k])
            k = step.origins[place][k]
            weights.append(step.attention_NS[place * step.width + k, : len(self.sources[source])])
        attention_TS = torch.stack(weights[::-1])
        score = rank_score(log_prob, len(ids), attention_TS.sum(dim=0), self.settings)
        return Hypothesis(ids[::-1], log_prob, score, attention_TS)

    def _decided(self, source: int, best_live: float) -> bool:
        """Whether the best live hypothesis, were it to lose nothing more, would still rank below a finished one."""
        finished = self.finished[source]
        return len(finished) >= self.settings.beam and max(h.score for h in finished) >= self.bound(source, best_live)

    def bound(self, source: int, log_prob: float) -> float:
        """The greatest score that a live hypothesis could reach: no more loss, the longest output, all covered."""
        return log_prob / max(1.0, length_factor(self.limits[source], self.settings))

    def _keep(self, going: list[int], state: ModelState, origin_AK: Tensor, token_AK: Tensor) -> None:
        """The rows of the chosen hypotheses; the memory is copied only when their number changes."""
        going_G, width = torch.tensor(going, dtype=torch.long), token_AK.size(1)
        if len(going) < len(self.places) or width != self.width:
            first_G1 = (going_G * self.width).unsqueeze(1)
            self.memory = self.memory.select(first_G1.expand(-1, width).flatten())
        self.state = state.select((going_G.unsqueeze(1) * self.width + origin_AK[going_G]).flatten())
        self.token_N, self.log_probs_AK = token_AK[going_G].flatten(), self.log_probs_AK[going_G]
        self.places, self.width = [self.places[place] for place in going], width
