"""The whole deployment on one machine: nginx with deploy/nginx.conf, replicas of ``lookback serve``, one database."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from benchmarks.server import free_port, healthy

ROOT = Path(__file__).resolve().parents[1]
PORTS = (8601, 8602)  # of the replicas in deploy/nginx.conf
COOKIE = "lookback_replica"
MAIN = """daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
{user}
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    log_format replicas '$status $upstream_addr $request_uri $cookie_lookback_replica';
    access_log {folder}/access.log replicas;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/lookback.conf;
}}
"""


def nginx() -> str | None:
    """The program's path; None where it is not installed."""
    return shutil.which("nginx", path=f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/usr/local/sbin")


class Replica:
    """One server process; it can be killed, stopped and started again at the same port."""

    def __init__(self, folder: Path, environment: dict[str, str], port: int) -> None:
        self.folder, self.environment, self.port = folder, environment, port
        self.start()

    def start(self) -> None:
        """Start the process; ``wait`` waits until it answers."""
        command = [sys.executable, "-m", "s2s", "serve", "--profile", "class", "--port", str(self.port)]
        with (self.folder / f"replica-{self.port}.log").open("ab") as log:
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers."""
        while not healthy(f"http://127.0.0.1:{self.port}"):
            assert self.process.poll() is None, (self.folder / f"replica-{self.port}.log").read_text()
            time.sleep(0.05)

    def end(self, how: signal.Signals = signal.SIGTERM) -> None:
        """Send the signal and wait for the end."""
        self.process.send_signal(how)
        self.process.wait(60)

    def memory(self) -> int:
        """Resident memory in bytes (Linux)."""
        status = Path(f"/proc/{self.process.pid}/status").read_text()
        found = re.search(r"VmRSS:\s+(\d+)", status)
        return 1024 * int(found[1]) if found else 0


class Deployment:
    """A running deployment; visitors come to ``address`` (host:port)."""

    def __init__(self, address: str, replicas: list[Replica], folder: Path) -> None:
        self.address, self.replicas, self.folder = address, replicas, folder

    def cookie(self) -> str:
        """The Cookie header that a new visitor gets with the page."""
        with urllib.request.urlopen(f"http://{self.address}/") as page:
            given = [value.partition(";")[0] for value in page.headers.get_all("Set-Cookie")]
        return next(value for value in given if value.startswith(f"{COOKIE}="))


def configuration(port: int, replicas: tuple[int, int]) -> str:
    """deploy/nginx.conf with other ports."""
    text = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
    for before, now in zip(PORTS, replicas, strict=True):
        text = text.replace(f":{before}", f":{now}")
    return text.replace("listen 80;", f"listen 127.0.0.1:{port};").replace("    listen [::]:80;\n", "")


@contextlib.contextmanager
def deployed(folder: Path, database: str) -> Iterator[Deployment]:
    """Start nginx and two replicas that share the home ``folder`` and the database of the URL."""
    program = nginx()
    assert program, "nginx is not installed"
    others = {name: value for name, value in os.environ.items() if not name.startswith("LOOKBACK_")}
    own = {"OMP_NUM_THREADS": "1", "LOOKBACK_HOME": str(folder / "home"), "LOOKBACK_DATABASE": database}
    ports, port = (free_port(), free_port()), free_port()
    (folder / "lookback.conf").write_text(configuration(port, ports), encoding="utf-8")
    user = "user root;" if os.getuid() == 0 else ""
    (folder / "main.conf").write_text(MAIN.format(folder=folder, user=user), encoding="utf-8")
    replicas = [Replica(folder, others | own, number) for number in ports]
    proxy = subprocess.Popen([program, "-c", str(folder / "main.conf"), "-e", str(folder / "error.log")])
    try:
        for replica in replicas:
            replica.wait()
        while not healthy(f"http://127.0.0.1:{port}"):
            assert proxy.poll() is None, (folder / "error.log").read_text()
            time.sleep(0.02)
        yield Deployment(f"127.0.0.1:{port}", replicas, folder)
    finally:
        proxy.terminate()
        for replica in replicas:
            replica.process.terminate()
        for replica in replicas:
            replica.process.wait(60)
        proxy.wait(60)
