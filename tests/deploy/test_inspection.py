"""An inspection and its labels when the replica that computes them is killed: what one visitor sees in a browser."""

from __future__ import annotations

import itertools
import json
import re
import signal
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlencode

import pyarrow.parquet as pq
import pytest
from playwright.sync_api import Browser, Page, expect

from benchmarks.deployment import COOKIE, Deployment
from s2s.checkpoint.examples import EXAMPLES
from s2s.errors import say
from s2s.server import folders, inspections
from s2s.server.inspections import InspectionRequest
from s2s.store.labels import read_labels
from tests.visitors import Visitors
from tests.wait import until

NUMBERS = itertools.count(1)  # of files
ROWS = 12_000
PATIENCE = 120_000  # milliseconds, on a busy machine
LOST = re.compile(
    "WebSocket|ERR_|50[0-9]|404|Download Button source|disconnected"
)  # Chromium, of a server that has gone


@pytest.fixture
def inspected(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The directory of a requested inspection of many pairs, in the home of the replicas."""
    home = Path(deployment.replicas[0].environment["LOOKBACK_HOME"])
    monkeypatch.setattr(folders, "DATA", home / "data")
    monkeypatch.setattr(folders, "INSPECTED", home / "inspected")
    (home / "data").mkdir(parents=True, exist_ok=True)
    file = f"many-{next(NUMBERS)}.tsv"
    lines = ["{}\t{}\n".format(*EXAMPLES["date"][0]) for _ in range(ROWS)]
    (home / "data" / file).write_text("".join(lines), encoding="utf-8")
    name = inspections.submit_request(InspectionRequest("date", file, file))
    return inspections.inspection_directory(name)


@pytest.fixture
def visitors(deployment: Deployment, browser: Browser) -> Iterator[Visitors]:
    """People who come through nginx; that a replica was killed may show on their consoles."""
    people = Visitors(browser, f"http://{deployment.address}")
    yield people
    people.problems = [problem for problem in people.problems if not LOST.search(problem)]
    people.leave()


def replica_of(page: Page) -> int:
    """The number of the replica, from 0, that a visitor's cookie names."""
    (number,) = (cookie["value"] for cookie in page.context.cookies() if cookie["name"] == COOKIE)
    return int(number) - 1


def kill(deployment: Deployment, page: Page) -> None:
    """Kill the replica of a visitor; the page connects again by itself, to the other."""
    number = replica_of(page)
    deployment.replicas[number].process.kill()
    deployment.replicas[number].process.wait()
    until(lambda: replica_of(page) != number)
    deployment.replicas[number].start()
    deployment.replicas[number].wait()


def test_an_inspection_and_its_labels_outlive_a_replica(
    deployment: Deployment, visitors: Visitors, inspected: Path
) -> None:
    link = {"lang": "en", "inspection": inspected.name, "row": "3", "person": "Ann"}
    page, other = (visitors.come(link, player=False, path="inspection") for _ in range(2))
    while replica_of(other) == replica_of(page):
        other = visitors.come(link, player=False, path="inspection")
    go_on = page.get_by_role("button", name=say("inspect.go_on", "en"))
    expect(go_on).to_be_visible(timeout=PATIENCE)  # each replica imports what its first page of this kind needs
    go_on.click()
    until(lambda: list((inspected / "parts").glob("*.parquet")))
    deployment.replicas[replica_of(page)].process.send_signal(signal.SIGSTOP)  # or it is done before the other looks
    expect(other.get_by_test_id("stProgress").get_by_text("running in another process")).to_be_visible(timeout=PATIENCE)
    expect(other.get_by_role("button", name=say("inspect.go_on", "en"))).to_have_count(0)
    assert not (inspected / "examples.parquet").exists()
    kill(deployment, page)
    expect(go_on).to_be_visible(timeout=PATIENCE)
    go_on.click()
    until(lambda: (inspected / "examples.parquet").exists())
    table = pq.read_table(inspected / "examples.parquet", columns=["id"])
    assert table["id"].to_pylist() == list(range(1, ROWS + 1))
    address = f"http://{deployment.address}/inspection?{urlencode(link)}"
    page.goto(address)
    page.wait_for_selector(".player")
    verdict = page.get_by_test_id("stButtonGroup").get_by_role("radio", name="wrong", exact=True)
    verdict.click()
    manifest = json.loads((inspected / "manifest.json").read_text(encoding="utf-8"))
    until(lambda: read_labels(manifest, deployment.replicas[0].environment["LOOKBACK_DATABASE"]))
    kill(deployment, page)
    page.goto(address)
    page.wait_for_selector(".player")
    expect(verdict).to_be_checked()
