"""READ FIRST. A ``Trace`` records one decoding run, step by step.

Text → tokens → ids → ``Seq2Seq.encode`` → a loop of ``Seq2Seq.step`` (``decode.py``) → ``Trace`` →
the player and the figures. Token labels travel with the trace; nothing recomputes them. Only numpy
is needed to read one; ``docs/FORMATS.md`` specifies the JSON.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s import spreadsheet
from s2s.errors import UserError
from s2s.text.vocab import SPECIALS
from s2s.trace.arrays import Arrays
from s2s.trace.json import broken_record, number, numbers, read_record, step_to_dict, trace_fields
from s2s.trace.step import Step

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SCHEMA = "lookback-trace/1"
MODES = ("free", "forced")


@dataclass(frozen=True, repr=False)
class Trace:
    """One lane: a source, the decoded output, and the numbers behind each step. A notebook shows it as the player.

    >>> from s2s.trace.step import Scored
    >>> step = Step("<bos>", "hi", -0.1, 1, 0.3, np.array([1.0]), np.array([2.0]), (Scored("hi", -0.1, 1),))
    >>> trace = Trace("free", {"name": "demo", "attention": "additive"}, "你好", ("你好",), (step,), "hi")
    >>> Trace.from_json(trace.to_json()) == trace
    True
    """

    mode: str
    checkpoint: Mapping[str, str]  # name, attention, digest
    source_text: str
    source_tokens: tuple[str, ...]
    steps: tuple[Step, ...]
    text: str
    source_unknown: tuple[int, ...] = ()  # positions that the model reads as <unk>
    reference: str | None = None
    reference_tokens: tuple[str, ...] = ()
    memory: tuple[tuple[float, ...], ...] = ()  # first components of each source state
    settings: Mapping[str, Any] = field(default_factory=dict)
    ended: str = "eos"  # or "length": cut off before <eos>; empty where that is not known
    prefix: int = 0  # tokens that a free lane was made to say first

    def __post_init__(self) -> None:
        if self.mode not in MODES:
            raise UserError("setting_choice", name="mode", found=self.mode, known=", ".join(MODES))
        if not 0 <= self.prefix <= len(self.steps) or (self.prefix and self.mode == "forced"):
            raise UserError("trace_prefix", found=self.prefix)
        for t, step in enumerate(self.steps):
            for name in ("attention", "scores"):
                shape = getattr(step, name).shape
                if shape != (self.looks,) and (name == "attention" or shape != (0,)):
                    raise UserError("trace_row" if self.looks else "trace_row_full", name=name, step=t)
            if t and step.input != self.steps[t - 1].output:
                raise UserError("trace_input", step=t)
        if len(self.memory) not in (0, len(self.source_tokens)):
            raise UserError("trace_memory")

    @classmethod
    def from_arrays(
        cls,
        attention: ArrayLike,
        source: Sequence[str],
        target: Sequence[str],
        *,
        log_probs: ArrayLike | None = None,
        vocabulary: Sequence[str] = (),
        top: Sequence[Mapping[str, float]] = (),
        scores: ArrayLike | None = None,
        normalise: bool = False,
        mode: str = "free",
        name: str = "arrays",
        source_text: str | None = None,
        text: str | None = None,
    ) -> Trace:
        """A trace of another program's attention (T, S). Fields that are not given stay empty.

        ``source`` has S tokens, ``target`` T. ``log_probs`` (T,) are the target tokens' (nats), or (T, V) those of all
        tokens of ``vocabulary``; ``top`` maps at each step some of the most probable tokens to theirs. ``scores``
        (T, S) are what attention is the softmax of. With ``normalise`` each row is divided by its sum. Arrays may be
        numpy's, torch's, JAX's, TensorFlow's, nested lists, or lists of rows of any of these. Raises UserError for what
        does not fit together.

        >>> attention_TS = [[0.9, 0.1], [0.2, 0.8]]
        >>> trace = Trace.from_arrays(attention_TS, ["你", "好"], ["hello", "there"], log_probs=[-0.1, -2.3])
        >>> trace
        <Trace free: 你 好 → hello there, 2 steps>
        >>> trace.steps[1].log_prob, trace.steps[1].top
        (-2.3, ())
        """
        given = Arrays(attention, source, target, log_probs, vocabulary, top, scores, normalise)
        return cls(mode=mode, **given.fields(name, source_text, text))

    def __repr__(self) -> str:
        return f"<Trace {self.mode}: {self.source_text} → {self.text}, {len(self.steps)} steps>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.to_dict() == other.to_dict()

    @property
    def looks(self) -> int:
        """The length of an attention row: the number of source tokens, or 0 for a model without attention."""
        return 0 if self.checkpoint.get("attention") == "none" else len(self.source_tokens)

    @property
    def attention_TS(self) -> np.ndarray:
        """All attention rows, (T, S); (T, 0) for a model without attention."""
        return np.array([s.attention for s in self.steps]).reshape(len(self.steps), self.looks)

    @property
    def divergence(self) -> int | None:
        """The first step where the most probable token is not the reference's; None where there is none.

        An unknown word's ``<unk>`` is not the word, nor is any special a word that is spelt like it, nor another token
        of the same spelling (the reference's then has rank 2 or below).
        """
        for t, step in enumerate(self.steps):
            if step.target is None:
                return None if not self.reference_tokens else t
            if self.misses(t):
                return t
        return None

    def misses(self, t: int) -> bool:
        """Whether the most probable token of a step is not the reference's, if the reference has one there."""
        step = self.steps[t]
        if step.target is None:
            return False
        typed = t < len(self.reference_tokens)
        return step.target.rank > 1 or step.target.token != step.said or (typed and step.said in SPECIALS)

    def to_dict(self, first: int = 0) -> dict[str, Any]:
        """Plain values in the order of docs/FORMATS.md, the steps from ``first`` on; floats to 8 significant digits."""
        return {
            "schema": SCHEMA,
            "mode": self.mode,
            "checkpoint": dict(self.checkpoint),
            "source": {
                "text": self.source_text,
                "tokens": list(self.source_tokens),
                "unknown": list(self.source_unknown),
                "memory": [numbers(row) for row in self.memory],
            },
            "reference": self.reference,
            "reference_tokens": list(self.reference_tokens),
            "settings": dict(self.settings),
            "divergence": self.divergence,
            "steps": [step_to_dict(step) for step in self.steps[first:]],
            "text": self.text,
            "ended": self.ended,
            **({"prefix": self.prefix} if self.prefix else {}),
        }

    def to_json(self, indent: int | None = None) -> str:
        """JSON text; non-ASCII characters are not escaped."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Trace:
        """The trace that ``to_json`` wrote; UserError says what is wrong with any other text."""
        with broken_record("trace"):
            return Trace(**trace_fields(read_record(text, SCHEMA)))

    def to_csv(self) -> str:
        """A row a step: numbers of the step, then its attention, one column a source token."""
        columns = ["step", "input", "output", "log_prob", "rank", "entropy", "target", "target_log_prob"]
        columns += [f"{i}:{token}" for i, token in enumerate(self.source_tokens[: self.looks])]
        rows: list[list[object]] = [[*columns]]
        for t, step in enumerate(self.steps):
            target = [step.target.token, number(step.target.log_prob)] if step.target else ["", ""]
            known = ["" if math.isnan(x) else number(x) for x in (step.log_prob, step.entropy)]
            own = [step.input, step.output, known[0], step.rank or "", known[1]]
            rows.append([t, *own, *target, *numbers(step.attention)])
        return spreadsheet.csv_text(rows)
