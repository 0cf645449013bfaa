"""What the player asks for of "what if": forks, edited attention; and the branches as the player shows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2s.branch import Branch, Edit
from s2s.errors import UserError
from s2s.trace import Step, Trace
from s2s.web import branches, controls, language, link, models
from s2s.web.request import Handler, Request

if TYPE_CHECKING:
    from s2s.checkpoint import Checkpoint

MAX_EDIT = 6_000  # characters of an edit
SAYABLE = ("<unk>", "<eos>")  # the specials that a model may be made to say


@dataclass(frozen=True)
class WhatIf:
    """The sentence on screen: its checkpoint, its lanes without branches, the page's state."""

    checkpoint: Checkpoint
    lanes: Mapping[str, Trace]
    values: Mapping[str, Any]

    def handlers(self) -> dict[str, Handler]:
        """What can be asked."""
        return {"fork": self.fork, "preview": self.preview, "rename": self.rename, "delete": self.delete}

    def fork(self, request: Request) -> dict[str, Any]:
        """A branch at ``step`` of ``lane``: by a ``word`` of the vocabulary, a typed ``text``, or an ``edit``."""
        lane, step, trace = self._asked(request)
        before, (prefix, edits) = branches.listed(), self._before(lane, trace, step)
        if "edit" in request.fields:
            if self.values["strategy"] == "beam":
                raise UserError("edit_beam")
            edits[step] = self._edit(request, trace)
            made = branches.add(prefix, f"✎ {step + 1}", lane, step, edits)
        else:
            words = self._words(request)
            made = branches.add([*prefix, *words], self.checkpoint.target.segmenter.join(words), lane, step, edits)
        try:
            self._decode(made)
        except UserError:  # what cannot be decoded is not kept
            if made not in before:
                branches.delete(made.id)
            raise
        return {"branch": made.id, "step": step}

    def preview(self, request: Request) -> dict[str, Any]:
        """What an ``edit`` would make of one step: the row, and the leading words before and after."""
        lane, step, trace = self._asked(request)
        prefix, edits = self._before(lane, trace, step)
        text, name = controls.source(self.values), self.checkpoint.name
        seen = models.preview(name, models.changed(name), text, prefix, edits, self._edit(request, trace))
        changes = [
            {"token": c.token, "before": c.before, "after": c.after, "ranks": [c.rank_before, c.rank_after]}
            for c in seen.changes
        ]
        return {"lane": lane, "step": step, "attention": [round(w, 6) for w in seen.attention.tolist()], "top": changes}

    def rename(self, request: Request) -> dict[str, Any]:
        """Another ``name`` for a ``branch``."""
        branches.rename(request.text("branch"), request.text("name"))
        return {"branch": request.text("branch")}

    def delete(self, request: Request) -> dict[str, Any]:
        """Take a ``branch`` away."""
        parent = branches.get(request.text("branch")).parent
        branches.delete(request.text("branch"))
        return {"branch": parent}

    def shown(self) -> list[dict[str, Any]]:
        """The branches for the player: of each its steps from where it leaves its parent, or why it has none."""
        traces: dict[str, Trace] = dict(self.lanes)
        found = []
        for branch in branches.listed():
            known = {"id": branch.id, "name": branch.name, "parent": branch.parent}
            try:
                traces[branch.id] = self._decode(branch)
            except UserError as error:
                found.append(known | {"error": language.explain(error)})
                continue
            shared = _shared(traces[branch.id], traces.get(branch.parent))
            plain = traces[branch.id].to_dict(shared)
            parts = ("settings", "divergence", "steps", "text", "ended")
            prefix = plain.get("prefix", 0)
            found.append(known | {"shared": shared, "prefix": prefix} | {key: plain[key] for key in parts})
        return found

    def _asked(self, request: Request) -> tuple[str, int, Trace]:
        """The lane and the step that a request is about."""
        lane = request.text("lane")
        trace = self.lanes[lane] if lane in self.lanes else self._decode(branches.get(lane))
        return lane, request.whole("step", 0, len(trace.steps) - 1), trace

    def _before(self, lane: str, trace: Trace, step: int) -> tuple[list[str], dict[int, Edit]]:
        """What led a lane to a step: tokens as the vocabulary spells them, and edits."""
        known = self.checkpoint.target.vocab.ids
        tokens = [s.output if s.output in known else "<unk>" for s in trace.steps[:step]]
        edits = {} if lane in self.lanes else branches.get(lane).edits
        return tokens, {t: edit for t, edit in edits.items() if t < step}

    def _edit(self, request: Request, trace: Trace) -> Edit:
        edit = Edit.parse(request.text("edit", MAX_EDIT))
        edit.row(np.ones(len(trace.source_tokens)), np.ones(len(trace.source_tokens)))  # fits this source
        return edit

    def _words(self, request: Request) -> list[str]:
        """One ``word`` of the vocabulary, or the tokens of a typed ``text``; UserError names what is not known."""
        target = self.checkpoint.target
        typed = request.text("word" if "word" in request.fields else "text")
        whole = "word" in request.fields or typed.strip() in SAYABLE
        words = [typed.strip()] if whole else target.tokens(typed)
        if not words:
            raise UserError("word_empty")
        unknown = [w for w in words if w not in target.vocab.ids and w not in SAYABLE]
        if unknown:
            raise UserError("prefix_token", token=unknown[0][:40], checkpoint=self.checkpoint.name)
        return words

    def _decode(self, branch: Branch) -> Trace:
        name, values = self.checkpoint.name, self.values
        settings = tuple((k, values[k]) for k in link.SETTINGS)
        reference = next((trace.reference for trace in self.lanes.values() if trace.reference), "") or ""
        edits = tuple((t, str(edit)) for t, edit in branch.edits.items())
        return models.decode(
            name, models.changed(name), controls.source(values), reference, "free", settings, branch.prefix, edits
        )


def _shared(trace: Trace, parent: Trace | None) -> int:
    """How many first steps are those of the parent."""
    pairs = zip(trace.steps, parent.steps if parent else (), strict=False)
    return next((t for t, (own, other) in enumerate(pairs) if not _same(own, other)), _shorter(trace, parent))


def _same(own: Step, other: Step) -> bool:
    said = (own.output, own.log_prob, own.target) == (other.output, other.log_prob, other.target)
    return said and np.array_equal(own.attention, other.attention)


def _shorter(trace: Trace, parent: Trace | None) -> int:
    return min(len(trace.steps), len(parent.steps)) if parent else 0
