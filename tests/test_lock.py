"""What a deployment installs: locked with hashes in the tested versions, whole, listed with licences. No network."""

from __future__ import annotations

import json
import re
import tomllib
from importlib.metadata import distribution

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from deploy import licences
from tests.paths import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REMAKE = "make lock remakes deploy/*.lock, deploy/sbom.cdx.json and docs/LICENCES.md"


def locked(name: str) -> dict[str, tuple[Requirement, list[str]]]:
    """Every requirement of a lock and its hashes."""
    text = re.sub(r"^ *#.*\n", "", (ROOT / "deploy" / name).read_text(encoding="utf-8"), flags=re.MULTILINE)
    found = {}
    for line in filter(None, text.replace("\\\n", "").splitlines()):
        requirement, *hashes = line.split("--hash=sha256:")
        parsed = Requirement(requirement)
        assert canonicalize_name(parsed.name) not in found, line
        found[canonicalize_name(parsed.name)] = (parsed, [value.strip() for value in hashes])
    return found


LOCK, TORCH, BUILD = locked("requirements.lock"), locked("torch.lock"), locked("build.lock")
INSTALLED = LOCK | TORCH


def version(name: str) -> str:
    (clause,) = INSTALLED[name][0].specifier
    assert clause.operator == "==", name
    return clause.version


def needed() -> dict[str, str]:
    """What the app and PostgreSQL's driver need, in the versions of requirements.txt."""
    pins = dict(line.split("==") for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").split())
    versions = {canonicalize_name(name): value for name, value in pins.items()}
    named = map(Requirement, [*PROJECT["dependencies"], *PROJECT["optional-dependencies"]["postgres"]])
    return {name: versions[name] for name in ("psycopg-binary", *(canonicalize_name(one.name) for one in named))}


@pytest.mark.parametrize("lock", [LOCK, TORCH, BUILD], ids=["requirements", "torch", "build"])
def test_everything_locked_has_one_version_and_hashes(lock: dict[str, tuple[Requirement, list[str]]]) -> None:
    assert lock
    for name, (requirement, hashes) in lock.items():
        assert [clause.operator for clause in requirement.specifier] == ["=="], name
        assert hashes and all(re.fullmatch("[0-9a-f]{64}", value) for value in hashes), name


def test_the_lock_has_the_tested_versions_of_what_the_app_needs() -> None:
    found = {name: str(Version(version(name)).public) for name in needed() if name in INSTALLED}
    assert found == needed(), REMAKE
    assert TORCH.keys() == {"torch"} and Version(version("torch")).local == "cpu"
    assert {"setuptools": LOCK["setuptools"]} == BUILD


def test_the_lock_has_all_that_its_packages_need_and_nothing_more() -> None:
    """By the metadata of what is installed here, extras included, for this Python and system."""
    missing, reached, todo = set(), set(), [(name, "") for name in needed()]
    while todo:
        name, extra = todo.pop()
        if (name, extra) in reached:
            continue
        reached.add((name, extra))
        if name not in INSTALLED:
            missing.add(name)
            continue
        for text in distribution(name).requires or []:
            requirement = Requirement(text)
            if requirement.marker is None or requirement.marker.evaluate({"extra": extra}):
                todo += [(canonicalize_name(requirement.name), one) for one in ("", *requirement.extras)]
    assert missing == set(), REMAKE
    assert INSTALLED.keys() == {name for name, _ in reached}


def test_no_tool_of_the_tests_and_nothing_for_graphics_processors_is_deployed() -> None:
    tools = {canonicalize_name(Requirement(one).name) for one in PROJECT["optional-dependencies"]["dev"]}
    assert INSTALLED.keys() & tools == {"psycopg", "setuptools"}
    assert [name for name in INSTALLED if name.startswith(("nvidia", "cuda", "triton"))] == []


def test_the_bill_of_materials_lists_what_is_locked() -> None:
    bill = json.loads((ROOT / "deploy" / "sbom.cdx.json").read_text(encoding="utf-8"))
    assert bill["bomFormat"] == "CycloneDX" and bill["metadata"]["component"]["name"] == PROJECT["name"]
    listed = {canonicalize_name(one["name"]): one["version"] for one in bill["components"]}
    assert listed == {name: version(name) for name in INSTALLED}, REMAKE
    assert {one["ref"] for one in bill["dependencies"]} >= {one["bom-ref"] for one in bill["components"]}
    assert "file:" not in json.dumps(bill)


def test_the_page_of_licences_is_what_the_packages_and_cards_declare() -> None:
    text = licences.PAGE.read_text(encoding="utf-8")
    rows = [tuple(row) for row in re.findall(r"^\| ([\w.-]+) \| (\d[\w.+]*) \| (.+) \|$", text, re.MULTILINE)]
    assert {name: found for name, found, _ in rows} == {name: version(name) for name in INSTALLED}, REMAKE
    assert licences.page(rows) == text
    same = [(declared, here) for name, found, declared in rows if (here := distribution(name)).version == found]
    assert len(same) > len(rows) // 2
    assert [declared for declared, _ in same] == [licences.licence(here) for _, here in same]
