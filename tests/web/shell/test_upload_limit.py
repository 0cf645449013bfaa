"""Files that a visit sends are bounded in number and size, also those that no field has and those still under way."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection

from s2s.errors import LANGUAGES, say
from tests.web.shell.test_asgi import page, rerun, served


def session(socket: ClientConnection) -> str:
    """The id of a visit that opens a page."""
    socket.send(rerun(""))
    while True:
        message = ForwardMsg.FromString(socket.recv(60))  # type: ignore[arg-type]
        if message.WhichOneof("type") == "new_session":
            return str(message.new_session.initialize.session_id)


def sender(host: str, visit: str, address: str = "192.0.2.1") -> Callable[[str, int], int]:
    """A function that sends so many kilobytes as a file of the visit, and returns the status; its texts are checked."""
    with urllib.request.urlopen(f"http://{host}/_stcore/health") as answer:
        cookies = [value.partition(";")[0] for value in answer.headers.get_all("Set-Cookie", [])]
    secret = next((cookie.partition("=")[2] for cookie in cookies if "xsrf" in cookie), "")

    def send(file: str, kilobytes: int) -> int:
        head = b'--x\r\nContent-Disposition: form-data; name="f"; filename="a.tsv"\r\n\r\n'
        request = urllib.request.Request(
            f"http://{host}/_stcore/upload_file/{visit}/{file}",
            head + bytes(kilobytes * 1024) + b"\r\n--x--\r\n",
            {
                "Content-Type": "multipart/form-data; boundary=x",
                "Cookie": "; ".join(cookies),
                "X-Xsrftoken": secret,
                "X-Forwarded-For": address,
            },
            method="PUT",
        )
        try:
            with urllib.request.urlopen(request) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            texts = [say(f"own.upload_{error.code}", language) for language in LANGUAGES]
            assert error.read().decode().splitlines() == texts
            return error.code
        except urllib.error.URLError as error:
            if not isinstance(error.reason, (BrokenPipeError, ConnectionResetError)):
                raise
            return 413  # the answer came, and the end of the connection, before the whole file was sent

    return send


def test_a_visit_sends_no_more_files_than_the_server_keeps(tmp_path: Path) -> None:
    limits = ("--set", "session_files=3", "--set", "session_files_mb=2")
    with served(tmp_path, *limits) as host, page(host) as one, page(host) as other:
        send = sender(host, session(one))
        with ThreadPoolExecutor(8) as threads:
            codes = list(threads.map(lambda n: send(f"file-{n}", 5), range(8)))
        assert sorted(codes) == [204] * 3 + [413] * 5
        send = sender(host, session(other))
        assert [send("a", 1500), send("b", 1700), send("c", 1000)] == [204, 413, 204]
        assert sender(host, "nobody")("a", 1) == 404


def test_the_visits_of_one_address_leave_memory_to_others(tmp_path: Path) -> None:
    limits = ("--set", "session_files_mb=2", "--set", "client_files_mb=3", "--set", "memory_files_mb=5")
    with served(tmp_path, *limits) as host, page(host) as one, page(host) as two, page(host) as other:
        first, second = sender(host, session(one)), sender(host, session(two))
        assert [first("a", 1500), second("b", 1700), second("c", 1000)] == [204, 413, 204]
        third = sender(host, session(other), "192.0.2.2")
        assert [third("d", 1700), third("e", 1000)] == [204, 413]
