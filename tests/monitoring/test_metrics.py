from __future__ import annotations

import socket
import urllib.request

import pytest
from prometheus_client.parser import text_string_to_metric_families

from benchmarks.server import free_port
from s2s.errors import UserError
from s2s.monitoring import metrics


def test_metrics_are_served_where_the_operator_says() -> None:
    port = free_port()
    server = metrics.serve(f"127.0.0.1:{port}")
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=10) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
    finally:
        server.shutdown()
        server.server_close()
    assert families["lookback_decode_seconds"].type == "histogram"
    assert families["process_resident_memory_bytes"].samples[0].value > 0


def test_a_port_in_use_is_a_sentence() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        with pytest.raises(UserError, match=f"The server cannot listen at {address}, the address in metrics_address"):
            metrics.serve(address)
