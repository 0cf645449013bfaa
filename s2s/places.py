"""Where checkpoints are found by name."""

from __future__ import annotations

from pathlib import Path

from s2s.errors import UserError

ROOT = Path(__file__).parent.parent


def find_checkpoint(name: str | Path) -> Path:
    """The directory that a user means: a path, or a name under ``checkpoints/``."""
    for path in (Path(name), Path("checkpoints", name), ROOT / "checkpoints" / name):
        if path.is_dir():
            return path if path.name not in ("", "..") else path.resolve()
    folders = (path for path in (Path("checkpoints"), ROOT / "checkpoints") if path.is_dir())
    known = sorted({path.parent.name for folder in folders for path in folder.glob("*/config.json")})
    raise UserError("checkpoint_not_found", checkpoint=name, known=", ".join(known) or "(none yet)")
