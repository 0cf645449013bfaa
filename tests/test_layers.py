"""Which folder may import which, also inside functions and for types; no imports in a circle; how long code may be."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from tests.paths import ROOT

# Folders, and the modules beside them, from the bottom up. Each may import from those above it, or only from those that
# stand behind its colon; *shared: from all above it but the folders of other pages.
LAYERS = """
errors
settings
spreadsheet
openmp
locations
disk
text
trace
dumps               : errors disk text trace
config
data
aligner             : errors text data
model/kernels
model
model/huggingface
monitoring          : errors settings text
store               : errors monitoring settings locations disk text trace
tasks               : errors disk text data
checkpoint
adapters            : checkpoint config data disk errors model model/kernels text
decode
browser_model       : checkpoint config decode disk errors model text trace
player              : errors disk text trace config checkpoint decode browser_model
evaluate
exposure
explain
doctor              : checkpoint data decode disk errors evaluate explain model text trace
train/objectives    : config data decode errors evaluate model model/kernels text
train
lesson
inspect
inspect/states
figures
inspect/report
doctor/report       : doctor errors inspect/report player text
site                : browser_model checkpoint decode disk errors evaluate lesson player text trace
api                 : checkpoint decode errors player trace
sandbox             : checkpoint adapters errors text
commands
server
web/shell
web/components
web/checkpoints     : *shared
web/classroom       : *shared
web/compare         : *shared
web/doctor          : *shared
web/evidence        : *shared
web/exposure        : *shared
web/inspection      : *shared
web/lesson          : *shared
web/step_through    : *shared
__main__
"""
LOOSE = 12  # modules that may lie beside the folders of s2s/
LINES, LINES_OF_FUNCTION, COLUMNS = 300, 50, 120
LIGHT = (  # with none of torch, jieba, plotly, streamlit
    "s2s.text.vocab",
    "s2s.trace.trace",
    "s2s.trace.search_tree",
    "s2s.trace.film",
    "s2s.trace.branch",
    "s2s.player.payload",
    "s2s.player.page",
    "s2s.player.lanes",
    "s2s.player.notebook",
    "s2s.data.readers",
    "s2s.config",
    "s2s.doctor.thresholds",
    "s2s.doctor.report.words",
)
ONLY = {  # a package, and the folders whose modules may import it
    "sqlalchemy": {"store", "web/classroom", "web/inspection"},
    "streamlit": {"web"},
    "transformers": {"model/huggingface", "checkpoint"},
    "plotly": {"figures"},
    "prometheus_client": {"monitoring"},
}


def table() -> dict[str, set[str]]:
    """Each folder or loose module of s2s/, and those that it may import."""
    found: dict[str, set[str]] = {}
    for line in LAYERS.split("\n")[1:-1]:
        name, _, listed = (part.strip() for part in line.partition(":"))
        above = set(found)
        if listed == "*shared":
            above -= {other for other in found if other.startswith("web/")} - {"web/shell", "web/components"}
        elif listed:
            assert set(listed.split()) <= above, f"{name} names what does not stand above it"
            above = set(listed.split())
        found[name] = above
    return found


MODULES = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in (ROOT / "s2s").rglob("*.py")}


def folder(module: str) -> str:
    """``web/shell`` of ``s2s.web.shell.models``, ``config`` of ``s2s.config``."""
    parts = module.split(".")[1:]
    return "/".join(parts[:-1]) or parts[0]


def imported(path: Path) -> set[str]:
    """What a file imports, wherever it does: modules, and names of modules as ``module.name``."""
    found = set[str]()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path.name}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def ours(path: Path) -> set[str]:
    """The modules of s2s/ that a file imports, or takes names from."""
    found = set[str]()
    for name in imported(path):
        home = name.rpartition(".")[0]
        found |= {known for known in (name, f"{name}.__init__") if known in MODULES} or {
            known for known in (home, f"{home}.__init__") if known in MODULES
        }
    return found - {"s2s.__init__"}


def test_the_table_names_every_folder_and_nothing_else() -> None:
    folders = {folder(module) for module in MODULES if module not in ("s2s.__init__", "s2s.web.__init__")}
    assert folders == set(table())


def test_imports_go_up_the_table() -> None:
    may = table()
    wrong = [
        (module, other)
        for module, path in MODULES.items()
        if module not in ("s2s.__init__", "s2s.web.__init__")
        for other in ours(path)
        if folder(other) != folder(module) and folder(other) not in may[folder(module)]
    ]
    assert wrong == []


def test_no_import_goes_round_in_a_circle() -> None:
    left = {module: ours(path) - {module} for module, path in MODULES.items()}
    while ends := [module for module, others in left.items() if not others & left.keys()]:
        for module in ends:
            del left[module]
    assert left == {}


def test_few_modules_lie_beside_the_folders() -> None:
    assert 5 < len([*(ROOT / "s2s").glob("*.py")]) <= LOOSE


def test_pages_and_commands_are_imported_by_nobody() -> None:
    for module, path in MODULES.items():
        assert not {name.split(".")[0] for name in imported(path)} & {"app", "pages", "tests", "benchmarks"}, module
    users = {folder(module) for module, path in MODULES.items() if any(folder(m) == "commands" for m in ours(path))}
    assert users == {"commands", "__main__"}


@pytest.mark.parametrize("package", ONLY)
def test_a_package_is_imported_where_it_belongs(package: str) -> None:
    users = {module for module, path in MODULES.items() if package in {n.split(".")[0] for n in imported(path)}}
    assert users, f"nothing imports {package}: whom does this guard?"
    strangers = [m for m in users if not any(f"{folder(m)}/".startswith(f"{allowed}/") for allowed in ONLY[package])]
    assert strangers == []


def test_records_of_a_run_need_numpy_alone() -> None:
    outside = {
        name.split(".")[0]
        for module, path in MODULES.items()
        if folder(module) == "trace"
        for name in imported(path)
        if name.split(".")[0] not in {*sys.stdlib_module_names, "s2s"}
    }
    assert outside == {"numpy"}


def test_light_modules_load_nothing_heavy() -> None:
    assert set(LIGHT) <= set(MODULES)
    heavy = {"torch", "jieba", "plotly", "streamlit", "sqlalchemy", "transformers"}
    code = f"import sys, {', '.join(LIGHT)}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert set(LIGHT) <= loaded and not loaded & heavy


def test_the_server_knows_no_streamlit() -> None:
    modules = [module for module in MODULES if folder(module) == "server"]
    assert len(modules) > 5
    code = f"import sys, {', '.join(m.removesuffix('.__init__') for m in modules)}; print('streamlit' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_files_functions_and_lines_are_short() -> None:
    long = []
    scripts = [*(ROOT / "s2s").rglob("*.js"), *(ROOT / "s2s").rglob("*.css"), *(ROOT / "tests/js").glob("*.mjs")]
    for path in (*MODULES.values(), *scripts):
        name, text = path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")
        lines = [
            line.partition("  # type: ignore")[0] for line in text.splitlines()
        ]  # the formatter does not wrap these
        long += [name] if len(lines) > LINES else []
        long += [f"{name}:{number}" for number, line in enumerate(lines, start=1) if len(line) > COLUMNS]
        for node in ast.walk(ast.parse(text)) if path.suffix == ".py" else ():
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                assert node.end_lineno is not None
                long += [f"{name}: {node.name}"] if node.end_lineno - node.lineno >= LINES_OF_FUNCTION else []
    assert len(scripts) > 50 and long == []
