"""What stands in deploy/ for systemd and for an image: it is valid, names what exists, and the app runs as it says."""

from __future__ import annotations

import ast
import json
import os
import pwd
import re
import shlex
import shutil
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import landlockpy
import pytest

from benchmarks.deployment import nginx
from benchmarks.server import free_port
from s2s import settings
from tests.paths import ROOT
from tests.wait import run_async, until
from tests.wheel import visit

UNIT = (ROOT / "deploy" / "lookback@.service").read_text(encoding="utf-8")
PORT = "8601"  # of the first replica
UNDER_FILTER = """
import json, sys
import pyseccomp
rules = pyseccomp.SyscallFilter(defaction=pyseccomp.ERRNO(1))
for name in json.loads(sys.argv[1]):
    try:
        rules.add_rule(pyseccomp.ALLOW, name)
    except (ValueError, OSError):
        continue  # a call of another architecture
rules.load()
from pathlib import Path
from s2s.sandbox.run import run
named, other = map(Path, sys.argv[2:])
for path in (named, other):
    values = {"attempt": "read", "path": str(path)}
    print(run("tests.sandbox.attempts:outcome", "a file", values, reads=[named]))
"""


@pytest.fixture(scope="module")
def analyze() -> str:
    """The program that checks units. Without it, an error in CI and a skip elsewhere."""
    if path := shutil.which("systemd-analyze"):
        return path
    message = "no systemd-analyze found: install systemd to run the tests of its units"
    if os.environ.get("CI"):
        pytest.fail(message)
    pytest.skip(message)


def lines(option: str) -> list[str]:
    """The values of an option of the unit, for the replica at ``PORT``."""
    return [value.replace("%i", PORT) for value in re.findall(rf"^{option}=(.*)$", UNIT, re.MULTILINE)]


def assigned(words: list[str]) -> dict[str, str]:
    """Variables from words of the form NAME=VALUE."""
    return {name: value for name, _, value in (word.partition("=") for word in words)}


def test_systemd_takes_the_unit_without_a_warning(analyze: str, tmp_path: Path) -> None:
    unit = tmp_path / f"lookback@{PORT}.service"
    unit.write_text(UNIT.replace("/opt/lookback/.venv/bin/python", sys.executable), encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True)
    said = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, said) == (0, [])
    unit.write_text(UNIT + "[Service]\nMemoryMaximum=4G\n", encoding="utf-8")
    done = subprocess.run([analyze, "verify", "--man=no", unit], capture_output=True, text=True)
    assert "MemoryMaximum" in done.stderr


def test_systemd_finds_the_replica_little_exposed(analyze: str, tmp_path: Path) -> None:
    (unit := tmp_path / f"lookback@{PORT}.service").write_text(UNIT, encoding="utf-8")
    command = [analyze, "security", "--offline=true", "--threshold=20", "--no-pager", unit]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-300:]


def test_nginx_can_be_tried_without_root(tmp_path: Path) -> None:
    if nginx() is None:
        pytest.skip("no nginx")  # tests/deploy says so in CI
    page = (ROOT / "docs" / "DEPLOY.md").read_text(encoding="utf-8")
    *lines, serves = re.findall("```\n(mkdir.*?)```", page, re.DOTALL)[0].strip().split("\n")
    assert "daemon off" in serves
    shutil.copytree(ROOT / "deploy", tmp_path / "deploy")
    script = "\n".join(lines).replace("/usr/sbin/nginx", str(nginx())).replace("8080", str(free_port()))
    user: dict[str, Any] = {}
    if os.getuid() == 0:
        nobody = pwd.getpwnam("nobody")
        user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        for path in (tmp_path, *tmp_path.parents[:2]):
            path.chmod(0o777)
    done = subprocess.run(["bash", "-ec", script], cwd=tmp_path, capture_output=True, text=True, **user)
    assert done.returncode == 0 and "test is successful" in done.stderr, done.stderr


def calls(analyze: str, name: str) -> set[str]:
    """The system calls of a name in SystemCallFilter, which may be a group of groups."""
    if not name.startswith("@"):
        return {name}
    done = subprocess.run([analyze, "syscall-filter", name], capture_output=True, text=True, check=True)
    inside = (line.strip() for line in done.stdout.splitlines()[1:])
    return set().union(*(calls(analyze, one) for one in inside if one and not one.startswith("#")))


