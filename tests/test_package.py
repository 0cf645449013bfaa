"""The package as pip installs it: its requirements, its files, where it writes. tests/wheel.py installs one."""

from __future__ import annotations

import ast
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from s2s import __version__, locations
from s2s.__main__ import main, parser
from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS: dict[str, list[str]] = PROJECT["optional-dependencies"]
TINY = ["model.embedding_size=8", "model.encoder_size=8", "model.decoder_size=8", "train.epochs=1"]


def named(requirements: list[str]) -> dict[str, Requirement]:
    return {canonicalize_name(one.name): one for one in map(Requirement, requirements)}


def pinned(file: str) -> dict[str, str]:
    lines = (ROOT / file).read_text(encoding="utf-8").split()
    return {canonicalize_name(name): version for name, version in (line.split("==") for line in lines)}


def test_what_is_tested_lies_in_every_range_and_nothing_is_missing() -> None:
    ranges = named([*PROJECT["dependencies"], *(one for extra in EXTRAS.values() for one in extra)])
    pins = pinned("requirements.txt") | pinned("requirements-extra.txt")
    assert ranges.keys() == pins.keys() - {"psycopg-binary"}  # the extra "binary" of psycopg
    assert [name for name, one in ranges.items() if not one.specifier.contains(pins[name])] == []
    assert all(one.specifier for one in ranges.values())
    optional = named([*EXTRAS["huggingface"], *EXTRAS["umap"], *EXTRAS["images"]])
    assert optional.keys() == pinned("requirements-extra.txt").keys()


