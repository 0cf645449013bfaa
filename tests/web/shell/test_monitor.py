"""What an operator sees of a running server: health, readiness, metrics, log lines."""

from __future__ import annotations

import json
import time
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
from prometheus_client.parser import text_string_to_metric_families
from streamlit import logger as streamlit_logger
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.server import free_port
from s2s.web.shell import monitor
from tests.store.frozen import frozen
from tests.wait import until
from tests.web.shell.test_asgi import page, rerun, served

TYPED = "我喜欢喝茶。"


def get(url: str) -> tuple[int, bytes]:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return answer.status, answer.read()
    except HTTPError as error:
        return error.code, error.read()


def visit(host: str, query: str) -> None:
    """Open a page and wait until it is drawn."""
    with page(host) as browser:
        browser.send(rerun(query))
        message = ForwardMsg()
        while message.WhichOneof("type") != "script_finished":
            message.ParseFromString(browser.recv(timeout=60))


def samples(address: str) -> dict[str, float]:
    """The sum of each metric over its labels."""
    found = dict[str, float]()
    text = get(f"http://{address}/metrics")[1].decode()
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            found[sample.name] = found.get(sample.name, 0) + sample.value
    assert TYPED not in text
    return found


def test_an_operator_sees_what_no_visitor_does(tmp_path: Path, postgres: str, postgres_database: str) -> None:
    address = f"127.0.0.1:{free_port()}"
    own = {"LOOKBACK_DATABASE": postgres_database, "LOOKBACK_INSPECTED": str(tmp_path / "inspected")}
    with served(tmp_path, "--set", "log_format=json", "--set", f"metrics_address={address}", **own) as host:
        until(lambda: get(f"http://{host}/ready")[0] == 200)
        visit(host, f"lang=en&text={TYPED}")
        assert samples(address)["lookback_decode_seconds_count"] == 1
        until(lambda: samples(address)["lookback_sessions"] == 0)
        for path in ("metrics", "_stcore/metrics"):
            assert (
                b"cache_" not in get(f"http://{host}/{path}")[1] and b"lookback_" not in get(f"http://{host}/{path}")[1]
            )
        with frozen(postgres):
            began = time.monotonic()
            status, answer = get(f"http://{host}/ready")
            assert time.monotonic() - began < 10
            assert (status, json.loads(answer)["database"], json.loads(answer)["folders"]) == (503, "failed", "ok")
            assert get(f"http://{host}/health") == (200, b'{"status":"ok"}')
        until(lambda: get(f"http://{host}/ready")[0] == 200)
    lines = [json.loads(line) for line in (tmp_path / "log").read_text(encoding="utf-8").splitlines()]
    assert TYPED not in str(lines) and "lookback@" not in str(lines)
    events = {line["event"]: line for line in lines}
    assert {"run", "not ready", "Application startup complete."} <= set(events)
    assert _without(events["run"], "time", "visitor", "seconds") == {
        "level": "INFO",
        "logger": "s2s.events",
        "event": "run",
        "model": "zh-en-luong",
        "mode": "free",
        "source_tokens": 4,
        "target_tokens": 5,
    }


def _without(line: dict[str, Any], *names: str) -> dict[str, Any]:
    assert all(line[name] for name in names)
    return {name: value for name, value in line.items() if name not in names}


def test_loggers_of_streamlit_pass_their_records_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streamlit_logger, "setup_formatter", monitor._pass_on)
    monkeypatch.setattr(streamlit_logger, "_loggers", {})
    logger = streamlit_logger.get_logger("s2s.tests.monitor")
    assert logger.propagate and not logger.handlers
