"""What the chapters compute in the browser equals what the app's chapters compute with torch."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import playwright
import pytest

from s2s.browser_model import pack
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.what_if import preview
from s2s.site import content
from s2s.trace.branch import Edit
from tests.paths import SHIPPED

NODE = Path(playwright.__file__).parent / "driver" / "node"
PAIRS = {
    "zh-en-luong": [
        ("他每天早上喝茶。", "He drinks tea every morning."),
        ("我妹妹去学校。", "My sister goes to school."),
    ],
    "zh-en-bahdanau": [("他每天早上喝茶。", "He drinks tea every morning.")],
    "zh-en-guided": [("他每天早上喝茶。", "He drinks tea every morning.")],
    "zh-en-none": [("如果明天不下雨，我们就去爬山。", "If it doesn't rain tomorrow, we will go hiking.")],
    "classical-modern": [("王问群臣，莫能对。", "大王问群臣，没有人能回答。")],
    "date": [("5 March 1999", "1999-03-06"), ("03/04/05", "2003-04-05")],
    "car-report": [("车主说：你好|技师说：您好", "车主反映")],
}
CLOSE = 2e-4  # of numbers that are rounded to four decimals


def differences(ours: Any, theirs: Any, path: str = "") -> list[str]:
    """Where two JSON values differ by more than ``CLOSE``, relative above 1."""
    if isinstance(ours, (int, float)) and isinstance(theirs, (int, float)) and not isinstance(ours, bool):
        close = math.isclose(ours, theirs, rel_tol=CLOSE, abs_tol=CLOSE)
        return [] if close else [f"{path}: {ours} {theirs}"]
    if isinstance(ours, dict) and isinstance(theirs, dict):
        if ours.keys() != theirs.keys():
            return [f"{path}: {sorted(ours)} {sorted(theirs)}"]
        return [line for key in ours for line in differences(ours[key], theirs[key], f"{path}.{key}")]
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            return [f"{path}: {len(ours)} {len(theirs)} items"]
        return [
            line for n, pair in enumerate(zip(ours, theirs, strict=True)) for line in differences(*pair, f"{path}[{n}]")
        ]
    return [] if ours == theirs else [f"{path}: {ours} {theirs}"]


def in_browser(jobs: list[dict[str, Any]]) -> list[Any]:
    tools = {"dictionary": pack.dictionary_values(), "simplifier": pack.simplifier_values()}
    script = Path(__file__).with_name("lesson_parts.mjs")
    value = json.dumps({"jobs": jobs, "tools": tools})
    done = subprocess.run([str(NODE), str(script)], input=value, text=True, capture_output=True, timeout=300)
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout)
    return found


def job(name: str, part: str, **payload: Any) -> dict[str, Any]:
    return {"directory": str(SHIPPED / name), "name": name, "part": part, "payload": payload}


def plain(value: Any) -> Any:
    return json.loads(json.dumps(value))


@pytest.fixture(scope="module")
def models() -> dict[str, Checkpoint]:
    return {name: load(SHIPPED / name) for name in PAIRS}


@pytest.mark.parametrize("part", ["flow", "padding", "loss", "prior"])
def test_the_parts_equal_those_of_the_app(models: dict[str, Checkpoint], part: str) -> None:
    pairs = [(name, *pair) for name, own in PAIRS.items() for pair in own]
    if part == "prior":
        pairs = [pair for pair in pairs if models[pair[0]].config.model.prior]
    found = in_browser([job(name, part, text=text, reference=ref) for name, text, ref in pairs])
    assert pairs
    for (name, text, ref), theirs in zip(pairs, found, strict=True):
        ours = plain(content.VALUES[part](models[name], text, ref))
        assert differences(ours, theirs) == [], name


def test_dragged_weights_give_the_words_of_the_app(models: dict[str, Checkpoint]) -> None:
    text = "他每天早上喝茶。"
    model = models["zh-en-luong"]
    said = content.VALUES["run"](model, text, "")["lanes"]["free"]
    weights = [1.0 + s for s in range(len(said["source"]["tokens"]))]
    [found] = in_browser([job("zh-en-luong", "words", text=text, step=2, weights=weights)])
    prefix = [step["output"] for step in said["steps"][:2]]
    cache = PrefixCache(model.recurrent, source_ids(model, text)[1])
    seen = preview(model, cache, prefix, {}, Edit("weights", weights=tuple(weights)))
    ours = [{"token": c.token, "before": c.before, "after": c.after} for c in seen.changes]
    assert differences(plain(ours), found) == []
