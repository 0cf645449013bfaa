"""People's links: error rates counted again from the definition, the best of many heads, and what a toy has by hand."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as some

from s2s.data.batches import Ids
from s2s.doctor import Diagnosis, examine_checkpoint
from s2s.doctor.diagnosis import Head
from s2s.doctor.heads import best_first, largest
from s2s.doctor.links import ROWS, against_links
from s2s.doctor.report.tables import tables
from s2s.doctor.run import Exam, View
from s2s.errors import LANGUAGES, UserError
from s2s.evaluate.batching import quiet
from s2s.explain.alignment_error import usable
from s2s.explain.alignment_score import rate
from s2s.explain.gold_links import Gold
from s2s.text.vocab import BOS
from tests.commands.test_commands import inside
from tests.doctor.broken import date
from tests.doctor.ward import broken_code, broken_weights, heads, healthy
from tests.doctor.ward.training import Trained
from tests.explain.test_alignment_error import LINKS
from tests.paths import ROOT

VIEWS = some.tuples(some.integers(1, 3), some.integers(0, 3))
SHARES = some.floats(0, 1)
DATE = date()


def golds(task: Trained) -> list[Gold]:
    """The ward's right alignment as people's links."""
    out = []
    for (source, target), places in zip(task.dev, task.links, strict=True):
        links = frozenset((place, step) for step, place in enumerate(places))
        out.append(Gold(tuple(source.split()), tuple(target.split()), links, links))
    return out


def wrong(weights: list[torch.Tensor], task: Trained, shift: int = 0) -> float:
    """AER where every word has one sure link: of n words, h of m links are right, and it is ``1 - 2h / (m + n)``."""
    hits = made = words = 0
    for rows_TS, places in zip(weights, task.links, strict=True):
        words += len(places)
        for step, place in enumerate(places):
            if 0 <= step + shift < len(rows_TS):
                made += 1
                hits += int(rows_TS[step + shift].argmax()) == place
    return 1 - 2 * hits / (made + words)


def ids(task: Trained) -> list[Ids]:
    return [(task.checkpoint.source.encode(s), task.checkpoint.target.encode(t)) for s, t in task.dev]


def rows(task: Trained, source: list[int], target: list[int]) -> torch.Tensor:
    """One sentence's weights, step by step."""
    model, out = task.checkpoint.model, []
    with torch.no_grad():
        memory, state = model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        for token in (BOS, *target):
            step = model.step(state, torch.tensor([token]), memory)
            state = step.state
            out.append(step.attention.attention_BS[0])
    return torch.stack(out)


def test_a_models_rates_are_those_of_its_weights_and_of_the_steps_beside() -> None:
    task = healthy.backwards()
    found = examine_checkpoint(task.checkpoint, task.dev, gold=golds(task))
    weights = [rows(task, *pair) for pair in ids(task)]
    for shift in (-1, 0, 1):
        assert found.measures[f"aer{shift:+d}"] == pytest.approx(wrong(weights, task, shift), abs=1e-9)
    assert found.healthy and found.heads == ()
    assert found.measures["aer+0"] < 0.2 < 0.5 < min(found.measures["aer-1"], found.measures["aer+1"])
    assert found.measures["aer_sentences"] == len(task.dev) and found.measures["aer_row_sentences"] == ROWS
    assert {f"aer_{name}" for name in ("attention", "gradient", "integrated", "erasure")} <= found.measures.keys()
    assert found.measures["aer_erasure"] < 0.2 < found.measures["aer_diagonal"]


def test_attention_that_was_learned_one_step_off_is_seen_by_its_links() -> None:
    ill, well = broken_code.trained_with_next()
    for task, names in ((ill, ["shift"]), (well, [])):
        exam = Exam(task.checkpoint, task.checkpoint.model, ids(task))
        found = list(against_links(exam, usable(task.checkpoint, golds(task)), quiet))
        assert [finding.name for finding in found] == names
        assert (exam.measures["aer+1"] + 0.3 < exam.measures["aer+0"]) == bool(names)
        assert all(finding.numbers["steps"] == 1 for finding in found)


