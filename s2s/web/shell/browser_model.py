"""What a visitor's browser fetches to answer forks and edits itself: a shared checkpoint and the code that runs it.

All of it is public: checkpoints of the server's folders, never an upload or a training. A digest in each path makes
its content final, so that browsers and proxies keep it. What imports torch or jieba is imported inside the functions.
"""

from __future__ import annotations

import functools
import gzip
import hashlib
import importlib.metadata
import json
import logging
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from s2s import settings
from s2s.errors import LANGUAGES, UserError, say, strings
from s2s.player import bundle
from s2s.web.shell import models

if TYPE_CHECKING:
    from s2s.checkpoint.record import Checkpoint
    from s2s.trace.trace import Trace
    from s2s.web.shell.page_state import PageState

LOG = logging.getLogger(__name__)
FOLDER = "browser-model"  # the first part of all paths
WEIGHTS = "model.safetensors"
DIGITS = 16  # of a digest
FOREVER = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
AS_IT_IS = {"Content-Encoding": "identity"}  # otherwise Streamlit would compress it again for each visitor


@dataclass
class Served:
    """Whether this process serves our routes, as ``lookback serve`` does and ``streamlit run`` does not."""

    here: bool = False


SERVED = Served()


def offer(checkpoint: Checkpoint, lanes: Mapping[str, Trace], state: PageState) -> dict[str, Any] | None:
    """What the player needs to run the sentence on screen in the browser: addresses, and what was decoded how.

    None for a model that the browser cannot have: of a visitor's own, too large, not recurrent.
    """
    from s2s.browser_model import pack

    if not SERVED.here or not _is_offered(checkpoint):
        return None
    reference = next((trace.reference for trace in lanes.values() if trace.reference), "") or ""
    source = state.source if isinstance(state.source, str) else list(state.source)
    sentence = {"source": source, "reference": reference, "settings": dict(state.settings), "mode": state.mode}
    return {
        "model": f"{FOLDER}/checkpoint/{quote(checkpoint.name, safe='')}/{checkpoint.digest}",
        "code": f"{FOLDER}/code/{code_digest()}",
        "tools": pack.needs_tools(checkpoint.config.text),
        "sentence": sentence,
    }


def _is_offered(checkpoint: Checkpoint) -> bool:
    weights = _shared(checkpoint.name)
    try:
        checkpoint.recurrent  # noqa: B018 (raises for another kind of model)
        largest = settings.current().browser_model_mb * settings.MEGABYTE
        return weights is not None and weights.stat().st_size <= largest
    except (UserError, OSError):
        return False


def _shared(name: str) -> Path | None:
    """The weights of a checkpoint in the server's folders by its name there; None for any other name."""
    if name not in models.shared_names():
        return None
    path = models.checkpoint_directory(name) / WEIGHTS
    return path if path.parent.parent in models.FOLDERS and path.is_file() else None


@functools.cache
def code_digest() -> str:
    """A digest of the worker's script, the sentences that go with it, and the versions of its tables."""
    from s2s.browser_model import pack

    versions = [importlib.metadata.version(name) for name in ("jieba", "opencc")]
    whole = [_worker(), _texts(), Path(pack.__file__).read_text(encoding="utf-8"), *versions]
    return hashlib.sha256("\0".join(whole).encode()).hexdigest()[:DIGITS]


@functools.cache
def _worker() -> str:
    from s2s.player.live import WORKER

    return bundle.script(WORKER)


def _texts() -> str:
    """What the browser says in place of Python, by language: a lane's sentence, and mistakes."""
    from s2s.player.live import QUOTED

    named = set(QUOTED.findall(_worker()))
    texts = {
        language: {
            "summary": strings("summary", language),
            "error": {key: text for key, text in strings("error", language).items() if key in named},
            "list": say("app.list", language),
        }
        for language in LANGUAGES
    }
    return json.dumps(texts, ensure_ascii=False)


def _tools() -> str:
    """What cutting Chinese needs: jieba's dictionary and OpenCC's tables."""
    from s2s.browser_model import pack

    return json.dumps(pack.every_tool(), ensure_ascii=False)


CODE: Mapping[str, tuple[str, Callable[[], str]]] = {  # by the last part of the path: the type, and what makes it
    "worker.js": ("text/javascript", _worker),
    "texts.json": ("application/json", _texts),
    "tools.json": ("application/json", _tools),
}


COMPRESSING = threading.Lock()  # what many ask for at once is made once


def compressed(part: str) -> bytes:
    """A part of the code, compressed. Raises UserError if OpenCC's tables cannot be read."""
    with COMPRESSING:
        return _compressed(part)


@functools.cache
def _compressed(part: str) -> bytes:
    return gzip.compress(CODE[part][1]().encode(), 6, mtime=0)


def code(request: Request) -> Response:
    """A part of the code, while it is that of the digest in the path."""
    part = request.path_params["part"]
    if part not in CODE or request.path_params["digest"] != code_digest():
        return _missing()
    try:
        body = compressed(part)
    except UserError as error:
        LOG.warning("no model in the browser", extra={"fields": {"part": part, "error": error.key}})
        return _missing()
    headers = {"Vary": "Accept-Encoding", **FOREVER}
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(body, media_type=CODE[part][0], headers={"Content-Encoding": "gzip", **headers})
    return Response(gzip.decompress(body), media_type=CODE[part][0], headers=AS_IT_IS | headers)


def checkpoint(request: Request) -> Response:
    """A part of a shared checkpoint, while it is the one whose digest the path names: its description, its weights."""
    from s2s.player.live import LiveModel

    name, digest, part = (request.path_params[key] for key in ("name", "digest", "part"))
    weights = _shared(name)
    try:
        loaded = models.load(name, models.changed(name)) if weights else None
    except (UserError, OSError):
        loaded = None
    if weights is None or loaded is None or loaded.digest != digest or not _is_offered(loaded):
        return _missing()
    if part == "weights":
        return FileResponse(weights, media_type="application/octet-stream", headers=AS_IT_IS | FOREVER)
    if part == "checkpoint.json":
        described = json.dumps(LiveModel(loaded, weights.parent, ()).described(), ensure_ascii=False)
        return Response(described, media_type="application/json", headers=FOREVER)
    return _missing()


def _missing() -> Response:
    return PlainTextResponse("Not Found", 404)


def routes() -> list[Route]:
    """The routes, below the path at which the app is served; from here on pages offer what they serve."""
    SERVED.here = True
    base = settings.current().base_path.strip("/")
    start = f"/{base}/{FOLDER}" if base else f"/{FOLDER}"
    return [
        Route(f"{start}/code/{{digest}}/{{part}}", code),
        Route(f"{start}/checkpoint/{{name}}/{{digest}}/{{part}}", checkpoint),
    ]
