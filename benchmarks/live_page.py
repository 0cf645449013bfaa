"""``python -m benchmarks.live_page``: a model in one file, from opening it to the first trace, and from Enter to paint.

Chromium opens each file from disk, in a fresh browser. The limit beside it is the same network without a browser: what
torch needs on one core for the sentence's encoder and decoder steps alone, without a trace.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from pathlib import Path

import torch
from playwright.sync_api import Browser, Page, sync_playwright

import s2s
from s2s.checkpoint.open import load
from s2s.decode.inputs import source_ids
from s2s.player.live import LiveModel, render_live
from s2s.text.vocab import BOS
from tests.paths import SHIPPED
from tests.visitors import FLAGS, found

MODELS = ("date", "classical-modern", "zh-en-luong")
TEXTS = {  # 15 words for zh-en, which is what the figure asks for
    "date": "the 23rd of November, 2026",
    "classical-modern": "客至，主人置酒，相与论诗，夜半乃罢。",
    "zh-en-luong": "如果明天不下雨，我们就去公园里踢足球，你想来吗？",
}
PAINTED = """(text) => new Promise((resolve) => {
  const area = document.querySelector(".sentence textarea");
  const player = document.querySelector("#live > div:last-child").shadowRoot;
  area.value = text;
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (!player.querySelector(".outputRow")) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  });
  seen.observe(player, { subtree: true, childList: true });
  area.dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", bubbles: true, cancelable: true }));
})"""
FORKED = """(word) => new Promise((resolve) => {
  const player = document.querySelector("#live > div:last-child").shadowRoot;
  const before = player.querySelectorAll("tr.lane").length;
  const began = performance.now();
  const seen = new MutationObserver(() => {
    if (player.querySelectorAll("tr.lane").length === before) return;
    seen.disconnect();
    requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - began)));
  });
  seen.observe(player, { subtree: true, childList: true });
  player.querySelectorAll(".softmax .pick")[word].click();
})"""


def first_trace(browser: Browser, file: Path) -> float:
    """Milliseconds from the navigation to the painted first trace, as the page itself measures it."""
    page = browser.new_page()
    page.add_init_script(
        "new MutationObserver((_, o) => { const h = document.querySelector('#live > div:last-child');"
        "if (h?.shadowRoot?.querySelector('.outputRow')) { o.disconnect(); requestAnimationFrame(() =>"
        "setTimeout(() => (globalThis.firstTrace = performance.now()))); } })"
        ".observe(document, { subtree: true, childList: true })"
    )
    page.goto(file.as_uri(), wait_until="commit")
    page.wait_for_function("() => globalThis.firstTrace")
    found = float(page.evaluate("globalThis.firstTrace"))
    page.close()
    return found


def opened(browser: Browser, file: Path) -> tuple[Page, float]:
    """The page with its model open, and seconds until it was."""
    page = browser.new_page()
    began = time.perf_counter()
    page.goto(file.as_uri(), wait_until="commit")
    page.wait_for_function(
        "() => document.querySelector('.busy')?.textContent === '' && document.querySelector('.run')"
    )
    return page, time.perf_counter() - began


def renderer_memory() -> float:
    """MB that the largest renderer process holds for itself alone."""
    sizes = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if "--type=renderer" in (process / "cmdline").read_text():
                lines = (process / "smaps_rollup").read_text().splitlines()
                sizes.append(sum(int(line.split()[1]) for line in lines if line.startswith("Private_")) / 1024)
        except OSError:
            continue  # it ended
    return max(sizes)


def limit(name: str, text: str) -> float:
    """Milliseconds that torch needs for the encoder and the decoder's steps of a greedy output, on one core."""
    checkpoint = load(SHIPPED / name)
    steps = len(s2s.load(name).trace(text).steps)
    _, ids = source_ids(checkpoint, text)
    model, times = checkpoint.model, []
    with torch.no_grad():
        for _ in range(10):
            began = time.perf_counter()
            memory, state = model.encode(torch.tensor([ids]), torch.tensor([len(ids)]))
            token = torch.tensor([BOS])
            for _ in range(steps):
                output = model.step(state, token, memory)
                state, token = output.state, output.log_probs_BV.argmax(dim=-1)
            times.append(1000 * (time.perf_counter() - began))
    return statistics.median(times)


def p95(times: list[float]) -> float:
    """The 95th percentile."""
    return sorted(times)[int(0.95 * (len(times) - 1))]


def measure(browser: Browser, name: str, folder: Path, rounds: int) -> str:
    """The row of one model."""
    file = folder / f"{name}.html"
    file.write_text(render_live(LiveModel.of(SHIPPED / name), "en"), encoding="utf-8")
    first = statistics.median(first_trace(browser, file) for _ in range(5))
    page, ready = opened(browser, file)
    page.evaluate(PAINTED, TEXTS[name])
    typed = [float(page.evaluate(PAINTED, TEXTS[name])) for _ in range(rounds)]
    forked = [float(page.evaluate(FORKED, n)) for n in range(2, 7)]
    megabytes = renderer_memory()
    page.close()
    size = file.stat().st_size / 1e6
    cells = [f"{size:.1f} MB", f"{first / 1000:.2f} s", f"{ready:.2f} s", f"{statistics.median(typed):.0f} ms"]
    cells += [
        f"{p95(typed):.0f} ms",
        f"{limit(name, TEXTS[name]):.0f} ms",
        f"{max(forked):.0f} ms",
        f"{megabytes:.0f} MB",
    ]
    return " | ".join([name, *cells])


def main() -> None:
    """Measure every model and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40, help="sentences a model (40)")
    rounds = parser.parse_args().rounds
    torch.set_num_threads(1)
    print(f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print("| model | file | first trace | model open | typed to painted | p95 | torch alone | slowest fork | tab |")
    print("|---|---|---|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        for name in MODELS:
            browser = playwright.chromium.launch(executable_path=found(), args=FLAGS)
            print("|", measure(browser, name, Path(folder), rounds), "|")
            browser.close()


if __name__ == "__main__":
    main()
