"""The branches of a visit: one list for each model, text and reference. The link contains the list on screen.

A new reference begins with those of the sentence's branches that do not stem from another reference.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import streamlit as st

from s2s.errors import UserError
from s2s.text.segmenters import clean
from s2s.trace.branch import MAX_BRANCHES, MAX_NAME, MAX_PACKED, Branch, Edit, pack
from s2s.web.shell import keys

BRANCHES_KEPT = "branches_kept"  # the lists of other sentences and models
BRANCHES_OF = "branches_of"  # model, text, tokens and reference of the list on screen

MAX_LISTS = 20  # most lists of other sentences


def list_branches() -> tuple[Branch, ...]:
    """The branches of the sentence on screen, each after its parent."""
    state = st.session_state
    current = tuple(state.get(key, "") for key in (keys.MODEL, keys.TEXT, keys.TOKENS, keys.REFERENCE))
    last = state.setdefault(BRANCHES_OF, current)
    branches: tuple[Branch, ...] = state.setdefault(keys.BRANCHES, ())
    if last != current:  # another sentence: put its list in place of the last one's
        lists = state.setdefault(BRANCHES_KEPT, {})
        lists[last] = branches
        carried = _without_reference(branches) if last[:-1] == current[:-1] else ()
        branches = lists.pop(current, carried)
        while len(lists) > MAX_LISTS:
            del lists[next(iter(lists))]
        state.update({keys.BRANCHES: branches, BRANCHES_OF: current})
    return branches


def _without_reference(branches: tuple[Branch, ...]) -> tuple[Branch, ...]:
    """The branches that hold for any reference of the sentence: those that do not stem from the forced lane."""
    gone, left = {"forced"}, list[Branch]()
    for branch in branches:  # each after its parent
        if branch.parent in gone:
            gone.add(branch.id)
        else:
            left.append(branch)
    return tuple(left)


def find_branch(id: str) -> Branch:
    """The branch with this id. Raises UserError if it does not exist any more."""
    for branch in list_branches():
        if branch.id == id:
            return branch
    raise UserError("branch_gone")


def add_branch(
    prefix: Sequence[str] = (),
    name: str = "",
    parent: str = "free",
    step: int = 0,
    attention: Mapping[int, Edit] | None = None,
) -> Branch:
    """Add a branch, or return the one with the same prefix and edits. Raises UserError if there would be too many."""
    branches = list_branches()
    edits = tuple(sorted((attention or {}).items()))
    for existing in branches:
        if (existing.prefix, existing.attention) == (tuple(prefix), edits):
            return existing
    if len(branches) >= MAX_BRANCHES:
        raise UserError("branch_many", limit=MAX_BRANCHES)
    number = 1 + max((int(branch.id[1:]) for branch in branches), default=0)
    new = Branch(f"b{number}", _name(name) or f"#{number}", parent, step, tuple(prefix), edits)
    if len(pack([*branches, new])) > MAX_PACKED:
        raise UserError("branch_large")
    st.session_state[keys.BRANCHES] = (*branches, new)
    return new


def replace_all(others: tuple[Branch, ...]) -> None:
    """Put another list in place of that of the sentence on screen."""
    list_branches()  # so that the list is this sentence's
    st.session_state[keys.BRANCHES] = others


def rename(branch: str, name: str) -> None:
    """Rename a branch; an empty name changes nothing."""
    renamed = replace(find_branch(branch), name=_name(name) or find_branch(branch).name)
    st.session_state[keys.BRANCHES] = tuple(renamed if other.id == branch else other for other in list_branches())


def delete(branch: str) -> None:
    """Delete a branch. Its children stay and become children of its parent: each contains its whole prefix."""
    gone = find_branch(branch)
    others = (other for other in list_branches() if other.id != branch)
    st.session_state[keys.BRANCHES] = tuple(
        replace(other, parent=gone.parent, step=min(other.step, gone.step)) if other.parent == branch else other
        for other in others
    )


def _name(typed: str) -> str:
    return "".join(c for c in clean(typed) if c.isprintable())[:MAX_NAME].strip()
