"""People's links for one run: the row with its words, mapped to its tokens; what is said where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.doctor import examine_trace
from s2s.doctor.matrix import against_links
from s2s.doctor.read import examine_content
from s2s.doctor.run_links import links_of_run
from s2s.doctor.sheet import Sheet
from s2s.errors import UserError
from s2s.explain.alignment_score import error_rate
from s2s.explain.gold_links import Gold, read_gold
from s2s.trace.trace import Trace
from tests.commands.test_commands import inside
from tests.paths import ROOT

ROWS = "别 的\tother .\t0-0\n我 喜 欢 茶。\ti like tea.\t0-0 1-1 2-1\t3-2\n"
PLACES = some.frozensets(some.tuples(some.integers(0, 3), some.integers(0, 3)), max_size=8)


@pytest.fixture(scope="module")
def tea() -> Trace:
    return trace(load(ROOT / "checkpoints" / "zh-en-luong"), "我喜欢茶。", reference="I like tea.", mode="forced")


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "links.tsv"
    path.write_text(ROWS, encoding="utf-8")
    return path


def test_links_are_those_of_the_row_with_the_runs_words(tea: Trace, rows: Path) -> None:
    sure, possible = links_of_run(tea.source_tokens, [step.output for step in tea.steps], read_gold(rows))
    assert sure == {(0, 0), (1, 1)}  # 喜 and 欢 are one token of the run
    assert possible - sure == {(2, 2), (2, 3), (3, 2), (3, 3)}  # "茶。" and "tea." are two each


def test_pieces_of_words_are_matched_by_their_characters() -> None:
    gold = Gold(("Rides", "on"), ("骑", "车"), frozenset({(0, 0)}), frozenset({(0, 0)}), 1)
    sure, _ = links_of_run(["<s>", "▁ri", "des", "▁on", "</s>"], ["骑@@", "##车", "<eos>"], [gold])
    assert sure == {(1, 0), (2, 0)}


def test_a_trace_has_the_error_rates_of_its_links(tea: Trace, rows: Path) -> None:
    found = examine_trace(tea, read_gold(rows))
    made = {(int(step.attention.argmax()), t) for t, step in enumerate(tea.steps[:2])}
    sure = frozenset({(0, 0), (1, 1)})
    possible = sure | {(2, 2), (2, 3), (3, 2), (3, 3)}
    assert found.measures["aer+0"] == pytest.approx(error_rate([frozenset(made)], [(sure, possible)]))
    assert {"aer-1", "aer+1"} <= set(found.measures)
    assert not any(name.startswith("aer") for name in examine_trace(tea).measures)


@given(PLACES, PLACES)
def test_with_possible_links_the_rate_is_the_definition(sure: frozenset[tuple[int, int]], more: frozenset) -> None:  # type: ignore[type-arg]
    weights_TS = np.random.default_rng(3).random((4, 4))
    made = frozenset((int(weights_TS[t].argmax()), t) for t in {t for _, t in sure})
    expected = error_rate([made], [(sure, sure | more)])
    assert against_links(Sheet(weights_TS), sure, more)[0] == pytest.approx(1.0 if expected is None else expected)


def test_other_links_get_a_sentence_that_names_rows_and_run(tea: Trace, rows: Path) -> None:
    gold = read_gold(rows)[:1]
    with pytest.raises(UserError, match=r"from 1 to 1, has the words of this run: 我 喜欢 茶 。 → I like tea \. <eos>"):
        examine_trace(tea, gold)
    with pytest.raises(UserError, match="from 1 to 1"):
        examine_content("run.json", tea.to_json().encode(), gold=gold)
    silent = trace(load(ROOT / "checkpoints" / "zh-en-none"), "我喜欢茶。")
    with pytest.raises(UserError, match="no attention"):
        examine_trace(silent, gold)
    with pytest.raises(UserError, match=r"m\.npz is a matrix"):
        examine_content("m.npz", b"", gold=gold)


def test_the_command_reads_links_of_a_run_even_if_its_rows_are_broken(
    tea: Trace, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.json"
    path.write_text(tea.to_json(), encoding="utf-8")
    status, out, err = inside(capsys, "doctor", path, "--links", rows)
    assert (status, err) == (0, "") and "attention of the step before" in out
    values = json.loads(tea.to_json())
    for step in values["steps"]:
        step["attention"] = [2 * weight for weight in step["attention"]]
    path.write_text(json.dumps(values), encoding="utf-8")
    status, out, err = inside(capsys, "doctor", path, "--links", rows)
    assert (status, err) == (0, "") and "not_normalised" in out and "attention of the step before" in out
