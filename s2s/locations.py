"""Where the program's own files lie, and where a user's go: in a clone of the repository, or installed by pip.

A clone has app.py, pages/ and checkpoints/ beside the package, and what is written there, too: runs/ and inspected/.
An installed package has its own in ``_shipped/`` (setup.py puts them there), and writes to a directory of the user's.
"""

from __future__ import annotations

import os
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
HOME = "LOOKBACK_HOME"
CHECKPOINTS = "LOOKBACK_CHECKPOINTS"


def is_clone(package: Path = PACKAGE) -> bool:
    """Whether the package lies in a clone of the repository, and is not an installed one."""
    return (package.parent / "app.py").is_file() and not (package / "_shipped").exists()


def program(package: Path = PACKAGE) -> Path:
    """The directory of app.py, pages/, configs/ and checkpoints/."""
    return package.parent if is_clone(package) else package / "_shipped"


def own_file(path: Path, package: Path = PACKAGE) -> Path:
    """The path, or the program's own file of that name where there is no such file, such as ``configs/date.toml``."""
    own = program(package) / path
    return own if own.is_file() and not path.exists() else path


def home(package: Path = PACKAGE) -> Path:
    """The directory in which inspections, labels and runs are kept: LOOKBACK_HOME, the clone, or the user's own."""
    if named := os.environ.get(HOME):
        return Path(named).absolute()
    if is_clone(package):
        return package.parent
    from platformdirs import user_data_path

    return user_data_path("lookback", appauthor=False)


def runs(package: Path = PACKAGE) -> Path:
    """Where trainings are kept by default; of a clone, ``runs/`` where the command is called."""
    return Path("runs") if is_clone(package) and not os.environ.get(HOME) else home(package) / "runs"


def checkpoint_folders(package: Path = PACKAGE) -> tuple[Path, ...]:
    """The folders in which a checkpoint is looked for by its name, the first one first."""
    named = os.environ.get(CHECKPOINTS)
    return (*([Path(named)] if named else []), Path("checkpoints"), program(package) / "checkpoints")
