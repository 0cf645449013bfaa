"""Adds app.py, its pages, configs and two checkpoints to the package in a wheel, which pyproject.toml cannot do.

In the repository they are at the top, for ``streamlit run app.py``; in site-packages they would become packages named
``app`` and ``pages``.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("app.py", "pages", ".streamlit", "configs", "checkpoints/date", "checkpoints/zh-en-luong")


class Build(build_py):
    """Builds modules and data files in an empty directory, and ``_shipped`` for s2s/locations.py."""

    def run(self) -> None:
        """Delete the files of an earlier build, then build."""
        if not self.editable_mode:
            shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()
        if not self.editable_mode:
            for name in SHIPPED:
                self.ship(Path(name), Path(self.build_lib, "s2s", "_shipped", name))

    def ship(self, source: Path, target: Path) -> None:
        """Copy a file, or a directory without bytecode."""
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__", "secrets.toml"))
        else:
            shutil.copy(source, target)


setup(cmdclass={"build_py": Build})
