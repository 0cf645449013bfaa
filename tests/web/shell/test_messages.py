"""What one browser can send: nothing that acts on other visitors or on the server, whatever program it is."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from s2s.web.shell import messages
from tests.web.shell.test_asgi import page, rerun, served

KINDS = [field.name for field in BackMsg.DESCRIPTOR.oneofs_by_name["type"].fields]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Host and port of a server that has served one page."""
    folder = tmp_path_factory.mktemp("server")
    with served(folder) as host:
        with page(host) as visit:
            visit.send(rerun("text=我"))
            session(visit)
        yield host
    assert "Traceback" not in (folder / "log").read_text()


def session(visit: ClientConnection) -> str:
    """The session's identifier, when its page is drawn and the script has ended."""
    name, drawn = "", False
    while True:
        message = ForwardMsg.FromString(visit.recv(60))  # type: ignore[arg-type]
        kind = message.WhichOneof("type")
        name = message.new_session.initialize.session_id if kind == "new_session" else name
        drawn = drawn or kind == "script_finished"
        if drawn and kind == "session_status_changed" and not message.session_status_changed.script_is_running:
            return name


def sent(visit: ClientConnection, message: BackMsg) -> list[ForwardMsg]:
    """What the server answers before the heartbeat that follows the message."""
    visit.send(message.SerializeToString())
    visit.send(BackMsg(app_heartbeat=True).SerializeToString())
    found: list[ForwardMsg] = []
    while not (found and found[-1].WhichOneof("type") == "heartbeat_ack"):
        found.append(ForwardMsg.FromString(visit.recv(60)))  # type: ignore[arg-type]
    return found[:-1]


def of(kind: str) -> BackMsg:
    message = BackMsg()
    field = message.DESCRIPTOR.fields_by_name[kind]
    if field.message_type:
        getattr(message, kind).SetInParent()
    else:
        setattr(message, kind, True)
    return message


def test_every_kind_of_message_is_sorted() -> None:
    """A new Streamlit's new kinds are dropped until somebody has read what they do."""
    dropped = {
        "clear_cache",
        "set_run_on_save",
        "load_git_info",
        "debug_disconnect_websocket",
        "debug_shutdown_runtime",
    }
    assert set(KINDS) == dropped | set(messages.TYPES)
    assert {kind for kind in KINDS if not messages.serves(of(kind))} == dropped | {
        "backend_operation_request"  # without a payload
    }


def test_what_no_visit_needs_has_no_effect(server: str) -> None:
    with page(server) as visit:
        visit.send(rerun("text=我"))
        own = session(visit)
        message = BackMsg()
        message.backend_operation_request.request_id = "1"
        message.backend_operation_request.session_id = own
        message.backend_operation_request.install_skills.SetInParent()
        assert sent(visit, message) == []
        for kind in sorted(set(KINDS) - set(messages.TYPES)):
            assert sent(visit, of(kind)) == [], kind


def test_a_request_for_a_million_addresses_does_not_stop_the_server(server: str) -> None:
    with page(server) as visit:
        visit.send(rerun(""))
        session(visit)
        few, many = BackMsg(), BackMsg()
        few.file_urls_request.file_names.extend(["a"] * messages.MOST_NAMES)
        many.file_urls_request.file_names.extend([""] * 900_000)
        assert sent(visit, many) == []
        [answer] = sent(visit, few)
        assert len(answer.file_urls_response.file_urls) == messages.MOST_NAMES


@pytest.mark.parametrize(("data", "code"), [("text", messages.NOT_BYTES), (b"\xff\xff", messages.NOT_READABLE)])
def test_what_is_no_message_ends_the_connection_without_a_traceback_in_the_log(
    server: str, data: str | bytes, code: int
) -> None:
    with page(server) as visit:
        visit.send(data)
        with pytest.raises(ConnectionClosed) as closed:
            visit.recv(60)
        assert closed.value.rcvd is not None and closed.value.rcvd.code == code


def test_a_made_up_part_of_a_page_neither_runs_nor_stands_in_the_log(server: str) -> None:
    with page(server) as visit:
        visit.send(rerun("text=我"))
        session(visit)
        message = BackMsg()
        message.rerun_script.fragment_id = "a sentence of mine"
        assert not sent(visit, message)
        assert not messages.serves(message)
        message.rerun_script.fragment_id = "0123456789abcdef" * 2
        assert messages.serves(message)
