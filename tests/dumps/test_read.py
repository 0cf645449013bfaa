"""Attention that Marian, CTranslate2, fairseq and Nematus wrote is read back, and anything else refused."""

from __future__ import annotations

import json
import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import s2s
from s2s.dumps import record
from s2s.dumps.read import READERS
from s2s.errors import UserError
from s2s.trace.trace import Trace

TOKENS = ["我", "喝", "茶", "the", "tea@@", "▁I", "drink", "don't", "<unk>", ".", "0-1", "1,2", "a|b"]
SHARED = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


class Sentence(NamedTuple):
    source: list[str]
    target: list[str]
    weights: np.ndarray  # of all tokens and the ends
    log_probs: list[float]


@st.composite
def sentences(draw: st.DrawFn, least: int = 1) -> Sentence:
    source = draw(st.lists(st.sampled_from(TOKENS), min_size=least, max_size=5))
    target = draw(st.lists(st.sampled_from(TOKENS), min_size=least, max_size=5))
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    weights = random.dirichlet(np.full(len(source) + 1, 0.5), size=len(target) + 1)
    return Sentence(source, target, weights, (-random.exponential(size=len(target) + 1)).tolist())


def commas(weights: np.ndarray, form: str = "%.6g") -> str:
    return " ".join(",".join(form % w for w in row) for row in weights)


def marian(made: list[Sentence], scores: bool = False, best: bool = False) -> str:
    lines = []
    for n, one in enumerate(made):
        parts = [str(n)] if best else []
        parts += [" ".join(one.target), commas(one.weights)]
        parts += ["WordScores= " + " ".join(f"{x:.5f}" for x in one.log_probs)] if scores else []
        parts += ["F0=-1.5", "-0.75"] if best else []
        lines.append(" ||| ".join(parts) + "\n")
    return "".join(lines)


def fairseq(made: list[Sentence]) -> str:
    lines = ["2020-01-01 | INFO | fairseq_cli.generate | loading model(s)"]
    for n, one in reversed(list(enumerate(made))):
        lines += [f"S-{n}\t{' '.join(one.source)}", f"T-{n}\tthe reference", f"H-{n}\t-0.5\t{' '.join(one.target)}"]
        lines += [
            f"D-{n}\t-0.5\t{' '.join(one.target)}",
            f"P-{n}\t" + " ".join(f"{x / math.log(2):.4f}" for x in one.log_probs),
        ]
        lines += [f"A-{n}\t{commas(one.weights, '%.6f')}"]
    return "\n".join([*lines, "2020-01-01 | INFO | Translated 1 sentence"]) + "\n"


def nematus(made: list[Sentence]) -> str:
    text = ""
    for n, one in enumerate(made):
        sizes = f"{len(one.source) + 1} {len(one.target) + 1}"
        text += f"{n} ||| {' '.join(one.target)} ||| 0 ||| {' '.join(one.source)} ||| {sizes}\n"
        text += "".join(" ".join(f"{w:.9g}" for w in row) + " \n" for row in one.weights) + "\n"
    return text


def links(one: Sentence) -> list[tuple[str, str, str]]:
    source, target = [*one.source, "</s>"], [*one.target, "</s>"]
    return [(t, s, f"{one.weights[j, i]:.9g}") for j, t in enumerate(target) for i, s in enumerate(source)]


def nematus_json(made: list[Sentence]) -> str:
    rows = [[[*link, n, n] for link in links(one)] for n, one in enumerate(made)]
    return "".join(json.dumps(row, ensure_ascii=False, indent=2) for row in rows)


def nematus_nodes(made: list[Sentence]) -> str:
    text = ""
    for one in made:
        nodes = [{"group": 1, "name": s} for s in [*one.source, "</s>"]]
        nodes += [{"group": 2, "name": t} for t in [*one.target, "</s>"]]
        found = [{"source": s, "target": t, "value": w} for t, s, w in links(one)]
        text += json.dumps({"nodes": nodes, "links": found}, ensure_ascii=False) + "\n\n"
    return text


def results(made: list[Sentence], end: bool) -> list[dict[str, Any]]:
    """As CTranslate2 gives them: without the end, whose column it takes away, too, or with the target's end."""
    rows = [one.weights if end else one.weights[:-1, :-1] for one in made]
    outputs = [[*one.target, "</s>"] if end else one.target for one in made]
    return [
        {"hypotheses": [output], "scores": [-0.5], "attention": [row.tolist()]}
        for output, row in zip(outputs, rows, strict=True)
    ]


