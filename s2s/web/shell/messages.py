"""The messages of a browser that reach Streamlit: of bounded size, and none that acts on other visitors."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from streamlit.proto.BackMsg_pb2 import BackMsg

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

NOT_READABLE, NOT_BYTES, TOO_BIG = 1002, 1003, 1009  # close codes of a websocket
# What a visit needs. Among the others are clear_cache, which empties the caches of all visitors, load_git_info, which
# names the repository's changed files, and requests of a developer's browser.
TYPES = ("rerun_script", "stop_script", "app_heartbeat", "file_urls_request", "backend_operation_request")
OPERATIONS = ("deferred_file", "dataframe_chunk")  # content of a download or a table; others write on this computer
FRAGMENT = re.compile("[0-9a-f]{0,64}")  # the name of a part of a page that runs alone, as Streamlit makes it
MOST_NAMES = 100  # files of one request for addresses to upload to: a million of them stop the server for 12 s


def parse(data: bytes | None, most: int) -> BackMsg | int:
    """The message, or the code with which to close a connection that sends none, or more than ``most`` bytes."""
    if data is None:
        return NOT_BYTES
    if len(data) > most:
        return TOO_BIG
    message = BackMsg()
    try:
        message.ParseFromString(data)
    except Exception:  # DecodeError of protobuf, which Streamlit brings
        return NOT_READABLE
    return message


def serves(message: BackMsg) -> bool:
    """Whether Streamlit gets the message."""
    kind = message.WhichOneof("type")
    if kind == "rerun_script" and not FRAGMENT.fullmatch(message.rerun_script.fragment_id):
        return False
    if kind == "file_urls_request":
        return len(message.file_urls_request.file_names) <= MOST_NAMES
    if kind == "backend_operation_request":
        return message.backend_operation_request.WhichOneof("payload") in OPERATIONS
    return kind in TYPES


class MessageFilter:
    """ASGI middleware that drops messages of a websocket which Streamlit should not get.

    A websocket is closed if it sends what is no message, or more than ``most`` bytes at once: Streamlit would log the
    first with a traceback, and keep what the last message says, such as a field's text, as long as the session.
    """

    def __init__(self, app: ASGIApp, most: int) -> None:
        self.app, self.most = app, most

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""

        async def filtered() -> Message:
            while True:
                event = await receive()
                if event["type"] != "websocket.receive":
                    return event
                message = parse(event.get("bytes"), self.most)
                if isinstance(message, int):
                    await send({"type": "websocket.close", "code": message})
                    return {"type": "websocket.disconnect", "code": message}
                if serves(message):
                    return event

        await self.app(scope, filtered if scope["type"] == "websocket" else receive, send)
