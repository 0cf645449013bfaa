"""Rows of the table from pairs: both lanes, their measures, and the evidence for errors."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from s2s.checkpoint.record import Checkpoint
from s2s.data.batches import MAX_TOKENS, Ids
from s2s.data.extra_columns import Extra
from s2s.errors import UserError
from s2s.inspect import lexical, measures
from s2s.inspect.experiments import Case, experiment
from s2s.inspect.judgement import Judgement, judge
from s2s.inspect.lanes import Lanes
from s2s.inspect.passes import Forced, ForcedPass, Free, batches_by_length, free_lanes
from s2s.inspect.sample import Sample
from s2s.inspect.scores import SentenceScores
from s2s.inspect.source_share import mean_share, source_shares
from s2s.text.vocab import EOS, SPECIALS, UNK, matches_reference

MODES = ("both", "forced", "free")
Row = dict[str, Any]


@dataclass(frozen=True)
class Example:
    """A pair of the file with the tokens and ids that the model reads."""

    id: int
    source: str
    reference: str
    source_tokens: tuple[str, ...]
    reference_tokens: tuple[str, ...]
    ids: Ids
    extra: Extra = field(default_factory=dict)


class Rows:
    """Makes rows with one checkpoint; ``mode`` is one of ``MODES``, and causes need both lanes.

    ``tokenizer`` is BLEU's for the whole file; by default it follows from the target side. ``sample`` calibrates the
    judgement of errors and serves the placebos of experiments. ``shares``: also how much comes from the source.
    Raises UserError if the model has no attention.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        mode: str = "both",
        tokenizer: str | None = None,
        sample: Sample | None = None,
        shares: bool = False,
    ) -> None:
        self.checkpoint, self.mode, self.sample, self.shares = checkpoint, mode, sample or Sample(), shares
        if checkpoint.config.model.attention == "none":
            raise UserError("attention_none", checkpoint=checkpoint.name)
        self.scores = SentenceScores(checkpoint.target, tokenizer)
        self.ranked = "imported" not in checkpoint.metrics and not checkpoint.config.train.start
        self.script = lexical.main_script(checkpoint.target.vocab.tokens[len(SPECIALS) :])

    def example(self, number: int, source: str, reference: str, extra: Extra | None = None) -> Example | None:
        """The pair cut into tokens; None if a side is empty or too long."""
        sides = self.checkpoint.source, self.checkpoint.target
        tokens = [side.tokens(text) for side, text in zip(sides, (source, reference), strict=True)]
        longest = min(self.checkpoint.model.longest_source or MAX_TOKENS, MAX_TOKENS)
        if not 0 < len(tokens[0]) <= longest or not 0 < len(tokens[1]) <= MAX_TOKENS:
            return None
        ids = sides[0].vocab.encode(tokens[0]), sides[1].vocab.encode(tokens[1])
        return Example(number, source, reference, tuple(tokens[0]), tuple(tokens[1]), ids, extra or {})

    def rows(self, examples: Sequence[Example]) -> Iterator[list[Row]]:
        """Yield the rows batch by batch, sorted by length and not in the order of the examples."""
        for index in batches_by_length(self.checkpoint.model, [example.ids for example in examples]):
            yield self._batch([examples[i] for i in index])

    def _batch(self, examples: Sequence[Example]) -> list[Row]:
        rows = [self._example(example) for example in examples]
        model, forced, free = self.checkpoint.model, None, list[Free]()
        if self.mode != "free":
            forced = ForcedPass(model, [example.ids for example in examples])
            for row, forced_lane in zip(rows, forced.lanes, strict=True):
                row.update(_forced(forced_lane))
        if self.mode != "forced":
            free = free_lanes(model, [example.ids[0] for example in examples])
            for row, example, lane in zip(rows, examples, free, strict=True):
                row.update(self._free(example, lane))
            if self.shares:
                pairs = [(example.ids[0], list(lane.output)) for example, lane in zip(examples, free, strict=True)]
                for row, shares in zip(rows, source_shares(model, pairs), strict=True):
                    row.update(source_share=mean_share(shares), source_share_words=shares or None)
        if forced and free:
            self._judge(examples, rows, forced, free)
        return rows

    def _judge(self, examples: Sequence[Example], rows: list[Row], forced: ForcedPass, free: Sequence[Free]) -> None:
        """Add the judgement of each row, and for errors the evidence of the experiments."""
        lanes = [self._lanes(example, forced, n, free[n]) for n, example in enumerate(examples)]
        cases = list[Case]()
        for n, (example, judgement) in enumerate(zip(examples, judge()(lanes), strict=True)):
            rows[n].update(_judged(judgement))
            if judgement.verdict == "error":
                cases.append(Case(n, example.id, example.reference, forced.lanes[n], free[n], lanes[n], judgement))
        found = experiment(self.checkpoint, cases, forced, self.scores, self.sample.pairs)
        for case, columns in zip(cases, found, strict=True):
            rows[case.row].update(columns)

    def _lanes(self, example: Example, forced: ForcedPass, row: int, free: Free) -> Lanes:
        vocab = self.checkpoint.target.vocab
        return Lanes(
            example.source_tokens,
            tuple(vocab.tokens[i] for i in free.output),
            example.reference_tokens,
            tuple(example.ids[0]),
            free.output,
            tuple(example.ids[1]),
            free.log_prob_T,
            free.attention_TS,
            np.stack([forced.attention(row, t) for t in range(len(example.ids[1]))]),
            len(vocab.tokens),
            self.sample.calibration,
        )

    def _example(self, example: Example) -> Row:
        return {
            "id": example.id,
            "source": example.source,
            "reference": example.reference,
            "source_tokens": example.source_tokens,
            "reference_tokens": example.reference_tokens,
            "source_unknown": _unknown(example.ids[0]),
            "reference_unknown": _unknown(example.ids[1]),
            "reference_ratio": len(example.ids[1]) / len(example.ids[0]),
            "reference_script": lexical.script_share(example.reference, self.script),
            "rarest_rank": measures.rarest_rank(example.ids[0]) if self.ranked else None,
            "extra": list(example.extra.items()),
        }

    def _free(self, example: Example, lane: Free) -> Row:
        side, hits = self.checkpoint.target, matches_reference(lane.tokens, (*example.ids[1], EOS))
        text = side.decode(list(lane.output))
        tokens = [side.vocab.tokens[i] for i in lane.output]
        return {
            "output": text,
            "output_tokens": tokens,
            "differs": not all(hits),
            "cut_off": lane.cut_off,
            **self.scores.columns(text, example.reference),
            **_accuracy("free", hits),
            "output_log_prob": float(lane.log_prob_T.sum()),
            "mean_probability": measures.mean_probability(lane.log_prob_T),
            "lowest_probability": math.exp(float(lane.log_prob_T.min())),
            "output_unknown": _unknown(lane.output),
            "length_ratio": len(tokens) / len(example.ids[1]),
            "repetition": measures.repetition(tokens),
            "reference_repetition": measures.repetition(example.reference_tokens),
            **measures.attention(lane.attention_TS),
            "missing_numbers": lexical.missing(lexical.numbers(example.reference), lexical.numbers(text)),
            "missing_names": lexical.missing(
                lexical.names(example.reference, example.source), lexical.WORD.findall(text)
            ),
        }


def _forced(lane: Forced) -> Row:
    nll = -float(lane.log_prob_T.mean())
    return {
        "nll": nll,
        "perplexity": math.exp(min(nll, 80.0)),  # within the range of float32
        "reference_log_prob": float(lane.log_prob_T.sum()),
        **_accuracy("forced", lane.hits),
        "divergence": measures.first_miss(lane.hits),
    }


def _accuracy(lane: str, hits: list[bool]) -> Row:
    return {f"accuracy_{lane}": sum(hits) / len(hits), f"{lane}_hits": hits}


def _unknown(ids: Sequence[int]) -> list[int]:
    return [n for n, token in enumerate(ids) if token == UNK]


def _judged(judgement: Judgement) -> Row:
    return {
        "verdict": judgement.verdict,
        "error": judgement.verdict == "error",
        "error_probability": judgement.error,
        "cause": judgement.cause,
        "wrong_output": judgement.wrong_output,
        "lost_source": judgement.lost_source,
        "wrong_probability": judgement.wrong_O,
        "suspicion": judgement.suspicion_O,
    }