@pytest.fixture(scope="module")
def first_layer() -> tuple[Trained, Diagnosis]:
    pytest.importorskip("transformers", reason="heads need: pip install -r requirements-extra.txt")
    task = heads.view(1, 1)
    return task, examine_checkpoint(task.checkpoint, task.dev, gold=golds(task))


def test_every_head_has_the_rate_of_its_weights(first_layer: tuple[Trained, Diagnosis]) -> None:
    task, found = first_layer
    whole = [task.checkpoint.model.heads_of(source, (BOS, *target)) for source, target in ids(task)]
    expected: dict[View, float] = {(0, 0): wrong([w_LHTS.mean(dim=(0, 1)) for w_LHTS in whole], task)}
    for layer in range(2):
        expected[layer + 1, 0] = wrong([w_LHTS[layer].mean(dim=0) for w_LHTS in whole], task)
        expected |= {(layer + 1, head + 1): wrong([w_LHTS[layer, head] for w_LHTS in whole], task) for head in range(2)}
    assert {(head.layer, head.head): head.aer for head in found.heads} == pytest.approx(expected)
    assert found.measures["aer+0"] == pytest.approx(expected[1, 1])
    assert [head.aer for head in found.heads] == sorted(expected.values())
    assert [(head.layer, head.head) for head in found.heads if head.shown] == [(1, 1)]


def test_links_name_the_head_that_should_be_shown(first_layer: tuple[Trained, Diagnosis]) -> None:
    _, found = first_layer
    first = found.findings[0]
    assert first.cause == "doctor.cause.head_by_links" and first.numbers["layer"] == 2 == found.heads[0].layer
    assert first.cure is not None and first.cure.verified
    assert first.cure.before["aer"] - first.cure.after["aer"] > 0.2
    assert found.to_dict()["heads"][0]["aer"] == 0 and not any(
        "overlap_" in name for name in found.measures if "." in name
    )
    task = heads.view(2, 1)
    assert examine_checkpoint(task.checkpoint, task.dev, gold=golds(task)).healthy


def test_without_links_heads_are_ranked_by_erasure() -> None:
    pytest.importorskip("transformers", reason="heads need: pip install -r requirements-extra.txt")
    task = heads.view(0, 0)
    found = examine_checkpoint(task.checkpoint, task.dev)
    overlaps = [head.overlap for head in found.heads]
    assert len(overlaps) == 7 and overlaps == sorted(overlaps, reverse=True)
    assert [head for head in found.heads if head.aer is not None] == []
    (shown,) = [head for head in found.heads if head.shown]
    assert (shown.layer, shown.head) == (0, 0) and shown.overlap == pytest.approx(found.measures["erasure_overlap"])


@given(some.dictionaries(VIEWS, some.tuples(SHARES, SHARES), min_size=1), some.booleans())
def test_no_head_stands_before_a_better_one(measured: dict[View, tuple[float, float]], linked: bool) -> None:
    exam = Exam(DATE, DATE.model, [])
    exam.overlaps = {view: overlap for view, (_, overlap) in measured.items()}
    exam.error_rates = {view: error for view, (error, _) in measured.items()} if linked else {}
    order = best_first(exam)
    assert sorted(order) == sorted(measured)
    for view, worse in itertools.pairwise(order):
        if linked:
            assert measured[view][0] <= measured[worse][0]
        else:
            assert measured[view][1] >= measured[worse][1]


@given(some.lists(some.tuples(LINKS, LINKS, LINKS), max_size=5))
def test_the_rate_of_counts_is_the_definition(sentences: list[tuple[frozenset[View], ...]]) -> None:
    counts, above, below = list[list[int]](), 0, 0
    for made, sure, more in sentences:
        possible = sure | more
        counts.append([len(made & sure), len(made & possible), len(made), len(sure)])
        above += len(made & sure) + len(made & possible)
        below += len(made) + len(sure)
    found = rate(counts)
    assert found is None if below == 0 else found == pytest.approx(1 - above / below)


