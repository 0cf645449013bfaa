"""The page Compare driven without a browser: clicks, and the data of its component."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.trace.compare import compare
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."
TOKENS = ("我", "不", "喜欢", "苹果", "。")


def comparison_data(app: AppTest) -> dict[str, Any]:
    """The comparison component's data, without its strings and its link."""
    data = player_data(app)
    return {k: v for k, v in data.items() if k not in ("strings", "link", "run")}


def expected_data(root: Path, a: Any, b: Any, names: tuple[str, str] = ("tiny-additive",) * 2) -> dict[str, Any]:
    """The data for two runs, each given as the arguments of ``trace`` after the checkpoint."""
    traces = [trace(load(root / name), *call) for name, call in zip(names, (a, b), strict=True)]
    value: dict[str, Any] = json.loads(json.dumps(compare(*traces).to_dict()))
    return value


def choose_word(app: AppTest, index: int) -> AppTest:
    app.button_group(key="chip").set_value(index)
    return app.run()


def press(app: AppTest, key: str) -> AppTest:
    assert not app.button(key=key).disabled
    return app.button(key=key).click().run()


def tokens(app: AppTest, side: int = 1) -> tuple[str, ...]:
    return tuple(player_data(app)["sides"][side]["tokens"])


def texts(app: AppTest) -> str:
    return "\n".join(box.value for kind in (app.markdown, app.caption) for box in kind)
