"""The command: what it examines, what it writes, what it refuses."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest

from s2s.doctor import CAUSES, Cure, Diagnosis, Finding
from s2s.doctor.report.page import render
from s2s.errors import LANGUAGES, sentences
from tests.commands.test_commands import inside
from tests.paths import ROOT


def test_a_checkpoint_is_healthy_on_the_terminal_and_in_json(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    status, out, err = inside(capsys, "doctor", "date")
    assert (status, err) == (0, "") and "Healthy" in out and "6 sentences" in out
    data = tmp_path / "pairs.tsv"
    data.write_text("2025年3月9日\t2025-03-09\n2025年3月8日\t2025-03-08\n", encoding="utf-8")
    status, out, err = inside(capsys, "doctor", "date", "--data", data, "--train", data, "--json", "-")
    values = json.loads(out)
    assert (status, err, values["schema"], values["healthy"]) == (0, "", "lookback-doctor/1", True)
    assert values["about"]["sentences"] == 2 and "loss_on_training" in values["measures"]


def test_a_matrix_is_examined_with_its_tokens(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    weights_TS = np.tile([0.05, 0.05, 0.05, 0.85], (3, 1)) + np.eye(3, 4) * 0.0
    path = tmp_path / "m.npz"
    np.savez(path, weights=weights_TS, source=["a", "b", "c", "<pad>"], target=["x", "y", "z"])
    status, out, err = inside(capsys, "doctor", path, "--json", "-")
    values = json.loads(out)
    assert (status, err, values["findings"][0]["name"]) == (0, "", "padding_mass")
    status, out, err = inside(capsys, "doctor", path)
    assert status == 0 and "Weight on padding (padding_mass, strength 0.97)" in out and "Mask the scores" in out


def test_a_trace_is_examined_even_if_its_rows_are_no_distributions(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    path = tmp_path / "trace.json"
    assert inside(capsys, "trace", "date", "2025年3月9日", "--json", path)[0] == 0
    status, out, _ = inside(capsys, "doctor", path)
    assert status == 0 and "No test of these weights found anything strong" in out and "Trace of date: 11 steps" in out
    values = json.loads(path.read_text(encoding="utf-8"))
    for step in values["steps"]:
        step["attention"] = [2 * weight for weight in step["attention"]]
    path.write_text(json.dumps(values), encoding="utf-8")
    status, out, _ = inside(capsys, "doctor", path)
    assert status == 0 and "not_normalised" in out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nowhere"], "There is no checkpoint nowhere"),
        (["nowhere.json"], "Cannot read nowhere.json"),
        (["date", "--data", "nowhere.tsv"], "nowhere.tsv"),
        (["bad.json"], "bad.json is no run"),
        (["bad.npz"], "bad.npz is no trace"),
        (["two.npz"], "two.npz is no trace"),
        (["pickled.npz"], "pickled.npz is no trace"),
        (["two.npz", "--data", "x.tsv"], "--data is for a checkpoint"),
        (["date", "--json", "-", "--html", "-"], "--html -"),
    ],
)
def test_a_mistake_is_one_line(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("bad.json").write_text('{"schema": 1}', encoding="utf-8")
    Path("bad.npz").write_bytes(b"PK\x03\x04 no more")
    np.savez("two.npz", a=np.eye(2), b=np.eye(2))
    np.savez("pickled.npz", weights=np.array([{"a": 1}], dtype=object))
    status, out, err = inside(capsys, "doctor", *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert said in err


class _Page(HTMLParser):
    """Whether tags are closed in their order, and what is fetched."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.fetched: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [f"{tag} {name}" for name, _ in attrs if name in ("src", "href", "srcset")]
        if tag not in ("meta", "link", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_is_one_file_in_its_language_and_escapes_names(language: str) -> None:
    cure = Cure("turn_source", True, {"log_prob": -2.5}, {"log_prob": -0.05})
    findings = [Finding("reversed_source", 0.97, {"gain": 2.45}, cure=cure), Finding("last_token", 0.4)]
    about = {"kind": "trace", "name": "<script>x</script>", "steps": 1, "source": 2}
    html = render(Diagnosis.of(findings, {"gain": 2.45}, about), language)
    page = _Page()
    page.feed(html)
    assert page.open == [] and page.fetched == [] and "<script" not in html and "url(" not in html
    said = sentences(language)
    for key in ("name.reversed_source", "cause.reversed_source", "remarks", "name.last_token", "measures"):
        assert said[f"doctor.{key}"] in html.replace("&lt;", "<").replace("&gt;", ">").replace("&#x27;", "'")
    assert "−2.5 → −0.05" in html and f'lang="{"zh-CN" if language == "zh" else "en"}"' in html


def test_every_cause_and_cure_has_its_sentences() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "s2s" / "doctor").rglob("*.py"))
    cures = set(re.findall(r'(?:Cure|cured|_scaled)\((?:exam, )?"(\w+)"', code)) | {"mask_place", "sum_states"}
    for language in LANGUAGES:
        said = sentences(language)
        assert {f"doctor.name.{name}" for name in CAUSES} == {key for key in said if key.startswith("doctor.name.")}
        named = set(re.findall(r'"(doctor\.cause\.\w+)"', code))
        assert {f"doctor.cause.{name}" for name in CAUSES} | named == {k for k in said if k.startswith("doctor.cause.")}
        assert {f"doctor.cure.{name}" for name in cures} <= set(said)
