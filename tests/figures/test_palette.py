"""The colours stand in one file, and styles, scripts and settings have the same ones."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from s2s.figures import palette
from tests.paths import ROOT

HERE = Path(__file__)
SOURCES = {".css", ".js", ".mjs", ".py", ".html"}
ALLOWED = {HERE, Path(palette.__file__), palette.SHEET}
HEX = re.compile(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", re.IGNORECASE)
NUMBERS = re.compile(r"(?:rgba?\(|\[)\s*(\d{1,3})[,\s]\s*(\d{1,3})[,\s]\s*(\d{1,3})\b")
USED = re.compile(r"var\((--lb-[\w-]+)\)")
READ = re.compile(r'colourOf\([\w.]+, "(\w+)"\)')
COLOURED = 40  # by which a colour's largest channel exceeds its smallest; greys and the grounds of pages do not


def sources() -> list[Path]:
    folders = [ROOT / name for name in ("s2s", "pages", "benchmarks", "tests")]
    found = [path for folder in folders for path in folder.rglob("*") if path.suffix in SOURCES]
    return [path for path in [*found, ROOT / "app.py"] if path not in ALLOWED]


def colours(text: str) -> list[tuple[int, int, int]]:
    """The colours that a text writes as numbers."""
    wide = [value if len(value) == 6 else "".join(2 * c for c in value) for value in HEX.findall(text)]
    return [palette.channels(f"#{value}") for value in wide] + [
        (int(r), int(g), int(b)) for r, g, b in NUMBERS.findall(text) if max(int(r), int(g), int(b)) < 256
    ]


@pytest.mark.parametrize(
    "text",
    ["color: #ea580c;", "rgba(234, 88, 12, 0.5)", "rgb(234 88 12 / 0.5)", "const INK = [234, 88, 12];", "#EA580C"],
)
def test_a_colour_is_found_however_it_is_written(text: str) -> None:
    assert colours(text) == [palette.channels(palette.ORANGE)]


def test_no_other_file_writes_a_colour_as_a_number() -> None:
    names = {*palette.LIGHT.values(), *palette.DARK.values(), *palette.MODELS, *palette.CLUSTERS, palette.PATH}
    ours = {palette.channels(colour) for colour in names}
    files = sources()
    assert len(files) > 300
    written = {
        path.relative_to(ROOT).as_posix(): colour
        for path in files
        for colour in colours(path.read_text(encoding="utf-8"))
        if colour in ours or (path.suffix in (".css", ".html") and max(colour) - min(colour) > COLOURED)
    }
    assert written == {}, "name the colour in s2s/figures/palette.py"


def test_the_style_sheet_has_the_colours_of_light_and_dark_pages() -> None:
    text = palette.SHEET.read_text(encoding="utf-8")
    assert text == palette.css(), "python -m s2s.figures.palette"
    declared = dict(re.findall(r"--lb-([\w-]+): (#\w{6});", text))
    assert {name: declared[name] for name in palette.LIGHT} == palette.LIGHT
    assert {name: declared[f"{name}-dark"] for name in palette.DARK} == palette.DARK
    assert palette.DARK.keys() <= palette.LIGHT.keys()


def test_styles_and_scripts_use_names_of_the_palette_and_each_is_used() -> None:
    texts = [path.read_text(encoding="utf-8") for path in sources() if path.is_relative_to(ROOT / "s2s")]
    used = {name for text in texts for name in USED.findall(text)}
    read = {f"--lb-{name}" for text in texts for name in READ.findall(text)}
    declared = set(re.findall(r"--lb-[\w-]+(?=:)", palette.css()))
    assert used and read and used | read <= declared
    assert declared - used - read == {"--lb-grey"}  # of plotly's figures alone


def test_streamlit_has_the_accents_of_light_and_dark_pages() -> None:
    theme = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
    assert theme["light"]["primaryColor"] == palette.LIGHT["accent"]
    assert theme["dark"]["primaryColor"] == palette.LIGHT["attention"]
