"""Answers to the player's what-if requests, forks and edited attention; the branches as the player shows them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import streamlit as st

from s2s.decode.what_if import tokens_before, typed_tokens
from s2s.errors import UserError
from s2s.player.payload import branch_row
from s2s.trace.branch import MAX_PACKED, Branch, Edit, unpack
from s2s.trace.trace import Trace
from s2s.web.shell import branches, keys, language, models
from s2s.web.shell.page_state import PageState
from s2s.web.shell.request import Handler, Request, state_digest

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint

POSITION = "place"  # the lane and step at which the player is, and the digest of what it shows

MAX_EDIT = 6_000  # most characters of a packed edit


@dataclass(frozen=True)
class WhatIf:
    """The sentence on screen: its checkpoint, its lanes without branches, the page's state."""

    digest: str  # of the content on screen; requests about it contain it
    checkpoint: Checkpoint
    lanes: Mapping[str, Trace]
    state: PageState

    def handlers(self) -> dict[str, Handler]:
        """The methods by the kind of request; ``branches`` needs none, as every answer comes with the branches."""
        answers = {"fork": self.fork, "preview": self.preview, "rename": self.rename, "delete": self.delete}
        return answers | {"keep": self.keep, "branches": lambda request: {}}

    def fork(self, request: Request) -> dict[str, Any]:
        """Add a branch at ``step`` of ``lane``: with a ``word`` of the vocabulary, a typed ``text``, or an ``edit``."""
        lane, step, trace = self._asked(request)
        existing, (prefix, edits) = branches.list_branches(), self._before(lane, trace, step)
        if "edit" in request.fields:
            if self.state.strategy == "beam":
                raise UserError("edit_beam")
            edits[step] = self._edit(request, trace)
            branch = branches.add_branch(prefix, f"✎ {step + 1}", lane, step, edits)
        else:
            tokens = self._words(request)
            branch = branches.add_branch(
                [*prefix, *tokens], self.checkpoint.target.segmenter.join(tokens), lane, step, edits
            )
        try:
            self._decode(branch)
        except UserError:  # do not keep a branch that cannot be decoded
            if branch not in existing:
                branches.delete(branch.id)
            raise
        return {"branch": branch.id, "step": step}

    def preview(self, request: Request) -> dict[str, Any]:
        """One step under an ``edit``: the attention row, and the leading words before and after."""
        lane, step, trace = self._asked(request)
        prefix, edits = self._before(lane, trace, step)
        text, name = self.state.source, self.checkpoint.name
        preview = models.preview(name, models.changed(name), text, prefix, edits, self._edit(request, trace))
        changes = [
            {"token": c.token, "before": c.before, "after": c.after, "ranks": [c.rank_before, c.rank_after]}
            for c in preview.changes
        ]
        return {
            "lane": lane,
            "step": step,
            "attention": [round(w, 6) for w in preview.attention.tolist()],
            "top": changes,
        }

    def remember_position(self, request: Request) -> dict[str, Any]:
        """Remember the lane and step of the player, with which an exported page will open."""
        lane, step, _ = self._asked(request)
        st.session_state[POSITION] = {"of": self.digest, "lane": lane, "step": step}
        return {}

    def begin(self) -> dict[str, Any] | None:
        """The lane and step with which an exported page opens; None if none is known for this content."""
        position = st.session_state.get(POSITION, {})
        if position.get("of") != self.digest:
            return None
        pieces = {"pieces": "1"} if st.session_state.get(keys.PIECES) else {}
        return {"lane": position["lane"], "step": position["step"], **pieces}

    def rename(self, request: Request) -> dict[str, Any]:
        """Rename a ``branch`` to ``name``."""
        branches.rename(request.text("branch"), request.text("name"))
        return {"branch": request.text("branch")}

    def delete(self, request: Request) -> dict[str, Any]:
        """Delete a ``branch``; answer with its parent."""
        parent = branches.find_branch(request.text("branch")).parent
        branches.delete(request.text("branch"))
        return {"branch": parent}

    def keep(self, request: Request) -> dict[str, Any]:
        """Put the ``branches`` of the browser's model, packed as in a link, in place of the list; decode nothing."""
        try:
            branches.replace_all(unpack(request.text("branches", MAX_PACKED)))
        except ValueError:
            raise UserError("request_broken") from None
        return {}

    def rows(self, known: Collection[str] = (), own: Collection[str] = ()) -> list[dict[str, Any]]:
        """The branches for the player: each with its steps from where it leaves its parent, or with an error.

        ``key`` is a digest of the row without name and id. If the key is in ``known`` or the id in ``own``, the row has
        only its head.
        """
        rows, lane_keys = [], dict[str, str]()
        for branch in branches.list_branches():
            above = lane_keys.get(branch.parent, branch.parent)
            lane_keys[branch.id] = state_digest(self.digest, above, branch.prefix, branch.attention, language.current())
            head = {"id": branch.id, "name": branch.name, "parent": branch.parent, "key": lane_keys[branch.id]}
            is_there = head["key"] in known or branch.id in own
            rows.append(head if is_there else self._row(branch) | head)
        return rows

    def _row(self, branch: Branch) -> dict[str, Any]:
        try:
            return branch_row(branch, self._decode(branch), self._parent(branch))
        except UserError as error:
            return {"error": language.spoken(error)}

    def _parent(self, branch: Branch) -> Trace | None:
        """The trace of the parent; None if it is gone or cannot be decoded with the present settings."""
        try:
            return self.trace(branch.parent)
        except UserError:
            return None

    def trace(self, lane: str) -> Trace:
        """The trace of a lane or branch. Raises UserError if it is gone or cannot be decoded with these settings."""
        if lane in self.lanes:
            return self.lanes[lane]
        if lane in ("free", "forced"):
            raise UserError("request_broken")
        return self._decode(branches.find_branch(lane))

    def content(self, lane: str) -> str:
        """A digest of what determines a lane: text, tokens, model, settings; prefix and edits of a branch."""
        if lane in self.lanes:
            return state_digest(self.digest, lane)
        branch = branches.find_branch(lane)
        return state_digest(self.digest, branch.prefix, branch.attention)

    def _asked(self, request: Request) -> tuple[str, int, Trace]:
        """The lane of a request, its step, and the lane's trace."""
        lane = request.text("lane")
        trace = self.trace(lane)
        return lane, request.whole("step", 0, len(trace.steps) - 1), trace

    def _before(self, lane: str, trace: Trace, step: int) -> tuple[list[str], dict[int, Edit]]:
        """The prefix of a lane before a step, as tokens of the vocabulary, and its edits before the step."""
        edits = {} if lane in self.lanes else branches.find_branch(lane).edits
        return tokens_before(self.checkpoint, trace, step), {t: edit for t, edit in edits.items() if t < step}

    def _edit(self, request: Request, trace: Trace) -> Edit:
        edit = Edit.parse(request.text("edit", MAX_EDIT))
        edit.row(np.ones(len(trace.source_tokens)), np.ones(len(trace.source_tokens)))  # raises if it does not fit
        return edit

    def _words(self, request: Request) -> list[str]:
        """One ``word`` of the vocabulary, or the tokens of a typed ``text``. Raises UserError for unknown words."""
        whole = "word" in request.fields
        return typed_tokens(self.checkpoint, request.text("word" if whole else "text"), whole)

    def _decode(self, branch: Branch) -> Trace:
        name, state = self.checkpoint.name, self.state
        reference = next((trace.reference for trace in self.lanes.values() if trace.reference), "") or ""
        edits = tuple((t, str(edit)) for t, edit in branch.edits.items())
        return models.decode(
            name, models.changed(name), state.source, reference, "free", state.settings, branch.prefix, edits
        )
