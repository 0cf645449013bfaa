"""The server of ``lookback serve``: where it listens, which hosts it answers, whom it asks."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from benchmarks.server import free_port, healthy
from s2s import settings
from s2s.web.shell import asgi, messages, models, style
from tests.paths import ROOT
from tests.wait import until


@contextmanager
def served(folder: Path, *options: str, path: str = "", **environment: str) -> Iterator[str]:
    """Host and port of a server that ``lookback serve`` starts; its pages are below ``path``, its log is ``log``."""
    port = free_port()
    command = [sys.executable, "-m", "s2s", "serve", "--port", str(port), *options]
    own = os.environ | {"LOOKBACK_DATABASE": f"sqlite:///{folder}/lookback.sqlite"} | environment
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=own, stdout=subprocess.DEVNULL, stderr=log)
    try:
        until(lambda: healthy(f"http://localhost:{port}{path}"), every=0.1)
        yield f"localhost:{port}"
    finally:
        process.terminate()
        process.wait(60)


def page(host: str) -> ClientConnection:
    """A websocket to the app."""
    return connect(f"ws://{host}/_stcore/stream", subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]


def rerun(query: str) -> bytes:
    """The message of a browser that opens the page with this link."""
    message = BackMsg()
    message.rerun_script.query_string = query
    return bytes(message.SerializeToString())


def opens(host: str, path: str = "", **headers: str) -> bool:
    """Whether a websocket is accepted."""
    try:
        with connect(f"ws://{host}{path}/_stcore/stream", additional_headers=headers, subprotocols=["streamlit"]):  # type: ignore[list-item]
            return True
    except InvalidStatus:
        return False


def test_a_server_of_ones_own_answers_only_this_computer_and_asks_nobody(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        proxy = f"http://127.0.0.1:{outside.getsockname()[1]}"
        names = {name: proxy for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY")}
        with served(tmp_path, **names) as host:
            assert opens(host) and opens(host, Origin=f"http://{host}")
            assert not opens(host, Origin="http://elsewhere.example")
            assert not opens("127.0.0.1:" + host.split(":")[1], Host="rebound.example")
            port = int(host.split(":")[1])
            addresses = {info[4][0] for info in socket.getaddrinfo(socket.gethostname(), port, socket.AF_INET)}
            for address in addresses - {"127.0.0.1", "127.0.1.1"}:
                with pytest.raises(ConnectionRefusedError):
                    socket.create_connection((address, port), 5)
        outside.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody came
            outside.accept()


def test_a_message_that_is_too_large_ends_the_connection_and_no_other(tmp_path: Path) -> None:
    with served(tmp_path, "--set", "message_mb=1") as host, page(host) as small, page(host) as large:
        large.send(rerun("text=" + "x" * 1_100_000))
        with pytest.raises(ConnectionClosedError) as closed:
            while True:
                large.recv(60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == messages.TOO_BIG
        small.send(rerun("text=" + "x" * 900_000))
        until(lambda: ForwardMsg.FromString(small.recv(60)).WhichOneof("type") == "script_finished")  # type: ignore[arg-type]


def test_a_class_is_served_below_a_path_under_any_host(tmp_path: Path) -> None:
    with served(tmp_path, "--profile", "class", "--base-path", "lookback/", path="/lookback") as host:
        assert opens(host, "/lookback") and not opens(host)


def test_the_server_lets_through_the_largest_upload_of_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"CHECKPOINT_MB": "7", "TEST_FILE_MB": "9", "HOSTS": "a.example, b"}
    chosen = settings.read({f"LOOKBACK_{name}": value for name, value in names.items()})
    monkeypatch.setattr(settings, "current", lambda: chosen)
    assert asgi.options()["server.maxUploadSize"] == 9
    assert asgi.options()["server.allowedHosts"] == ["a.example", "b"]


def test_every_page_comes_with_the_style_in_its_document(tmp_path: Path) -> None:
    asked = {"Accept": "text/html,*/*;q=0.8", "Accept-Encoding": "gzip, br"}  # as browsers ask
    with served(tmp_path) as host:
        for path in ("", "lesson", "classroom?lang=en", "models"):
            with urllib.request.urlopen(urllib.request.Request(f"http://{host}/{path}", headers=asked)) as answer:
                assert style.sheet() in answer.read().decode(), path
                assert not {"ETag", "Last-Modified"} & set(answer.headers), "a browser would keep an old style"


def policies(host: str) -> list[str]:
    """The policies that the server sends with its page."""
    with urllib.request.urlopen(f"http://{host}/") as answer:
        return [value for name, value in answer.headers.items() if name.lower() == "content-security-policy"]


def test_only_pages_of_its_own_and_those_named_may_frame_the_app(tmp_path: Path) -> None:
    with served(tmp_path) as host:
        assert policies(host) == ["frame-ancestors 'self'"]
    with served(tmp_path, "--set", "frames=https://moodle.school.example, http://a.example:8080") as host:
        assert policies(host) == ["frame-ancestors 'self' https://moodle.school.example http://a.example:8080"]


def test_the_first_model_is_loaded_before_anybody_comes(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "FIRST", "tiny-additive")
    models._loaded.clear()
    asgi.warm_up()
    monkeypatch.setattr("s2s.checkpoint.open.load", lambda directory: pytest.fail("it was loaded twice"))
    assert models.load("tiny-additive", models.changed("tiny-additive")).model is not None


@pytest.mark.parametrize("fault", ["missing", "damaged"])
def test_a_server_starts_without_the_first_model(root: Path, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    monkeypatch.setattr(models, "FIRST", "absent" if fault == "missing" else "damaged")
    if fault == "damaged":
        (root / "damaged").mkdir()
        (root / "damaged" / "config.json").write_text("{")
        assert "damaged" in models.shared_names()
    asgi.warm_up()