def check(traces: list[Trace], made: list[Sentence], close: float = 1e-5) -> None:
    assert len(traces) == len(made)
    for trace, one in zip(traces, made, strict=True):
        assert trace.source_tokens[: len(one.source)] == tuple(one.source)
        assert len(trace.source_tokens) == len(one.source) + 1
        assert [step.output for step in trace.steps] == [*one.target, "<eos>"] and trace.ended == "eos"
        np.testing.assert_allclose(trace.attention_TS, one.weights, atol=close)
        assert Trace.from_json(trace.to_json()) == trace


def joined(tokens: list[str]) -> str:
    pieces = any(token.startswith("▁") for token in tokens)
    return (
        "".join(tokens).replace("▁", " ").strip() if pieces else " ".join(tokens).replace("@@ ", "").removesuffix("@@")
    )


def check_rest(traces: list[Trace], made: list[Sentence]) -> None:
    """What the end has of each row is in a column of its own, if it is anything."""
    for trace, one in zip(traces, made, strict=True):
        if (one.weights[:-1, -1] > 1e-4).any():
            assert trace.source_tokens == (*one.source, "<rest>") and trace.source_text == joined(one.source)
            np.testing.assert_allclose(trace.attention_TS, one.weights[:-1], atol=1e-5)
        else:
            assert trace.source_tokens == tuple(one.source)


@SHARED
@given(made=st.lists(sentences(), min_size=1, max_size=3), scores=st.booleans(), best=st.booleans())
def test_marian(tmp_path: Path, made: list[Sentence], scores: bool, best: bool) -> None:
    file = tmp_path / "output.txt"
    file.write_text(marian(made, scores, best), encoding="utf-8")
    traces = s2s.read_attention(file, "marian", source=[" ".join(one.source) for one in made])
    check(traces, made)
    for trace, one in zip(traces, made, strict=True):
        if scores:
            np.testing.assert_allclose([s.log_prob for s in trace.steps], one.log_probs, atol=1e-4)
        else:
            assert all(math.isnan(step.log_prob) for step in trace.steps)


@SHARED
@given(made=st.lists(sentences(), min_size=1, max_size=3))
def test_fairseq(tmp_path: Path, made: list[Sentence]) -> None:
    file = tmp_path / "generate-test.txt"
    file.write_text(fairseq(made), encoding="utf-8")
    traces = s2s.read_attention(str(file), "fairseq")[::-1]
    check(traces, made)
    for trace, one in zip(traces, made, strict=True):
        np.testing.assert_allclose([s.log_prob for s in trace.steps], one.log_probs, atol=1e-3)


@pytest.mark.parametrize("write", [nematus, nematus_json, nematus_nodes])
@SHARED
@given(made=st.lists(sentences(), min_size=1, max_size=3))
def test_nematus(tmp_path: Path, write: Any, made: list[Sentence]) -> None:
    file = tmp_path / "alignment"
    file.write_text(write(made), encoding="utf-8")
    check(s2s.read_attention(file, "nematus"), made)


@SHARED
@given(made=st.lists(sentences(), min_size=1, max_size=3), end=st.booleans(), lines=st.booleans())
def test_ctranslate2(tmp_path: Path, made: list[Sentence], end: bool, lines: bool) -> None:
    rows, source = results(made, end), [one.source for one in made]
    file = tmp_path / "results.json"
    file.write_text("\n".join(map(json.dumps, rows)) if lines else json.dumps(rows), encoding="utf-8")
    objects = [SimpleNamespace(**row) for row in rows]
    waiting = [SimpleNamespace(result=lambda one=one: one) for one in objects]
    for given_ in (file, rows, objects, waiting):
        traces = s2s.read_attention(given_, "ctranslate2", source=source, normalise=not end)
        if end:
            check(traces, made)
        else:
            check_rest(s2s.read_attention(given_, "ctranslate2", source=source), made)
        for trace, one in zip(traces, made, strict=True):
            assert [step.output for step in trace.steps][: len(one.target)] == one.target
            if not end:
                expected = one.weights[:-1, :-1] / one.weights[:-1, :-1].sum(axis=1, keepdims=True)
                np.testing.assert_allclose(trace.attention_TS, expected, atol=1e-5)
    assert len(s2s.read_attention(objects[0], "ctranslate2", source=source, normalise=True)) == 1


def test_several_hypotheses_and_their_own_source() -> None:
    one = {"source": ["喝", "茶"], "hypotheses": [["tea"], ["drink", "tea"]], "attention": [[[0, 1]], [[1, 0], [0, 1]]]}
    traces = s2s.read_attention([one], "ctranslate2", name="opus")
    assert [trace.text for trace in traces] == ["tea", "drink tea"]
    assert {trace.checkpoint["name"] for trace in traces} == {"opus"}


