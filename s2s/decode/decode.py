"""Decode one sentence into a ``Trace``: ``walk`` runs the model, ``trace`` records every step.

Every strategy is a way to choose the next token of ``Seq2Seq.step`` (``strategy.py``). A hypothesis
found by ``search.beam`` is traced by forcing it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.decode.inputs import prefix_ids, reference_ids, source_ids, source_text
from s2s.decode.prefix_cache import CachedStep, PrefixCache
from s2s.decode.search import beam
from s2s.decode.strategy import Choose, Settings, chooser, forcing, limit
from s2s.errors import UserError
from s2s.model import Memory, Model, StepOutput
from s2s.text.vocab import BOS, EOS, UNK
from s2s.trace.branch import Edit
from s2s.trace.step import Scored, Step
from s2s.trace.trace import Trace

WORKED = 4  # components and terms that the worked arithmetic shows


def follow(
    model: Model, source: Sequence[int], choose: Choose, max_length: int
) -> tuple[list[int], list[StepOutput], Memory]:
    """Decode one sentence: its ids (with ``<eos>`` if it came), the output of every step, the memory."""
    cache = PrefixCache(model, source)
    ids, steps = walk(cache, choose, max_length, {})
    return ids, [step.output for step in steps if step.output is not None], cache.memory


@torch.inference_mode()
def walk(
    cache: PrefixCache, choose: Choose, max_length: int, edits: Mapping[int, Edit]
) -> tuple[list[int], list[CachedStep]]:
    """The chosen ids, with ``<eos>`` if it came, and the decoder steps; ``edits`` replace attention by step."""
    step, token, ids, steps = cache.start, BOS, list[int](), list[CachedStep]()
    while token != EOS and len(ids) < max_length:
        step = cache.step(step, token, edits.get(len(ids)))
        assert step.output is not None
        token = choose(step.output.log_probs_BV[0], len(ids))
        ids.append(token)
        steps.append(step)
    return ids, steps


def trace(
    checkpoint: Checkpoint,
    text: str | Sequence[str],
    reference: str | None = None,
    mode: str = "free",
    settings: Settings | None = None,
    prefix: str | Sequence[str] = "",
    top: int = 10,
    attention: Mapping[int, Edit] | None = None,
    cache: PrefixCache | None = None,
) -> Trace:
    """Decode ``text`` and record every step; a sequence of tokens instead of a text is read as it is.

    ``free``: the model reads its own output, after ``prefix`` if one is given, a text or tokens of the vocabulary.
    ``forced``: it reads the reference; ``output`` is then the reference's token, with the model's true log-probability
    and rank, and ``top[0]`` is what the model would have said. ``attention`` replaces the model's rows at some steps;
    ``cache`` holds this text's earlier steps. Raises UserError for what cannot be used.
    """
    settings, edits = settings or Settings(), dict(attention or {})
    tokens, source = source_ids(checkpoint, text)
    gold_tokens, gold = reference_ids(checkpoint, reference) if reference and reference.strip() else ([], [])
    _refuse(mode, gold, settings, edits)
    first = prefix_ids(checkpoint, prefix) if mode == "free" else []
    goal = [*gold, EOS] if gold else []
    forced, longest = (goal, len(goal)) if mode == "forced" else _free(checkpoint, source, settings, first)
    cache = cache or PrefixCache(checkpoint.model, source)
    ids, steps = walk(cache, forcing(forced, chooser(settings)), longest, edits)
    if edits and max(edits) >= len(ids):
        raise UserError("edit_beyond", found=max(edits) + 1, steps=len(ids))
    record = _Recorder(checkpoint, cache.memory, [*gold_tokens, "<eos>"] if gold else [], goal, top)
    return Trace(
        mode=mode,
        checkpoint=checkpoint_facts(checkpoint),
        source_text=source_text(checkpoint, text),
        source_tokens=tuple(tokens),
        steps=record.steps(ids, steps, gold_tokens if mode == "forced" else None),
        text=checkpoint.target.decode([i for i in ids if i != EOS]) if mode == "free" else str(reference).strip(),
        source_unknown=tuple(i for i, token in enumerate(source) if token == UNK),
        reference=reference.strip() if reference and gold else None,
        reference_tokens=tuple(gold_tokens),
        memory=_worked(checkpoint, cache.memory.states_BSM[0]),
        settings=asdict(settings) if mode == "free" else {},
        ended="eos" if ids[-1] == EOS else "length",
        prefix=len(first),
    )


def _refuse(mode: str, gold: Sequence[int], settings: Settings, edits: Mapping[int, Edit]) -> None:
    """Refuse a forced lane without a reference, and edits in a beam search."""
    if mode == "forced" and not gold:
        raise UserError("reference_missing")
    if edits and mode == "free" and settings.strategy == "beam":
        raise UserError("edit_beam")


def _worked(checkpoint: Checkpoint, states_SM: Tensor) -> tuple[tuple[float, ...], ...]:
    """The first components of each source state, for the worked arithmetic; empty if contexts do not sum states."""
    return tuple(map(tuple, states_SM[:, :WORKED].tolist())) if checkpoint.model.sums_states else ()


def checkpoint_facts(checkpoint: Checkpoint) -> dict[str, str]:
    """The facts about the model that a record stores: name, attention, digest."""
    config = checkpoint.config.model
    bias = {"bias": "query"} if config.attention_bias else {}
    return {"name": checkpoint.name, "attention": config.attention, "digest": checkpoint.digest, **bias}


def max_tokens(settings: Settings, source: Sequence[int], first: Sequence[int]) -> int:
    """The greatest length in tokens of an output that begins with ``first``."""
    return max(limit(settings, len(source)), len(first) + 1)


def _free(checkpoint: Checkpoint, source: list[int], settings: Settings, first: list[int]) -> tuple[list[int], int]:
    """The ids to force in a free-running lane, and its greatest length. A beam's best output is forced."""
    longest = max_tokens(settings, source, first)
    if settings.strategy != "beam" or EOS in first:
        return first, longest
    best = beam(checkpoint.model, source, settings, first, longest)[0]
    return best.ids, len(best.ids)


