"""The documentation is true: its files exist, its commands run, its settings and packages are the real ones."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks import remedies
from s2s.exposure.remedies import load_comparison
from tests.paths import ROOT

PAGES = [
    "README.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
]
COMMAND = re.compile(r"^python -m s2s .*$", re.MULTILINE)


def prose(page: Path) -> str:
    """A page's text without its blocks and spans of code, in which ``#`` and ``](`` mean something else."""
    text = re.sub(
        r"^( *)(```+|~~~+).*?^ *\2[`~]*$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    return re.sub(r"(`+)(?!`).+?(?<!`)\1(?!`)", lambda match: match[0].replace("](", "] ("), text)


def links(page: Path) -> list[tuple[Path, str]]:
    """Each link to a file, or to a heading of the page itself: the file, and the anchor or an empty text."""
    targets = [target.partition("#") for target in re.findall(r"\]\(([^)\s]+)\)", prose(page))]
    local = [(file, anchor) for file, _, anchor in targets if not re.match(r"\w+:", file)]
    return [(page.parent / file if file else page, anchor) for file, anchor in local]


def anchors(page: Path) -> list[str]:
    """The anchors of a page's headings as GitHub makes them: the second of one name ends with ``-1``."""
    made, seen = list[str](), Counter[str]()
    for heading in re.findall(r"^ {0,3}#{1,6} +(.+?)(?: +#+)? *$", prose(page), re.MULTILINE):
        plain = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        made.append(f"{anchor}-{seen[anchor]}" if seen[anchor] else anchor)
        seen[anchor] += 1
    return made


@pytest.mark.parametrize("page", PAGES)
def test_linked_files_exist(page: str) -> None:
    assert [str(file) for file, _ in links(ROOT / page) if not file.exists()] == []


@pytest.mark.parametrize("page", PAGES)
def test_linked_headings_exist(page: str) -> None:
    wanted = [(file, anchor) for file, anchor in links(ROOT / page) if anchor]
    assert [(str(file), anchor) for file, anchor in wanted if file.suffix != ".md" or anchor not in anchors(file)] == []


def test_links_and_anchors_are_those_of_a_viewer(tmp_path: Path) -> None:
    other = tmp_path / "other.md"
    other.write_text(
        "# One\n\n```\n# no heading\n```\n\n## `two` [x](y.md)\n\n# One\n\n### Three #\n", encoding="utf-8"
    )
    assert anchors(other) == ["one", "two-x", "one-1", "three"]
    page = tmp_path / "page.md"
    page.write_text("[a](other.md#one-1) `[b](c.md)` [d](https://e.org/#f) [g](#h) ![i](j.png)\n", encoding="utf-8")
    assert links(page) == [(other, "one-1"), (page, "h"), (tmp_path / "j.png", "")]


@pytest.mark.parametrize("name", ["player.png", "classroom.png", "inspection.png"])
def test_pictures_are_small_and_shown(name: str) -> None:
    picture = ROOT / "docs" / name
    assert picture.stat().st_size < 200_000
    assert picture in [file for page in ("README.md", "docs/GUIDE.md") for file, _ in links(ROOT / page)]


def test_the_readme_is_short_and_the_index_lists_every_page() -> None:
    assert len((ROOT / "README.md").read_bytes()) <= 8_000
    index = (ROOT / "docs" / "README.md").read_text(encoding="utf-8")
    assert [path.name for path in (ROOT / "docs").glob("*.md") if f"({path.name})" not in index] == ["README.md"]


def test_the_architecture_names_every_folder() -> None:
    text = (ROOT / "docs" / "ARCHITECTURE.md").read_text(encoding="utf-8")
    folders = {path.parent.name for path in (ROOT / "s2s").rglob("__init__.py")} - {"s2s"}
    assert folders and [name for name in folders if f"{name}/" not in text] == []


def commands(page: str) -> list[str]:
    return [line for line in COMMAND.findall((ROOT / page).read_text(encoding="utf-8")) if "…" not in line]


def test_there_are_commands_to_test() -> None:
    assert len(commands("README.md")) >= 4
    assert len(commands("docs/DATA.md")) >= 3


@pytest.mark.parametrize("command", [c for page in PAGES for c in commands(page)])
def test_every_command_is_one_that_the_program_accepts(command: str) -> None:
    from s2s.__main__ import parser

    options = parser().parse_args(shlex.split(command)[3:])
    if options.command == "train" and options.config and not str(options.config).startswith("runs/"):
        assert (ROOT / options.config).is_file()


def sections(page: str) -> dict[str, str]:
    """The text of a page below each of its second headings."""
    parts = (ROOT / page).read_text(encoding="utf-8").split("\n## ")[1:]
    return {heading: text for heading, _, text in (part.partition("\n") for part in parts)}


def test_every_command_has_a_heading_in_the_order_of_help() -> None:
    from s2s.__main__ import parser

    listed = re.findall(r"^    ([\w-]+)", parser().format_help(), re.MULTILINE)
    headings = [name for name in sections("docs/COMMANDS.md") if name in listed]
    assert sorted(headings) == sorted(listed)
    assert [name for name in headings if not commands_of(name)] == []


def commands_of(section: str) -> list[str]:
    """The lines of a command's section that are to be typed; ``printf`` writes a file that the next one reads."""
    return re.findall(r"^(?:python -m s2s|printf) .*$", sections("docs/COMMANDS.md")[section], re.MULTILINE)


# A server; a download, another library's model or an empty home is needed.
NOT_RUN = ("serve", "prepare", "import", "restore")


def test_the_examples_of_the_command_line_run_from_top_to_bottom(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from s2s.__main__ import main

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOOKBACK_HOME", str(tmp_path))
    for folder in ("checkpoints", "runs"):
        (tmp_path / folder).mkdir()
    for line in [line for name in sections("docs/COMMANDS.md") if name not in NOT_RUN for line in commands_of(name)]:
        if "…" in line:
            continue
        if line.startswith("printf"):
            subprocess.run(["bash", "-c", line], check=True)
        else:
            assert main(shlex.split(line)[3:]) == 0, capsys.readouterr().err
        out = capsys.readouterr().out
        assert "电影" in out or " trace " not in line or "--json free" in line or "--json forced" in line
    made = (
        "page.html",
        "exposure.json",
        "submission.csv",
        "report.html",
        "labelled.csv",
        "checkpoints/my-date",
        "lookback.tar.gz",
    )
    assert [name for name in made if not (tmp_path / name).exists()] == []


@pytest.mark.parametrize("command", [c for c in commands("README.md") if " trace " in c])
def test_the_trace_commands_of_the_readme_run(command: str) -> None:
    ran = subprocess.run([sys.executable, *shlex.split(command)[1:]], cwd=ROOT, capture_output=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, b"")
    assert "电影".encode() in ran.stdout


def test_make_targets_of_the_readme_are_in_the_makefile() -> None:
    makefile = (ROOT / "Makefile").read_text()
    for target in re.findall(r"^make (\w+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE)


def test_the_dependency_table_names_every_pinned_package() -> None:
    pinned = {line.split("==")[0] for line in (ROOT / "requirements.txt").read_text().split()}
    table = (ROOT / "docs" / "DEPENDENCIES.md").read_text(encoding="utf-8").split("| package |")[1]
    named = {name for row in re.findall(r"^\| ([\w, -]+) \|", table, re.MULTILINE) for name in row.split(", ")}
    assert named - {"package"} == pinned


def test_scores_of_the_readme_are_those_of_the_cards() -> None:
    import json

    text = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \[([\w-]+)\]\(checkpoints/.*\| ([\d.]+) \| ([\d.]+) \|$", text, re.MULTILINE)
    assert {name for name, _, _ in rows} == {path.parent.name for path in ROOT.glob("checkpoints/*/config.json")}
    for name, bleu, chrf in rows:
        test = json.loads((ROOT / "checkpoints" / name / "metrics.json").read_text())["test"]
        assert (f"{test['bleu']:.1f}", f"{test['chrf']:.1f}") == (bleu, chrf)


def test_no_page_or_source_names_a_path_of_one_machine() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split(
        "\n"
    )
    texts = [p for p in listed if p.endswith((".py", ".md", ".toml", ".json", ".js", ".css", "Makefile", "run"))]
    found = [p for p in texts if re.search(r"(?<![\w.])/(work|root|home)/", (ROOT / p).read_text(encoding="utf-8"))]
    assert found == []


def test_every_column_and_cause_of_an_inspection_is_explained() -> None:
    from s2s.inspect.causes import TAGS
    from s2s.inspect.schema import PART

    page = (ROOT / "docs" / "INSPECT.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (`[^|]*) \|", page, re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named >= set(PART.names) | set(TAGS)


def test_limits_of_causes_are_those_of_the_page() -> None:
    from s2s.inspect import causes, experiments, measures
    from s2s.inspect.judgement import judge

    page = (ROOT / "docs" / "INSPECT.md").read_text(encoding="utf-8")
    told = (
        f"`resegmented_gain` ≥ {experiments.GAIN:g}",
        f"at most {experiments.FEW} source words",
        f"{experiments.OTHERS} random other references",
        f"p < {causes.LEVEL:g}",
        f"below {measures.NEVER:g}, above {measures.OFTEN:g}",
        f"a beam of {experiments.BEAM}",
        f"the {experiments.WAYS} with the fewest words",
        *(
            f"| {name} | {value:.3f} | {count:,} |"
            for name, (value, count) in judge().measured.items()
            if value == value
        ),
        *(f"{limit:.2f}" for limit in judge().limits.values()),
    )
    assert [text for text in told if text not in page] == []


@pytest.mark.parametrize(
    "path", sorted((ROOT / "s2s" / "exposure" / "results").glob("*.json")), ids=lambda path: path.stem
)
def test_the_tables_of_remedies_are_those_of_the_measured_files(path: Path) -> None:
    assert remedies.table(load_comparison(path)).strip() in (ROOT / "docs" / "EXPOSURE.md").read_text(encoding="utf-8")
