"""What is found is what a search of everything in double precision finds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.inspect.states import nearest as module
from s2s.inspect.states.nearest import bounds, nearest
from s2s.inspect.states.occurrences import example_states, occurrences
from s2s.inspect.states.sketch import basis, sketch, sketched, unit
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples
from tests.inspect.corpus import with_states


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return with_states(tmp_path_factory.mktemp("nearest"))


def naive(states: np.ndarray, query: np.ndarray) -> np.ndarray:
    """The cosine of each row with the query, one by one."""
    wide, query = states.astype(np.float64), query.astype(np.float64)
    return np.array([row @ query / (np.linalg.norm(row) * np.linalg.norm(query)) for row in wide])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("first", [1, 1024])
def test_the_same_as_a_naive_search(examples: Examples, kind: str, first: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FIRST", first)
    kept, rng = StateStore(examples.directory), np.random.default_rng(0)
    states = kept.states(kind)
    queries = [np.array(states[row]) for row in rng.integers(0, len(states), 8)]
    for query in (*queries, *rng.normal(size=(8, states.shape[1]))):
        for but in (None, 3):
            cosine = naive(states, query)
            if but is not None:
                cosine[list(kept.rows(kind, but))] = -np.inf
            found = nearest(kept, kind, query, 5, but).neighbours
            expected = np.lexsort((np.arange(len(cosine)), -cosine.round(12)))[:5]
            np.testing.assert_allclose([one.cosine for one in found], cosine[expected], atol=1e-9)
            near = [one.row for one in found]
            assert near == expected.tolist() or np.allclose(cosine[near], cosine[expected], atol=1e-9, rtol=0)


def test_much_is_ruled_out_where_states_lie_together(tmp_path: Path) -> None:
    """Clouds around 50 directions in 96 dimensions; the search reads a fraction, and finds the same."""
    rng = np.random.default_rng(1)
    centres = rng.normal(size=(50, 96))
    states = (centres[rng.integers(0, 50, 20_000)] + 0.1 * rng.normal(size=(20_000, 96))).astype(np.float16)
    kept = synthetic(tmp_path, states)
    query = centres[7] + 0.1 * rng.normal(size=96)
    found, cosine = nearest(kept, "decoder", query, 10), naive(states, query)
    assert [one.row for one in found.neighbours] == np.argsort(-cosine)[:10].tolist()
    assert found.compared < 2000


def synthetic(place: Path, states: np.ndarray) -> StateStore:
    """Kept states that are given, one sentence each."""
    kept = StateStore.__new__(StateStore)
    kept.directory, kept.about, kept.maps = place, {"lane": "free"}, {}
    kept.index = np.stack([np.arange(len(states) + 1)] * 3, axis=1)
    np.save(place / "decoder.npy", states)
    sketch(kept.states("decoder"), place, "decoder")
    return kept


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 12), st.sampled_from(["normal", "uniform", "low", "zeros"]))
def test_the_bound_holds(seed: int, directions: int, shape: str) -> None:
    rng = np.random.default_rng(seed)
    states = rng.normal(size=(40, 12)) if shape != "uniform" else rng.uniform(size=(40, 12))
    if shape == "low":
        states[:, 3:] *= 1e-3
    if shape == "zeros":
        states[::2] = 0
    halves = states.astype(np.float16)
    basis_DM, shares = basis(halves, directions)
    np.testing.assert_allclose(basis_DM[1:] @ basis_DM[1:].T, np.eye(len(basis_DM) - 1), atol=1e-9)
    assert sum(shares) <= 1 + 1e-9 and shares == sorted(shares, reverse=True)
    query = rng.normal(size=(1, 12))
    bound = bounds(sketched(halves, basis_DM).astype(np.float32), sketched(query, basis_DM)[0])
    distances = 2 - 2 * unit(halves) @ unit(query)[0]
    assert (bound <= distances + module.SLACK).all()


def test_more_than_there_are_and_none(examples: Examples, tmp_path: Path) -> None:
    kept = StateStore(examples.directory)
    count, size = kept.states("decoder").shape
    assert len(nearest(kept, "decoder", np.ones(size), 10_000).neighbours) == count
    alone = synthetic(tmp_path, np.ones((1, 4), np.float16))
    assert nearest(alone, "decoder", np.ones(4), 3, but=0).neighbours == ()
    assert [one.row for one in nearest(alone, "decoder", np.ones(4), 3).neighbours] == [0]


def test_sentences_of_states(examples: Examples) -> None:
    kept, rows = StateStore(examples.directory), {id: examples.example(id) for id in range(1, 24)}
    for kind, column in (("encoder", "source_tokens"), ("decoder", "output_tokens"), ("context", "output_tokens")):
        states = kept.states(kind)
        places = kept.positions(kind, np.arange(len(states)))
        for place, found in zip(places, occurrences(examples, kept, kind, places), strict=True):
            row = rows[place.id]
            tokens = row[column] if kind == "encoder" else [*row[column], "<eos>"]
            assert found.word == tokens[place.position] and found.tokens == tuple(tokens)
            assert (found.id, found.error, found.source) == (row["id"], row["error"], row["source"])
    words, states = example_states(examples, kept, "encoder", 5)
    assert words == examples.example(5)["source_tokens"] and len(states) == len(words)
    with pytest.raises(UserError, match="no example 99"):
        example_states(examples, kept, "encoder", 99)
    with pytest.raises(UserError):
        kept.states("decoder") is not None and kept.positions("other", np.array([0]))
