"""Join JavaScript modules into one, and style sheets, for pages and components that load one of each.

Our scripts import names in braces from relative paths, one import a line, and export declarations; only an entry has a
default export. Our style sheets import others by relative paths.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

IMPORT = re.compile(r'^import \{ ([\w$, ]+) \} from "(\.[^"]+)";\n', re.MULTILINE)
DEFAULT = re.compile(r"^export default ", re.MULTILINE)
EXPORT = re.compile(r"^export (?!default)", re.MULTILINE)
NAMED = re.compile(r"^export (?:async )?(?:function\*?|class|const|let) ([\w$]+)", re.MULTILINE)
DECLARED = re.compile(r"^(?:export )?(?:default )?(?:async )?(?:function\*?|class|const|let) ([\w$]+)", re.MULTILINE)
PARTED = re.compile(r"^(?:export )?(?:const|let) [\[{]([^\]}=]+)[\]}] =", re.MULTILINE)  # const [a, b] = …
OTHER = re.compile(r"^(?:import .*|export [{*].*)", re.MULTILINE)  # forms that this module does not know
SHEET = re.compile(r'^@import "(\.[^"]+)";\n', re.MULTILINE)


@functools.cache
def style(entry: Path) -> str:
    """The style sheet and those that it imports as one, each once and after its own imports.

    Raises ValueError for a missing file and an import cycle.
    """
    return "\n".join(SHEET.sub("", _text(path)) for path in modules(entry))


@functools.cache
def script(entry: Path) -> str:
    """The entry and all that it imports as one module, with the entry's default export.

    Raises ValueError for a missing file, an import cycle, an imported name that nobody exports, a top-level name that
    two files declare, and an imported file with a default export.
    """
    files = modules(entry)
    _check_names(files)
    return "\n".join(EXPORT.sub("", IMPORT.sub("", _text(path))) for path in files)


def modules(*entries: Path) -> list[Path]:
    """The entries and the files that they import, each after those that it imports itself."""
    files: list[Path] = []
    for entry in entries:
        _visit(entry.resolve(), (), files)
    return files


def imports(path: Path) -> list[tuple[Path, list[str]]]:
    """The files that a file imports, with the names that it takes from each."""
    code = _text(path)
    if strange := OTHER.search(IMPORT.sub("", code)):
        raise ValueError(f"{path.name}: cannot join {strange[0]!r}")
    return [
        ((path.parent / target).resolve(), [name.strip() for name in names.split(",")])
        for names, target in IMPORT.findall(code)
    ]


def exports(path: Path) -> list[str]:
    """The names that a file exports, without a default export."""
    return NAMED.findall(_text(path))


def _visit(path: Path, above: tuple[Path, ...], files: list[Path]) -> None:
    """Append the file to ``files`` after what it imports; ``above`` are the files that import it."""
    if path in above:
        ring = [*above[above.index(path) :], path]
        raise ValueError("import cycle: " + " → ".join(step.name for step in ring))
    if path in files:
        return
    if not path.is_file():
        raise ValueError(f"{above[-1].name + ' imports ' if above else ''}{path.name}: no such file")
    if above and DEFAULT.search(_text(path)):
        raise ValueError(f"{above[-1].name} imports {path.name}, which has a default export")
    for target in _targets(path):
        _visit(target, (*above, path), files)
    files.append(path)


def _targets(path: Path) -> list[Path]:
    """The files that a script or a style sheet imports."""
    if path.suffix == ".css":
        return [(path.parent / target).resolve() for target in SHEET.findall(_text(path))]
    return [target for target, _ in imports(path)]


def _check_names(files: list[Path]) -> None:
    owners: dict[str, Path] = {}
    for path in files:
        for name in _declared(_text(path)):
            if name in owners:
                raise ValueError(f"{path.name} declares {name}, which {owners[name].name} declares too")
            owners[name] = path
        for target, names in imports(path):
            if unknown := sorted(set(names) - set(exports(target))):
                raise ValueError(f"{path.name} imports {unknown[0]}, which {target.name} does not export")


def _declared(code: str) -> list[str]:
    """The names that a file declares at its top level, those of ``const [a, b] = …`` among them."""
    parted = [name.split(":")[-1].strip() for names in PARTED.findall(code) for name in names.split(",")]
    return [*DECLARED.findall(code), *parted]


@functools.cache
def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")
