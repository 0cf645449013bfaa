"""Virtual environments of the peers, made where they are missing: torch first, then pinned versions."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
TORCH = "torch==2.13.0"  # the one that requirements.txt names


def interpreter(name: str, directory: Path) -> Path:
    """The Python of ``directory/name``, complete with what ``requirements/name.txt`` lists.

    The lists are complete and installed without dependencies: OpenNMT-py refuses torch 2.13, JoeyNMT wants linters.
    """
    listed = HERE / "requirements" / f"{name}.txt"
    place, wanted = directory / name, f"{TORCH}\n{listed.read_text(encoding='utf-8')}"
    python, ready = place / "bin" / "python", place / ".ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != wanted:
        print(f"installing {name} in {place}", file=sys.stderr)
        if not python.exists():
            venv.create(place, symlinks=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, TORCH], check=True)
        subprocess.run([*install, "--no-deps", "-r", str(listed)], check=True)
        ready.write_text(wanted, encoding="utf-8")
    return python
