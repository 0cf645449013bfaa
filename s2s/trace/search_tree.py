"""``SearchTree`` records one beam search: every hypothesis that was considered, and its fate.

A pure record like ``Trace``: reading one needs neither torch nor a model. ``decode/record_search.py`` makes
them, ``docs/FORMATS.md`` specifies the JSON.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from s2s.errors import UserError
from s2s.trace.json import broken_record, read_record

SCHEMA = "lookback-tree/1"
FATES = ("kept", "finished", "cut", "pruned")
ENDINGS = ("finished", "decided", "length")
COLUMNS = ("parent", "token", "log_prob", "total", "coverage", "score", "fate")
START = -1  # the parent of the first step's nodes: nothing said yet


@dataclass(frozen=True)
class Node:
    """One hypothesis that a step weighed: that of ``parent`` with ``token`` after it.

    ``log_prob`` is the token's, ``total`` log P of the whole, both in nats; ``coverage`` the coverage
    penalty that it would have, were it to end here, and ``score = total / lp + coverage``. ``kept``: it
    lived on; ``finished``: it ended with ``<eos>``; ``cut``: it ended at the limit; ``pruned``: better ones
    filled the beam.
    """

    parent: int
    token: str
    log_prob: float
    total: float
    coverage: float
    score: float
    fate: str

    def __post_init__(self) -> None:
        if self.fate not in FATES:
            raise UserError("setting_choice", name="fate", found=self.fate, known=", ".join(FATES))


@dataclass(frozen=True)
class TreeStep:
    """One step: of ``considered`` hypotheses ``recorded`` became nodes, of which the first ``kept`` made the beam."""

    kept: int
    recorded: int
    considered: int


@dataclass(frozen=True)
class Finished:
    """A finished hypothesis: its last node, and its text without ``<eos>``."""

    node: int
    text: str


@dataclass(frozen=True)
class SearchTree:
    """The search of one sentence: nodes by step, in a step by log P, greatest first.

    >>> nodes = (Node(START, "hi", -0.5, -0.5, 0.0, -0.5, "kept"), Node(0, "<eos>", -0.1, -0.6, 0.0, -0.6, "finished"))
    >>> steps = (TreeStep(1, 1, 1), TreeStep(1, 1, 1))
    >>> best = (Finished(1, "hi"),)
    >>> tree = SearchTree({"name": "demo"}, "你好", ("你好",), {"beam": 1}, nodes, steps, best, "finished", 9)
    >>> tree.tokens(1), tree.step(1), SearchTree.from_json(tree.to_json()) == tree
    (('hi', '<eos>'), 1, True)
    """

    checkpoint: Mapping[str, str]  # name, attention, digest
    source_text: str
    source_tokens: tuple[str, ...]
    settings: Mapping[str, float]  # beam, length_penalty, coverage_penalty
    nodes: tuple[Node, ...]
    steps: tuple[TreeStep, ...]
    finished: tuple[Finished, ...]  # best score first
    ended: str
    limit: int  # tokens that an output may have
    forced: int = 0  # steps of a prefix, which had no choice
    bound: float | None = None  # ``decided``: the greatest score that a hypothesis still alive could have reached

    def __post_init__(self) -> None:
        if self.ended not in ENDINGS:
            raise UserError("setting_choice", name="ended", found=self.ended, known=", ".join(ENDINGS))
        if sum(step.recorded for step in self.steps) != len(self.nodes):
            raise UserError("tree_nodes")
        for t, step in enumerate(self.steps):
            if not 1 <= step.kept <= step.recorded <= step.considered:
                raise UserError("tree_kept", step=t)
            before = (START,) if t == 0 else self.at(t - 1)
            for place, i in enumerate(self.at(t)):
                node = self.nodes[i]
                if (node.fate == "pruned") != (place >= step.kept):
                    raise UserError("tree_pruned", step=t)
                if node.parent not in before or (t and self.nodes[node.parent].fate != "kept"):
                    raise UserError("tree_parent", node=i, step=t - 1)
        ended = [i for i, node in enumerate(self.nodes) if node.fate in ("finished", "cut")]
        if sorted(f.node for f in self.finished) != ended:
            raise UserError("tree_finished")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SearchTree) and self.to_dict() == other.to_dict()

    @cached_property
    def _first(self) -> tuple[int, ...]:
        """Where each step's nodes begin, and where the last one's end."""
        return tuple(itertools.accumulate((s.recorded for s in self.steps), initial=0))

    def at(self, t: int) -> range:
        """The nodes of step t."""
        return range(self._first[t], self._first[t + 1])

    def step(self, node: int) -> int:
        """The step of a node, from 0."""
        return len(self.path(node)) - 1

    def path(self, node: int) -> tuple[int, ...]:
        """The nodes from the first step to this one."""
        found = list[int]()
        while node != START:
            found.append(node)
            node = self.nodes[node].parent
        return tuple(found[::-1])

    def tokens(self, node: int) -> tuple[str, ...]:
        """The tokens of the hypothesis that ends at ``node``."""
        return tuple(self.nodes[i].token for i in self.path(node))

    def follow(self, tokens: Sequence[str]) -> tuple[int, ...]:
        """The nodes along an output, as far as the tree contains them."""
        found, parent = list[int](), START
        for t, token in enumerate(tokens[: len(self.steps)]):
            named = [i for i in self.at(t) if self.nodes[i].parent == parent and self.nodes[i].token == token]
            if not named:
                break
            parent = named[0]
            found.append(parent)
        return tuple(found)

    def cutoff(self, t: int) -> float:
        """log P of the last hypothesis that step ``t`` kept: the threshold for the others."""
        return self.nodes[self._first[t] + self.steps[t].kept - 1].total

    def length_factor(self, length: int) -> float:
        """``lp = ((5 + length) / 6) ** length_penalty``."""
        factor: float = ((5 + length) / 6) ** self.settings["length_penalty"]
        return factor

    def score(self, log_prob: float, attention_TS: np.ndarray) -> float:
        """The score in this search of another output, whose T rows of attention include that of ``<eos>``."""
        covered_S = attention_TS.sum(axis=0, dtype=np.float64).clip(1e-10, 1)
        penalty = self.settings["coverage_penalty"] * float(np.log(covered_S).sum())
        return log_prob / self.length_factor(len(attention_TS)) + penalty

    def to_dict(self) -> dict[str, Any]:
        """Plain values in the order of docs/FORMATS.md, the nodes as columns; floats to 6 decimals."""
        columns: dict[str, list[Any]] = {
            "parent": [n.parent for n in self.nodes],
            "token": [n.token for n in self.nodes],
        }
        for name in ("log_prob", "total", "coverage", "score"):
            columns[name] = [round(getattr(n, name), 6) for n in self.nodes]
        columns["fate"] = [n.fate for n in self.nodes]
        return {
            "schema": SCHEMA,
            "checkpoint": dict(self.checkpoint),
            "source": {"text": self.source_text, "tokens": list(self.source_tokens)},
            "settings": dict(self.settings),
            "limit": self.limit,
            "forced": self.forced,
            "steps": [{"kept": s.kept, "recorded": s.recorded, "considered": s.considered} for s in self.steps],
            "nodes": columns,
            "finished": [{"node": f.node, "text": f.text} for f in self.finished],
            "ended": self.ended,
            "bound": _plain(self.bound),
        }

    def to_json(self) -> str:
        """JSON text, characters as they are."""
        return json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False, separators=(",", ":"))

    @staticmethod
    def from_json(text: str) -> SearchTree:
        """The tree that ``to_json`` wrote; UserError says what is wrong with any other text."""
        with broken_record("tree"):
            return _from_dict(read_record(text, SCHEMA))


def _plain(value: Any) -> Any:
    return round(value, 6) if isinstance(value, float) else value


def _nodes(columns: Mapping[str, Sequence[Any]]) -> Iterator[Node]:
    for parent, token, *numbers, fate in zip(*(columns[name] for name in COLUMNS), strict=True):
        log_prob, total, coverage, score = map(float, numbers)
        yield Node(int(parent), str(token), log_prob, total, coverage, score, str(fate))


def _from_dict(values: Mapping[str, Any]) -> SearchTree:
    return SearchTree(
        checkpoint=dict(values["checkpoint"]),
        source_text=str(values["source"]["text"]),
        source_tokens=tuple(map(str, values["source"]["tokens"])),
        settings=dict(values["settings"]),
        nodes=tuple(_nodes(values["nodes"])),
        steps=tuple(TreeStep(int(s["kept"]), int(s["recorded"]), int(s["considered"])) for s in values["steps"]),
        finished=tuple(Finished(int(f["node"]), str(f["text"])) for f in values["finished"]),
        ended=str(values["ended"]),
        limit=int(values["limit"]),
        forced=int(values["forced"]),
        bound=None if values["bound"] is None else float(values["bound"]),
    )
