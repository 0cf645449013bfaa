"""The app with tiny checkpoints and one finished inspection, outside of pytest, so that walks can restart it."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest import mock

import streamlit as st
import torch
from streamlit.components.v2 import manifest_scanner
from streamlit.runtime.pages_manager import PagesManager

from s2s.checkpoint.open import load
from s2s.inspect import run as engine
from s2s.inspect.run import Input, Inspection
from s2s.server import folders, trainings
from s2s.train.distributed import Group
from s2s.web.shell import models
from tests.factory import make_checkpoint

SUBJECTS, OBJECTS = ("我", "你", "他"), (("苹果", "apples"), ("茶", "tea"), ("水", "water"))
PAIRS = "".join(f"{s}喜欢{zh}。\tI like {en}.\n" for s in SUBJECTS for zh, en in OBJECTS)
INSPECTION = "tiny"


class Log(logging.Handler):
    """Collects the server's error log, which has the tracebacks that pages do not show."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        trace = record.exc_info[1] if record.exc_info else None
        self.lines.append(f"{record.getMessage()} {trace!r}" if trace else record.getMessage())


def _checkpoints(folder: Path) -> Path:
    root = folder / "checkpoints"
    for attention in ("additive", "general", "none"):
        make_checkpoint(root, attention)
    shutil.copytree(root / "tiny-general", root / "date-tiny")  # examples of its own
    return root


def _inspect(folder: Path, checkpoint: Path) -> None:
    file = folder / "data" / "test.tsv"
    file.parent.mkdir()
    file.write_text(PAIRS, encoding="utf-8")
    made = Inspection(folder / "inspected" / INSPECTION, load(checkpoint), Input(file))
    made.run(Group(0, 1, torch.device("cpu")), lambda pairs: None)


def scanned_once() -> contextlib.AbstractContextManager[Any]:
    """Cache AppTest's search for components in all installed packages, which takes 90 ms at each visit."""
    scan = functools.cache(manifest_scanner.scan_component_manifests)
    return mock.patch.object(manifest_scanner, "scan_component_manifests", scan)


@contextlib.contextmanager
def small() -> Iterator[Log]:
    """Replace the app's folders by small ones; yields the log of errors."""
    begin = PagesManager.__init__

    def later(self: PagesManager, *args: Any, **options: Any) -> None:
        PagesManager.uses_pages_directory = False  # AppTest makes every run a server's first
        begin(self, *args, **options)

    log, loggers = Log(), [logging.getLogger(name) for name in (None, "streamlit")]
    with TemporaryDirectory() as name, contextlib.ExitStack() as stack:
        folder = Path(name)
        root = _checkpoints(folder)
        for owner, what, value in (
            (models, "FOLDERS", (root,)),
            (folders, "DATA", folder / "data"),
            (folders, "INSPECTED", folder / "inspected"),
            (trainings, "start_spare_process", lambda: None),
            (engine, "WINDOW", 4),
            (PagesManager, "__init__", later),
        ):
            stack.enter_context(mock.patch.object(owner, what, value))
        stack.enter_context(mock.patch.dict(os.environ, LOOKBACK_DATABASE=f"sqlite:///{folder}/lookback.sqlite"))
        stack.enter_context(scanned_once())
        bare = logging.getLogger("streamlit.runtime.scriptrunner_utils.script_run_context")
        stack.enter_context(mock.patch.object(bare, "disabled", True))  # it warns of every look from outside of a run
        torch.set_num_threads(1)
        st.cache_resource.clear()
        _inspect(folder, root / "tiny-general")
        for logger in loggers:
            logger.addHandler(log)
        try:
            yield log
        finally:
            for logger in loggers:
                logger.removeHandler(log)
            st.cache_resource.clear()
