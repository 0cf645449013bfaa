"""``python -m benchmarks.site_load``: a class on the site of plain files, which nginx serves.

Every visitor opens the page and what it loads for *Step through*, then a model and the dictionary, over one connection,
and afterwards plays in the browser, which asks the server for nothing. The table says how long that took each of them,
and what it cost the server. The app's own class is measured by ``benchmarks.load``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmarks.deployment import nginx
from s2s import locations
from s2s.site.build import build_site

CONFIG = """
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 4096; }}
http {{
    include /etc/nginx/mime.types;
    access_log off;
    sendfile on;
    server {{
        listen 127.0.0.1:{port} backlog=4096;
        root {site};
        add_header Cache-Control no-cache;
    }}
}}
"""
ARRIVE = 60.0  # seconds within which a class follows a link


async def visit(port: int, paths: Sequence[str], begin: float) -> tuple[float, int]:
    """Fetch the files one after the other over one connection: seconds and bytes. ValueError unless all are there."""
    await asyncio.sleep(begin)
    began, size = time.monotonic(), 0
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for path in paths:
        writer.write(f"GET /{path} HTTP/1.1\r\nHost: site\r\n\r\n".encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        if not head.startswith("http/1.1 200"):
            raise ValueError(f"{path}: {head.splitlines()[0]}")
        length = int(head.split("content-length: ")[1].split("\r\n")[0])
        left = length
        while left:
            part = await reader.read(min(left, 1 << 20))
            if not part:
                raise ValueError(f"{path}: the connection ended")
            left -= len(part)
        size += length
    writer.close()
    return time.monotonic() - began, size


async def visits(port: int, visitors: int, paths: Sequence[str]) -> list[tuple[float, int]]:
    """All visitors, who come at random within ``ARRIVE`` seconds."""
    rng = random.Random(0)
    return list(await asyncio.gather(*(visit(port, paths, rng.uniform(0, ARRIVE)) for _ in range(visitors))))


def processor_seconds(folder: Path) -> float:
    """Processor time that nginx and its workers have used so far."""
    master = int((folder / "nginx.pid").read_text())
    children = Path(f"/proc/{master}/task/{master}/children").read_text().split()
    ticks = 0
    for process in (master, *map(int, children)):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def main() -> None:
    """Serve the site, let the visitors come, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--visitors", type=int, default=1000, help="who open the site within a minute (1000)")
    parser.add_argument("--model", default="zh-en-luong", help="the model that each of them loads (zh-en-luong)")
    parser.add_argument("--port", type=int, default=8799, help="of nginx (8799)")
    options = parser.parse_args()
    program = nginx()
    if program is None:
        raise SystemExit("nginx is not installed")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        site = folder / "site"
        checkpoint = locations.program() / "checkpoints" / options.model
        sizes = build_site(site, {options.model: checkpoint})
        shell = [path for path in sizes if not path.startswith(("models/", "tools", "layers/", "films/", "sw"))]
        own = [path for path in sizes if path.startswith(f"models/{options.model}/") or path == "tools.json"]
        config = folder / "nginx.conf"
        config.write_text(CONFIG.format(folder=folder, port=options.port, site=site), encoding="utf-8")
        subprocess.run([program, "-c", str(config)], check=True)
        try:
            found = asyncio.run(visits(options.port, options.visitors, [*shell, *own]))
            used = processor_seconds(folder)
        finally:
            subprocess.run([program, "-c", str(config), "-s", "stop"], check=True)
    times, bytes_ = np.array([seconds for seconds, _ in found]), sum(size for _, size in found)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {len(shell) + len(own)} files a visitor")
    print("| visitors | bytes | median | 95 % | slowest | processor time of nginx | a visitor |")
    print("|---|---|---|---|---|---|---|")
    cells = [
        f"{options.visitors:,}",
        f"{bytes_ / 1e9:.1f} GB",
        *(f"{np.quantile(times, q):.2f} s" for q in (0.5, 0.95, 1)),
    ]
    print("|", " | ".join([*cells, f"{used:.1f} s", f"{1000 * used / options.visitors:.0f} ms"]), "|")


if __name__ == "__main__":
    main()
