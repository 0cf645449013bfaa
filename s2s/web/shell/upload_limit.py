"""The uploaded files that Streamlit holds in memory, bounded in number and size for a visit and in all."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from streamlit.runtime import Runtime
from streamlit.runtime.memory_uploaded_file_manager import MemoryUploadedFileManager

from s2s import settings
from s2s.errors import LANGUAGES, say
from s2s.server.clients import client

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

PATH = re.compile(r"/_stcore/upload_file/([^/]+)/[^/]+/?$")


AROUND_MB = 1  # of a request that carries a file: what it says around the file


def _refusal(status: int) -> PlainTextResponse:
    """What a page says of this status in its language, here in both: a program that sends a file has none."""
    return PlainTextResponse("".join(f"{say(f'own.upload_{status}', language)}\n" for language in LANGUAGES), status)


class UploadLimit:
    """ASGI middleware: before it is read, a file that does not fit is answered with 413, one of no visit with 404.

    Streamlit keeps a file from its upload until its field lets go of it or the visit ends, also one that no field has.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.coming: dict[str, list[int]] = {}  # bytes of the files that are being received, by session
        self.clients: dict[str, str] = {}  # the client of each session that has sent a file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection."""
        found = PATH.search(scope["path"]) if scope["type"] == "http" and scope["method"] == "PUT" else None
        if not found:
            await self.app(scope, receive, send)
            return
        session, told = found[1], Headers(scope=scope).get("content-length", "")
        if not Runtime.instance().is_active_session(session):
            await _refusal(404)(scope, receive, send)
            return
        size = int(told) if told.isdecimal() else settings.largest_upload(settings.current()) * settings.MEGABYTE
        self.clients[session] = client((scope.get("client") or (None,))[0])
        if not self._fits(session, size):
            await _refusal(413)(scope, receive, send)
            return
        coming = self.coming.setdefault(session, [])
        coming.append(size)
        try:
            await self.app(scope, receive, send)
        finally:
            coming.remove(size)
            if not coming:
                self.coming.pop(session, None)

    def _fits(self, session: str, size: int) -> bool:
        """Whether a visit may have one more file of this size beside those that are held and those that come."""
        most, manager = settings.current(), Runtime.instance().uploaded_file_mgr
        assert isinstance(manager, MemoryUploadedFileManager)
        held = {
            other: [len(file.data) for file in [*files.values()]] for other, files in [*manager.file_storage.items()]
        }
        for other, sizes in self.coming.items():
            held.setdefault(other, []).extend(sizes)
        self.clients = {other: self.clients[other] for other in self.clients if other in held or other == session}
        own, address = held.get(session, []), self.clients[session]
        of_client = sum(sum(sizes) for other, sizes in held.items() if self.clients.get(other) == address)
        return (
            len(own) < most.session_files
            and sum(own) + size <= (most.session_files_mb + AROUND_MB) * settings.MEGABYTE
            and of_client + size <= most.client_files_mb * settings.MEGABYTE
            and sum(map(sum, held.values())) + size <= most.memory_files_mb * settings.MEGABYTE
        )
