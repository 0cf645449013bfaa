"""What browsers fetch to answer forks and edits themselves: shared checkpoints alone, final under their digests."""

from __future__ import annotations

import gzip
import http.client
import json
from dataclasses import replace
from pathlib import Path

import pytest

from s2s.checkpoint.native import SCHEMA
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.server import uploads
from s2s.web.shell import browser_model, models
from s2s.web.shell.page_state import PageState
from tests.factory import make_checkpoint
from tests.setting import Setting
from tests.web.shell.test_asgi import served


def asked(host: str, path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    connection = http.client.HTTPConnection(host)
    connection.request(method, path, headers=headers)
    answer = connection.getresponse()
    found = answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    connection.close()
    return found


def test_a_shared_checkpoint_and_the_code_are_files_below_the_servers_path(tmp_path: Path) -> None:
    directory = make_checkpoint(tmp_path / "shared", "additive")
    (tmp_path / "secret.txt").write_text("secret")
    known, code = load(directory), browser_model.code_digest()
    with served(tmp_path, path="/up", LOOKBACK_BASE_PATH="up", LOOKBACK_CHECKPOINTS=str(tmp_path / "shared")) as host:
        start = f"/up/browser-model/checkpoint/{known.name}"
        status, headers, body = asked(host, f"{start}/{known.digest}/weights", **{"Accept-Encoding": "gzip"})
        assert status == 200 and body == (directory / "model.safetensors").read_bytes()
        assert headers["cache-control"] == "public, max-age=31536000, immutable"
        assert headers["content-encoding"] == "identity"  # nothing is compressed anew for each visitor
        assert asked(host, f"{start}/{known.digest}/weights", "HEAD")[::2] == (200, b"")
        status, _, body = asked(host, f"{start}/{known.digest}/checkpoint.json")
        described = json.loads(body)
        assert status == 200 and described["digest"] == known.digest and described["config"]["schema"] == SCHEMA
        assert described["vocab"]["target"]["tokens"] == list(known.target.vocab.tokens)
        for part, type in (("worker.js", "text/javascript"), ("texts.json", "application/json")):
            path = f"/up/browser-model/code/{code}/{part}"
            status, headers, body = asked(host, path, **{"Accept-Encoding": "gzip"})
            assert status == 200 and headers["content-encoding"] == "gzip" and headers["vary"] == "Accept-Encoding"
            assert headers["content-type"].startswith(type) and "immutable" in headers["cache-control"]
            assert gzip.decompress(body) == asked(host, path)[2]
        for path in (
            f"{start}/{'0' * 12}/weights",  # another checkpoint of that name
            f"{start}/{known.digest}/config.json",
            f"/up/browser-model/checkpoint/none/{known.digest}/weights",
            f"/up/browser-model/checkpoint/..%2f/{known.digest}/weights",
            f"{start}/{known.digest}/..%2f..%2f..%2fsecret.txt",
            f"/up/browser-model/code/{'0' * 16}/worker.js",
            f"/up/browser-model/code/{code}/session.js",
        ):
            status, headers, body = asked(host, path)
            assert status in (400, 404) and b"secret" not in body and "cache-control" not in headers, path
        assert asked(host, f"{start}/{known.digest}/weights", "POST")[0] == 405


def test_a_model_is_offered_that_is_shared_recurrent_and_small(
    root: Path, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = models.load("tiny-general", models.changed("tiny-general"))
    state = PageState(model="tiny-general", text="我喝茶。", ref="I drink tea.", tokens="我 喝 茶 。", beam=3)
    lanes = {"forced": trace(known, state.source, state.ref, "forced"), "free": trace(known, state.source)}
    monkeypatch.setattr(browser_model.SERVED, "here", False)
    assert browser_model.offer(known, lanes, state) is None  # streamlit run has no such routes
    monkeypatch.setattr(browser_model.SERVED, "here", True)
    offered = browser_model.offer(known, lanes, state)
    assert offered is not None
    assert offered["model"] == f"browser-model/checkpoint/tiny-general/{known.digest}"
    sentence = offered["sentence"]
    assert (sentence["source"], sentence["reference"]) == (["我", "喝", "茶", "。"], state.ref)
    assert sentence["settings"] == dict(state.settings) and sentence["mode"] == "both" and json.dumps(sentence)
    setting(browser_model_mb=0)
    assert browser_model.offer(known, lanes, state) is None


def test_what_a_visitor_uploaded_is_offered_to_nobody(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(browser_model.SERVED, "here", True)
    own = make_checkpoint(tmp_path_factory.mktemp("own"), "general")
    monkeypatch.setattr(uploads, "checkpoint_directory", lambda name: own if name == "upload-1" else None)
    known = replace(load(own), name="upload-1")
    lanes = {"free": trace(known, "我喝茶。")}
    assert browser_model.offer(known, lanes, PageState(model="upload-1", text="我喝茶。")) is None
