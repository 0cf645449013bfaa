"""What a verdict is worth: remarks that cost nothing, what could not be tested, data that no model is blamed for."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from s2s.doctor import CAUSES, Cure, Diagnosis, Finding, examine_checkpoint, examine_matrix, examine_trace
from s2s.doctor.finding import LOOKS
from s2s.doctor.ranks import settled
from s2s.doctor.report import words
from s2s.doctor.report.page import render
from s2s.errors import LANGUAGES, UserError, say
from s2s.model import Seq2Seq
from tests.commands.test_commands import inside
from tests.doctor.broken import date, pairs, with_weights
from tests.doctor.test_matrix import WORDS, diagonal, on_place
from tests.paths import ROOT

TRIED = {"log_prob": -0.3157}


@pytest.mark.parametrize("name", CAUSES)
def test_what_weights_look_like_is_a_remark_where_its_remedy_brings_nothing(name: str) -> None:
    useless = Finding(name, 0.92, cure=Cure("smaller_scores", False, TRIED, {"log_prob": -0.3162}))
    useful = Finding(name, 0.92, cure=Cure("smaller_scores", True, TRIED, {"log_prob": -0.1}))
    untried = Finding(name, 0.92, cure=Cure("smaller_scores"))
    strengths = [settled([finding])[0].strength for finding in (useless, useful, untried)]
    assert strengths == [0.45 if name in LOOKS else 0.92, 0.92, 0.92]


def test_the_page_lists_what_the_rule_of_costs_weighs() -> None:
    page = (ROOT / "docs" / "DOCTOR.md").read_text(encoding="utf-8")
    rule = page.split("**The rule of costs.**")[1].split(")")[0]
    assert set(re.findall(r"`(\w+)`", rule)) == LOOKS


def test_a_place_that_the_model_reads_the_source_from_is_a_finding_and_scores_without_a_state_are() -> None:
    worse = Cure("mask_place", False, {"log_prob": -0.25}, {"log_prob": -0.47})
    (place,) = settled([Finding("last_token", 0.7, cure=worse)])
    assert place.strength == 0.7 and say("doctor.read_there", "en") in words.remedy(place, "en")
    (scores,) = settled(
        [Finding("constant", 0.76, {"score_spread": 0.0}, cure=Cure("read_state", False, TRIED, TRIED))]
    )
    assert scores.strength == 0.76
    useless = Cure("smaller_scores", False, TRIED, TRIED)
    (multiplied,) = settled([Finding("saturated", 0.7, {"gap": 18.0, "score_ratio": 6.9}, cure=useless)])
    assert multiplied.strength == 0.7


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_remark_says_that_its_remedy_brings_nothing(language: str) -> None:
    cure = Cure("smaller_scores", False, TRIED, {"log_prob": -0.3162})
    found = Diagnosis.of(
        settled([Finding("saturated", 0.92, cure=cure)]), {}, {"kind": "matrix", "steps": 1, "source": 1}
    )
    assert found.healthy and say("doctor.costless", language) in render(found, language)
    assert say("doctor.costless", language) in words.remedy(found.findings[0], language)
    assert words.remedy(Finding("nan", 1.0), language) == say("doctor.no_cure", language)


@pytest.mark.parametrize(("shape", "verdict"), [((1, 1), "too_small"), ((7, 1), "too_small"), ((2, 2), "too_small"),
                                                ((3, 3), "alone"), ((6, 6), "alone")])  # fmt: skip
def test_weights_alone_are_never_called_healthy(shape: tuple[int, int], verdict: str) -> None:
    found = examine_matrix(diagonal(*shape) if shape[1] > 1 else np.ones(shape))
    assert (found.verdict, found.to_dict()["verdict"], found.healthy) == (verdict, verdict, True)
    told = "\n".join(words.lines(found, "en"))
    assert "Healthy" not in told and ("Too small" in told) == (verdict == "too_small")
    assert ("one off" in told) == (verdict == "alone")


def test_links_make_a_healthy_matrix_healthy() -> None:
    found = examine_matrix(diagonal(), WORDS, WORDS, [(t, t) for t in range(6)])
    assert (found.verdict, found.about["caveats"]) == ("healthy", [])
    assert examine_matrix(2 * diagonal()).verdict == "ill"


def test_a_trace_without_a_step_or_without_attention_has_nothing_to_examine() -> None:
    import dataclasses

    from s2s.checkpoint.open import load
    from s2s.decode.decode import trace

    made = trace(date(), "2025年3月9日", None, "free")
    assert examine_trace(dataclasses.replace(made, steps=())).verdict == "too_small"
    blind = trace(load(ROOT / "checkpoints/zh-en-none"), "你好。", None, "free")
    assert examine_trace(blind).verdict == "no_attention"
    with pytest.raises(UserError, match="examine_matrix"):
        examine_trace(np.eye(3))  # type: ignore[arg-type]


def _zero(prefix: str) -> Diagnosis:
    def change(model: Seq2Seq) -> None:
        for name, weight in model.named_parameters():
            if name.startswith(prefix) and "embedding" not in name:
                weight.zero_()

    return examine_checkpoint(with_weights(change), pairs())


@pytest.mark.parametrize(("prefix", "where"), [("encoder.", "encoder.rnn.weight_ih_l0"),
                                               ("decoder.attention.", "decoder.attention.query.weight")])  # fmt: skip
def test_weights_of_zeros_are_named_with_their_parameter_before_what_they_bring_about(prefix: str, where: str) -> None:
    found = _zero(prefix)
    first = found.findings[0]
    assert (first.name, first.cause, first.where) == ("broken_weights", "doctor.cause.zero", where)
    assert all(finding.strength < 0.5 for finding in found.findings[1:])
    assert where in words.cause(first, "en") and where in render(found, "zh")
    assert found.to_dict()["findings"][0]["where"] == where


def test_equal_zeros_are_not_tied_and_one_number_is_no_trained_matrix() -> None:
    def zeros(model: Seq2Seq) -> None:
        for part in (model.encoder.embedding, model.embedding, model.output):
            part.weight.zero_()

    def sevens(model: Seq2Seq) -> None:
        model.embedding.weight.fill_(7)

    found = examine_checkpoint(with_weights(zeros), pairs())
    assert "tied_wrongly" not in [finding.name for finding in found.findings]
    assert found.findings[0].numbers["matrices"] == 2  # the output matrix is that of the target words
    assert examine_checkpoint(with_weights(sevens), pairs()).findings[0].cause == "doctor.cause.one_value"


def test_exchanged_columns_are_told_and_the_model_is_not_blamed() -> None:
    from s2s.checkpoint.examples import examples
    from s2s.checkpoint.open import load

    checkpoint = load(ROOT / "checkpoints/zh-en-luong")
    found = examine_checkpoint(checkpoint, [(target, source) for source, target in examples("zh-en-luong", "", "")])
    first = found.findings[0]
    assert (first.name, first.cause) == ("unknown_words", "doctor.cause.columns")
    assert first.cure is not None and first.cure.verified
    assert first.cure.before["unknown_words"] > 0.5 > 0.1 > first.cure.after["unknown_words"]
    assert "exploding_norms" not in [finding.name for finding in found.findings]
    strange = examine_checkpoint(date(), [("〇✈✈✈✈✈", target) for _, target in pairs()])
    assert strange.findings[0].cause == "doctor.cause.unknown_words"


def test_pairs_that_are_tested_are_not_trained_on() -> None:
    model = date()
    found = examine_checkpoint(model, pairs(), train=pairs(24))
    assert found.measures["training_overlap"] == 1 and "overlap" in found.about["caveats"]
    assert "training_gain" not in found.measures and "100%" in "\n".join(words.about(found, "en"))
    apart = examine_checkpoint(model, pairs()[:12], train=pairs()[12:])
    assert apart.measures["training_overlap"] == 0 and "overlap" not in apart.about["caveats"]


def test_the_last_token_is_named_beside_the_mark_that_it_is() -> None:
    found = examine_matrix(on_place(5), [*WORDS[:5], "。"])
    assert [finding.name for finding in found.findings] == ["punctuation", "last_token"]
    assert found.findings[1].cause == "doctor.cause.last_mark"


def test_negative_weights_are_named_also_where_rows_sum_to_1() -> None:
    weights_TS = diagonal()
    weights_TS[:, 0] -= 0.3
    weights_TS[:, 1] += 0.3
    (finding,) = [one for one in examine_matrix(weights_TS).findings if one.strength >= 0.5]
    assert (finding.name, finding.cause) == ("not_normalised", "doctor.cause.negative")
    (line,) = [line for line in words.numbers_of(finding, "en") if line.name == "least_weight"]
    assert line.beyond and line.limit == "below −1e−06"


def test_a_transposed_matrix_is_recognised_with_and_without_tokens() -> None:
    turned = diagonal(9, 6).T
    with pytest.raises(UserError, match=r"transposed.*\.T"):
        examine_matrix(turned, WORDS, list("abcdefghi"))
    with pytest.raises(UserError, match=r"transposed.*\.T"):
        examine_matrix(turned, WORDS)
    first = examine_matrix(turned).findings[0]
    assert (first.name, first.cause) == ("wrong_axis", "doctor.cause.transposed")
    assert first.cure == Cure("transpose", True, {"rows_off": 1.0}, {"rows_off": 0.0})


def test_a_link_outside_of_the_matrix_and_a_text_of_links() -> None:
    for link in ((99, 0), (0, -5), (0, 9)):
        with pytest.raises(UserError, match=rf"link {re.escape(str(link))} .* below 6, then the step, below 9"):
            examine_matrix(diagonal(9, 6), gold=[(0, 0), link])
    links = " ".join(f"{t}-{t}" for t in range(6))
    assert examine_matrix(diagonal(), gold=links).measures["aer+0"] == 0  # type: ignore[arg-type]
    for wrong in ("0:0", [(0.5, 1)], [1, 2], 7):
        with pytest.raises(UserError, match="two whole numbers a row"):
            examine_matrix(diagonal(), gold=wrong)  # type: ignore[arg-type]


def test_error_rates_and_the_loss_have_their_thresholds_in_the_table() -> None:
    late = np.roll(diagonal(), 1, axis=0)
    found = examine_matrix(late, gold=[(t, t) for t in range(6)])
    assert found.findings[0].cause == "doctor.cause.shift_by_links"
    lines = {line.name: line for _, lines in words.by_test(found, "en") for line in lines}
    assert (lines["aer+1"].limit, lines["aer+1"].beyond, lines["aer-1"].beyond) == ("0.9 or less", True, False)
    measures = {"loss": 0.3, "loss_of_frequencies": 4.0, "weight_growth": 4.2, "source_variation": 0.7}
    lines = {line.name: line for _, lines in words.by_test(Diagnosis.of([], measures), "en") for line in lines}
    assert (lines["loss"].limit, lines["loss"].beyond) == ("above 3", False)
    assert "only together with: loss on these pairs" in lines["weight_growth"].limit
    assert "permuted weights" in lines["source_variation"].limit


def test_tensors_with_a_gradient_are_weights_and_import_s2s_has_the_doctor() -> None:
    weights = torch.softmax(torch.eye(6, requires_grad=True) * 5, dim=1)
    assert examine_matrix(weights).verdict == "alone"  # type: ignore[arg-type]
    code = (
        "import sys, s2s; found = s2s.doctor.examine_matrix([[0.9, 0.1], [0.1, 0.9]]);"
        "print(found.verdict, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "too_small False\n"


def test_a_file_of_another_kind_is_called_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("pairs.tsv").write_text("a\tb\n", encoding="utf-8")
    Path("other.json").write_text(json.dumps({"a": 1}) + "\n", encoding="utf-8")
    np.save("plain.npy", np.eye(3))
    np.savez("heads.npz", weights=np.zeros((4, 3, 3)))
    np.savez("pickled.npz", weights=np.array([{"a": 1}], dtype=object))
    for arguments, said in (
        (["date", "--log", "pairs.tsv"], "pairs.tsv, row 1 is no line of a training log"),
        (["date", "--log", "other.json"], "has no train_loss"),
        (["plain.npy"], "numpy.savez"),
        (["heads.npz"], "Choose one head, for instance weights[0] of 4"),
        (["pickled.npz"], "wrong type"),
        (["other.json"], "other.json is no run"),
    ):
        status, out, err = inside(capsys, "doctor", *arguments)
        assert (status, out, err.count("\n")) == (2, "", 1) and said in err
        assert "Delete" not in err and "this page" not in err
