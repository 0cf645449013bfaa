"""The built site as files: what is in it, what its page allows, what it says on the command line."""

from __future__ import annotations

import json
import re
import shutil
import time
from html.parser import HTMLParser
from pathlib import Path

import pytest

from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.errors import LANGUAGES, UserError, sentences
from s2s.lesson.formulas import FORMULAS, SCORES, STEPS
from s2s.site import content
from s2s.site.build import POLICY, build_site, refuse_strangers
from s2s.site.mathml import mathml
from tests.paths import SHIPPED
from tests.site.conftest import MODELS


class Elements(HTMLParser):
    """Every element's attributes, and the text of scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def embedded(built: Path) -> dict[str, object]:
    page = (built / "index.html").read_text(encoding="utf-8")
    found = re.search(r'id="lookback-site">(.*?)</script>', page)
    assert found is not None
    values: dict[str, object] = json.loads(found[1])
    return values


def test_the_page_has_a_strict_policy_and_no_code_of_its_own(built: Path) -> None:
    parser = Elements()
    parser.feed((built / "index.html").read_text(encoding="utf-8"))
    policies = [a["content"] for tag, a in parser.found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policies == [POLICY]
    assert "unsafe-inline" not in POLICY and "unsafe-eval" not in POLICY.replace("'wasm-unsafe-eval'", "")
    for tag, attributes in parser.found:
        assert tag != "style" and not any(name.startswith("on") or name == "style" for name in attributes)
        if tag == "script":
            assert "src" in attributes or attributes["type"] == "application/json"
        for name in ("src", "href"):  # everything lies beside the page
            value = attributes.get(name) or ""
            assert value.startswith("data:,") or not re.match(r"/|[a-z]+:", value), value


def test_scripts_name_no_other_host(built: Path) -> None:
    named = set[str]()
    for path in built.rglob("*.js"):
        named |= set(re.findall(r"https?://[\w.]+", path.read_text(encoding="utf-8")))
    assert named <= {"http://www.w3.org"}  # the name of SVG


def test_the_service_worker_lists_every_file(built: Path) -> None:
    code = (built / "sw.js").read_text(encoding="utf-8")
    listed = {path.partition("?")[0] for path in re.findall(r'"([\w./-]+(?:\?\w+)?)"', code)}
    files = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert files - {"sw.js"} <= listed
    rows = embedded(built)["models"]
    assert isinstance(rows, list) and rows[0]["name"] == "zh-en-luong"
    assert {row["name"] for row in rows} == set(MODELS)
    pairs = {row["name"]: row["pair"] for row in rows}
    assert pairs["zh-en-bahdanau"] == pairs["zh-en-luong"] == ["zh-en-bahdanau", "zh-en-luong"]
    assert pairs["zh-en-guided"] == ["zh-en-bahdanau", "zh-en-guided"]
    for row in rows:
        for file in row["files"]:
            assert f'"{file["url"]}"' in code
            assert (built / file["url"].partition("?")[0]).stat().st_size == file["bytes"]


def test_the_weights_are_those_of_the_checkpoint(built: Path) -> None:
    for name in MODELS:
        own = built / "models" / name
        assert (own / "model.safetensors").read_bytes() == (SHIPPED / name / "model.safetensors").read_bytes()
        assert load(own).digest == load(SHIPPED / name).digest


def test_every_text_is_there_in_both_languages(built: Path) -> None:
    files = [json.loads((built / f"texts/{language}.json").read_text(encoding="utf-8")) for language in LANGUAGES]
    assert files[0]["sentences"].keys() == files[1]["sentences"].keys()
    code = (built / "site.js").read_text(encoding="utf-8") + (built / "parts/live.js").read_text(encoding="utf-8")
    for key in content.RAISED.findall(code):
        assert f"error.{key}" in files[0]["sentences"], key
    for key in re.findall(r'(?:say|inline|paragraphs)\("([\w.]+)"', code):
        if f"{key}" in sentences("en"):
            assert key in files[0]["sentences"], key


def test_a_site_is_built_in_half_a_minute_and_replaced(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "site"
    began = time.monotonic()
    assert main(["site", "--out", str(out), "--models", str(SHIPPED / "date"), str(SHIPPED / "date-hard")]) == 0
    assert time.monotonic() - began < 30
    assert re.search(r"\d+ files, [\d.]+ MB, [\d.]+ MB without models", capsys.readouterr().out)
    first = (out / "sw.js").read_text(encoding="utf-8")
    assert main(["site", "--out", str(out), "--models", str(SHIPPED / "date")]) == 0
    assert not (out / "models" / "date-hard").exists() or not any((out / "models" / "date-hard").iterdir())
    assert (out / "sw.js").read_text(encoding="utf-8") != first
    assert not (out / "tools.json").exists()  # no model here cuts Chinese into words


def test_the_same_site_is_the_same_bytes(tmp_path: Path) -> None:
    models = {"date": SHIPPED / "date"}
    for name in ("a", "b"):
        build_site(tmp_path / name, models)
    for path in (tmp_path / "a").rglob("*"):
        if path.is_file():
            assert path.read_bytes() == (tmp_path / "b" / path.relative_to(tmp_path / "a")).read_bytes(), path


def test_what_cannot_be_built_is_said_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    assert main(["site", "--out", str(tmp_path), "--models", str(SHIPPED / "date")]) == 2
    assert main(["site", "--out", str(tmp_path / "new"), "--models", "nowhere"]) == 2
    broken = shutil.copytree(SHIPPED / "date", tmp_path / "broken")
    (broken / "vocab.json").write_text("{", encoding="utf-8")
    assert main(["site", "--out", str(tmp_path / "new"), "--models", str(broken)]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 3 and not any("Traceback" in line for line in lines)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["mine.txt"]
    with pytest.raises(UserError):
        build_site(tmp_path / "none", {})
    refuse_strangers(tmp_path / "missing")


def test_every_formula_of_the_chapters_becomes_mathml() -> None:
    for language in LANGUAGES:
        found = content.formulas(language)
        assert {"prior", "chain", "score_additive", "step_context"} <= set(found)
        assert all(text.startswith("<math") and "«" not in text and "\\" not in text for text in found.values())
    assert len(SCORES) + len(STEPS) < len(FORMULAS)
    with pytest.raises(ValueError):
        mathml(r"\unknown x")
