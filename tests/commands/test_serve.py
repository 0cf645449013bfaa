"""Where ``serve`` listens: at the chosen port or not at all, else at the next free one; a refusal is one sentence."""

from __future__ import annotations

import errno
import os
import runpy
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from s2s import settings
from s2s.__main__ import main
from s2s.errors import UserError
from tests.paths import ROOT


@pytest.fixture(autouse=True)
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The ports at which a server would have begun to listen."""
    ports: list[int] = []
    monkeypatch.setattr(os, "environ", dict(os.environ))  # into which the command writes
    os.environ.pop("LOOKBACK_PORT", None)
    monkeypatch.setattr(runpy, "run_module", lambda *_, **__: ports.append(settings.current().port))
    yield ports
    settings.current.cache_clear()


@pytest.fixture
def taken() -> Iterator[int]:
    """A port at which another program listens."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        yield other.getsockname()[1]


def refusal(capsys: pytest.CaptureFixture[str], *options: str) -> str:
    """The line with which ``serve`` is refused, without the program's name."""
    assert main(["serve", *options]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    return err.partition(": ")[2].strip()


@pytest.mark.parametrize("options", [("--port", "{}"), ("--set", "port={}"), ()])
def test_a_chosen_port_that_is_taken_is_a_mistake_however_it_was_chosen(
    options: tuple[str, ...], taken: int, served: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    if not options:
        os.environ["LOOKBACK_PORT"] = str(taken)
    given = [option.format(taken) for option in options]
    assert refusal(capsys, *given) == str(UserError("port_taken", port=taken)) and served == []
    assert main(["serve", "--settings", *given]) == 0, "only who listens needs the port"


def test_a_port_that_nobody_chose_gives_way_to_the_next_free_one(
    taken: int, served: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(environment: Mapping[str, str]) -> settings.Settings:
        return settings.Settings(port=int(environment.get("LOOKBACK_PORT", taken)))

    monkeypatch.setattr(settings, "read", read)
    assert main(["serve"]) == 0
    assert served[0] > taken


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::7", "no-such-host.invalid"])
def test_an_address_of_another_computer_is_a_mistake(
    address: str, served: list[int], capsys: pytest.CaptureFixture[str]
) -> None:
    assert refusal(capsys, "--address", address) == str(UserError("address_elsewhere", address=address))
    assert served == []


@pytest.mark.parametrize(
    ("number", "key"),
    [(errno.EACCES, "port_forbidden"), (errno.EADDRINUSE, "port_taken"), (errno.EINVAL, "setting_listen")],
)
def test_each_refusal_of_the_system_has_its_sentence(
    number: int, key: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def bind(self: socket.socket, address: object) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(socket.socket, "bind", bind)
    said = refusal(capsys, "--port", "80")
    assert said.startswith(str(UserError(key, port=80, name="address", found="localhost:80", reason=""))[:30])
    assert "80" in said


def test_without_a_library_one_line_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "jieba.py").write_text("raise ModuleNotFoundError(\"No module named 'jieba'\", name='jieba')\n")
    environment = os.environ | {"PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "s2s", "trace", "date", "2025年3月9日"]
    ended = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    told = str(UserError("library_missing", name="jieba"))
    assert (ended.returncode, ended.stdout, ended.stderr) == (2, "", f"python -m s2s: {told}\n")
