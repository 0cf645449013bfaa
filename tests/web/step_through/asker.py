"""Requests for forks and edits without a browser."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from streamlit.testing.v1 import AppTest

from s2s.trace.trace import Trace
from s2s.web.shell import request
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
TEXT, REFERENCE = "我不喜欢苹果。", "I don't like apples."


class Asker:
    """The page, with the requests that a browser would send."""

    def __init__(self, app: AppTest) -> None:
        self.app = app

    def ask(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Send one request and return its answer."""
        told = player_data(self.app)["asking"]
        sent = {"seq": told["seq"] + 1, "page": told["page"], "kind": kind} | fields
        self.app.session_state[request.COMPONENT] = {"request": sent}
        self.app.run()
        assert not self.app.exception
        answer: dict[str, Any] = player_data(self.app)["asking"]["answer"]
        return answer

    @property
    def branches(self) -> list[dict[str, Any]]:
        """The branches in the player's data."""
        branches: list[dict[str, Any]] = player_data(self.app)["branches"]
        return branches

    def whole(self, branch: str) -> list[dict[str, Any]]:
        """All steps of a branch: those that it shares with its parent and its own, as the player joins them."""
        data = player_data(self.app)
        steps = {name: lane["steps"] for name, lane in data["lanes"].items() if lane}
        for row in data["branches"]:
            steps[row["id"]] = [*steps.get(row["parent"], [])[: row["shared"]], *row["steps"]]
        return steps[branch]


def trace_steps(run: Trace) -> list[dict[str, Any]]:
    """A trace's steps as the player gets them."""
    steps: list[dict[str, Any]] = json.loads(json.dumps(run.to_dict()["steps"]))
    return steps
