"""Rules for the tests: none sleeps, second tries are reported, quick tests are quick."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.paths import ROOT

SLEEPS = re.compile(r"\bsleep\(|wait_for_timeout\(|setTimeout\(|waitForTimeout\(")
# Where a time is what is meant: the poll itself, work that never ends, and processes that tests start to be killed.
ALLOWED = {
    "tests/wait.py": 2,
    "tests/train/test_live.py": 1,  # a process that does nothing until its starter is gone
    "tests/train/test_resume.py": 1,  # SIGKILL at a moment that nobody chose
    "tests/server/test_trainings.py": 1,  # the poll of a stand-in for a training, which knows only the standard library
}
FLAKY = """
from pathlib import Path

from tests.paths import ROOT

def test_misses_once(tmp_path_factory):
    seen = Path(__file__).with_suffix(".seen")
    if not seen.exists():
        seen.touch()
        raise AssertionError("the tap missed")

def test_never_hits():
    raise AssertionError("always")
"""


def test_nothing_waits_for_a_time() -> None:
    found = {}
    for path in sorted((ROOT / "tests").rglob("*.py")):
        name, count = path.relative_to(ROOT).as_posix(), len(SLEEPS.findall(path.read_text(encoding="utf-8")))
        if count and path != Path(__file__):
            found[name] = count
    assert found == ALLOWED, "wait for a condition: tests.wait.until, or expect(...) of playwright"


def test_who_needs_a_second_try_is_named_and_who_fails_twice_fails(tmp_path: Path) -> None:
    for folder in ("browser", "elsewhere"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / f"test_{folder}.py").write_text(FLAKY)
    (tmp_path / "pytest.ini").write_text("[pytest]\naddopts = -n 2\nfilterwarnings = error\n")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.steady", "--rootdir", str(tmp_path), str(tmp_path)]
    run = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True)
    assert run.returncode == 1, run.stdout + run.stderr
    _, _, told = run.stdout.partition("unsteady")
    assert "browser/test_browser.py::test_misses_once\n    AssertionError: the tap missed" in told
    failed = set(re.findall(r"^FAILED (\S+)", run.stdout, re.MULTILINE))
    assert failed == {
        "browser/test_browser.py::test_never_hits",
        "elsewhere/test_elsewhere.py::test_misses_once",
        "elsewhere/test_elsewhere.py::test_never_hits",
    }
    assert re.search(r"3 failed, 1 passed, 2 rerun", run.stdout)


def test_make_quick_leaves_out_browsers_and_trainings_alone() -> None:
    makefile = (ROOT / "Makefile").read_text()
    slow = re.search(r"^SLOW := (.+)$", makefile, re.MULTILINE)
    folders = (
        "browser",
        "site",
        "deploy",
        "journeys",
        "train",
        "inspect",
        "commands",
        "adapters",
        "exposure",
        "model/huggingface",
        "web/lesson/test_shipped.py",
        "doctor/test_ward.py",
        "doctor/test_links.py",
    )
    assert slow and slow[1].split() == [f"tests/{name}" for name in folders]
    assert "$(addprefix --ignore=,$(SLOW))" in makefile.split("\nquick:")[1].split("\n\n")[0]
    slow_ones = tuple(str(ROOT / "tests" / name) for name in folders)
    quick = [p for p in (ROOT / "tests").rglob("test_*.py") if not str(p).startswith(slow_ones)]
    assert all((ROOT / "tests" / name).exists() for name in folders)
    wants = [p for p in quick if re.search(r"^from (tests\.browser\b|playwright)", p.read_text(encoding="utf-8"), re.M)]
    assert [p.name for p in wants] == []
    for page in ("README.md", "CONTRIBUTING.md"):
        assert "`make quick`" in (ROOT / page).read_text(encoding="utf-8")
    assert "make test" in (ROOT / ".ci" / "run").read_text()
