"""One visitor of the app without a browser: a websocket that speaks Streamlit's protocol as its page does."""

from __future__ import annotations

import asyncio
import contextlib
import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg


class Session:
    """A page of the server at ``address`` (host:port); ``data`` and ``texts`` hold what the server sent last.

    ``data`` is what a component of the page was given, ``fragment`` the part of the page that it stands in, ``given``
    the names of all that any component was given.
    """

    def __init__(self, query: str, page: str = "") -> None:
        self.query, self.page = query, page
        self.data: dict[str, Any] = {}
        self.texts: dict[str, str] = {}  # Markdown by its place on the page
        self.given = set[str]()
        self.component = self.fragment = ""
        self.received = 0  # bytes
        self.exceptions: list[str] = []  # messages of exceptions that a page shows
        self._changed = asyncio.Condition()
        self._finished = 0  # runs
        self._ended = False
        self._messages: dict[str, ForwardMsg] = {}

    async def open(self, address: str, cookie: str = "") -> None:
        """Connect and run the page once; ``cookie`` is the header of a proxy that chooses a replica by it.

        ConnectionError if the server refuses or ends the connection.
        """
        stream, headers = f"ws://{address}/_stcore/stream", {"Cookie": cookie} if cookie else {}
        try:
            self._socket = await websockets.connect(
                stream,
                additional_headers=headers,
                subprotocols=["streamlit"],  # type: ignore[list-item]
                max_size=None,
            )
        except websockets.InvalidHandshake as refused:
            raise ConnectionError("the server takes no connection") from refused
        self._reader = asyncio.create_task(self._read())
        try:
            await self.run()
        except ConnectionError:
            await self.close()
            raise

    def cookie(self, name: str) -> str:
        """The Cookie header that the handshake's answer sets under a name; empty if it sets none."""
        assert self._socket.response is not None
        given = (value.partition(";")[0] for value in self._socket.response.headers.get_all("Set-Cookie"))
        return next((value for value in given if value.startswith(f"{name}=")), "")

    async def close(self) -> None:
        """Close the connection."""
        self._reader.cancel()
        await self._socket.close()

    async def run(self, fragment: bool = False, state: Mapping[str, Any] | None = None, back: bool = False) -> None:
        """Run the page or its fragment, with the component's state, until the server says that it is done.

        ``back``: as after the browser's Back button, so that the page reads ``query`` again.
        """
        message = BackMsg()
        client = message.rerun_script
        client.is_history_navigation = back
        client.query_string, client.page_name = self.query, self.page
        if fragment:
            client.fragment_id = self.fragment
        if state is not None:
            client.widget_states.widgets.add(id=self.component, json_value=json.dumps(state))
        before = self._finished
        try:
            await self._socket.send(message.SerializeToString())
        except websockets.ConnectionClosed as closed:
            raise ConnectionError("the server closed the connection") from closed
        await self.until(lambda: self._finished > before)

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait until a message makes the condition true. TimeoutError after ten minutes.

        ConnectionError if the server closes the connection before.
        """
        async with asyncio.timeout(600), self._changed:
            await self._changed.wait_for(lambda: true() or self._ended)
        if not true():
            raise ConnectionError("the server closed the connection")

    async def _read(self) -> None:
        with contextlib.suppress(websockets.ConnectionClosed):
            await self._take_all()
        self._ended = True
        async with self._changed:
            self._changed.notify_all()

    async def _take_all(self) -> None:
        async for payload in self._socket:
            assert isinstance(payload, bytes)
            self.received += len(payload)
            message = ForwardMsg.FromString(payload)
            if message.HasField("ref_hash"):
                message = self._messages[message.ref_hash]
            elif message.hash:
                self._messages[message.hash] = message
            async with self._changed:
                self._take(message)
                self._changed.notify_all()

    def _take(self, message: ForwardMsg) -> None:
        if message.WhichOneof("type") == "script_finished":
            self._finished += 1
        if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
            return
        element = message.delta.new_element
        if element.WhichOneof("type") == "exception":
            self.exceptions.append(element.exception.message)
        if element.WhichOneof("type") == "bidi_component" and element.bidi_component.json:
            self.component, self.data = element.bidi_component.id, json.loads(element.bidi_component.json)
            self.given |= set(self.data)
            self.fragment = message.delta.fragment_id or self.fragment
        elif element.WhichOneof("type") == "markdown":
            self.texts[str(list(message.metadata.delta_path))] = element.markdown.body
            self.fragment = message.delta.fragment_id or self.fragment

    def number(self, pattern: str) -> int:
        """The first group of the first Markdown that has the pattern, as a number; -1 where none has."""
        found = (re.search(pattern, text) for text in self.texts.values())
        return next((int(match[1]) for match in found if match), -1)
