"""The commands on an inspection by one head of a model."""

from __future__ import annotations

import itertools
import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.inspect.causes import TAGS
from s2s.inspect.comparison import other_causes
from s2s.inspect.states.capture import trace_states
from s2s.inspect.table import Examples
from tests.commands.test_commands import inside
from tests.model.huggingface.conftest import marian as marian
from tests.model.huggingface.random_models import SENTENCES


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.tsv"
    path.write_text("".join(f"{a}\t{b}\n" for a, b in itertools.pairwise(SENTENCES)), encoding="utf-8")
    return path


def test_a_head_is_inspected_gone_on_with_compared_and_reported(
    marian: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {view: tmp_path / f"made@{view}" for view in ("2.1", "1.3")}
    for view, place in places.items():
        command = ("inspect", f"{marian}@{view}", file, "--out", place, "--states")
        assert inside(capsys, *command)[0] == 0
        before = (place / "examples.parquet").stat().st_mtime_ns
        assert inside(capsys, *command)[0] == 0 and (place / "examples.parquet").stat().st_mtime_ns == before
        held = json.loads((place / "manifest.json").read_text())["checkpoint"]
        assert held["name"] == f"tiny-marian@{view}"
    status, _, err = inside(capsys, "inspect", f"{marian}@1.3", file, "--out", places["2.1"])
    assert status == 2 and "a different checkpoint" in err  # another head

    first, second = map(Examples, places.values())
    by_hand = [
        a["id"]
        for a, b in zip(*([one.example(n) for n in range(1, 7)] for one in (first, second)), strict=True)
        if [a[column] for column in TAGS.values()] != [b[column] for column in TAGS.values()]
    ]
    assert list(other_causes(first, second)) == by_hand
    status, out, err = inside(capsys, "compare", *places.values())
    assert status == 0 and "tiny-marian@2.1" in out and "mean attention_entropy" in out
    assert "the same model with attention read at two places" in err
    made = json.loads(inside(capsys, "compare", *places.values(), "--json", "-")[1])
    means = [float(np.mean(one.columns("attention_entropy")["attention_entropy"])) for one in (first, second)]
    assert list(made["attention"]["attention_entropy"].values()) == pytest.approx(means)
    assert (made["ties"], made["wins"]) == (6, 0)

    page = tmp_path / "report.html"
    given = ("--html", page, "--examples", "2", "--checkpoint", marian)
    assert inside(capsys, "report", places["2.1"], *given, "--compare", places["1.3"])[0] == 0
    told = page.read_text(encoding="utf-8")
    assert say("report.same_model", "en", first="tiny-marian@2.1", second="tiny-marian@1.3") in told
    assert "paired bootstrap" not in told and 'class="cell"' in told


def test_neighbours_are_of_the_head_that_was_inspected(
    marian: Path, file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = tmp_path / "made"
    assert inside(capsys, "inspect", f"{marian}@1.3", file, "--out", place, "--states")[0] == 0
    asked = ("neighbours", place, SENTENCES[1], "--context", "2", "--count", "1", "--json", "-")
    status, out, _ = inside(capsys, *asked, "--checkpoint", marian)
    found = json.loads(out)["neighbours"]
    assert status == 0 and (found[0]["id"], found[0]["position"]) == (2, 1) and found[0]["cosine"] > 0.9999
    wide = trace_states(load(marian), trace(load(marian), SENTENCES[1])).context_TM.size(1)
    assert np.load(place / "states" / "context.npy", mmap_mode="r").shape[1] == wide // 4  # of one head of four
    status, out, err = inside(capsys, *asked, "--checkpoint", f"{marian}@2.3")
    assert (status, out, err.count("\n")) == (2, "", 1) and "tiny-marian@1.3" in err
