"""Modules that are joined into one, and what is refused; every export of our scripts is imported somewhere."""

from __future__ import annotations

import subprocess
from pathlib import Path

import playwright
import pytest

from s2s.player import bundle
from tests.paths import ROOT

SCRIPTS = sorted((ROOT / "s2s").rglob("*.js"))
STARTS = (
    "page.js",
    "live_page.js",
    "worker.js",
    "site.js",
    "sw.js",
)  # entries that run by themselves; others have a default export
ENTRIES = [path for path in SCRIPTS if "export default" in path.read_text(encoding="utf-8") or path.name in STARTS]
NODE = Path(playwright.__file__).parent / "driver" / "node"


def write(folder: Path, **files: str) -> Path:
    """Files ``a.js``, ``b.js`` … of these texts; the first is the entry."""
    for name, text in files.items():
        (folder / f"{name}.js").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(files))}.js"


def test_what_is_imported_stands_before_what_imports_it(tmp_path: Path) -> None:
    entry = write(
        tmp_path,
        a='import { two } from "./b.js";\nimport { one } from "./c.js";\nexport default () => one + two;\n',
        b='import { one } from "./c.js";\nexport const two = one + one;\n',
        c="export const one = 1;\n",
    )
    assert bundle.script(entry).splitlines() == [
        "const one = 1;",
        "",
        "const two = one + one;",
        "",
        "export default () => one + two;",
    ]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"a": 'import { x } from "./b.js";\n'}, r"a\.js imports b\.js: no such file"),
        (
            {"a": 'import { x } from "./b.js";\n', "b": "const x = 1;\n"},
            r"a\.js imports x, which b\.js does not export",
        ),
        (
            {"a": 'import { x } from "./b.js";\n', "b": 'import { y } from "./a.js";\nexport const x = 1;\n'},
            r"import cycle: a\.js → b\.js → a\.js",
        ),
        (
            {"a": 'import { x } from "./b.js";\nfunction y() {}\n', "b": "export const x = 1;\nconst y = 2;\n"},
            r"a\.js declares y, which b\.js declares too",
        ),
        ({"a": 'import * as b from "./b.js";\n'}, r"a\.js: cannot join 'import \* as b"),
        ({"a": 'import "./b.js";\n', "b": ""}, r"a\.js: cannot join 'import \"\./b"),
        (
            {"a": 'import { x } from "./b.js";\n', "b": "export const x = 1;\nexport default x;\n"},
            r"a\.js imports b\.js, which has a default export",
        ),
        (
            {"a": 'import { x } from "./b.js";\nconst [y, z] = [1, 2];\n', "b": "export const x = 1;\nconst z = 2;\n"},
            r"a\.js declares z, which b\.js declares too",
        ),
    ],
)
def test_what_cannot_be_joined_is_named(tmp_path: Path, files: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        bundle.script(write(tmp_path, **files))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_every_entry_is_joined_to_one_script_that_node_can_read(entry: Path) -> None:
    script = bundle.script(entry)
    assert script.count("export default") == (entry.name not in STARTS)
    check = [str(NODE), "--input-type=module", "--check", "-"]
    subprocess.run(check, input=script, text=True, check=True, timeout=60)


def test_every_script_belongs_to_an_entry_and_every_export_is_imported() -> None:
    joined = bundle.modules(*ENTRIES)
    assert {path.name for path in SCRIPTS if path not in joined} == {"frame.js"}  # stands in a notebook as it is
    taken = {(target, name) for path in joined for target, names in bundle.imports(path) for name in names}
    for path in (*(ROOT / "tests" / "js").glob("*.test.mjs"), ROOT / "benchmarks" / "node_traces.mjs"):
        for names, target in bundle.IMPORT.findall(path.read_text(encoding="utf-8")):
            taken |= {((path.parent / target).resolve(), name) for name in names.split(", ")}
    assert [(p.name, name) for p in joined for name in bundle.exports(p) if (p, name) not in taken] == []


def test_a_page_leaves_out_what_needs_somebody_to_ask() -> None:
    files = {path.name for path in bundle.modules(ROOT / "s2s" / "player" / "browser" / "page.js")}
    assert "readout.js" not in files and "player.js" in files


def test_what_needs_no_browser_holds_in_node() -> None:
    tests = sorted(map(str, (ROOT / "tests" / "js").glob("*.test.mjs")))
    assert tests
    done = subprocess.run([str(NODE), "--test", *tests], capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
