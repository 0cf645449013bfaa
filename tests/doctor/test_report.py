"""A diagnosis in words: each number in plain words against its threshold, what a cure ran, what is said of a trial."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as some

from s2s.doctor import Cure, Diagnosis, Finding, examine_checkpoint, examine_matrix
from s2s.doctor.read import examine_content
from s2s.doctor.report import limits, words
from s2s.doctor.report.page import render
from s2s.doctor.sheet import Sheet
from s2s.doctor.treated import cured_weights, treated
from s2s.errors import LANGUAGES, UserError, say, sentences
from tests.doctor.broken import BROKEN, date, pairs
from tests.paths import ROOT

CHECKPOINT = {"kind": "checkpoint", "name": "m", "digest": "d", "attention": "dot", "sentences": 1, "left_out": 0}


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_measure_and_every_question_has_its_words(language: str) -> None:
    said = sentences(language)
    assert {f"doctor.measure.{name}" for name in limits.LIMITS} == {k for k in said if k.startswith("doctor.measure.")}
    tests = {f"doctor.test.{name}" for name in (*limits.TESTS, "other")}
    assert tests == {key for key in said if key.startswith("doctor.test.")}
    found = examine_checkpoint(date(), pairs(), train=pairs())
    told = words.by_test(found, language)
    assert said["doctor.test.other"] not in [test for test, _ in told]
    assert sorted(line.name for _, lines in told for line in lines) == sorted(found.measures)
    assert not any(line.beyond for _, lines in told for line in lines)


@pytest.mark.parametrize("kind", ["no tanh", "padding read", "decoder's gates", "source read backwards"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_numbers_of_a_finding_are_in_words(kind: str, language: str) -> None:
    found = examine_checkpoint(BROKEN[kind][1](), pairs())
    for finding in found.findings:
        assert [line.label for line in words.numbers_of(finding, language) if line.label == line.name] == []
    first = found.findings[0]
    assert first.cure is not None
    ran = words.RAN[first.cure.name]
    assert say(f"doctor.ran.{ran}", language) in words.cure(first.cure, language)


def test_a_number_beyond_its_limit_is_marked_where_it_counts() -> None:
    found = examine_matrix(np.full((5, 6), 1 / 6))
    (line,) = words.numbers_of(found.findings[0], "en")
    assert (line.name, line.value, line.limit, line.beyond) == ("entropy_share", "1", "above 0.97", True)
    marked = [line.name for _, lines in words.by_test(found, "en") for line in lines if line.beyond]
    assert marked == ["entropy_share"]  # the rows are constant, too, and that is no finding of its own


def test_a_loss_is_judged_by_that_of_frequencies_or_of_training_pairs() -> None:
    half = Finding("half_trained", 0.6, {"loss": 2.5, "loss_of_frequencies": 2.0})
    learned = Finding("too_little_data", 0.8, {"loss": 2.5, "loss_on_training": 1.2, "loss_of_frequencies": 2.0})
    told = [words.numbers_of(finding, "en")[0] for finding in (half, learned)]
    assert [(line.limit, line.beyond) for line in told] == [("above 1.5", True), ("above 1.6", True)]


def test_a_short_training_that_helped_is_called_a_trial() -> None:
    cure = Cure("train_longer", True, {"log_prob": -2.0}, {"log_prob": -1.0})
    found = Diagnosis.of([Finding("half_trained", 0.7, {"gain": 1.0, "loss": 2.0}, cure=cure)], {}, CHECKPOINT)
    for text in ("\n".join(words.lines(found, "en")), render(found, "en")):
        assert "trained for 40 batches more" in text and "is a trial and no cure" in text


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_cure_that_was_not_tried_says_why(language: str) -> None:
    trained, of_code = Cure("train_encoder"), Cure("mask_padding")
    assert words.outcome(trained, language) == say("doctor.untried", language)
    assert words.outcome(of_code, language) == say("doctor.untried_model", language)
    assert words.outcome(of_code, language, "matrix") == say("doctor.untried_file", language)
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "s2s" / "doctor").rglob("*.py"))
    assert all(f'"{name}"' in code for name in (*words.TRAINED, *words.RAN))


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_healthy_report_asks_nothing_and_names_no_reliability(language: str) -> None:
    well = render(Diagnosis.of([], {}, CHECKPOINT), language)
    ill = render(Diagnosis.of([Finding("nan", 1.0)], {}, CHECKPOINT), language)
    assert say("doctor.title_healthy", language, name="m") in well and say("doctor.title", language, name="m") in ill
    share = say("doctor.reliability", language, **words.WARD)
    assert share in ill and share not in well
    matrix = render(examine_matrix(np.full((5, 6), 1 / 6)), language)
    assert say("doctor.precedence", language) in matrix and share not in matrix


def test_weights_are_moved_turned_and_masked() -> None:
    sheet = Sheet(np.array([[0.5, 0.25, 0.25], [0.0, 0.5, 0.5]]), ("a", "b", "<pad>"))
    moved = treated(Finding("shift", 1.0, {"steps": 1}, cure=Cure("move_attention")), sheet)
    turned = treated(Finding("reversed_source", 1.0, cure=Cure("turn_source")), sheet)
    masked = treated(Finding("padding_mass", 1.0, cure=Cure("mask_padding")), sheet)
    assert moved is not None and moved.tolist() == [[0.0, 0.5, 0.5]] * 2
    assert turned is not None and turned.tolist() == [[0.25, 0.25, 0.5], [0.5, 0.5, 0.0]]
    assert masked is not None and masked.round(3).tolist() == [[0.667, 0.333, 0.0], [0.0, 1.0, 0.0]]
    assert treated(Finding("uniform", 1.0), sheet) is None


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_report_draws_the_weights_before_and_after_a_cure(language: str) -> None:
    rows_TS = np.full((6, 8), 0.02) + np.eye(6, 8) * 0.44 + np.array([0.0] * 6 + [0.2, 0.2])
    source = ["我", "like", "<b>", "\u202ex", "茶", "。", "<pad>", "<pad>"]
    html = render(examine_matrix(rows_TS, source, list("abcdef")), language)
    assert html.count("<svg") == 2 and "<b>" not in html and "\u202e" not in html
    after = say("doctor.page.after", language, name=say("doctor.name.padding_mass", language))
    for title in (say("doctor.page.picture", language), after):
        assert f'aria-label="{title}"' in html and f"<figcaption>{title}</figcaption>" in html
    assert say("doctor.drawn", language, least="0.03") in html and "…" not in html
    before, masked = html.split("<svg")[1:]
    assert before.count("h1v1h-1") == 6 + 12 > masked.count("h1v1h-1") - 30 == 6
    healthy = render(examine_matrix(np.eye(5)), language)
    assert healthy.count("<svg") == 1 and ">5</text>" in healthy
    assert "<svg" not in render(Diagnosis.of([], {}, CHECKPOINT), language)
    broken = np.eye(5)
    broken[2] = np.nan
    assert render(examine_matrix(broken), language).count("h1v1h-1") == 4


@given(some.integers(1, 60), some.integers(1, 220), some.integers(0, 99), some.sampled_from([0.01, 1.0, 100.0]))
def test_a_picture_of_any_size_fits_on_paper(steps: int, tokens: int, seed: int, spread: float) -> None:
    weights_TS = np.random.default_rng(seed).dirichlet(np.full(tokens, spread), steps)
    html = render(examine_matrix(weights_TS), "en")
    wide, high = (float(size) for size in re.findall(r'<svg width="([\d.]+)" height="([\d.]+)"', html)[0])
    assert wide <= 1000 and high <= 950
    columns = int(re.findall(r'class="frame"[^>]* width="(\d+)"', html)[0]) / 20
    assert columns <= 40 and (columns == tokens or "stands for the rest" in html)
    assert "h1v1h-1" in html  # also where all weights are small: half of what each token has is drawn


def test_a_model_is_drawn_with_the_cure_that_changes_its_weights() -> None:
    found = examine_checkpoint(date(), pairs())
    assert found.sheet is not None and found.sheet.scores_TS is not None and cured_weights(found) is None
    twice = dataclasses.replace(found.sheet, weights_TS=2 * found.sheet.weights_TS)
    whole = treated(Finding("not_normalised", 1.0, cure=Cure("softmax_over_source")), twice)
    assert whole is not None and whole == pytest.approx(found.sheet.weights_TS, abs=1e-5)
    assert "sheet" not in found.to_dict()
    other = np.eye(3)[::-1]
    one_of_two = Sheet(np.eye(3), heads={(2, 1): other})
    ill = Finding("wrong_head", 0.8, {"layer": 2, "head": 1}, cure=Cure("other_head"))
    cured = cured_weights(Diagnosis.of([Finding("nan", 1.0), ill], {}, CHECKPOINT, sheet=one_of_two))
    assert cured is not None and cured[0] is ill and cured[1] is other
    turned = Finding("reversed_source", 0.9, cure=Cure("turn_source"))
    for kind, drawn in (("checkpoint", False), ("matrix", True)):  # a model reads another source then
        assert (cured_weights(Diagnosis.of([turned], {}, {"kind": kind}, sheet=one_of_two)) is not None) is drawn


def test_weights_on_a_place_are_taken_away() -> None:
    sheet = Sheet(np.array([[0.8, 0.1, 0.1], [0.8, 0.2, 0.0]]), ("the", "a", "."))
    taken = treated(Finding("first_token", 0.7, cure=Cure("mask_place")), sheet)
    assert taken is not None and taken.tolist() == [[0.0, 0.5, 0.5], [0.0, 1.0, 0.0]]


def packed(**arrays: np.ndarray) -> bytes:
    import io

    file = io.BytesIO()
    np.savez_compressed(file, **arrays)  # type: ignore[arg-type]
    return file.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.npz", b"PK\x03\x04 no more", "no .npz file of NumPy"),
        ("a.npz", packed(weights=np.zeros((3000, 1000))), "unpacks to more than 16 MB"),
        ("a.npz", packed(weights=np.zeros((1100, 1000))), "1,100,000 weights"),
        ("a.npz", packed(weights=np.array([{"a": 1}], dtype=object)), "wrong type"),
        ("a.npz", packed(weights=np.eye(3) * 1j), "all of them numbers"),
        ("a.npz", packed(weights=np.zeros((2, 2, 2))), "all of them numbers"),
        ("a.npz", packed(weights=np.eye(3), source=np.array(["a", "b"])), "2 tokens"),
        ("a.npz", packed(weights=np.eye(1), source=np.array(["\ud800"])), "half a character"),
        ("a.json", b"[" * 100_000, "nested"),
        ("a.json", b'{"schema": 1}', "a.json is no run"),
        ("a.json", b"\xff\xfe", "UTF-8"),
    ],
)
def test_a_file_in_memory_is_refused_in_one_sentence(name: str, content: bytes, said: str) -> None:
    with pytest.raises(UserError, match=re.escape(said)):
        examine_content(name, content, 1_000_000, 16)


def test_a_file_in_memory_gives_its_weights() -> None:
    found = examine_content("a.NPZ", packed(attention=np.eye(3), source=np.array(list("abc"))))
    assert found.sheet is not None and found.sheet.source == ("a", "b", "c") and found.healthy


def test_the_page_of_tests_says_how_often_the_first_cause_was_right() -> None:
    page = (ROOT / "docs" / "DOCTOR.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d+, [^|]+\| (\d+) of (\d+) \|", page, re.MULTILINE)
    assert rows[-1] == (str(limits.NAMED_FIRST), str(limits.PATIENTS))  # the ward that was examined last, and once
    assert f"of the other {limits.UNFORESEEN} the doctor named **{limits.UNFORESEEN_NAMED}**" in page
