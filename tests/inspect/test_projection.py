"""Points lie where principal components of the unit vectors put them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from s2s.inspect.kept import KINDS, Kept
from s2s.inspect.projection import Neighbourhoods, Plane, has_umap
from s2s.inspect.table import Examples
from tests.inspect.corpus import with_states


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    return with_states(tmp_path_factory.mktemp("projection"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_plane_is_that_of_a_singular_value_decomposition(examples: Examples, kind: str) -> None:
    kept = Kept(examples.directory)
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
    kept = Kept(examples.directory)
    plane, rows = Plane(kept, "decoder"), kept.rows("decoder", 6)
    path = plane.place(kept.states("decoder")[rows.start : rows.stop])
    cloud = plane.cloud(np.random.default_rng(0))
    np.testing.assert_allclose(path, cloud.points_N2[rows.start : rows.stop], atol=1e-6)


def test_a_sample_is_stated(examples: Examples) -> None:
    plane = Plane(Kept(examples.directory), "decoder")
    whole = plane.cloud(np.random.default_rng(0))
    some = plane.cloud(np.random.default_rng(0), most=10)
    assert len(some.rows) == 10 and some.total == len(whole.rows) and (np.diff(some.rows) > 0).all()
    np.testing.assert_array_equal(some.points_N2, whole.points_N2[some.rows])


@pytest.mark.skipif(not has_umap(), reason="umap-learn is not installed")
def test_umap_gives_a_point_a_state(tmp_path: Path) -> None:
    kept = Kept(with_states(tmp_path, count=40).directory)
    made = Neighbourhoods(kept, "decoder", seed=1)
    assert made.cloud(np.random.default_rng(0)).points_N2.shape == (len(kept.states("decoder")), 2)
    assert made.place(kept.states("decoder")[:3]).shape == (3, 2)
