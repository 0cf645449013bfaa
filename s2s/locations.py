"""Directories of the program's files and of the user's, in a clone of the repository or installed by pip.

A clone has app.py, pages/ and checkpoints/ beside the package, and writes runs/ and inspected/ there. An installed
package has these files in ``_shipped/`` (setup.py copies them) and writes to the user's data directory.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = "LOOKBACK_HOME"  # environment variables
CHECKPOINTS = "LOOKBACK_CHECKPOINTS"
INSPECTED = "LOOKBACK_INSPECTED"


def is_clone(package: Path = PACKAGE) -> bool:
    """Whether the package is in a clone of the repository and not installed."""
    return (package.parent / "app.py").is_file() and not (package / "_shipped").exists()


def program(package: Path = PACKAGE) -> Path:
    """The directory of app.py, pages/, configs/ and checkpoints/."""
    return package.parent if is_clone(package) else package / "_shipped"


def own_file(path: Path, package: Path = PACKAGE) -> Path:
    """The path if it exists, otherwise the program's file of that name, such as ``configs/date.toml``."""
    own = program(package) / path
    return own if own.is_file() and not path.exists() else path


def home(package: Path = PACKAGE) -> Path:
    """The directory of inspections, labels and runs: LOOKBACK_HOME, the clone, or the user's data directory."""
    if named := os.environ.get(HOME):
        return Path(named).absolute()
    if is_clone(package):
        return package.parent
    from platformdirs import user_data_path

    return user_data_path("lookback", appauthor=False)


def inspected() -> Path:
    """The directory of inspections and of the files that they read: LOOKBACK_INSPECTED, or that of the home."""
    return Path(os.environ.get(INSPECTED) or home() / "inspected")


def runs(package: Path = PACKAGE) -> Path:
    """The default directory of training runs; in a clone, ``runs/`` in the current directory."""
    return Path("runs") if is_clone(package) and not os.environ.get(HOME) else home(package) / "runs"


def checkpoint_folders(package: Path = PACKAGE) -> tuple[Path, ...]:
    """The folders that are searched for a checkpoint's name, in order."""
    named = os.environ.get(CHECKPOINTS)
    return (*([Path(named)] if named else []), Path("checkpoints"), program(package) / "checkpoints")