class _Recorder:
    """Turns the tensors of a run into the steps of a trace, all at once."""

    def __init__(
        self, checkpoint: Checkpoint, memory: Memory, gold_tokens: list[str], gold: list[int], top: int
    ) -> None:
        self.checkpoint, self.memory, self.gold_tokens, self.gold, self.top = checkpoint, memory, gold_tokens, gold, top
        self.words = checkpoint.target.vocab.tokens

    @torch.inference_mode()
    def steps(self, ids: list[int], cached: list[CachedStep], labels: list[str] | None) -> tuple[Step, ...]:
        """One ``Step`` for each cached step; ``labels`` names forced tokens as they were typed, unknown ones too."""
        model, outputs = self.checkpoint.model, [step.output for step in cached if step.output is not None]
        log_probs_TV = torch.cat([o.log_probs_BV for o in outputs])
        entropy_T = -(log_probs_TV.exp() * log_probs_TV).sum(dim=1)
        top = log_probs_TV.topk(min(self.top, log_probs_TV.size(1)), dim=1)
        normaliser_T = torch.stack([model.normaliser(o, self.memory) for o in outputs])
        said = [self.words[i] for i in ids] if labels is None else [*labels, "<eos>"]
        steps = []
        for t, output in enumerate(outputs):
            chosen = self._scored(said[t], ids[t], log_probs_TV[t])
            ranked = zip(top.indices[t].tolist(), top.values[t].tolist(), strict=True)
            best = (Scored(self.words[i], x, rank, self._prior(i)) for rank, (i, x) in enumerate(ranked, start=1))
            target = self._scored(self.gold_tokens[t], self.gold[t], log_probs_TV[t]) if t < len(self.gold) else None
            steps.append(
                Step(
                    input=said[t - 1] if t else "<bos>",
                    output=chosen.token,
                    log_prob=chosen.log_prob,
                    rank=chosen.rank,
                    entropy=float(entropy_T[t]),
                    attention=output.attention.attention_BS[0].numpy(),
                    scores=output.attention.scores_BS[0].numpy(),
                    top=tuple(best),
                    normaliser=float(normaliser_T[t]),
                    target=target,
                    context=tuple(output.attention.context_BM[0, :WORKED].tolist()),
                    score_terms=model.terms(output.attention, self.memory, WORKED),
                    own_attention=None if (own := cached[t].own) is None else own.attention.attention_BS[0].numpy(),
                    **_parts(output),
                )
            )
        return tuple(steps)

    def _prior(self, token: int) -> float | None:
        return None if self.memory.prior_BV is None else float(self.memory.prior_BV[0, token])

    def _scored(self, label: str, token: int, log_probs_V: Tensor) -> Scored:
        value = log_probs_V[token]
        return Scored(label, float(value), 1 + int((log_probs_V > value).sum()), self._prior(token))


def _parts(output: StepOutput) -> dict[str, Any]:
    """The optional fields of a ``Step``: coverage, position and factors, p_gen."""
    step_attention, parts = output.attention, dict[str, Any]()
    if step_attention.coverage_BS is not None:
        parts["coverage"] = tuple(step_attention.coverage_BS[0].tolist())
    if step_attention.focus is not None:
        parts["position"] = float(step_attention.focus.position_B[0])
        parts["factors"] = tuple(step_attention.focus.log_factors_BS[0].exp().tolist())
    if output.gate_B is not None:
        parts["p_gen"] = float(torch.sigmoid(output.gate_B[0]))
    return parts
