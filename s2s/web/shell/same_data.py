"""What a checkpoint has learnt from, so that models of one task can stand beside each other."""

from __future__ import annotations

from s2s.web.shell import models


def learnt(name: str) -> str:
    """The file that it was trained on, by its config; empty where nobody knows, as of another library's model.

    What was imported before configs left the name out has the default there, which says nothing.
    """
    found = models.about(name, models.changed(name))
    data = found["config"].get("data")
    train = data.get("train") if isinstance(data, dict) else ""
    return train if isinstance(train, str) and "imported" not in found["metrics"] else ""
