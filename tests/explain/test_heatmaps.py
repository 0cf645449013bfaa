"""The comparison of heatmaps: what the benchmark writes is read back; what ships is true of the shipped models."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from benchmarks import heatmaps as benchmark
from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.explain import heatmaps
from s2s.explain.heatmaps import MEASURES, SHIPPED, load_heatmaps
from tests.commands.test_evidence import LINKS, PAIRS
from tests.factory import make_checkpoint
from tests.paths import ROOT


def test_the_benchmark_collects_what_the_commands_wrote(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    links, pairs, out = tmp_path / "links.tsv", tmp_path / "pairs.tsv", tmp_path / "out.json"
    links.write_text(LINKS, encoding="utf-8")
    pairs.write_text(PAIRS, encoding="utf-8")
    made = [make_checkpoint(tmp_path, kind) for kind in ("general", "additive")]
    for path in made:
        for kind in ("short", "long"):
            assert main(["align", str(path), str(links), "--json", str(tmp_path / f"{path.name}.{kind}.json")]) == 0
        assert main(["evidence", str(path), str(pairs), "--json", str(tmp_path / f"{path.name}.evidence.json")]) == 0
    names = list(map(str, made))
    monkeypatch.setattr(sys, "argv", ["heatmaps", str(tmp_path), str(pairs), *names, "--out", str(out)])
    benchmark.main()
    found = load_heatmaps(out)
    assert [(s.name, s.digest) for s in found.systems] == [(path.name, load(path).digest) for path in made]
    assert found.sentences == {"test": 2, "short": 2, "long": 2, "evidence": 2}
    first, second = found.systems
    written = json.loads((tmp_path / f"{second.name}.evidence.json").read_text("utf-8"))
    assert second.measures["tau_erasure"].value == written["measures"]["tau_erasure"]["value"]
    (apart,) = found.differences
    assert (apart.name, apart.base) == (second.name, first.name)
    assert apart.bleu.value == pytest.approx(second.measures["bleu"].value - first.measures["bleu"].value, abs=1e-4)
    other = make_checkpoint(tmp_path, "general", scale=2.0)
    monkeypatch.setattr(sys, "argv", ["heatmaps", str(tmp_path), str(pairs), str(other), "--out", str(out)])
    with pytest.raises(ValueError, match="other weights"):
        benchmark.main()


def test_what_ships_is_of_the_shipped_weights_and_has_the_bleu_of_their_cards() -> None:
    found = load_heatmaps(SHIPPED)
    for system in found.systems:
        folder = ROOT / "checkpoints" / system.name
        assert load(folder).digest == system.digest
        metrics = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
        assert metrics["test"]["bleu"] == pytest.approx(system.measures["bleu"].value, abs=1e-3)
        assert metrics["test"]["sentences"] == found.sentences["test"]


def test_the_answer_follows_from_the_numbers() -> None:
    """What the page and docs/PRETTIER.md say in words, beyond the intervals where they say so without reserve."""
    of = {system.name.removeprefix("zh-en-"): system.measures for system in load_heatmaps(SHIPPED).systems}
    luong, bahdanau, guided = of["luong"], of["bahdanau"], of["guided"]
    assert guided["short_attention"].value < luong["short_attention"].value < bahdanau["short_attention"].value
    assert bahdanau["short_attention"].low > luong["short_attention"].high  # far less pretty
    assert bahdanau["tau_erasure"].value > luong["tau_erasure"].value  # and no less true
    for name in ("uniform_variation", "permuted_variation", "flips"):
        assert guided[name].low > max(luong[name].high, bahdanau[name].high)  # its weights decide
    assert guided["idle"].high < luong["idle"].low
    assert luong["tau_erasure"].value < guided["tau_erasure"].value  # only a little more
    assert guided["tau_erasure"].low < luong["tau_erasure"].high
    assert guided["disagrees"].value > luong["disagrees"].value


def test_the_table_of_the_documentation_is_that_of_the_file() -> None:
    page = (ROOT / "docs" / "PRETTIER.md").read_text(encoding="utf-8")
    assert benchmark.table(load_heatmaps(SHIPPED)).strip() in page


@pytest.mark.parametrize("text", ["{}", "[]", '{"schema": "lookback-heatmaps/1", "systems": []}', "{"])
def test_another_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd.json").write_text(text)
    with pytest.raises(ValueError, match=r"odd\.json"):
        heatmaps.load_heatmaps(tmp_path / "odd.json")


def test_a_system_has_all_measures() -> None:
    values = json.loads(SHIPPED.read_text(encoding="utf-8"))
    assert set(values["systems"][0]["measures"]) == set(MEASURES)
    del values["systems"][0]["measures"]["bleu"]
    with pytest.raises(KeyError):
        heatmaps.heatmaps_from_dict(values)