@pytest.mark.skipif(not landlockpy.supported(), reason="the kernel has no Landlock")
def test_below_the_units_filter_uploads_are_read_by_a_confined_process(analyze: str, tmp_path: Path) -> None:
    allowed = set().union(*(calls(analyze, name) for value in lines("SystemCallFilter") for name in value.split()))
    (named := tmp_path / "named").write_text("x")
    (other := tmp_path / "other").write_text("x")
    command = [sys.executable, "-c", UNDER_FILTER, json.dumps(sorted(allowed)), named, other]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == ["done", "PermissionError"], done.stderr[-500:]


def instructions(stage: int) -> list[tuple[str, str]]:
    """The instructions of a stage of the Containerfile, in order: name and rest of the line."""
    text = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
    joined = re.sub(r"^#.*\n", "", text, flags=re.MULTILINE).replace("\\\n", " ")
    stages = joined.split("FROM ")[1:]
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in stages[stage].splitlines()[1:]) if name]


def values(stage: int, wanted: str) -> list[str]:
    return [rest for name, rest in instructions(stage) if name == wanted]


def file_settings() -> dict[str, str]:
    text = (ROOT / "deploy" / "lookback.env").read_text(encoding="utf-8")
    return assigned(re.findall(r"^[A-Z].*$", text, re.MULTILINE))


ENVIRONMENTS = {
    "unit": assigned(" ".join(lines("Environment")).split()) | file_settings(),
    "image": assigned(shlex.split(" ".join(values(1, "ENV")))),
}


@pytest.mark.parametrize("environment", ENVIRONMENTS.values(), ids=ENVIRONMENTS)
def test_the_variables_are_settings_of_a_class(environment: dict[str, str]) -> None:
    settings.check_names(environment)
    assert settings.read(environment).profile == "class"


def test_the_image_is_not_roots_and_installs_what_is_locked() -> None:
    assert [int(user) for user in values(1, "USER")] != [0]
    names = [name for name, _ in instructions(1)]
    assert names.index("USER") > max(place for place, name in enumerate(names) if name == "RUN")
    copied = {file for value in values(0, "COPY") for file in value.split()}
    install = (ROOT / "deploy" / "install").read_text(encoding="utf-8")
    assert set(re.findall(r"-r (\S+)", install)) == {file for file in copied if file.endswith(".lock")}


def test_the_image_has_what_the_wheel_has() -> None:
    (shipped,) = re.findall(r"^SHIPPED = (\(.*\))$", (ROOT / "setup.py").read_text(encoding="utf-8"), re.MULTILINE)
    copied = {file for value in values(1, "COPY") for file in value.split()[:-1]}
    assert {Path(name).parts[0] for name in ast.literal_eval(shipped)} | {"s2s"} <= copied


def test_the_app_runs_on_what_the_image_has_and_writes_nothing_beside_it(tmp_path: Path) -> None:
    tree = tmp_path / "tree"
    for value in values(1, "COPY"):
        if not value.startswith("--from"):
            *sources, target = value.split()
            for source in sources:
                copy(ROOT / source, tree / target)
    before = sorted(tree.rglob("*"))
    (command,) = (json.loads(value) for value in values(1, "CMD"))
    (check,) = re.findall(r'http://[^"]+', values(1, "HEALTHCHECK")[0])
    port = str(free_port())
    place = {"LOOKBACK_HOME": str(tmp_path / "home"), "LOOKBACK_ADDRESS": "127.0.0.1", "LOOKBACK_PORT": port}
    own = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    own |= ENVIRONMENTS["image"] | place | {"PYTHONDONTWRITEBYTECODE": "1", "HOME": str(tmp_path / "home")}
    process = subprocess.Popen([sys.executable, *command[1:]], cwd=tree, env=own, stderr=subprocess.DEVNULL)
    try:
        health = check.replace(ENVIRONMENTS["image"]["LOOKBACK_PORT"], port)
        until(lambda: process.poll() is not None or answer(health) == 200, every=0.1)
        until(lambda: process.poll() is not None or answer(health.replace("health", "ready")) == 200, every=0.1)
        run_async(visit(f"127.0.0.1:{port}"))
    finally:
        process.terminate()
        process.wait(60)
    assert sorted(tree.rglob("*")) == before


def copy(source: Path, target: Path) -> None:
    """Copy a file or a folder, as COPY does from a fresh clone."""
    target.parent.mkdir(parents=True, exist_ok=True)
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def answer(url: str) -> int:
    """The status with which a server answers; 0 without an answer."""
    try:
        with urllib.request.urlopen(url, timeout=5) as page:
            return int(page.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0
