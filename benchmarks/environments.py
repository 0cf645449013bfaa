"""Creates the virtual environments of the peers: torch first, then pinned versions."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

HERE = Path(__file__).resolve().parent
TORCH = "torch==2.13.0"  # the one that requirements.txt names


def interpreter(name: str, directory: Path) -> Path:
    """The Python of the environment ``directory/name``, which has the packages of ``requirements/name.txt``.

    The lists are complete and installed without dependencies: OpenNMT-py refuses torch 2.13, JoeyNMT requires linters,
    inseq CUDA.
    """
    listed = HERE / "requirements" / f"{name}.txt"
    environment, content = directory / name, f"{TORCH}\n{listed.read_text(encoding='utf-8')}"
    python, ready = environment / "bin" / "python", environment / ".ready"
    if not ready.exists() or ready.read_text(encoding="utf-8") != content:
        print(f"installing {name} in {environment}", file=sys.stderr)
        if not python.exists():
            venv.create(environment, symlinks=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        subprocess.run([*install, TORCH], check=True)
        subprocess.run([*install, "--no-deps", "-r", str(listed)], check=True)
        ready.write_text(content, encoding="utf-8")
    return python


if __name__ == "__main__":
    for one in sys.argv[1:]:
        interpreter(one, HERE / ".peers")