def test_subwords_are_joined_in_texts_and_tokens_may_be_given(tmp_path: Path) -> None:
    file, tokens = tmp_path / "out.txt", tmp_path / "pieces.txt"
    file.write_text("\ufeffI drink ||| 1,0 0,1 1,0 0,1\n", encoding="utf-8")
    tokens.write_bytes("▁I ▁dr ink\r\n".encode())
    assert refused(file, "marian", source=["茶"]).key == "error.dump_tokens"
    (trace,) = s2s.read_attention(file, "marian", source=["茶"], target=tokens)
    assert [step.output for step in trace.steps] == ["▁I", "▁dr", "ink", "<eos>"] and trace.text == "I drink"
    (trace,) = s2s.read_attention(
        [{"hypotheses": [["te@@", "a"]], "attention": [[[1], [1]]]}], "ctranslate2", source=["茶"]
    )
    assert trace.text == "tea"


def test_an_empty_translation_has_an_end(tmp_path: Path) -> None:
    file = tmp_path / "out.txt"
    file.write_text(" ||| 1\n", encoding="utf-8")
    (trace,) = s2s.read_attention(file, "marian", source=[""])
    assert (trace.source_tokens, [step.output for step in trace.steps]) == (("<eos>",), ["<eos>"])


def refused(*values: Any, **named: Any) -> UserError:
    with pytest.raises(UserError) as caught:
        s2s.read_attention(*values, **named)
    assert caught.value.say("zh") != caught.value.say("en") and "\n" not in str(caught.value)
    return caught.value


@pytest.mark.parametrize(
    ("format", "text", "reason"),
    [
        ("marian", "drink tea\n", "dump_fields"),
        ("marian", "drink tea ||| 0-0 1-1\n", "dump_hard"),
        ("marian", "tea ||| 1 x\n", "dump_number"),
        ("marian", "tea ||| 1,0 1\n", "dump_ragged"),
        ("marian", "tea ||| 1_0 1\n", "dump_number"),
        ("marian", "tea ||| \n", "dump_fields"),
        ("marian", "x ||| tea ||| 1 1 ||| F0= 1 ||| 1\n", "dump_number"),
        ("marian", "tea ||| " + "1" * 50 + "\n", "dump_number"),
        ("marian", "tea ||| " + "1," * 1000 + "1\n", "dump_long"),
        ("marian", "tea ||| " + "1 " * 1001 + "\n", "dump_long"),
        ("fairseq", "S-0\ta\nA-0\t1.0\n", "dump_fields"),
        ("fairseq", "S-0\ta\nH-0\t1\tb\nA-0\t0-0\n", "dump_hard"),
        ("fairseq", "H-0\t1\tb\nP-0\tx\n", "dump_number"),
        ("nematus", "0 ||| tea ||| 0 ||| 茶\n1 1\n", "dump_fields"),
        ("nematus", "0 ||| tea ||| 0 ||| 茶 ||| 2 2\n1 0\n", "dump_ragged"),
        ("nematus", "0 ||| tea ||| 0 ||| 茶 ||| 2 99999\n1 0\n", "dump_long"),
        ("nematus", '[["tea", "茶"]]', "dump_fields"),
        ("nematus", '[["tea", "茶", "1", 0, 0]]', "dump_end"),
        ("nematus", '[["tea", "茶", "1"], ["tea", "</s>", "0"], ["</s>", "茶", "1"]]', "dump_ragged"),
        ("nematus", '[["tea", "茶", true], ["tea", "</s>", "0"]]', "dump_number"),
        ("nematus", '[["tea", 5, "1"]]', "dump_words"),
        ("nematus", '{"nodes": []}', "dump_fields"),
        ("nematus", '{"nodes": [], "links": [{"source": "a", "target": "b", "value": "1"}]}', "dump_ragged"),
        ("nematus", '[["\\ud800", "</s>", "1"]]', "reason_surrogate"),
        ("nematus", "[" * 100_000, "reason_deep"),
        ("nematus", "[1", "reason_json"),
        ("ctranslate2", "[1]", "dump_fields"),
        ("ctranslate2", '[{"hypotheses": "tea"}]', "dump_fields"),
        ("ctranslate2", '[{"hypotheses": [["tea"]], "attention": []}]', "dump_no_attention"),
        ("ctranslate2", '[{"hypotheses": [["tea"]], "attention": [5]}]', "dump_fields"),
        ("ctranslate2", '[{"hypotheses": [["tea"]], "attention": [[["1"]]]}]', "dump_number"),
        ("ctranslate2", '[{"hypotheses": [5], "attention": [[[1]]]}]', "dump_words"),
        ("ctranslate2", "9" * 5000, "reason_digits"),
    ],
)
def test_a_broken_line_is_named_with_what_is_wrong(tmp_path: Path, format: str, text: str, reason: str) -> None:
    file = tmp_path / "broken"
    file.write_text(text, encoding="utf-8")
    error = refused(file, format, source=[["茶"]] * 2)
    assert error.key == "error.dump_line" and isinstance(why := error.values["reason"], UserError)
    assert why.key == f"error.{reason}"


