"""Quality by length: what the benchmark writes is read back, drawn, and true of a small corpus."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sacrebleu

from benchmarks.lengths import binned, measure
from s2s.checkpoint.open import load
from s2s.errors import sentences
from s2s.evaluate import lengths
from s2s.evaluate.corpus import translate
from s2s.figures import exposure
from tests.factory import make_checkpoint

PAIRS = [
    ("我喜欢茶。", "I like tea."),
    ("你喝水。", "you drink water."),
    ("他不喜欢苹果，你喝茶。", "he does n't like apples."),
]
TEXT = {k.removeprefix("lengths."): v for k, v in sentences("en").items() if k.startswith("lengths.")}


def test_the_measured_table_is_read_drawn_and_true(tmp_path: Path) -> None:
    checkpoints = [load(make_checkpoint(tmp_path, kind)) for kind in ("additive", "none")]
    values = measure(checkpoints, PAIRS, "pairs.tsv", fewest=1)
    found = lengths.lengths_from_dict(json.loads(json.dumps(values)))
    assert [(b.low, b.high, b.sentences) for b in found.bins] == [(1, 4, 2), (9, 12, 1)]
    assert [s.attention for s in found.systems] == ["additive", "none"]
    side = checkpoints[0]
    said = [side.target.decode(ids) for ids in translate(side.model, [side.source.encode(s) for s, _ in PAIRS[:2]])]
    expected = sacrebleu.CHRF().corpus_score(said, [[r for _, r in PAIRS[:2]]]).score
    assert found.systems[0].chrf[0].value == pytest.approx(expected, abs=1e-3)
    figure = exposure.lengths(found, {"tiny-additive": [(3, 40.0)]}, TEXT)
    assert [line.name for line in figure.data] == ["tiny-additive", "tiny-none", "tiny-additive · your sentences"]
    assert list(figure.data[0].y) == [m.value for m in found.systems[0].chrf]
    assert figure.data[0].error_y.array[0] == pytest.approx(found.systems[0].chrf[0].high - figure.data[0].y[0])


def test_models_that_cannot_be_compared_are_refused(tmp_path: Path) -> None:
    checkpoint = load(make_checkpoint(tmp_path))
    with pytest.raises(ValueError, match="no bin"):
        measure([checkpoint], PAIRS, "pairs.tsv")
    assert binned([1, 60], fewest=1) == {(1, 4): [0]}


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema": "lookback-lengths/1", "bins": []}', "{"])
def test_another_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ValueError, match=r"odd\.json"):
        lengths.load_lengths(tmp_path / "odd.json")


def test_what_ships_can_be_read() -> None:
    for path in lengths.FOLDER.glob("*.json"):
        lengths.load_lengths(path)
