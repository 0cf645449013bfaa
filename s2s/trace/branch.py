"""Branches: continuations with a forced prefix of words, or with edited attention at some steps.

Pure values. ``decode.trace`` runs them; the page keeps a list of them; a link stores them.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.errors import UserError
from s2s.text.rounding import significant

if TYPE_CHECKING:
    pass

MAX_BRANCHES = 12
MAX_STEPS = 500
MAX_NAME = 40
MAX_TOKEN = 100  # characters
MAX_SOURCE = 400  # weights of one row
MAX_PACKED = 6_000  # characters of a list of branches in a link
ID, PARENT = re.compile(r"b[1-9]\d{0,3}"), re.compile(r"free|forced|b[1-9]\d{0,3}")


@dataclass(frozen=True)
class Edit:
    """A replacement for one step's attention row; every row is normalised to sum to 1.

    ``uniform``; ``previous``, the row that the step before used; ``only``, one-hot on ``place``; ``erase``, the
    model's own row without ``place``; ``weights``. Places count from 0 here and from 1 in the text.

    >>> Edit.parse("-2")
    Edit(kind='erase', place=1, weights=())
    >>> str(Edit.parse("0,3,,1")), Edit.parse("0,3,,1").row(np.full(4, 0.25)).tolist()
    (',3,,1', [0.0, 0.75, 0.0, 0.25])
    """

    kind: str
    place: int = 0
    weights: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(significant(w, 6) for w in self.weights))
        if self.kind not in ("uniform", "previous", "only", "erase", "weights"):
            raise UserError("edit_text", found=self.kind)
        if not 0 <= self.place < MAX_SOURCE or (self.kind == "weights") != bool(self.weights):
            raise UserError("edit_text", found=f"{self.kind} {self.place + 1}")
        if self.kind == "weights" and not self._usable():
            raise UserError("edit_weights", found=str(self)[:60])

    def _usable(self) -> bool:
        row = self.weights
        return 2 <= len(row) <= MAX_SOURCE and all(0 <= w <= 1e9 for w in row) and sum(row) > 1e-9  # no NaN passes

    @staticmethod
    def of(value: str | Edit | Sequence[float] | np.ndarray) -> Edit:
        """An edit, its text, or the weights of a row."""
        if isinstance(value, Edit | str):
            return Edit.parse(value) if isinstance(value, str) else value
        return Edit("weights", weights=tuple(map(float, value)))

    @staticmethod
    def parse(text: str) -> Edit:
        """``uniform``, ``previous``, ``3`` (only the third), ``-3`` (without it), ``w1,w2,…``; UserError for others."""
        if text in ("uniform", "previous"):
            return Edit(text)
        if re.fullmatch(r"-?[1-9]\d{0,3}", text, re.ASCII):
            return Edit("erase" if text[0] == "-" else "only", abs(int(text)) - 1)
        if "," not in text or len(text) > MAX_PACKED:
            raise UserError("edit_text", found=text[:60])
        try:
            weights = tuple(float(part) if part.strip() else 0.0 for part in text.split(","))
        except ValueError:
            raise UserError("edit_text", found=text[:60]) from None
        if not all(map(math.isfinite, weights)):
            raise UserError("edit_weights", found=text[:60])
        return Edit("weights", weights=weights)

    def __str__(self) -> str:
        if self.kind in ("uniform", "previous"):
            return self.kind
        if self.kind != "weights":
            return f"{'-' if self.kind == 'erase' else ''}{self.place + 1}"
        return ",".join(f"{w:.6g}" if w else "" for w in self.weights)

    def row(self, own_S: np.ndarray, previous_S: np.ndarray | None = None) -> np.ndarray:
        """The weights (S,) that replace ``own_S``. UserError if the edit does not fit this source or this step."""
        size = len(own_S)
        if self.kind in ("only", "erase") and self.place >= size:
            raise UserError("edit_place", found=self.place + 1, tokens=size)
        if self.kind == "weights" and len(self.weights) != size:
            raise UserError("edit_length", found=len(self.weights), tokens=size)
        if self.kind == "uniform":
            row_S = np.ones(size)
        elif self.kind == "previous":
            if previous_S is None:
                raise UserError("edit_first")
            row_S = np.asarray(previous_S, dtype=np.float64)
        elif self.kind == "only":
            row_S = np.eye(size)[self.place]
        elif self.kind == "erase":
            row_S = np.where(np.arange(size) == self.place, 0.0, np.asarray(own_S, dtype=np.float64))
        else:
            row_S = np.array(self.weights)
        total = float(row_S.sum())
        if total < 1e-9:
            raise UserError("edit_nothing_left", found=self.place + 1)
        return np.asarray(row_S / total)


@dataclass(frozen=True)
class Branch:
    """A continuation from ``step`` of ``parent``, which is a lane (``free``, ``forced``) or another branch.

    ``prefix`` are the target tokens it is made to say first, as the vocabulary spells them, what it shares with its
    parent included; ``attention`` maps steps, from 0, to edits.

    >>> branch = Branch("b1", "tea", "free", 1, ("I", "tea"), {1: Edit("uniform")})
    >>> Branch.from_dict(branch.to_dict()) == branch
    True
    """

    id: str
    name: str
    parent: str
    step: int
    prefix: tuple[str, ...] = ()
    attention: Mapping[int, Edit] | tuple[tuple[int, Edit], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "attention", tuple(sorted(dict(self.attention).items())))
        object.__setattr__(self, "prefix", tuple(self.prefix))
        if not ID.fullmatch(self.id) or not PARENT.fullmatch(self.parent) or self.parent == self.id:
            raise ValueError(f"branch {self.id[:9]!r} of {self.parent[:9]!r}: ids are b1, b2, …; lanes free and forced")
        if not self.name.strip() or len(self.name) > MAX_NAME or not self.name.isprintable():
            raise ValueError(f"a branch's name needs 1 to {MAX_NAME} printable characters")
        if not 0 <= self.step <= len(self.prefix) <= MAX_STEPS:
            raise ValueError("a branch begins at a step that its prefix reaches")
        if not all(0 < len(token) <= MAX_TOKEN for token in self.prefix):
            raise ValueError(f"a token has 1 to {MAX_TOKEN} characters")
        if any(not 0 <= step <= MAX_STEPS for step, _ in self.edits.items()):
            raise ValueError(f"an edited step lies between 0 and {MAX_STEPS}")

    @property
    def edits(self) -> dict[int, Edit]:
        """The edits by step."""
        return dict(self.attention)

    def to_dict(self) -> dict[str, Any]:
        """Plain values; what is empty is left out."""
        plain = {"id": self.id, "name": self.name, "parent": self.parent, "step": self.step}
        more = {"prefix": list(self.prefix), "attention": {str(t): str(edit) for t, edit in self.edits.items()}}
        return plain | {key: value for key, value in more.items() if value}

    @staticmethod
    def from_dict(values: object) -> Branch:
        """The branch that ``to_dict`` wrote; ValueError for anything else."""
        if not isinstance(values, dict) or not values.keys() <= {*Branch.__dataclass_fields__}:
            raise ValueError("a branch has the keys " + ", ".join(Branch.__dataclass_fields__))
        own, name, parent = texts = [values.get(key) for key in ("id", "name", "parent")]
        step, prefix, attention = values.get("step"), values.get("prefix", []), values.get("attention", {})
        listed = isinstance(prefix, list) and isinstance(attention, dict)
        if type(step) is not int or not listed or not all(isinstance(x, str) for x in [*texts, *prefix]):
            raise ValueError("a branch has a name, a parent, a step, a list of tokens and a mapping of edits")
        edits = {}
        for t, edit in attention.items():
            if not re.fullmatch(r"0|[1-9]\d{0,3}", t, re.ASCII) or not isinstance(edit, str):
                raise ValueError("edits map steps to texts")
            edits[int(t)] = Edit.parse(edit)
        return Branch(str(own), str(name), str(parent), step, tuple(prefix), edits)


def pack(branches: Sequence[Branch]) -> str:
    """Branches as the text that a link holds."""
    return json.dumps([b.to_dict() for b in branches], ensure_ascii=False, separators=(",", ":")) if branches else ""


def unpack(text: str) -> tuple[Branch, ...]:
    """The branches that ``pack`` wrote; ValueError for any other text."""
    if not text:
        return ()
    if len(text) > MAX_PACKED:
        raise ValueError(f"branches take at most {MAX_PACKED} characters")
    try:
        values = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(values, list) or not 0 < len(values) <= MAX_BRANCHES:
        raise ValueError(f"a list of 1 to {MAX_BRANCHES} branches")
    branches = tuple(map(Branch.from_dict, values))
    known = ["free", "forced"]
    for branch in branches:  # a parent comes first, so there is no circle
        if branch.id in known or branch.parent not in known:
            raise ValueError("branches have different ids, and a parent stands before what forks from it")
        known.append(branch.id)
    return branches