@pytest.mark.parametrize(
    ("format", "text", "key"),
    [
        ("marian", "", "dump_empty"),
        ("fairseq", "S-0\ta\nH-0\t-1\tb\n", "dump_empty"),
        ("nematus", "\n\n", "dump_empty"),
        ("ctranslate2", "[]", "dump_empty"),
        ("marian", "tea ||| 1,0 nan,1\n", "dump_sentence"),
        ("marian", "tea ||| 0.5,0 0,1\n", "dump_sentence"),
        ("marian", "tea ||| -1,2 0,1\n", "dump_sentence"),
        ("marian", "tea ||| 1,0,0 0,1,0\n", "dump_tokens"),
        ("marian", "tea ||| 1,0 0,1\ntea ||| 1,0 0,1\n", "dump_count"),
    ],
)
def test_a_file_that_cannot_be_shown(tmp_path: Path, format: str, text: str, key: str) -> None:
    file = tmp_path / "broken"
    file.write_text(text, encoding="utf-8")
    assert refused(file, format, source=["茶"]).key == f"error.{key}"


def test_arguments_that_do_not_fit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "output"
    file.write_text("tea ||| 1,0 0,1\n", encoding="utf-8")
    assert refused(file, "moses").key == "error.setting_choice"
    assert refused(file, "marian").key == "error.dump_source"
    assert refused(file, "marian", source=5).key == "error.dump_side"
    assert refused(file, "marian", source=[[5]]).key == "error.dump_side"
    assert refused(file, "marian", source=["茶"], target=["tea", "tea"]).key == "error.dump_count"
    assert refused(["tea"], "marian").key == "error.dump_path"
    assert refused(5, "ctranslate2").key == "error.dump_line"
    assert refused(tmp_path / "none", "marian").key == "error.file_missing"
    assert refused(tmp_path, "marian").key == "error.file_missing"
    (tmp_path / "latin").write_bytes(b"caf\xe9 ||| 1 1")
    assert refused(tmp_path / "latin", "marian").key == "error.dump_encoding"
    monkeypatch.setattr(record, "SENTENCES", 1)
    monkeypatch.setattr("s2s.dumps.read.SENTENCES", 1)
    file.write_text("tea ||| 1,0 0,1\n" * 2, encoding="utf-8")
    assert refused(file, "marian", source=["茶"] * 2).key == "error.dump_line"
    monkeypatch.setattr("s2s.dumps.read.MEGABYTES", 0)
    assert refused(file, "marian").key == "error.file_too_large"


@pytest.mark.parametrize("format", READERS)
@SHARED
@given(data=st.data())
def test_any_file_is_read_or_refused_in_a_sentence(tmp_path: Path, format: str, data: st.DataObject) -> None:
    """Whole files with a piece cut out, doubled or replaced, and texts that are none."""
    made = [data.draw(sentences())]
    texts = {
        "marian": [marian(made), marian(made, True, True)],
        "fairseq": [fairseq(made)],
        "nematus": [nematus(made), nematus_json(made), nematus_nodes(made)],
        "ctranslate2": [json.dumps(results(made, True))],
    }
    text = data.draw(st.sampled_from(texts[format]) | st.text(max_size=60))
    first, last = sorted(data.draw(st.tuples(st.integers(0, len(text)), st.integers(0, len(text)))))
    put = data.draw(st.sampled_from(["", " ||| ", "\n", ",", "[", "nan", "9" * 5000, text[first:last] * 2]))
    file = tmp_path / "file"
    with file.open("w", encoding="utf-8", errors="replace", newline="") as opened:
        opened.write(text[:first] + put + text[last:])
    try:
        traces = s2s.read_attention(file, format, source=[made[0].source])
    except UserError as error:
        assert error.say("zh") != str(error)
        return
    for trace in traces:
        np.testing.assert_allclose(trace.attention_TS.sum(axis=1), 1, atol=1e-4)
