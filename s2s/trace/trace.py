"""READ FIRST. A ``Trace`` is everything that one decoding run showed, step by step.

Text → tokens → ids → ``Seq2Seq.encode`` → a loop of ``Seq2Seq.step`` (``decode.py``) → ``Trace`` →
the player and the figures. Token labels travel with the trace; nothing recomputes them. Only numpy
is needed to read one; ``docs/FORMATS.md`` specifies the JSON.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s import spreadsheet
from s2s.text.vocab import SPECIALS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

SCHEMA = "lookback-trace/1"
MODES = ("free", "forced")
UNKNOWN = math.nan  # a number that nobody has given; of a rank, which counts from 1, it is 0


@dataclass(frozen=True)
class Scored:
    """A token with its log-probability (nats) and its rank among all tokens, 1 the most probable.

    ``prior`` is ŷ of a model with prior knowledge, so that the token's own logit is ``2 logit - prior``.
    """

    token: str
    log_prob: float
    rank: int
    prior: float | None = None


@dataclass(frozen=True)
class Step:
    """One decoder step: it read ``input`` and the lane went on with ``output``.

    ``attention`` and ``scores`` have one number a source token: the weights and what their softmax
    was taken of; both are empty of a model without attention. ``top`` are the most probable tokens in
    order, ``target`` is the reference's token at this step, ``entropy`` is in nats, ``normaliser`` is
    log Σ exp(logits), so that a token's logit is its log-probability plus ``normaliser``. What only
    some models have is None or empty elsewhere: ``coverage``, the attention of earlier steps summed;
    of local attention the centre ``position`` and the ``factors`` on the weights; ``p_gen`` of a
    pointer-generator. Where the attention was edited, ``own_attention`` is the row that the model
    would have used. A step of ``Trace.from_arrays`` may lack what no model was asked for: ``log_prob``,
    ``entropy`` and ``normaliser`` are then ``UNKNOWN``, ``rank`` 0, ``scores`` and ``top`` empty.
    """

    input: str
    output: str
    log_prob: float
    rank: int
    entropy: float
    attention: np.ndarray
    scores: np.ndarray
    top: tuple[Scored, ...]
    normaliser: float = UNKNOWN
    target: Scored | None = None
    context: tuple[float, ...] = ()  # its first components, for the worked arithmetic
    score_terms: tuple[tuple[float, ...], ...] = ()  # first terms of the top-attended source token's score
    coverage: tuple[float, ...] = ()
    position: float | None = None
    factors: tuple[float, ...] = ()
    p_gen: float | None = None
    own_attention: np.ndarray | None = None

    def __post_init__(self) -> None:
        for name in ("attention", "scores", "own_attention"):
            if getattr(self, name) is not None:
                array = np.array(getattr(self, name), dtype=np.float32)
                array.setflags(write=False)
                object.__setattr__(self, name, array)
        own = self.attention if self.own_attention is None else self.own_attention
        for row_S in (self.attention, own):
            total = float(row_S.sum(dtype=np.float64))
            if (len(row_S) and not abs(total - 1) <= 1e-4) or (row_S < 0).any():  # also true of NaN
                raise ValueError(f"attention of step {self.output!r} is no distribution: normalise each row to 1")
        sizes = {"own_attention": len(own), "coverage": len(self.coverage), "factors": len(self.factors)}
        for name, size in sizes.items():
            if size != len(self.attention) and (size or name == "own_attention"):
                raise ValueError(f"{name} of step {self.output!r} needs one number for each of the source tokens")

    @property
    def said(self) -> str:
        """The most probable token, or where none is known the one that the lane went on with."""
        return self.top[0].token if self.top else self.output

    @property
    def whole(self) -> bool:
        """Whether it has every number that a model gives."""
        numbers = (self.log_prob, self.entropy, self.normaliser)
        return bool(self.top and self.rank) and not any(map(math.isnan, numbers))


@dataclass(frozen=True, repr=False)
class Trace:
    """One lane: a source, what was decoded from it and why. A notebook shows it as the player.

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
            raise ValueError(f"mode {self.mode!r} is none of {', '.join(MODES)}")
        if not 0 <= self.prefix <= len(self.steps) or (self.prefix and self.mode == "forced"):
            raise ValueError(f"prefix is {self.prefix}, and must be a number of the steps of a free lane")
        for t, step in enumerate(self.steps):
            for name in ("attention", "scores"):
                shape = getattr(step, name).shape
                if shape != (self.looks,) and (name == "attention" or shape != (0,)):
                    raise ValueError(f"{name} of step {t} {self._wanted()}")
            if t and step.input != self.steps[t - 1].output:
                raise ValueError(f"step {t} must read the output of step {t - 1}")
        if len(self.memory) not in (0, len(self.source_tokens)):
            raise ValueError("memory needs one row for each of the source tokens")

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
        """A lane of any program's attention (T, S); what is not given is absent.

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
        from s2s.trace.arrays import Arrays

        given = Arrays(attention, source, target, log_probs, vocabulary, top, scores, normalise)
        return given.trace(mode, name, source_text, text)

    def __repr__(self) -> str:
        return f"<Trace {self.mode}: {self.source_text} → {self.text}, {len(self.steps)} steps>"

    def _repr_html_(self) -> str:
        """What a notebook shows: the player."""
        from s2s.player.notebook import show

        return show(self)._repr_html_()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Trace) and self.to_dict() == other.to_dict()

    @property
    def looks(self) -> int:
        """How many source tokens a step weighs: all, or of a model without attention none."""
        return 0 if self.checkpoint.get("attention") == "none" else len(self.source_tokens)

    def _wanted(self) -> str:
        if not self.looks:
            return "must be empty: the model has no attention"
        return "needs one number for each of the source tokens"

    @property
    def attention_TS(self) -> np.ndarray:
        """All rows, (T, S); (T, 0) of a model without attention."""
        return np.array([s.attention for s in self.steps]).reshape(len(self.steps), self.looks)

    @property
    def divergence(self) -> int | None:
        """The first step where the most probable token is not the reference's; None where there is none.

        An unknown word's ``<unk>`` is not the word, nor is any special a word that is spelt like it.
        """
        for t, step in enumerate(self.steps):
            if step.target is None:
                return None if not self.reference_tokens else t
            typed = t < len(self.reference_tokens)
            if step.target.token != step.said or (typed and step.said in SPECIALS):
                return t
        return None

    def to_dict(self, first: int = 0) -> dict[str, Any]:
        """Plain values in the order of docs/FORMATS.md, the steps from ``first`` on; floats to 8 significant digits."""
        from s2s.trace.json import to_dict

        return to_dict(self, first)

    def to_json(self, indent: int | None = None) -> str:
        """JSON text, characters as they are."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent, allow_nan=False)

    @staticmethod
    def from_json(text: str) -> Trace:
        """The trace that ``to_json`` wrote; ValueError says what is wrong with any other text."""
        from s2s.trace.json import from_dict

        try:
            values = json.loads(text)
        except RecursionError:
            raise ValueError("not a trace: nested too deeply") from None
        if not isinstance(values, dict) or values.get("schema") != SCHEMA:
            raise ValueError(f"not a trace: its schema must be {SCHEMA}")
        try:
            return from_dict(values)
        except (KeyError, TypeError, AttributeError, OverflowError) as error:
            raise ValueError(f"not a whole trace: {error}") from None

    def to_csv(self) -> str:
        """A row a step: numbers of the step, then its attention, one column a source token."""
        from s2s.trace.json import number, numbers

        out = io.StringIO()
        writer = csv.writer(out)
        columns = ["step", "input", "output", "log_prob", "rank", "entropy", "target", "target_log_prob"]
        writer.writerow(columns + [f"{i}:{token}" for i, token in enumerate(self.source_tokens[: self.looks])])
        for t, step in enumerate(self.steps):
            target = [step.target.token, number(step.target.log_prob)] if step.target else ["", ""]
            known = ["" if math.isnan(x) else number(x) for x in (step.log_prob, step.entropy)]
            own = [step.input, step.output, known[0], step.rank or "", known[1]]
            cells = [t, *own, *target, *numbers(step.attention)]
            writer.writerow(map(spreadsheet.cell, cells))
        return out.getvalue()
