"""Addresses below a page's lead to the page, in the app's own server; nothing else that it serves is redirected."""

from __future__ import annotations

import http.client
from collections.abc import Iterator
from urllib.parse import urljoin

import pytest

from s2s.web.shell.deep_address import page_above
from tests.web.shell.test_asgi import served

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"  # as browsers ask for a page
PAGES = {
    "/lesson/2": "/lesson",
    "/lesson/2/": "/lesson",
    "/a/b": "/a",
    "/x/y/z": "/x",
    "/Models/zh-en/": "/Models",
    "/classroom/ABC234": "/classroom",
    "/lesson/index.html": "/lesson",
    "/课/二": "/%E8%AF%BE",
    "/http:/elsewhere.example": "/http%3A",
    "/a@elsewhere.example/b": "/a%40elsewhere.example",
    "/a?b/c": "/a%3Fb",
}
OTHERS = ("/", "/lesson", "/lesson/", "/static/js/a.js", "/_stcore/upload_file/a/b", "/lesson/_stcore/health")
OTHERS += ("/component/a/b.html", "/media/a.png/b", "/app/static/a", "/health/", "/ready/x", "//lesson/2", "/../a/b")


@pytest.mark.parametrize("base", ["", "up", "up/there"])
@pytest.mark.parametrize(("path", "page"), PAGES.items())
def test_an_address_below_a_page_belongs_to_it(path: str, page: str, base: str) -> None:
    before = f"/{base}" if base else ""
    asked = f"http://host.example{before}{path.replace('?', '%3F')}"
    assert urljoin(asked, page_above(before + path, base)) == f"http://host.example{before}{page}"


def test_an_empty_part_counts_as_browsers_count_it() -> None:
    assert page_above("/lesson//2") == page_above("/up/lesson/2/", "up") == "../../lesson"


@pytest.mark.parametrize("base", ["", "up"])
@pytest.mark.parametrize("path", OTHERS)
def test_nothing_else_is_redirected(path: str, base: str) -> None:
    assert page_above(f"/{base}{path}" if base else path, base) == ""
    assert page_above("/elsewhere/lesson/2", "up") == "", "not below the path"


def answers(host: str, path: str, accept: str = HTML, method: str = "GET") -> tuple[int, str]:
    """Status and ``Location`` of an answer."""
    connection = http.client.HTTPConnection(host, timeout=30)
    try:
        connection.request(method, path, headers={"Accept": accept})
        answer = connection.getresponse()
        return answer.status, answer.headers.get("Location", "")
    finally:
        connection.close()


@pytest.fixture(scope="module", params=["", "/up"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Host and port of a server, and the path below which it has its pages."""
    options = ("--base-path", request.param) if request.param else ()
    with served(tmp_path_factory.mktemp("server"), *options, path=request.param) as host:
        yield host, request.param


def test_the_server_sends_a_browser_to_the_page_with_what_the_link_asks(server: tuple[str, str]) -> None:
    host, base = server
    assert answers(host, f"{base}/lesson/2?lang=en&text=a%2Fb") == (307, "../lesson?lang=en&text=a%2Fb")
    assert answers(host, f"{base}/x/y/z") == (307, "../../x")
    for page in ("", "/lesson", "/x"):
        assert answers(host, base + (page or "/")) == (200, ""), page


def test_the_server_redirects_nothing_but_pages(server: tuple[str, str]) -> None:
    host, base = server
    assert answers(host, f"{base}/lesson/static/js/main.js", "*/*") == (200, ""), "a script, not a page"
    for path in ("/_stcore/health", "/static/none.js", "/lesson/_stcore/health", "/media/none", "/component/a/b"):
        status, where = answers(host, base + path)
        assert where == "" and status in (200, 404), path
    assert answers(host, f"{base}/lesson/2", method="POST")[1] == ""
    assert {answers(host, path)[0] for path in ("/health", "/ready")} <= {200, 503}
