"""Which file a checkpoint was trained on, and how, to find models of the same task."""

from __future__ import annotations

from s2s.web.shell import models


def training_file(name: str) -> str:
    """The training file that the config names; empty if it names none, and for an imported model.

    Some imported checkpoints have the default file in their config, although they were not trained on it.
    """
    entry = models.about(name, models.changed(name))
    return "" if "imported" in entry["metrics"] else str(entry["config"].get("data", {}).get("train", ""))


def objective(name: str) -> str:
    """The objective that the config names."""
    entry = models.about(name, models.changed(name))
    return str(entry["config"].get("train", {}).get("objective", ""))
