"""A beam search that is written down as it goes: ``search.Search``, one sentence, into a ``SearchTree``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import checkpoint_facts, max_tokens
from s2s.decode.inputs import prefix_ids, source_ids, source_text
from s2s.decode.search import Search, coverage_term, length_factor
from s2s.decode.strategy import Settings
from s2s.model import Model
from s2s.text.vocab import EOS
from s2s.trace.search_tree import START, Finished, Node, SearchTree, TreeStep

MOST = 100  # nodes that a step records: all that a beam of 10 considers, the best of what a wider one does


def search_tree(
    checkpoint: Checkpoint, text: str | Sequence[str], settings: Settings, prefix: str | Sequence[str] = ""
) -> SearchTree:
    """The tree of the search whose best output ``decode.trace`` follows. Raises UserError as that does."""
    tokens, source = source_ids(checkpoint, text)
    forced = prefix_ids(checkpoint, prefix)
    growth = grow(
        checkpoint.model, source, settings, checkpoint.target.vocab.tokens, forced, max_tokens(settings, source, forced)
    )
    return growth.tree(checkpoint_facts(checkpoint), source_text(checkpoint, text), tokens, checkpoint.target.decode)


@torch.inference_mode()
def grow(
    model: Model,
    source: Sequence[int],
    settings: Settings,
    words: Sequence[str],
    prefix: Sequence[int] = (),
    max_length: int = 0,
) -> Growth:
    """Run the search of ``search.beam`` to its end, with its nodes and steps."""
    growth = Growth(Search(model, [source], settings, [prefix], max_length), words)
    while growth.search.places:
        growth.advance()
    return growth


class Growth:
    """The nodes that a search has come to so far."""

    def __init__(self, search: Search, words: Sequence[str]) -> None:
        self.search, self.words = search, words
        self.nodes, self.ids, self.steps, self.finished = list[Node](), list[int](), list[TreeStep](), list[int]()
        self.rows: list[int | None] = [START]  # the node of each row of the search; None: no hypothesis
        self.covered_KS = torch.zeros(1, 1)  # becomes as wide as a step's attention

    def advance(self) -> None:
        """One step of the search, and its nodes."""
        search, before = self.search, len(self.search.finished[0])
        search.advance()
        step, considered, ended = search.steps[-1], search.considered, search.ended_AK[0].tolist()
        totals, log_probs, tokens = (
            x[0].tolist() for x in (considered.total_AF, considered.log_prob_AF, considered.token_AF)
        )
        chosen = {pair: k for k, pair in enumerate(zip(step.origins[0], step.tokens[0], strict=True))}
        slots = {f: chosen.get((f // considered.each, tokens[f])) for f, x in enumerate(totals) if x > -math.inf}
        order = sorted(slots, key=lambda f: (len(chosen) if slots[f] is None else slots[f], -totals[f]))
        kept = sum(k is not None for k in slots.values())
        score, outputs = self._scores(step.attention_NS), iter(search.finished[0][before:])
        rows = list[int | None]([None] * len(chosen))
        for f in order[: max(kept, MOST)]:
            row, k = f // considered.each, slots[f]
            cp, value, fate = *score(row, totals[f]), "pruned" if k is None else "kept"
            if k is not None and ended[k]:
                value, fate = next(outputs).score, "finished" if tokens[f] == EOS else "cut"
                self.finished.append(len(self.nodes))
            elif k is not None:
                rows[k] = len(self.nodes)
            parent = self.rows[row]
            assert parent is not None  # a row without a hypothesis has a log P of -inf
            self.nodes.append(Node(parent, self.words[tokens[f]], log_probs[f], totals[f], cp, value, fate))
            self.ids.append(tokens[f])
        self.steps.append(TreeStep(kept, min(len(order), max(kept, MOST)), len(order)))
        self.rows, self.covered_KS = rows, self.covered_KS[torch.tensor(step.origins[0])]

    def _scores(self, attention_KS: Tensor) -> Callable[[int, float], tuple[float, float]]:
        """(row, log P) → coverage penalty and score, were the row's hypothesis to end after this step."""
        self.covered_KS = self.covered_KS + attention_KS
        lp = length_factor(self.search.time, self.search.settings)
        cp_K = [coverage_term(covered_S, self.search.settings) + 0.0 for covered_S in self.covered_KS]  # -0.0: 0
        return lambda row, log_prob: (cp_K[row], log_prob / lp + cp_K[row])

    def tree(
        self, checkpoint: Mapping[str, str], text: str, tokens: Sequence[str], decode: Callable[[list[int]], str]
    ) -> SearchTree:
        """The record of a search that is over; ``decode`` makes a text of ids without ``<eos>``."""
        search = self.search
        settings = {name: getattr(search.settings, name) for name in ("beam", "length_penalty", "coverage_penalty")}
        found = sorted(self.finished, key=lambda i: -self.nodes[i].score)
        bound = None
        if search.endings[0] == "decided":
            bound = search.bound(0, max(self.nodes[i].total for i in self.rows if i is not None))
        return SearchTree(
            checkpoint=dict(checkpoint),
            source_text=text,
            source_tokens=tuple(tokens),
            settings=settings,
            nodes=tuple(self.nodes),
            steps=tuple(self.steps),
            finished=tuple(Finished(i, decode(self._said(i))) for i in found),
            ended=search.endings[0],
            limit=search.limits[0],
            forced=len(search.forced_TB),
            bound=bound,
        )

    def _said(self, node: int) -> list[int]:
        """The ids of a hypothesis, without ``<eos>``."""
        ids = list[int]()
        while node != START:
            ids.append(self.ids[node])
            node = self.nodes[node].parent
        return [i for i in ids[::-1] if i != EOS]
