"""The lanes of one source that a player shows: teacher-forced, free-running, and their branches."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from s2s.errors import UserError
from s2s.player import page
from s2s.player.payload import branch_row
from s2s.trace.branch import MAX_BRANCHES, Branch, Edit
from s2s.trace.trace import Trace

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint


@dataclass(frozen=True, repr=False)
class Lanes(Mapping[str, Trace]):
    """Traces by name: ``forced``, ``free``, then branches ``b1``, ``b2`` … A notebook shows them as the player.

    >>> import s2s
    >>> lanes = s2s.load("date").lanes("2025年3月9日", "2025-03-09")
    >>> list(lanes), lanes["free"].divergence
    (['forced', 'free'], None)
    """

    traces: Mapping[str, Trace]
    branches: tuple[Branch, ...] = ()
    checkpoint: Checkpoint | None = None
    source: str | tuple[str, ...] = ""  # what the checkpoint was given, a text or tokens
    noted: Callable[[Trace], Trace] | None = None  # adds to a trace what only its model knows about the run

    @staticmethod
    def of(*traces: Trace) -> Lanes:
        """Lanes of a free and a forced trace of one source, or of one of them. UserError if they do not match."""
        if not traces:
            raise UserError("lanes_empty")
        lanes = page.merge_lanes([{trace.mode: page.check_showable(trace)} for trace in traces])
        return Lanes({name: lanes[name] for name in ("forced", "free") if name in lanes})

    def __getitem__(self, name: str) -> Trace:
        if name not in self.traces:
            raise UserError("lane_missing", lane=name, known=", ".join(self.traces))
        return self.traces[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.traces)

    def __len__(self) -> int:
        return len(self.traces)

    def __contains__(self, name: object) -> bool:
        return name in self.traces

    def __repr__(self) -> str:
        first = next(iter(self.traces.values()))
        output = self.traces.get("free", first).text
        return f"<Lanes {', '.join(self.traces)}: {first.source_text} → {output}>"

    @property
    def own(self) -> dict[str, Trace]:
        """The lanes without the branches."""
        return {name: self.traces[name] for name in ("forced", "free") if name in self.traces}

    def rows(self) -> list[dict[str, Any]]:
        """The branches as rows for the player (``payload.branch_row``)."""
        return [branch_row(one, self.traces[one.id], self.traces.get(one.parent)) for one in self.branches]

    def fork(
        self,
        step: int,
        word: str = "",
        *,
        attention: str | Sequence[float] | Edit | None = None,
        lane: str = "free",
        name: str = "",
    ) -> Lanes:
        """The same lanes and one more branch: at ``step`` of ``lane`` the model has to say ``word``, then runs freely.

        ``attention`` replaces the weights of the step: a row of weights, an Edit, or a text for ``Edit.parse``. Steps
        count from 0. ``name`` labels the branch. Raises UserError for a word that the vocabulary lacks, for a step that
        does not exist, for too many branches, and for lanes without a checkpoint.

        >>> import s2s
        >>> lanes = s2s.load("date").lanes("2025年3月9日").fork(3, "4")
        >>> lanes["b1"].text[:4], lanes["b1"].prefix
        ('2024', 4)
        """
        from s2s.decode import what_if  # imports torch, which lanes of arrays do not need

        trace, checkpoint = self[lane], self.checkpoint
        if checkpoint is None:
            raise UserError("lanes_no_model")
        if not 0 <= step < len(trace.steps):
            raise UserError("step_missing", step=step, last=len(trace.steps) - 1)
        if len(self.branches) >= MAX_BRANCHES:
            raise UserError("branch_many", limit=MAX_BRANCHES)
        forced = what_if.typed_tokens(checkpoint, word) if word or attention is None else []
        prefix = (*what_if.tokens_before(checkpoint, trace, step), *forced)
        parent = next((one.edits for one in self.branches if one.id == lane), {})
        edits = {t: edit for t, edit in parent.items() if t < step}
        edits |= {} if attention is None else {step: Edit.of(attention)}
        title = name or checkpoint.target.segmenter.join(forced) or f"✎ {step + 1}"
        branch = Branch(f"b{len(self.branches) + 1}", title, lane, step, prefix, edits)
        return replace(self, traces={**self.traces, branch.id: self._decode(branch)}, branches=(*self.branches, branch))

    def _decode(self, branch: Branch) -> Trace:
        from s2s.decode.decode import trace
        from s2s.decode.strategy import Settings

        assert self.checkpoint is not None
        first = next(iter(self.own.values()))
        given, known = (self.own["free"].settings if "free" in self.own else {}), [one.name for one in fields(Settings)]
        made = trace(
            self.checkpoint,
            self.source,
            first.reference,
            settings=Settings.of({name: value for name, value in given.items() if name in known}),
            prefix=branch.prefix,
            attention=branch.edits,
        )
        return made if self.noted is None else self.noted(made)
