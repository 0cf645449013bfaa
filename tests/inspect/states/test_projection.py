"""Points lie where principal components of the unit vectors put them."""

from __future__ import annotations

import sys
import types

import numpy as np
import pytest

from s2s.inspect.states.projection import Neighbourhoods, Plane
from s2s.inspect.states.store import KINDS, StateStore
from s2s.inspect.table import Examples
from tests.inspect.corpus import with_states


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return with_states(tmp_path_factory.mktemp("projection"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_plane_is_that_of_a_singular_value_decomposition(examples: Examples, kind: str) -> None:
    kept = StateStore(examples.directory)
    plane = Plane(kept, kind)
    cloud = plane.cloud(np.random.default_rng(0))
    wide = kept.states(kind).astype(np.float64)
    wide /= np.linalg.norm(wide, axis=1, keepdims=True)
    wide -= wide.mean(axis=0)
    left, values, _ = np.linalg.svd(wide, full_matrices=False)
    expected = left[:, :2] * values[:2]
    signs = np.sign((expected * cloud.points_N2).sum(axis=0))
    np.testing.assert_allclose(cloud.points_N2, expected * signs, atol=1e-5)
    np.testing.assert_allclose(plane.shares, values[:2] ** 2 / (values**2).sum(), rtol=1e-6)
    assert cloud.rows.tolist() == list(range(len(wide))) and cloud.total == len(wide)


def test_a_sentence_lies_among_the_points(examples: Examples) -> None:
    kept = StateStore(examples.directory)
    plane, rows = Plane(kept, "decoder"), kept.rows("decoder", 6)
    path = plane.project(kept.states("decoder")[rows.start : rows.stop])
    cloud = plane.cloud(np.random.default_rng(0))
    np.testing.assert_allclose(path, cloud.points_N2[rows.start : rows.stop], atol=1e-6)


def test_a_sample_is_stated(examples: Examples) -> None:
    plane = Plane(StateStore(examples.directory), "decoder")
    whole = plane.cloud(np.random.default_rng(0))
    some = plane.cloud(np.random.default_rng(0), most=10)
    assert len(some.rows) == 10 and some.total == len(whole.rows) and (np.diff(some.rows) > 0).all()
    np.testing.assert_array_equal(some.points_N2, whole.points_N2[some.rows])


class FirstTwo:
    """In UMAP's place, whose own code takes half a minute to be compiled: a map that is known."""

    def __init__(self, random_state: int, n_jobs: int) -> None:
        assert (random_state, n_jobs) == (1, 1)

    def fit_transform(self, points_ND: np.ndarray) -> np.ndarray:
        return self.transform(points_ND)

    def transform(self, points_ND: np.ndarray) -> np.ndarray:
        return 10 * points_ND[:, :2]


def test_umap_maps_the_principal_coordinates(examples: Examples, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", types.SimpleNamespace(UMAP=FirstTwo))
    kept = StateStore(examples.directory)
    made, plane = Neighbourhoods(kept, "decoder", seed=1, most=30), Plane(kept, "decoder")
    cloud = made.cloud(np.random.default_rng(0))
    assert len(cloud.rows) == 30 < cloud.total and made.shares == []
    states = kept.states("decoder")[cloud.rows]
    np.testing.assert_allclose(cloud.points_N2, 10 * plane.project(states), atol=1e-5)
    np.testing.assert_allclose(made.project(states), cloud.points_N2, atol=1e-5)
