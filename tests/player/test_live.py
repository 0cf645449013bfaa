"""A model as one file: what stands in it, that it loads nothing, that texts of strangers are text, what is refused."""

from __future__ import annotations

import base64
import gzip
import json
import re
from hashlib import sha256
from pathlib import Path

import pytest

from s2s.checkpoint.open import load
from s2s.errors import LANGUAGES, UserError, say, sentences
from s2s.player import live, page
from s2s.player.live import LiveModel, render_live
from tests.factory import make_checkpoint
from tests.paths import SHIPPED
from tests.player.test_page import HOSTILE, Elements, run

LARGEST = {  # MB
    **{"date": 1, "date-hard": 1, "classical-modern": 7},
    **{"zh-en-luong": 27, "zh-en-bahdanau": 27, "zh-en-guided": 27},
}


@pytest.fixture(scope="module")
def date() -> str:
    return render_live(LiveModel.of(SHIPPED / "date"), "en")


def test_the_file_holds_the_model_as_it_is_stored(date: str) -> None:
    found = Elements(date)
    (weights,) = found.texts("script", id="lookback-weights")
    assert gzip.decompress(base64.b64decode(weights)) == (SHIPPED / "date" / "model.safetensors").read_bytes()
    (values,) = found.texts("script", id="lookback-page")
    checkpoint, held = load(SHIPPED / "date"), json.loads(values)["checkpoint"]
    assert held["digest"] == checkpoint.digest
    assert held["vocab"]["target"]["tokens"] == list(checkpoint.target.vocab.tokens)
    assert page.read_lanes(date)["free"].text == "2026-11-22"  # as any exported page, it can be read back


def test_only_its_own_script_runs_and_nothing_is_fetched(date: str) -> None:
    found = Elements(date)
    ((policy,),) = [
        [own["content"]] for tag, own, _ in found.found if own.get("http-equiv") == "Content-Security-Policy"
    ]
    (script,) = (text for tag, own, text in found.found if tag == "script" and "type" not in own)
    digest = base64.b64encode(sha256("".join(script).encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}' 'wasm-unsafe-eval'; worker-src blob:;" in str(policy)
    assert str(policy).startswith("default-src 'none'") and "connect-src" not in str(policy)
    loaded = [own for _, own, _ in found.found if {"src", "href", "srcset"} & own.keys()]
    assert loaded == [{"rel": "icon", "href": "data:,"}]


def test_every_mistake_of_its_scripts_has_a_sentence_in_both_languages(date: str) -> None:
    (values,) = Elements(date).texts("script", id="lookback-page")
    (worker,) = Elements(date).texts("script", id="lookback-worker")
    raised = set(re.findall(r'new UserError\("(\w+)"', gzip.decompress(base64.b64decode(worker)).decode())) | {
        "browser_fault",
        "text_no_words",
    }
    for language in LANGUAGES:
        known = json.loads(values)["texts"][language]["error"]
        assert raised <= known.keys() and known.items() <= {
            (key.removeprefix("error."), text) for key, text in sentences(language).items()
        }


@pytest.mark.parametrize("name", LARGEST)
def test_no_file_is_larger_than_promised(name: str) -> None:
    size = len(render_live(LiveModel.of(SHIPPED / name), "zh").encode())
    assert size <= LARGEST[name] * 1_000_000


@pytest.mark.parametrize("text", HOSTILE)
def test_a_strangers_card_and_sentence_are_text(tmp_path: Path, text: str) -> None:
    directory = make_checkpoint(tmp_path / "mine")
    (directory / "README.md").write_text(text * 10_000, encoding="utf-8", errors="replace")
    found = Elements(render_live(LiveModel.of(directory, ("我喜欢苹果。" + text[:100], "")), "en"))
    (readme,) = found.texts("pre")
    assert readme.startswith(text[:10].encode("utf-8", "replace").decode()) and len(readme) <= 20_000
    assert [own for tag, own, _ in found.found if tag == "script" and "type" not in own] == [{}]
    assert not [tag for tag, *_ in found.found if tag == "img"]


def test_the_command_writes_a_page_and_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "date.html"
    assert run(capsys, "--model", "date", "--html", file, "--lang", "zh") == (0, "", f"Wrote {file}.\n")
    assert '<html lang="zh">' in file.read_text(encoding="utf-8")
    assert run(capsys, "--html", file)[1:] == ("", f"python -m s2s: {say('error.export_what', 'en')}\n")
    assert (
        run(capsys, file, "--model", "date", "--html", file)[2] == f"python -m s2s: {say('error.export_what', 'en')}\n"
    )
    for wrong in (["--reference", "2026-01-01"], ["--text", " "]):
        said = run(capsys, "--model", "date", *wrong, "--html", file)[2]
        assert said == f"python -m s2s: {say('error.export_text', 'en')}\n"
    mine = make_checkpoint(tmp_path / "mine")
    monkeypatch.setattr(live, "examples", lambda *names: [])
    with pytest.raises(UserError, match="no example"):
        LiveModel.of(mine)
    assert run(capsys, "--model", mine, "--text", "我喜欢苹果。", "--html", tmp_path / "mine.html")[0] == 0
