"""The public names: few, light to import, documented in docs/PYTHON.md by examples that run."""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from setuptools import find_packages

import s2s
from s2s.trace.trace import Trace
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "PYTHON.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def documented(value: Any) -> list[Any]:
    """What is to have an example of its own: of a module its functions that a notebook calls, else the thing itself."""
    if not isinstance(value, ModuleType):
        return [value]
    return [getattr(value, name) for name in value.__all__ if f"figures.{name}" in PAGE]


@pytest.mark.parametrize("name", s2s.__all__)
def test_every_name_has_an_example_and_stands_on_the_page(name: str) -> None:
    found = documented(getattr(s2s, name))
    assert found and all(">>>" in (inspect.getdoc(one) or "") for one in found)
    assert f"| `s2s.{name}` |" in PAGE
    assert name in dir(s2s)


def test_the_page_names_nothing_that_is_not_exported() -> None:
    assert set(re.findall(r"s2s\.([A-Za-z]\w*)", "\n".join(BLOCKS))) <= set(s2s.__all__)
    with pytest.raises(AttributeError, match="no attribute 'trace_text'"):
        _ = s2s.trace_text


def test_importing_is_light_and_arrays_need_no_torch() -> None:
    code = (
        "import sys, s2s; heavy = {'numpy', 'torch', 'plotly', 'streamlit', 'jieba'};"
        "assert not heavy & {*sys.modules};"
        "s2s.Trace.from_arrays([[1.0]], ['a'], ['b'])._repr_html_();"
        "print(heavy & {*sys.modules})"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "{'numpy'}\n"


def test_the_blocks_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In order, as cells of one notebook; where a cell's last line is a trace or lanes, it can be shown."""
    monkeypatch.chdir(tmp_path)
    cells: dict[str, Any] = {}
    shown = 0
    for block in BLOCKS:
        *lines, last = re.split(r"\n(?=\S)(?!\))", block.strip())
        exec("\n".join(lines), cells)
        try:
            value = eval(last.split("#")[0].strip(), cells)
        except SyntaxError:
            exec(last, cells)
            continue
        if isinstance(value, Trace | s2s.Lanes):
            shown += 1
            assert "<iframe" in value._repr_html_()
    assert shown >= 6 and len(BLOCKS) >= 8
    assert (tmp_path / "film.html").stat().st_size > 50_000
    assert cells["trace"].text in PAGE


def test_a_built_package_has_every_module_and_every_file_that_one_reads() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["setuptools"]
    found = set(find_packages(str(ROOT), include=tools["packages"]["find"]["include"]))
    listed = subprocess.run(["git", "ls-files", "s2s"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    files = {ROOT / name for name in listed.splitlines() if (ROOT / name).is_file()}
    modules = {path for path in files if path.suffix == ".py"}
    assert found == {".".join(path.parent.relative_to(ROOT).parts) for path in modules}
    assert files - modules <= {path for glob in tools["package-data"]["s2s"] for path in (ROOT / "s2s").glob(glob)}
