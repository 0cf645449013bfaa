"""The browser's session answers every request of the player as the app does: numbers, sentences, branches, links."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from s2s.browser_model import pack
from s2s.checkpoint.open import load
from s2s.errors import LANGUAGES, UserError, say, strings
from s2s.web.shell import models
from tests.browser_model.close import alike, distance
from tests.browser_model.node import run_script
from tests.factory import make_checkpoint
from tests.paths import ROOT
from tests.web.conftest import player_data
from tests.web.step_through.asker import REFERENCE, TEXT, Asker

SHIPPED = {  # sentences and references of models in the repository
    "date": [("2025年3月9日", "2025-03-09"), ("三月九日，二〇二五年", "2025-03-19"), ("09 Mar 2025", "")],
    "classical-modern": [("学而时习之，不亦说乎？", "学习并且按时温习，不也愉快吗？"), ("温故而知新", "温习旧的知识")],
}
TINY: list[tuple[str, str, dict[str, Any]]] = [
    ("tiny-additive", "additive", {}),
    ("tiny-additive", "additive", {"pointer": True, "coverage": True, "cell": "lstm", "decoder_layers": 2}),
    ("tiny-general", "general", {"prior": True}),
    ("tiny-local-p", "local-p", {"window": 2}),
    ("tiny-none", "none", {}),
]
STRATEGIES = [{}, {"strategy": "beam", "beam": "3"}, {"strategy": "sampling", "seed": "7", "top_k": "6"}]
WHOLE = {"seed", "top_k", "beam"}  # settings


def some_requests(rng: random.Random, data: dict[str, Any]) -> dict[str, Any]:
    """One request, mostly a possible one, about what is on screen."""
    lanes = {name: lane["steps"] for name, lane in data["lanes"].items() if lane}
    size = len(next(lane for lane in data["lanes"].values() if lane)["source"]["tokens"])
    for row in data["branches"]:
        if "error" not in row:
            lanes[row["id"]] = [*lanes.get(row["parent"], [])[: row["shared"]], *row["steps"]]
    lane = rng.choice([*lanes, "b7"] if rng.random() < 0.1 else list(lanes))
    steps = lanes.get(lane, [{"top": [{"token": "I"}]}])
    step = rng.randrange(len(steps))
    weights = ",".join(rng.choice(["", "1", ".25", "3e-7", "12", "0.333333333"]) for _ in range(size))
    place = rng.randint(1, size + 1)
    edit = rng.choice(["uniform", "previous", str(place), f"-{place}", weights, "x,1"])
    branch = rng.choice([row["id"] for row in data["branches"]] or ["b1"])
    where = {"lane": lane, "step": step}
    choices: list[dict[str, Any]] = [
        {"kind": "fork", **where, "word": rng.choice(steps[step]["top"])["token"]},
        {"kind": "fork", **where, "text": rng.choice(["don't drink", " tea.", "<eos>", "zebra", "", "新 2", "\u200b"])},
        {"kind": "fork", **where, "edit": edit},
        {"kind": "preview", **where, "edit": edit},
        {"kind": "rename", "branch": branch, "name": rng.choice(["  a\tname ", "", "😀" * 50, "\x00茶\u2028"])},
        {"kind": "delete", "branch": branch},
        {"kind": "branches"},
        {"kind": "readout", **where},
        {"kind": "evidence", "lane": lane, "first": step, "count": rng.randint(1, 2)},
        {"kind": rng.choice(["fork", "preview", "readout", "evidence", "walk"]), "lane": lane, "step": -1},
    ]
    kinds = rng.choices(range(len(choices)), weights=[6, 4, 6, 3, 2, 1, 1, 2, 1, 1])
    return choices[kinds[0]]


def plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row without its key, which is made in another way; errors as sentences."""
    kept = {name: value for name, value in row.items() if name != "key"}
    return kept | ({"error": spoken(row["error"])} if isinstance(row.get("error"), dict) else {})


def spoken(error: dict[str, Any]) -> str:
    return UserError(error["key"], **error["values"]).say("en")


def check_answer(found: dict[str, Any], page: dict[str, Any], answer: dict[str, Any]) -> float:
    """How far the browser's answer is from the app's, with the rows and the link that came with it."""
    expected = {key: value for key, value in answer.items() if key not in ("seq", "kind")}
    if "error" in expected:
        assert spoken(found["error"]) == expected["error"]
    assert found["packed"] == page["link"].get("branches", "")
    rows = distance([plain(row) for row in found["rows"]], [plain(row) for row in page["branches"]])
    return max(rows, 0.0 if "error" in expected else distance(*alike(found["value"]["answer"], expected)))


def compare(
    asker: Callable[..., Asker], directory: Path, sentences: list[tuple[str, str]], settings: dict[str, str], seed: int
) -> float:
    checkpoint, rng = load(directory), random.Random(seed)
    asked: list[dict[str, Any]] = []
    told: list[tuple[Asker, list[Any], list[Any]]] = []
    for text, reference in sentences:
        page = asker(model=directory.name, text=text, ref=reference, lang="en", **settings)
        told.append((page, [player_data(page.app)], []))
        requests = []
        for _ in range(12):
            request = some_requests(rng, player_data(page.app))
            requests.append(request)
            answer = page.ask(**request)
            while answer.get("more"):
                answer = page.ask(**request)
            told[-1][1].append(player_data(page.app))
            told[-1][2].append(answer)
        chosen = {key: int(value) if key in WHOLE else value for key, value in settings.items()}
        asked.append({"run": {"source": text, "reference": reference, "settings": chosen}, "requests": requests})
    texts = {lang: {"summary": strings("summary", lang), "list": say("app.list", lang)} for lang in LANGUAGES}
    given = {"directory": str(directory), "name": checkpoint.name, "digest": checkpoint.digest, "texts": texts}
    found = run_script("session.mjs", given | {"tools": pack.tools(checkpoint.config.text), "sentences": asked})
    apart = [0.0]
    for one, (_, (first, *pages), answers) in zip(found, told, strict=True):
        apart.append(distance(one["run"]["value"]["lanes"], first["lanes"]))
        distance(one["run"]["value"]["summaries"], first["summaries"], ".summaries")
        assert one["run"]["value"]["words"] == first["words"]
        for one_answer, page, answer in zip(one["answers"], pages, answers, strict=True):
            apart.append(check_answer(one_answer, page, answer))
    return max(apart)


@pytest.mark.parametrize("settings", STRATEGIES, ids=lambda settings: settings.get("strategy", "greedy"))
@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_model_answers_the_same(
    asker: Callable[..., Asker], monkeypatch: pytest.MonkeyPatch, name: str, settings: dict[str, str]
) -> None:
    monkeypatch.setattr(models, "FOLDERS", (ROOT / "checkpoints",))
    assert compare(asker, ROOT / "checkpoints" / name, SHIPPED[name], settings, 1) < 1e-4


@pytest.mark.parametrize(("name", "attention", "model"), TINY, ids=str)
def test_a_random_model_answers_the_same(
    asker: Callable[..., Asker], root: Path, name: str, attention: str, model: dict[str, Any]
) -> None:
    directory = make_checkpoint(root, attention, scale=0.6, **model)
    assert directory.name == name
    for seed, settings in enumerate(STRATEGIES):
        assert compare(asker, directory, [(TEXT, REFERENCE), ("我喜欢喝茶", "")], settings, seed) < 1e-4
