"""What pyproject.toml cannot say: a wheel carries app.py, its pages, configs and two checkpoints inside the package.

In the repository they lie at the top, where ``streamlit run app.py`` and their readers want them; in site-packages they
would be packages of their own, named ``app`` and ``pages``.
"""

import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

SHIPPED = ("app.py", "pages", ".streamlit", "configs", "checkpoints/date", "checkpoints/zh-en-luong")


class Build(build_py):
    """The modules and their data files, from nothing, and what s2s/locations.py looks for in ``_shipped``."""

    def run(self) -> None:
        """Also without what an earlier build has left."""
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
