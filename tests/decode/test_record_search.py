"""The tree of a search is that of ``search.beam`` itself, and what a naive beam in plain Python weighs."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.record_search import MOST, grow, search_tree
from s2s.decode.search import beam, greedy
from s2s.decode.strategy import Settings
from s2s.lesson.smallest_search import textbook
from s2s.model import Seq2Seq
from s2s.text.vocab import BOS, EOS
from s2s.trace.search_tree import START, SearchTree
from tests.decode.test_search import KINDS, SOURCES, enumerated
from tests.factory import TARGET, make_checkpoint, make_config, make_model
from tests.stub import StubModel

WORDS = [str(i) for i in range(100)]  # a token spells its id
SETTINGS = [
    Settings(strategy="beam", beam=1),
    Settings(strategy="beam", beam=4, length_penalty=0.0),
    Settings(strategy="beam", beam=10, length_penalty=1.2, coverage_penalty=0.3),
]


def grown(
    tiny: Any, source: list[int], settings: Settings, prefix: tuple[int, ...] = (), longest: int = 0
) -> SearchTree:
    growth = grow(tiny, source, settings, WORDS, prefix, longest)
    return growth.tree({"name": "tiny"}, "x", ["x"], lambda ids: " ".join(map(str, ids)))


def ids(tree: SearchTree, node: int) -> tuple[int, ...]:
    return tuple(map(int, tree.tokens(node)))


def fates(tree: SearchTree, t: int, *wanted: str) -> dict[tuple[int, ...], float]:
    return {ids(tree, i): tree.nodes[i].total for i in tree.at(t) if tree.nodes[i].fate in wanted}


@torch.no_grad()
def naive(
    tiny: Seq2Seq, source: list[int], settings: Settings, longest: int
) -> list[dict[str, dict[tuple[int, ...], float]]]:
    """Beam search one hypothesis at a time over the whole vocabulary: what each step kept, ended and passed over."""
    memory, first = tiny.encode(torch.tensor([source]), torch.tensor([len(source)]))
    live, scores, steps = [((), 0.0, first, torch.zeros(len(source)))], list[float](), []
    while live:
        weighed = []
        for said, total, state, seen_S in live:
            step = tiny.step(state, torch.tensor([said[-1] if said else BOS]), memory)
            for token, log_prob in enumerate(step.log_probs_BV[0].tolist()):
                weighed.append(((*said, token), total + log_prob, step.state, seen_S + step.attention_BS[0]))
        weighed.sort(key=lambda h: -h[1])
        chosen, others = weighed[: settings.beam], weighed[settings.beam :]
        ended = [h for h in chosen if h[0][-1] == EOS or len(h[0]) == longest]
        live = [h for h in chosen if h not in ended]
        for said, total, _, seen_S in ended:
            penalty = settings.coverage_penalty * sum(math.log(min(max(c, 1e-10), 1)) for c in seen_S.tolist())
            scores.append(total / ((5 + len(said)) / 6) ** settings.length_penalty + penalty)
        steps.append({n: {h[0]: h[1] for h in hs} for n, hs in (("kept", live), ("ended", ended), ("others", others))})
        reach = max((h[1] for h in live), default=-math.inf) / ((5 + longest) / 6) ** settings.length_penalty
        if len(scores) >= settings.beam and max(scores) >= reach:
            break
    return steps


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"beam {s.beam}")
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_every_step_is_that_of_a_naive_beam(kind: dict[str, Any], settings: Settings) -> None:
    tiny = make_model(make_config(**kind)).double()
    for source in SOURCES[:3]:
        tree = grown(tiny, source, settings, longest=9)
        expected = naive(tiny, source, settings, 9)
        assert len(tree.steps) == len(expected)
        for t, wanted in enumerate(expected):
            for name, found in (("kept", fates(tree, t, "kept")), ("ended", fates(tree, t, "finished", "cut"))):
                assert found.keys() == wanted[name].keys()
                assert list(found.values()) == pytest.approx([wanted[name][said] for said in found], abs=1e-9)
            pruned = fates(tree, t, "pruned")
            assert list(pruned.values()) == pytest.approx([wanted["others"][said] for said in pruned], abs=1e-9)
            assert max(pruned.values(), default=-math.inf) <= tree.cutoff(t)


@pytest.mark.parametrize("settings", SETTINGS, ids=lambda s: f"beam {s.beam}")
@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_the_n_best_list_is_exactly_that_of_beam(kind: dict[str, Any], settings: Settings) -> None:
    tiny = make_model(make_config(**kind))
    for source in SOURCES:
        tree, found = grown(tiny, source, settings, longest=12), beam(tiny, source, settings, max_length=12)
        assert [ids(tree, f.node) for f in tree.finished] == [tuple(h.ids) for h in found]
        nodes = [tree.nodes[f.node] for f in tree.finished]
        assert [(n.total, n.score) for n in nodes] == [(h.log_prob, h.score) for h in found]
        for finished, n in zip(tree.finished, nodes, strict=True):
            length = len(tree.path(finished.node))
            assert n.score == pytest.approx(n.total / tree.length_factor(length) + n.coverage, abs=1e-5)
            assert (n.fate == "cut") == (n.token != str(EOS)) and (n.fate == "finished" or length == 12)
            assert n.total == pytest.approx(sum(tree.nodes[i].log_prob for i in tree.path(finished.node)), abs=1e-4)


def test_every_node_that_was_pruned_is_no_better_than_the_worst_kept() -> None:
    tree = grown(make_model(make_config()), SOURCES[0], Settings(beam=5), longest=12)
    for t, step in enumerate(tree.steps):
        totals = [tree.nodes[i].total for i in tree.at(t)]
        assert totals == sorted(totals, reverse=True)
        assert step.considered == len(totals)
        assert all(x <= tree.cutoff(t) for x in totals[step.kept :])


def test_a_beam_of_one_walks_the_greedy_path() -> None:
    tiny = make_model(make_config())
    for source in SOURCES:
        tree, (alone,) = grown(tiny, source, Settings(beam=1), longest=12), greedy(tiny, [source], max_length=12)
        (only,) = tree.finished
        assert ids(tree, only.node) == (tuple(alone) if len(alone) == 12 else (*alone, EOS))
        assert [step.kept for step in tree.steps] == [1] * len(tree.steps)


def test_a_beam_that_is_wide_enough_holds_every_output() -> None:
    torch.manual_seed(2)
    tiny, settings = Seq2Seq(make_config().model, 8, 4).eval(), Settings(beam=50, length_penalty=1.2)
    tree, expected = grown(tiny, [4, 7, 5], settings, longest=3), enumerated(tiny, [4, 7, 5], 4, 3, settings)
    assert {ids(tree, f.node) for f in tree.finished} == set(expected)
    for finished in tree.finished:
        assert tree.nodes[finished.node].score == pytest.approx(expected[ids(tree, finished.node)][1], abs=1e-5)
    assert tree.ended == "length" and not any(n.fate == "pruned" for n in tree.nodes)


def test_why_a_search_ended() -> None:
    table = {(): {EOS: 0.5, 4: 0.5}, (4,): {4: 1.0}, (4, 4): {4: 1.0}}
    done = grown(StubModel(5, table), [4], Settings(beam=2, length_penalty=1.0))
    assert (done.ended, done.bound, [f.text for f in done.finished]) == ("finished", None, ["4 4 4", ""])
    cut = grown(StubModel(5, table), [4], Settings(beam=2), longest=2)
    assert cut.ended == "length" and [cut.nodes[f.node].fate for f in cut.finished] == ["cut", "finished"]
    sure = {(): {EOS: 0.9, 4: 0.06, 5: 0.04}, (4,): {4: 0.5, 5: 0.5}, (5,): {4: 0.5, 5: 0.5}}
    decided = grown(StubModel(6, sure), [4], Settings(beam=1, length_penalty=0.0))
    assert decided.ended == "finished"  # the only hypothesis ended
    two = {(): {EOS: 0.9, 4: 0.1}, (4,): {EOS: 0.6, 5: 0.4}, (4, 5): {4: 1.0}}
    decided = grown(StubModel(6, two), [4], Settings(beam=2, length_penalty=0.0))
    assert decided.ended == "decided" and decided.bound == pytest.approx(math.log(0.1 * 0.4))
    assert decided.bound <= decided.nodes[decided.finished[0].node].score


def test_a_prefix_is_kept_at_its_true_probability_and_nothing_else_was_considered() -> None:
    tiny = make_model(make_config())
    tree = grown(tiny, SOURCES[0], Settings(beam=3), prefix=(7, 9), longest=9)
    assert tree.forced == 2 and [(s.kept, s.considered) for s in tree.steps[:2]] == [(1, 1), (1, 1)]
    assert [ids(tree, f.node)[:2] for f in tree.finished] == [(7, 9)] * len(tree.finished)
    free = grown(tiny, SOURCES[0], Settings(beam=50), longest=9)
    (seven,) = [n for n in free.nodes if n.parent == START and n.token == "7"]
    assert tree.nodes[0].log_prob == pytest.approx(seven.log_prob, abs=1e-6)


def test_a_word_that_nothing_looked_at_is_counted_not_skipped() -> None:
    looks = {(): [1.0, 0.0], (4,): [1.0, 0.0], (5,): [0.0, 1.0]}
    stub = StubModel(8, {(): {4: 0.6, 5: 0.4}}, looks)
    tree = grown(stub, [4, 5], Settings(beam=2, length_penalty=0.0, coverage_penalty=0.05))
    by_text = {f.text: tree.nodes[f.node].coverage for f in tree.finished}
    assert by_text == {"5": 0.0, "4": pytest.approx(0.05 * math.log(1e-10))}
    assert [f.text for f in tree.finished] == ["5", "4"]


def test_the_widest_and_longest_search_stays_bounded() -> None:
    tiny = make_model(make_config())
    with torch.no_grad():
        tiny.output.bias[EOS] = -30.0  # never ends of itself
    tree = grown(tiny, SOURCES[2], Settings(beam=10), longest=200)
    assert len(tree.steps) == 200 and len(tree.nodes) <= 200 * MOST and tree.ended == "length"
    assert len(tree.to_json()) < 1_500_000
    wide = grown(tiny, SOURCES[2], Settings(beam=50), longest=20)
    assert max(step.recorded for step in wide.steps) == MOST < max(step.considered for step in wide.steps)


def test_the_two_steps_of_the_textbook() -> None:
    tree, alone = textbook()
    assert alone == ("a", "b", "<eos>")
    best, second = ((f.text, math.exp(tree.nodes[f.node].total)) for f in tree.finished)
    assert best == ("c d", pytest.approx(0.36)) and second == ("a b", pytest.approx(0.33))
    kept = {tree.tokens(i): math.exp(tree.nodes[i].total) for i in tree.at(1) if tree.nodes[i].fate == "kept"}
    assert kept == {("c", "d"): pytest.approx(0.36), ("a", "b"): pytest.approx(0.33)}
    assert [tree.nodes[i].token for i in tree.at(1) if tree.nodes[i].fate == "pruned"] == ["e", "f"]
    path = tree.follow(alone)
    assert len(path) == 3 and math.exp(tree.nodes[path[0]].total) == pytest.approx(0.6)


@pytest.mark.parametrize("prefix", ["", "you do"])
def test_the_tree_of_a_checkpoint_is_that_of_its_trace(tmp_path: Path, prefix: str) -> None:
    checkpoint = load(make_checkpoint(tmp_path))
    settings = Settings(strategy="beam", beam=4, coverage_penalty=0.1)
    tree = search_tree(checkpoint, "我不喜欢苹果。", settings, prefix)
    followed = trace(checkpoint, "我不喜欢苹果。", settings=settings, prefix=prefix)
    best = tree.finished[0]
    assert tree.tokens(best.node) == tuple(s.output for s in followed.steps) and best.text == followed.text
    assert [tree.nodes[i].log_prob for i in tree.path(best.node)] == pytest.approx(
        [s.log_prob for s in followed.steps], abs=1e-5
    )
    assert (tree.source_tokens, dict(tree.checkpoint)) == (followed.source_tokens, dict(followed.checkpoint))
    assert all(n.token in TARGET.tokens for n in tree.nodes) and SearchTree.from_json(tree.to_json()) == tree
