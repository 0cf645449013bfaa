"""What pages read of a checkpoint's files: whatever JSON they hold, values have their kinds and a bounded size."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.facts import COUNTS, KINDS, LARGEST, LONGEST, SECTIONS, read_facts
from tests.paths import ROOT

ODD = ["", "![x](https://x.example/y.png)", "long " * 1_000, "cross", "gru", "none", "\x00\u202e", "NaN"]
HUGE = [10**400, -(10**400), 2**63, 2.5e308, float("nan"), float("inf"), True, -1, 0, 999_999]
VALUES = st.recursive(
    st.none() | st.sampled_from([*ODD, *HUGE]) | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(ODD) | st.text(), inner, max_size=3),
    max_leaves=6,
)
NAMES = st.sampled_from([*SECTIONS, "dev", "test", "other", "training", "imported", "name", "source_language"])
FIELDS = st.sampled_from([*KINDS, "attention", "cell", "origin", *ODD])
FILES = st.dictionaries(NAMES, VALUES | st.dictionaries(FIELDS, VALUES, max_size=12), max_size=8)


def leaves(value: Any) -> Iterator[Any]:
    """All that is no object and no list, names of entries, too."""
    if isinstance(value, (dict, list)):
        for part in [*value, *value.values()] if isinstance(value, dict) else value:
            yield from leaves(part)
    else:
        yield value


@given(FILES | VALUES, FILES | VALUES)
def test_any_values_become_bounded_ones_of_their_kinds(config: Any, metrics: Any) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, value in (("config", config), ("metrics", metrics)):
            (Path(folder) / f"{name}.json").write_text(json.dumps(value), encoding="utf-8")
        facts = read_facts(Path(folder))
    for leaf in leaves(facts):
        assert isinstance(leaf, (str, bool, int, float))
        assert len(leaf) <= LONGEST if isinstance(leaf, str) else abs(leaf) <= LARGEST
    sections = [value for part in facts.values() for value in part.values() if isinstance(value, dict)]
    for key, value in (item for section in sections for item in section.items()):
        assert type(value) is KINDS.get(key, type(value))
        assert key not in COUNTS or value >= 0
    assert all(isinstance(section, dict) for section in facts["metrics"].values())
    assert all(isinstance(facts["config"].get(name, {}), dict) for name in SECTIONS)


@pytest.mark.parametrize("directory", sorted((ROOT / "checkpoints").glob("*/config.json")), ids=lambda p: p.parent.name)
def test_nothing_of_a_shipped_checkpoint_is_left_out(directory: Path) -> None:
    facts = read_facts(directory.parent)
    for part, found in facts.items():
        assert found == json.loads((directory.parent / f"{part}.json").read_text(encoding="utf-8"))


def test_a_file_that_is_none_is_empty(tmp_path: Path) -> None:
    assert read_facts(tmp_path) == {"config": {}, "metrics": {}}
    (tmp_path / "config.json").write_bytes(b"\xff{")
    (tmp_path / "metrics.json").write_text("[" * 100_000, encoding="utf-8")
    assert read_facts(tmp_path) == {"config": {}, "metrics": {}}
