"""Style sheets that are joined into one; every class of ours is one that something has."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from s2s.player import bundle
from tests.paths import ROOT

S2S = ROOT / "s2s"
SHEETS = sorted(S2S.rglob("*.css"))
PLAYER, COMPONENTS = S2S / "player" / "browser", S2S / "web" / "components"
# Who gives elements the classes of a sheet, where that is not the scripts beside it and what they import.
PYTHON = {
    "report.css": sorted((S2S / "inspect" / "report").glob("*.py")),
    "board.css": sorted((S2S / "web" / "classroom").glob("*.py")),
    "room/page.css": sorted((S2S / "web" / "classroom").glob("*.py")),
    "projected.css": sorted((S2S / "web" / "classroom").glob("*.py")),
    "page.css": [PLAYER / "page.html", *sorted((S2S / "player").glob("*.py"))],
    "live.css": [PLAYER / "live.html", PLAYER / "page.html"],
    "player.css": sorted((S2S / "explain").glob("*.py")),  # the verdicts that Python gives
}
# By scripts, or by the sheet that imports.
SET_ELSEWHERE = {"--w", "--p", "--all", "--kept", "--soft", "--line", "--faint", "--other", "--gold", "--alarm"}
SET_ELSEWHERE |= {"--steps", "--most", "--row-head", "--columns"}
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


def write(folder: Path, **texts: str) -> Path:
    """Sheets ``a.css``, ``b.css`` … of these texts; the first is the entry."""
    for name, text in texts.items():
        (folder / f"{name}.css").write_text(text, encoding="utf-8")
    return folder / f"{next(iter(texts))}.css"


def test_what_is_imported_stands_once_and_before_what_imports_it(tmp_path: Path) -> None:
    a = '/* first */\n@import "./b.css";\n@import "./c.css";\np { top: 0; }\n'
    entry = write(tmp_path, a=a, b='@import "./c.css";\np { top: 1px; }\n', c="p { top: 2px; }\n")
    lines = [line for line in bundle.style(entry).splitlines() if line]
    assert lines == ["p { top: 2px; }", "p { top: 1px; }", "/* first */", "p { top: 0; }"]


def test_a_cycle_and_a_missing_sheet_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"import cycle: a\.css → b\.css → a\.css"):
        bundle.style(write(tmp_path, a='@import "./b.css";\n', b='@import "./a.css";\n'))
    with pytest.raises(ValueError, match=r"c\.css imports d\.css: no such file"):
        bundle.style(write(tmp_path, c='@import "./d.css";\n'))


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_a_sheet_is_joined_whole_and_its_fonts_and_colours_are_declared(sheet: Path) -> None:
    text = COMMENT.sub("", bundle.style(sheet))
    assert "@import" not in text and text.count("{") == text.count("}")
    used = {name for name in re.findall(r"var\((--[\w-]+)\)", text) if not name.startswith("--st-")}
    palette = (PLAYER / "palette.css").read_text(encoding="utf-8")  # on every page of the app
    assert used <= set(re.findall(r"(--[\w-]+):", text + palette)) | SET_ELSEWHERE


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.stem)
def test_every_class_of_a_sheet_is_given_to_an_element(sheet: Path) -> None:
    folders = [PLAYER, *COMPONENTS.iterdir()] if sheet.parent == PLAYER else [sheet.parent]
    scripts = bundle.modules(*(path for folder in folders for path in sorted(folder.glob("*.js"))))
    code = "".join(
        path.read_text(encoding="utf-8")
        for path in [*scripts, *PYTHON.get(f"{sheet.parent.name}/{sheet.name}", PYTHON.get(sheet.name, []))]
        if path != sheet
    )
    words = set(re.findall(r"[\w-]+", re.sub(r"^\s*//.*", "", code, flags=re.MULTILINE)))
    selectors = re.findall(r"([^{};]+)\{", COMMENT.sub("", sheet.read_text(encoding="utf-8")))
    classes = {
        name.removeprefix("st-key-") for selector in selectors for name in re.findall(r"\.([a-zA-Z][\w-]*)", selector)
    }
    assert classes <= words


def test_no_sheet_of_a_component_looks_into_what_a_step_changes() -> None:
    """For a rule with :has() the browser styles a whole stage of 200 words anew at each step, which took 12 ms."""
    sheets = [sheet for sheet in SHEETS if sheet.is_relative_to(PLAYER) or sheet.is_relative_to(COMPONENTS)]
    assert len(sheets) > 10
    assert [sheet.name for sheet in sheets if ":has(" in COMMENT.sub("", sheet.read_text(encoding="utf-8"))] == []