def test_each_word_is_linked_to_its_largest_weight() -> None:
    weights_TS = torch.tensor([[0.1, 0.9], [0.5, 0.5], [0.2, 0.8]])
    assert largest(weights_TS, 2) == {(1, 0), (0, 1)}


def test_links_need_attention_and_a_pair_that_can_be_used() -> None:
    pair = Gold(("2025年3月9日",), ("2025-03-09",), frozenset({(0, 0)}), frozenset({(0, 0)}))
    odd = Gold(("a",) * 3, ("",), frozenset(), frozenset())
    with pytest.raises(UserError) as error:
        examine_checkpoint(date(), [("2025年3月9日", "2025-03-09")], gold=[odd])
    assert error.value.key == "error.alignment_no_pairs"
    found = examine_checkpoint(date(), [("2025年3月9日", "2025-03-09")], gold=[pair])
    assert found.measures["aer+0"] == 0 and found.measures["aer_sentences"] == 1


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_tables_mark_the_best_of_each_column(language: str) -> None:
    ranked = (Head(2, 1, 0.1, 0.3, False), Head(2, 0, 0.2, 0.5, False), Head(0, 0, 0.4, 0.4, True))
    measures = {"aer+0": 0.4, "aer-1": 0.2, "aer+1": 0.9, "aer_diagonal": 0.1, "aer_sentences": 3.0}
    links, listed = tables(Diagnosis.of([], measures, {}, ranked), language)
    assert [row[1] for row in links.rows] == ["0.400", "0.200 ★", "0.900", "0.100"]
    assert [row[1:3] for row in listed.rows] == [("0.100 ★", "0.300"), ("0.200", "0.500 ★"), ("0.400", "0.400")]
    assert [bool(row[3]) for row in listed.rows] == [False, False, True] and listed.rows[0][0] == "2.1"
    assert tables(Diagnosis.of([], {"loss": 1.0}), language) == []


def test_the_command_reads_links_and_needs_no_other_pairs(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = tmp_path / "links.tsv"
    path.write_text("我 喜欢 茶 。\tI like tea .\t0-0 1-1 2-2 3-3\n你 好 。\tHello .\t1-0 2-1\n", encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "zh-en-luong", "--links", path, "--json", "-")
    values = json.loads(out)
    assert (status, err, values["about"]["sentences"], values["heads"]) == (0, "", 2, [])
    assert 0 <= values["measures"]["aer+0"] <= 1 and values["measures"]["aer_sentences"] == 2
    status, out, err = inside(capsys, "doctor", "zh-en-luong", "--links", path, "--html", tmp_path / "page.html")
    assert status == 0 and "attention of the step before" in out and "integrated gradients" in out
    assert "integrated gradients" in (tmp_path / "page.html").read_text(encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "zh-en-none", "--links", path)
    assert (status, out) == (2, "") and "zh-en-none" in err and err.count("\n") == 1


def test_a_matrix_is_examined_without_torch(tmp_path: Path) -> None:
    """Which takes longer to import than the whole examination."""
    np.savez(tmp_path / "m.npz", weights=np.eye(4))
    code = (
        "import sys; from s2s.__main__ import main; status = main(['doctor', sys.argv[1]]);"
        "sys.exit(3 if 'torch' in sys.modules else status)"
    )
    made = [sys.executable, "-c", code, str(tmp_path / "m.npz")]
    assert subprocess.run(made, cwd=ROOT, capture_output=True, timeout=60).returncode == 0


def test_progress_moves_evenly_with_links_and_training_pairs() -> None:
    (task, _), shares = broken_weights.half_trained(), list[float]()  # one that is trained on for a moment
    examine_checkpoint(task.checkpoint, task.dev, shares.append, train=task.train, gold=golds(task))
    assert shares == sorted(shares) and shares[-1] == 1
    assert max(after - before for before, after in itertools.pairwise([0.0, *shares])) < 0.4
