"""The tab Beam: the search tree, its finished hypotheses, the greedy output beside it, a textbook example."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from s2s.checkpoint.examples import GREEDY_LOSES
from s2s.errors import UserError, joined
from s2s.figures import step as panel
from s2s.figures.numbers import share, signed
from s2s.player import bundle
from s2s.trace.search_tree import SearchTree
from s2s.trace.trace import Trace
from s2s.web.shell import bound, branches, controls, keys, language, models, request
from s2s.web.shell.foreign import code
from s2s.web.shell.language import t
from s2s.web.shell.page_state import PageState
from s2s.web.step_through import computed

FOLDER = Path(__file__).parents[1] / "components" / "beam"
COMPONENT = "tree"  # the component's key; the session holds there what the browser set
SETTINGS = {"beam": 5, "length_penalty": 0.6, "coverage_penalty": 0.0, "max_length": 0}  # for the examples


def script() -> str:
    """The component's script as one module."""
    return bundle.script(FOLDER / "beam.js")


@functools.cache
def _component() -> Any:
    css = bundle.style(FOLDER / "beam.css")
    return st.components.v2.component("lookback_beam", html='<div class="lookback"></div>', css=css, js=script())


def render_tree(tree: SearchTree, greedy: Sequence[str], key: str, brief: bool = False) -> None:
    """Show a tree with the path of the output ``greedy`` marked; ``brief``: as a figure without buttons."""
    data = {
        "tree": tree.to_dict(),
        "greedy": list(tree.follow(greedy)),
        "strings": language.strings("beam"),
        "name": _name(tree),
        "brief": brief,
        "heard": request.last_taken(COMPONENT),
        "run": controls.runs(),
    }
    _component()(key=key, data=data, on_open_change=lambda: None)


def _name(tree: SearchTree) -> str:
    """The name of a tree in requests, by which one about another tree is recognised."""
    digest, settings = tree.checkpoint.get("digest"), sorted(tree.settings.items())
    return request.state_digest(digest, tree.source_text, settings, tree.limit)


def take_opened_hypothesis(state: PageState) -> str | None:
    """If the browser asks to open a hypothesis, make it a branch and switch to the player; returns an error or None.

    The browser sets one state, ``open`` = {seq, node, tree}: client data, validated here.
    """
    opened = request.take_request(COMPONENT, "open")
    if opened is None:
        return None
    try:
        tree, node = searched_tree(state), opened.fields.get("node")
        if opened.fields.get("tree") != _name(tree) or type(node) is not int or not 0 <= node < len(tree.nodes):
            raise UserError("beam_request")
        _branch(tree, node)
    except UserError as error:
        return language.explain(error)
    st.session_state[keys.TAB] = "player"
    return None


def _branch(tree: SearchTree, node: int) -> None:
    """Add a branch with the output of a hypothesis; nothing for the best one, which is the free lane."""
    output, best = tree.tokens(node), tree.tokens(tree.finished[0].node)
    if output == best:
        return
    pairs = enumerate(zip(output, best, strict=False))
    shared = next((i for i, (a, b) in pairs if a != b), min(len(output), len(best)))
    ranks = [rank for rank, finished in enumerate(tree.finished, start=1) if finished.node == node]
    branches.add_branch(output, t("beam.branch", rank=ranks[0]) if ranks else output[-1], "free", shared)


def searched_tree(state: PageState) -> SearchTree:
    """The search tree of the page's text and settings. Raises UserError as decoding does."""
    return computed.search_tree(controls.model_name(state), models.changed(state.model), state.source, state.settings)


def beam_tab(state: PageState) -> None:
    """The content of the tab, for a text that can be decoded."""
    name, settings = controls.model_name(state), (("strategy", "greedy"), ("max_length", state.max_length))
    tree = searched_tree(state)
    greedy = models.decode(name, models.changed(name), state.source, "", "free", settings)
    st.caption(t("beam.intro", beam=int(tree.settings["beam"])))
    render_tree(tree, [step.output for step in greedy.steps], COMPONENT)
    _versus(tree, greedy)
    _examples(name)
    with st.expander(t("beam.textbook"), key="textbook", on_change="rerun") as textbook:
        if textbook.open:
            example, output = computed.textbook()
            st.markdown(t("beam.textbook_steps"))
            render_tree(example, output, "textbook-tree", brief=True)


def _versus(tree: SearchTree, greedy: Trace) -> None:
    """The greedy output and the best of the beam: scores, the step at which they diverge, the fate of greedy's path."""
    st.markdown(f"#### {t('beam.versus')}")
    best = tree.finished[0]
    node, greedy_log_prob = tree.nodes[best.node], sum(step.log_prob for step in greedy.steps)
    rows = [
        (t("beam.greedy"), greedy.text, greedy_log_prob, tree.score(greedy_log_prob, greedy.attention_TS)),
        (t("beam.best"), best.text, node.total, node.score),
    ]
    cells = [[name, text, *(signed(f"{x:.3f}") for x in numbers)] for name, text, *numbers in rows]
    st.html(panel.STYLE + panel.step_table([t("beam.method"), t("beam.output"), "log P", t("beam.score")], cells))
    output = [step.output for step in greedy.steps]
    if tuple(output) == tree.tokens(best.node):
        st.markdown(t("beam.same"))
        return
    ratio = math.exp(greedy_log_prob - node.total)
    lost = t("beam.greedy_lost", ratio=share(ratio)) if ratio < 1 else t("beam.greedy_won")
    st.markdown(joined(_parting(tree, greedy), lost, _fate(tree, output)))


def _parting(tree: SearchTree, greedy: Trace) -> str:
    """The step at which greedy diverges from the best output, and both words, in a sentence."""
    path = tree.path(tree.finished[0].node)
    pairs = enumerate(zip(path, greedy.steps, strict=False))
    last = min(len(path), len(greedy.steps)) - 1
    at = next((i for i, (n, step) in pairs if tree.nodes[n].token != step.output), last)
    step, node = greedy.steps[at], tree.nodes[path[at]]
    values = {"greedy": code(step.output), "p_greedy": share(math.exp(step.log_prob))}
    values |= {"best": code(node.token), "p_best": share(math.exp(node.log_prob))}
    if at == 0:
        return t("beam.parts_first", **values)
    before = " ".join(s.output for s in greedy.steps[max(0, at - 6) : at])
    return t("beam.parts", prefix=code(before), step=at + 1, **values)


def _fate(tree: SearchTree, output: Sequence[str]) -> str:
    """What happened to greedy's path in the search, in a sentence; empty if it was neither pruned nor finished."""
    path = tree.follow(output)
    last = tree.nodes[path[-1]]
    if last.fate == "pruned":
        step = len(path) - 1
        return t("beam.greedy_pruned", step=step + 1, margin=f"{tree.cutoff(step) - last.total:.3f}")
    ranks = [rank for rank, finished in enumerate(tree.finished, start=1) if finished.node == path[-1]]
    return t("beam.greedy_ranked", rank=ranks[0]) if ranks else ""


def _use(text: str, reference: str) -> None:
    st.session_state.update({keys.TEXT: text, keys.REFERENCE: reference})
    bound.set_shown(**SETTINGS)  # the popover with their widgets may be closed
    controls.count_run()


def _examples(name: str) -> None:
    """Example sentences for which greedy decoding does not find this model's best output."""
    if pairs := GREEDY_LOSES.get(name):
        with st.popover(t("beam.examples"), key=f"beam-examples-{controls.runs()}"):  # a choice closes it
            for text, reference in pairs:
                st.button(text, key=f"loses-{text}", on_click=_use, args=(text, reference), type="tertiary")
