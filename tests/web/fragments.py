"""Clicks as in a browser: a click inside a fragment runs that fragment alone, with the arguments of its last run.

``AppTest`` runs the whole page after every click, so it does not show what a fragment does with old arguments.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.testing.v1 import AppTest, local_script_runner
from streamlit.testing.v1.local_script_runner import LocalScriptRunner


@contextmanager
def as_in_a_browser(app: AppTest) -> Iterator[dict[str, str]]:
    """Within, ``app`` knows which fragment each element belongs to; gives them by the ids of widgets."""
    homes: dict[str, str] = {}
    run = LocalScriptRunner.run

    def watched(self: LocalScriptRunner, *args: Any, **options: Any) -> Any:
        tree = run(self, *args, **options)
        for message in self.forward_msgs():
            element = message.delta.new_element
            kind = element.WhichOneof("type")
            if kind and (id := getattr(getattr(element, kind), "id", "")):
                homes[id] = message.delta.fragment_id
        return tree

    with patch.object(LocalScriptRunner, "run", watched):
        app.run()
        yield homes


def click(app: AppTest, key: str, homes: dict[str, str]) -> AppTest:
    """Press a button."""
    button = app.button(key=key)
    return alone(button.click(), homes[button.id])


def alone(app: Any, fragment: str) -> AppTest:
    """Run a fragment alone; the whole page where it is of none."""
    queue = [fragment] if fragment else []
    with patch.object(local_script_runner, "RerunData", functools.partial(RerunData, fragment_id_queue=queue)):
        ran: AppTest = app.run()
    return ran
