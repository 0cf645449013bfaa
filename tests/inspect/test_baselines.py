"""The baselines of an inspection: those of ``evaluate``, of all rows and of some; in terminal, report and page."""

from __future__ import annotations

from html import escape
from pathlib import Path

import numpy as np
import pytest

from s2s.checkpoint.open import load
from s2s.commands.inspect import summary_rows
from s2s.data.readers import read_pairs
from s2s.errors import LANGUAGES, say
from s2s.evaluate.baselines import SCORED, corpus_baselines
from s2s.inspect.baselines import BASELINES_FILE, baseline_scores
from s2s.inspect.report.content import make_report
from s2s.inspect.report.render import render_report
from s2s.inspect.summary import summary
from s2s.inspect.table import Examples
from tests.factory import make_checkpoint
from tests.inspect.test_summary import PAIRS, inspected


@pytest.fixture(scope="module")
def examples(tmp_path_factory: pytest.TempPathFactory) -> Examples:
    place = tmp_path_factory.mktemp("baselines")
    (place / "pairs.tsv").write_text(PAIRS + PAIRS, encoding="utf-8")
    return inspected(place, "made", make_checkpoint(place, "general", scale=0.7))


def test_they_are_those_of_evaluate(examples: Examples) -> None:
    place = examples.directory.parent
    wanted = corpus_baselines(list(read_pairs(place / "pairs.tsv")), load(place / "tiny-general").target)
    made = summary(examples)["baselines"]
    assert made["rows"] == wanted["rows"] == len(examples) and set(made["scores"]) == set(wanted["scores"])
    assert {"copy", "frequent", "random"} <= set(made["scores"])
    for name, scores in wanted["scores"].items():
        for score in SCORED:
            assert made["scores"][name][score] == pytest.approx(scores[score], abs=2e-3), (name, score)


def test_they_follow_the_rows(examples: Examples) -> None:
    ids = examples.column("id").to_numpy()
    assert baseline_scores(examples.directory, ids) == baseline_scores(examples.directory)
    halves = [baseline_scores(examples.directory, part) for part in (ids[:3], ids[3:])]
    assert [half["rows"] for half in halves] == [3, len(ids) - 3] and halves[0]["scores"] != halves[1]["scores"]
    whole = baseline_scores(examples.directory)
    for name, scores in whole["scores"].items():
        mean = np.average([half["scores"][name]["rouge_l"] for half in halves], weights=[3, len(ids) - 3])
        assert scores["rouge_l"] == pytest.approx(mean, abs=1e-3)
    assert baseline_scores(examples.directory, np.array([], dtype=int))["scores"] == {}


def test_without_outputs_or_the_file_there_are_none(examples: Examples, tmp_path: Path) -> None:
    place = examples.directory.parent
    forced = inspected(place, "forced", place / "tiny-general", "forced")
    assert not (forced.directory / BASELINES_FILE).exists() and "baselines" not in summary(forced)
    assert baseline_scores(tmp_path)["scores"] == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_terminal_and_report_show_them_beside_the_scores(examples: Examples, language: str) -> None:
    made = summary(examples)
    (row,) = [row for row in summary_rows(made) if row[0] == "copying the source"]
    assert f"chrF {made['baselines']['scores']['copy']['chrf']:.2f}" in row[2] and row[3] == "without a model"
    made["baselines"]["rows"] -= 1
    assert f"on {made['baselines']['rows']} random examples" in "".join(
        cell for row in summary_rows(made) for cell in row
    )
    page = render_report(make_report(examples, [], lambda row: None, {}), language)
    table = page.partition("<table>")[2].partition("</table>")[0]
    assert f"<th>{say('baseline.copy', language)}</th>" in table
    line = table.partition("<th>chrF</th>")[2].partition("</tr>")[0]
    shown = [f"{of['chrf']:.2f}" for of in summary(examples)["baselines"]["scores"].values()]
    assert line.endswith("".join(f"<td>{value}</td>" for value in shown))
    assert escape(say("baseline.note", language, count=len(examples))) in page
