"""Find the directory of a checkpoint by its name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from s2s import locations
from s2s.errors import UserError, nearest

VIEW = "@"  # in name@layer.head, which selects the attention head that is shown


def find_checkpoint(name: str | Path) -> Path:
    """The directory of a checkpoint given as a path, or as a name in one of the checkpoint folders.

    The name may end with ``@layer.head``. UserError for an unknown checkpoint lists the known names.
    """
    last, at, view = Path(name).name.partition(VIEW)
    plain = Path(name).with_name(last) if last and at else Path(name)
    folders = locations.checkpoint_folders()
    for path in (plain, *(folder / plain for folder in folders)):
        if path.is_dir():
            path = path if path.name not in ("", "..") else path.resolve()
            return path.with_name(f"{path.name}{at}{view}")
    known = sorted({path.parent.name for folder in folders for path in folder.glob("*/config.json")})
    raise UserError("checkpoint_not_found", checkpoint=str(name), known=nearest(str(name), known) or "(none yet)")


def find_inspected(held: Mapping[str, str], named: str | None) -> Path:
    """The directory of an inspection's checkpoint: by name, or as ``named``; with the same layer and head.

    ``held`` is the manifest's ``name`` and ``digest``. UserError if ``named`` selects another layer or head.
    """
    view = held["name"].partition(VIEW)[2]
    path = find_checkpoint(named or held["name"])
    own = path.name.partition(VIEW)[2]
    if view and not own:
        return path.with_name(f"{path.name}{VIEW}{view}")
    if own != view:
        raise UserError("inspected_view", checkpoint=str(named), expected=held["name"])
    return path
