"""Which checkpoints are offered for comparison because they were trained on the same data."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import streamlit as st

from s2s.web.lesson import attention, encoder_decoder
from s2s.web.shell import models
from s2s.web.shell.same_data import training_file
from tests.factory import make_checkpoint


@pytest.fixture
def chosen(root: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Two kinds of attention and a model without, all trained on one file; the session's choice is the first."""
    make_checkpoint(root, "none")
    monkeypatch.setattr(st, "session_state", {"model": "tiny-additive"})
    return "tiny-additive"


def write(root: Path, name: str, part: str, **values: object) -> None:
    """Other values in a checkpoint's config or metrics."""
    file = root / name / f"{part}.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | values))
    st.cache_resource.clear()


def test_those_of_one_file_are_paired(chosen: str) -> None:
    assert training_file(chosen) == training_file("tiny-none") == "data/train.tsv"
    assert attention.contrasting_pair(chosen) == ["tiny-additive", "tiny-general"]
    assert encoder_decoder.contrasting_checkpoint(chosen) == "tiny-none"


def test_of_several_one_that_was_trained_alike_is_taken(root: Path, chosen: str) -> None:
    shutil.copytree(root / "tiny-general", root / "a-guided")
    write(root, "a-guided", "config", train={"objective": "guided_attention"})
    write(root, "tiny-additive", "config", train={"objective": "cross_entropy"})
    write(root, "tiny-general", "config", train={"objective": "cross_entropy"})
    assert attention.contrasting_pair(chosen) == ["tiny-additive", "tiny-general"]
    assert attention.contrasting_pair("a-guided") == ["tiny-additive", "a-guided"]
    write(root, "tiny-general", "config", train="odd")
    assert attention.contrasting_pair(chosen) == ["tiny-additive", "a-guided"]


@pytest.mark.parametrize("name", ["tiny-additive", "tiny-general"])
def test_what_was_imported_is_paired_with_nothing(root: Path, chosen: str, name: str) -> None:
    """Neither by the default of a config that names no file, nor by an empty name that two have."""
    write(root, name, "metrics", imported={"library": "JoeyNMT"})
    assert training_file(name) == "" and attention.contrasting_pair(chosen) == [chosen]
    for each in ("tiny-additive", "tiny-general", "tiny-none"):
        write(root, each, "config", data={"train": ""})
    assert attention.contrasting_pair(chosen) == [chosen] and encoder_decoder.contrasting_checkpoint(chosen) is None


def test_a_config_that_says_nothing_pairs_with_nothing(root: Path, chosen: str) -> None:
    for data in ({}, {"train": 3}, "odd", None):
        write(root, chosen, "config", data=data)
        assert training_file(chosen) == "" and attention.contrasting_pair(chosen) == [chosen]
    shutil.rmtree(root / chosen)
    st.cache_resource.clear()
    assert training_file(chosen) == "" and chosen not in models.names()