def test_what_the_package_imports_it_needs_and_no_tool_of_the_tests() -> None:
    parsed = (ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "s2s").rglob("*.py"))
    nodes = [node for tree in parsed for node in ast.walk(tree)]
    imported = {alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    imported |= {(node.module or "s2s").split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    modules = {"pyyaml": "yaml", "pillow": "PIL"}
    needed = {modules.get(name, name.replace("-", "_")) for name in named(PROJECT["dependencies"])}
    unlisted = {name.lower() for name in imported - sys.stdlib_module_names - {"s2s"}}
    extras = {"transformers", "huggingface_hub", "umap", "psycopg"}
    assert unlisted - {name.lower() for name in needed} == extras
    assert {name.lower() for name in needed} <= unlisted
    tools = named(EXTRAS["dev"]).keys()
    assert {"pytest", "playwright", "ruff", "mypy"} <= tools and not tools & named(PROJECT["dependencies"]).keys()


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the package as a wheel has it."""
    site = tmp_path_factory.mktemp("site")
    command = [sys.executable, "setup.py", "--quiet", "build_py", "--build-lib", str(site)]
    subprocess.run(command, cwd=ROOT, check=True)
    return site


def files(folder: Path) -> dict[str, int]:
    return {str(path): path.stat().st_mtime_ns for path in folder.rglob("*")}


def test_a_wheel_has_the_app_its_pages_its_settings_and_two_checkpoints(installed: Path) -> None:
    shipped = installed / "s2s" / "_shipped"
    assert {path.name for path in installed.iterdir()} == {"s2s"}
    assert {path.name for path in (shipped / "checkpoints").iterdir()} == {"date", "zh-en-luong"}
    for name in ("app.py", ".streamlit/config.toml", "configs/date.toml", "checkpoints/date/film.jsonl"):
        assert (shipped / name).read_bytes() == (ROOT / name).read_bytes()
    for path in (p for kind in ("js", "wasm") for p in (ROOT / "s2s" / "browser_model").rglob(f"*.{kind}")):
        assert (installed / path.relative_to(ROOT)).read_bytes() == path.read_bytes()
    assert {p.name for p in (shipped / "pages").iterdir()} == {p.name for p in (ROOT / "pages").glob("*.py")}
    assert sum(path.stat().st_size for path in installed.rglob("*") if path.is_file()) < 30_000_000


def test_an_installed_package_is_used_from_anywhere_and_writes_where_the_user_keeps_data(
    installed: Path, tmp_path: Path
) -> None:
    """Labels, runs and inspections in LOOKBACK_HOME or the system's place; checkpoints of the folder one stands in."""
    pairs, home = tmp_path / "pairs.tsv", tmp_path / "home"
    pairs.write_text("".join(f"{n}\t{n}\n" for n in range(300, 400)), encoding="utf-8")
    before = files(installed)
    own = {name: value for name, value in os.environ.items() if not name.startswith(("LOOKBACK_", "XDG_"))}
    own |= {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": "1", "HOME": str(home), "OMP_NUM_THREADS": "1"}
    work = tmp_path / "work"
    work.mkdir()

    def run(*arguments: str, **environment: str) -> str:
        command = [sys.executable, *arguments]
        done = subprocess.run(command, cwd=work, env=own | environment, capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return done.stdout

    settings = [part for value in TINY for part in ("--set", value)]
    run("-m", "s2s", "train", "--data", str(pairs), *settings, LOOKBACK_HOME=str(tmp_path / "kept"))
    assert (tmp_path / "kept" / "runs" / "pairs" / "config.toml").is_file()
    assert [path.name for path in work.iterdir()] == ["checkpoints"]  # what was asked for lies where one stands
    code = """import json
from s2s import locations
from s2s.server import folders
from s2s.store import database
from s2s.web.shell import models
database.connect()
print(json.dumps([str(folders.INSPECTED), str(database.DEFAULT), str(locations.runs()), models.names()]))"""
    *places, names = json.loads(run("-c", code))
    assert names == ["zh-en-luong", "date", "pairs"]
    assert all(str(home) in place and "lookback" in place for place in places)
    assert Path(places[1]).is_file()
    *places, names = json.loads(
        run("-c", code, LOOKBACK_HOME=str(tmp_path / "kept"), LOOKBACK_CHECKPOINTS="checkpoints")
    )
    assert names == ["pairs"] and all(place.startswith(str(tmp_path / "kept")) for place in places)
    assert "2025-03-09" in run("-m", "s2s", "trace", "date", "2025年3月9日")
    assert files(installed) == before


def test_the_program_s_own_configs_are_found_from_anywhere(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["train", "configs/date.toml"]) == 2
    assert "data/date/train.tsv" in capsys.readouterr().err  # the config has been read, its data are not there
    Path("configs").mkdir()
    Path("configs", "date.toml").write_text('name = "mine"', encoding="utf-8")
    assert locations.own_file(Path("configs/date.toml")) == Path("configs/date.toml")
    assert locations.own_file(Path("configs/absent.toml")) == Path("configs/absent.toml")


def test_a_clone_keeps_what_is_written_in_the_repository(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv(locations.HOME, raising=False)
    monkeypatch.delenv(locations.CHECKPOINTS, raising=False)
    assert locations.is_clone() and locations.program() == locations.home() == ROOT
    assert locations.runs() == Path("runs")
    assert locations.checkpoint_folders() == (Path("checkpoints"), ROOT / "checkpoints")
    monkeypatch.setenv(locations.HOME, str(tmp_path))
    assert locations.home() == tmp_path and locations.runs() == tmp_path / "runs"
    monkeypatch.setenv(locations.CHECKPOINTS, "mine")
    assert locations.checkpoint_folders()[0] == Path("mine")


def test_a_stranger_s_app_py_beside_installed_code_makes_it_no_clone(installed: Path, tmp_path: Path) -> None:
    (tmp_path / "app.py").touch()
    (tmp_path / "s2s").symlink_to(installed / "s2s")
    assert not locations.is_clone(tmp_path / "s2s")
    assert locations.program(tmp_path / "s2s") == tmp_path / "s2s" / "_shipped"


def test_commands_and_python_find_what_lookback_checkpoints_names(
    tiny_checkpoint: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(locations.CHECKPOINTS, str(tiny_checkpoint.parent))
    assert main(["trace", tiny_checkpoint.name, "我喜欢苹果。"]) == 0
    assert main(["trace", "absent", "我"]) == 2
    known = capsys.readouterr().err
    assert tiny_checkpoint.name in known and "zh-en-luong" in known


@pytest.mark.parametrize(("script", "program"), [("/bin/lookback", "lookback"), ("/s2s/__main__.py", "python -m s2s")])
def test_messages_call_the_program_as_it_was_called(
    script: str, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", [script])
    assert main(["trace", "absent", "我"]) == 2
    assert capsys.readouterr().err.startswith(f"{program}: ")


def test_the_version_is_one(capsys: pytest.CaptureFixture[str]) -> None:
    assert PROJECT["dynamic"] == ["version"] and "version" not in PROJECT
    with pytest.raises(SystemExit):
        main(["--version"])
    assert capsys.readouterr().out == f"Lookback {__version__}\n"
    headings = re.findall(r"^## \[(.*?)\]", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert headings[:2] == ["Unreleased", __version__]
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert str(cited["version"]) == __version__ and cited["license"] == PROJECT["license"] == "MIT"
    assert {"cff-version", "message", "title", "authors"} <= cited.keys()  # what the format demands


def test_what_runs_before_a_commit_is_what_make_check_runs_besides_the_tests() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repository in config["repos"] for hook in repository["hooks"]]
    lint = re.search(r"^lint: .*\n((?:\t.*\n)+)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert lint and [line.strip().replace("$(BIN)", ".venv/bin") for line in lint[1].splitlines()] == entries


def test_the_page_on_installing_names_commands_that_are_accepted_and_every_variable() -> None:
    page = (ROOT / "docs" / "INSTALL.md").read_text(encoding="utf-8")
    commands = re.findall(r"^lookback (.*?)(?: +#.*)?$", page, re.MULTILINE)
    assert len(commands) >= 3
    for command in (command for command in commands if command != "--help"):
        parser().parse_args(shlex.split(command))
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "s2s").rglob("*.py")]
    read = {name for text in sources for name in re.findall(r'"(LOOKBACK_[A-Z]+)"', text)}
    assert set(re.findall(r"^\| `(LOOKBACK_[A-Z]+)` \|", page, re.MULTILINE)) == read
    assert all(f"`{extra}`" in page for extra in EXTRAS)
    assert all((ROOT / "docs" / link).exists() for link in re.findall(r"\]\(([^)#:]+)\)", page))


@pytest.mark.parametrize("card", sorted(ROOT.glob("checkpoints/*/README.md")), ids=lambda path: path.parent.name)
def test_a_card_says_whose_the_data_is(card: Path) -> None:
    data = card.read_text(encoding="utf-8").split("## Data\n")[1].split("\n## ")[0]
    assert "Synthetic: written by this repository's own generator" in data or re.search(r"CC BY|MIT licence", data)
