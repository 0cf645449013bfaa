"""Seconds and milliseconds in a real browser: a step, Run, a fork, an edit, a search, cold start; input to paint.

A frame counts as painted when a task posted from its ``requestAnimationFrame`` runs; the clock starts at the input
event's time stamp. So a figure includes up to one frame (16.7 ms at 60 Hz) of waiting.
"""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks.browser_scripts import CLOCK, EDIT, EVIDENCE, FORK, FRAMES, KEYS, PLOT, RUN, SHADOW
from benchmarks.server import free_port, healthy
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import trace

ROOT = Path(__file__).resolve().parents[1]
CHECKPOINT = "zh-en-luong"
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]


@contextlib.contextmanager
def serve(script: str | None = None, *arguments: str) -> Iterator[tuple[str, float]]:
    """Start the app by its own command, or a peer's ``script``; yields its address and the time of its start."""
    port = free_port()
    ours = ["s2s", "serve", "--port", str(port)]
    command = ["streamlit", "run", script, "--server.port", str(port), "--", *arguments] if script else ours
    command = [sys.executable, "-m", *command]
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    address = f"http://localhost:{port}"
    try:
        while not healthy(address):
            time.sleep(0.02)
        yield address, start
    finally:
        process.terminate()
        process.wait(60)


def sized(checkpoint: Checkpoint, source: int, target: int) -> dict[str, str]:
    """A link whose forced lane has ``source`` source tokens and ``target`` steps."""
    text = (
        "，".join((["学校", "朋友", "今天", "昨天", "苹果", "老师"] * 20)[: source // 2]) + "。"
    )  # so that no word joins the next
    assert len(checkpoint.source.tokens(text)) == source
    reference = " ".join((["we", "went", "to", "school", "and", "drank", "tea", "today"] * 10)[: target - 1])
    return {"text": text, "ref": reference, "mode": "forced", "lang": "en", "model": CHECKPOINT}


def summary(samples: Sequence[float]) -> str:
    """p50 and p95."""
    return f"p50 {np.percentile(samples, 50):7.0f}   p95 {np.percentile(samples, 95):7.0f}"


def press(page: Page, keys: int, gap: int) -> list[float]:
    """Arrow keys one by one, forward then back; milliseconds from each to its painted frame."""
    for i in range(keys):
        before = page.evaluate("window.samples.length")
        page.keyboard.press("ArrowRight" if i % 24 < 12 else "ArrowLeft")
        page.wait_for_function(f"window.samples.length > {before}")
        page.wait_for_timeout(gap)
    return list(page.evaluate("window.samples"))


def open_page(browser: Browser, url: str, wait: str) -> Page:
    """A page with the clock in it, once the selector ``wait`` matches."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(60_000)
    page.goto(url)
    page.wait_for_selector(wait)
    page.evaluate(CLOCK)
    return page


def keys(browser: Browser, checkpoint: Checkpoint) -> None:
    """Key press to painted step: the player, and a slider with plotly as the peer, on the same traces."""
    for source, target in ((30, 20), (200, 60)):
        link = sized(checkpoint, source, target)
        with serve() as (address, _):
            page = open_page(browser, f"{address}/?{urlencode(link)}", ".player")
            page.evaluate(KEYS)
            ours = press(page, 120, 60)
            page.close()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "trace.json"
            path.write_text(trace(checkpoint, link["text"], link["ref"], "forced").to_json(), encoding="utf-8")
            with serve("benchmarks/peer_plotly.py", str(path)) as (address, _):
                page = open_page(browser, address, ".gtitle")
                page.evaluate(PLOT)
                page.get_by_role("slider").focus()
                theirs = press(page, 24, 300)
                page.close()
        ratio = np.median(theirs) / np.median(ours)
        print(f"key press to painted step, {source}×{target}, ms    player {summary(ours)}   (target p95 < 33)")
        print(f"{'':>40} slider + plotly {summary(theirs)}   ({ratio:.0f} times the player's)")


def ribbons(browser: Browser, checkpoint: Checkpoint) -> None:
    """Frames a second in which the ribbons of the flow move, with a step every 200 ms, so that they never rest."""
    for source, target in ((10, 10), (30, 20), (200, 60)):
        link = sized(checkpoint, source, target)
        with serve() as (address, _):
            page = open_page(browser, f"{address}/?{urlencode(link)}", ".player")
            page.evaluate(SHADOW)
            page.keyboard.press("f")
            page.wait_for_timeout(1000)
            page.evaluate(FRAMES)
            for i in range(40):
                page.keyboard.press("ArrowRight" if i % 16 < 8 else "ArrowLeft")
                page.wait_for_timeout(200)
            gaps = np.diff(page.evaluate("window.moved"))
            page.close()
        rate = 1000 / np.mean(gaps)
        print(f"ribbons of {source}×{target}, frames a second    {rate:5.1f}   (gap, ms, {summary(gaps)}; target ≥ 55)")


def run_button(browser: Browser) -> None:
    """A click on Run to the first painted trace, warm: sentences of 15 words that were not decoded before."""
    subjects = ["我", "他", "她", "我们", "他们"]
    days = ["昨天", "今天", "明天", "星期一", "去年"]
    things = ["书", "车", "咖啡", "照片"]
    sentences = [f"{s}{d}和朋友一起去城里的商店买了很多新的{t}。" for s in subjects for d in days for t in things][:60]
    samples = []
    with serve() as (address, _):
        page = open_page(browser, f"{address}/?lang=en&mode=free&model={CHECKPOINT}&text={sentences.pop()}", ".player")
        for sentence in sentences:
            page.get_by_label("Sentence to decode").fill(sentence)
            page.evaluate(RUN)
            count = page.evaluate("window.samples.length")
            page.get_by_role("button", name="Run", exact=True).click()
            page.wait_for_function(f"window.samples.length > {count}")
            page.wait_for_timeout(100)
        samples = page.evaluate("window.samples")[5:]
        page.close()
    print(f"click on Run to painted trace, 15 words, warm, ms    {summary(samples)}   (target p95 < 500)")


def what_if(browser: Browser, runs: int = 63) -> None:
    """Warm, 15 words: a click on a word to its branch, a key on a weight to the words it makes likely."""
    link = {"lang": "en", "mode": "free", "model": CHECKPOINT, "text": "他们昨天和朋友一起去城里的商店买了很多新的书。"}
    with serve() as (address, _):
        page = open_page(browser, f"{address}/?{urlencode(link)}", ".player")
        page.evaluate(SHADOW)
        for i in range(runs):  # every fork is new: 9 steps, 7 words at each
            page.keyboard.press("Home")
            for _ in range(i % 9):
                page.keyboard.press("ArrowRight")
            page.evaluate(FORK)
            page.locator(".softmax li[data-token]").nth(i // 9).click()
            page.wait_for_function(f"window.samples.length > {i}")
            page.wait_for_timeout(100)
            page.locator(".branchBar button.delete").click()
            page.locator("th.branch").wait_for(state="detached")
        forks = page.evaluate("window.samples.splice(0)")[3:]
        page.locator("button.edit").click()
        page.locator(".chip[tabindex='0']").focus()
        for i in range(runs):
            page.evaluate(EDIT)
            page.keyboard.press("ArrowDown" if i % 20 < 10 else "ArrowUp")
            page.wait_for_function(f"window.samples.length > {i}")
            page.wait_for_timeout(60)
        edits = page.evaluate("window.samples")[3:]
        page.close()
    print(f"click on a word to its painted branch, 15 words, ms  {summary(forks)}   (target p95 < 250)")
    print(f"edited attention to its painted top 5, 15 words, ms  {summary(edits)}   (target p95 < 100)")


def scrub(browser: Browser) -> None:
    """The slider of a beam-10 search of a long sentence: arrow key to the painted tree."""
    text = "我昨天在学校里看见了他，他说他明天想和我们一起去山上看书，" * 6 + "你想来吗？"
    link = {"lang": "en", "mode": "free", "model": CHECKPOINT, "text": text, "strategy": "beam", "beam": "10"}
    with serve() as (address, _):
        page = open_page(browser, f"{address}/?{urlencode(link)}", ".player")
        page.get_by_role("tab", name="Beam", exact=True).click()
        page.wait_for_selector(".tree .node[data-i]")
        slider = page.locator(".beam input[type=range]")
        slider.focus()
        steps = int(slider.get_attribute("max") or 0)
        page.keyboard.press("Home")
        page.evaluate(KEYS)
        samples = press(page, 120, 30)
        page.close()
    print(f"slider of a beam-10 search of {steps} steps, ms        {summary(samples)}   (target p95 < 50)")


def evidence(browser: Browser, runs: int = 9) -> None:
    """Warm, 15 words: a click on the section to the rows of its step, and to those of the whole lane."""
    link = {"lang": "en", "mode": "free", "model": CHECKPOINT}
    base = "他们昨天和朋友一起去城里的商店买了很多新的"
    rows, lanes = [], []
    with serve() as (address, _):
        for i in range(runs):  # every text is new
            text = base + "书画花鱼肉菜米酒茶"[i] + "。"
            page = open_page(browser, f"{address}/?{urlencode(link | {'text': text})}", ".player")
            page.wait_for_timeout(500)
            page.evaluate(SHADOW)
            page.evaluate(EVIDENCE)
            page.locator("details.evidence summary").click()
            page.wait_for_function("window.samples.length > 1", timeout=60_000)
            first, whole = page.evaluate("window.samples")
            rows.append(first)
            lanes.append(whole)
            page.close()
    print(f"click on Evidence to the painted rows of its step, ms  {summary(rows[1:])}   (target < 500)")
    print(f"the same to those of the whole lane, ms                {summary(lanes[1:])}   (target < 3000)")


def cold(browser: Browser, runs: int = 5) -> None:
    """From the start of a server to the first visitor's painted player, with warm bytecode and disk cache."""
    ready, full = [], []
    for _ in range(runs):
        with serve() as (address, start):
            ready.append(time.perf_counter() - start)
            asked = time.perf_counter()
            page = open_page(browser, address, ".player .softmax li")
            full.append(time.perf_counter() - asked)
            page.close()
    print(f"server start to healthy, s        {min(ready):.2f} to {max(ready):.2f}")
    print(f"cold server, address to full paint, s    {min(full):.2f} to {max(full):.2f}   (target < 5)")


def main() -> None:
    """Run all measurements and print them."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("no Chromium found: apt-get install chromium fonts-noto-cjk")
    checkpoint = load(ROOT / "checkpoints" / CHECKPOINT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        cold(browser)
        keys(browser, checkpoint)
        ribbons(browser, checkpoint)
        run_button(browser)
        what_if(browser)
        scrub(browser)
        evidence(browser)
        browser.close()
