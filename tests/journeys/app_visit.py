"""Visits to a page through AppTest: where they begin, the page's link, and the state that the link must restore."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.util import calc_hash

from s2s.web.shell import page_state
from tests.journeys.app_widgets import base_key, iterate_widgets, session_value
from tests.journeys.world import INSPECTION
from tests.paths import ROOT

PAGES = ("", "lesson", "compare", "exposure", "evidence", "doctor", "checkpoints", "inspection", "classroom")
TEXTS = (
    ("我喜欢苹果。", "I like apples."),
    ("你不喝茶。", ""),
    ("他喜欢水？", "he like water ?"),
    ("", "I like apples."),
    ("zzz qqq", "zzz"),
    ("我喜欢" * 30 + "。", "I like tea."),
    ("<b>我</b> [x](javascript:alert(1)) $x$ :red[喝]茶", "**I** like `tea`."),
)
# Pages and links at which a visit may begin.
FIRST_VISITS: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("", {}),
    ("", {"lang": "en", "text": TEXTS[0][0], "ref": TEXTS[0][1], "model": "tiny-additive"}),
    ("", {"lang": "zh", "text": TEXTS[1][0], "model": "tiny-general", "strategy": "beam", "beam": "3", "mode": "free"}),
    ("lesson", {"lang": "zh", "chapter": "exposure", "text": TEXTS[0][0], "model": "tiny-general"}),
    ("compare", {"lang": "en", "text": TEXTS[0][0], "model": "tiny-additive", "differs": "source,decoding"}),
    ("inspection", {"lang": "en", "inspection": INSPECTION, "row": "2"}),
    ("classroom", {"lang": "zh", "text": TEXTS[0][0], "model": "tiny-additive"}),
    ("exposure", {"lang": "en", "text": TEXTS[0][0], "ref": TEXTS[0][1], "compare": "tiny-none"}),
)
DRAWING_COMPONENTS = tuple(
    f"lookback_{name}" for name in ("player", "wire", "comparison", "network", "weighing", "film", "beam")
)
VISIT_KEYS = (
    "link",
    "page",
    "run",
    "seq",
    "answer",
    "heard",
    "state",
)  # keys of a component's data that belong to the visit, not to the link


def visit(page: str, query: Mapping[str, str]) -> AppTest:
    """A fresh visit to a page by its address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, text in query.items():
        app.query_params[name] = text
    app._page_hash = calc_hash(page) if page else ""
    return app.run()


def component_data(app: AppTest) -> dict[str, dict[str, Any]]:
    """The data of every browser component of a page, by the component's name."""
    data: dict[str, dict[str, Any]] = {}
    for component in app.get("bidi_component"):
        data[component.proto.component_name] = json.loads(component.proto.json or "{}")
    return data


def page_link(app: AppTest) -> dict[str, str] | None:
    """The parameters of the address that the page writes; None if it writes none."""
    parts = component_data(app)
    for name in ("lookback_wire", "lookback_player", "lookback_comparison"):
        if parts.get(name, {}).get("link"):
            return {key: str(text) for key, text in parts[name]["link"].items()}
    return {key: str(text) for key, text in parts["lookback_address"].items()} if "lookback_address" in parts else None


def visible_state(app: AppTest) -> dict[str, Any]:
    """The visible state that a link must restore: values of controls, and data of the components that draw."""
    seen: dict[str, Any] = {}
    for widget, _ in iterate_widgets(app._tree):
        if widget.type not in ("button", "download_button") and base_key(widget.key) in page_state.FIELDS:
            seen[f"control {widget.key}"] = session_value(widget)
    for name, data in component_data(app).items():
        if name in DRAWING_COMPONENTS:
            seen |= {f"{name} {key}": part for key, part in data.items() if key not in VISIT_KEYS}
    return seen
