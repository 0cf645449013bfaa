"""How long a person waits on the inspection page: each input in a real Chromium to the frame that shows its effect.

Every input is another one, so that no answer comes from a cache of the one before. Beside the time stands what
the server computed meanwhile, in seconds of its own: on a busy machine the difference is waiting.
"""

from __future__ import annotations

import os
import shutil
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from benchmarks.browser import CLOCK, FLAGS, open_page, serve

AIM = 300  # milliseconds
SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
PARTS = {"table": ".rows", "row": "[class*=st-key-inspect_head]", "charts": ".charts"}
WATCH = """([event, selector]) => {
    const roots = [document, ...[...document.querySelectorAll('*')].map((node) => node.shadowRoot).filter(Boolean)];
    const shown = () => {
        for (const root of roots) {
            const found = root.querySelector(selector);
            if (found) return found.innerText + (found.querySelector('.measures')?.innerHTML ?? '');
        }
        return '';
    };
    const before = shown();
    document.addEventListener(event, (input) => {
        const look = () => (shown() !== before ? window.painted(input.timeStamp) : requestAnimationFrame(look));
        look();
    }, { once: true, capture: true });
}"""
Act = Callable[[], None]


def server_seconds() -> float:
    """Processor seconds of the server that this process started."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    for pid in children:
        if b"streamlit" in Path(f"/proc/{pid}/cmdline").read_bytes():
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    return float("nan")


def measured(page: Page, part: str, event: str, act: Act) -> tuple[float, float]:
    """Milliseconds from an input to its painted effect, and what the server computed until all was done."""
    page.wait_for_selector(SETTLED)
    page.wait_for_timeout(300)
    page.evaluate(WATCH, [event, PARTS[part]])
    count, start = page.evaluate("window.samples.length"), server_seconds()
    act()
    page.wait_for_function(f"window.samples.length > {count}")
    page.wait_for_selector(SETTLED)
    return page.evaluate("window.samples.at(-1)"), 1000 * (server_seconds() - start)


def brush(page: Page, name: str, first: float, last: float) -> None:
    """Drag over a fraction of a distribution's width."""
    bars = page.locator(f"section[data-name={name}] .bars")
    bars.scroll_into_view_if_needed()
    box = bars.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + first * box["width"], middle)
    page.mouse.down()
    page.mouse.move(box["x"] + last * box["width"], middle)
    page.mouse.up()


def inputs(page: Page, rounds: int) -> Iterator[tuple[str, str, str, Act]]:
    """The actions: name, selector of the part that changes, event that starts the clock, function that acts."""
    headings = ("nll", "chrf", "bleu", "divergence", "id")
    words = ("a", "th", "我", "in", "你", "the", "是", "not", "他")
    causes = [node.get_attribute("data-name") for node in page.locator(".cause").all()]
    search = page.get_by_role("textbox").first
    for n in range(rounds):
        yield "sort", "table", "click", page.locator(f"[data-sort={headings[n % len(headings)]}]").click
        yield "brush", "table", "pointerup", lambda n=n: brush(page, "nll", 0.02 + n / 40, 0.6 + n / 40)
        yield "brush, charts", "charts", "pointerup", lambda n=n: brush(page, "chrf", 0.02 + n / 40, 0.7 + n / 40)
        cause = page.locator(f".cause[data-name={causes[n % len(causes)]}]")
        yield "filter by cause", "charts", "click", cause.click
        yield "the filter off", "charts", "click", cause.click
        search.fill(words[n % len(words)])
        yield "search", "table", "keydown", lambda: search.press("Enter")
        yield "click on a row", "row", "click", page.locator("tr[data-id]").nth(n % 10).click
        yield "next row (J)", "row", "keydown", lambda: page.keyboard.press("j")
        yield "another page", "table", "click", page.locator(".turn button").nth(2).click
        page.locator("[class*=st-key-chip-all] button").click()
        page.locator("[class*=st-key-chip-all]").wait_for(state="detached")


def page(inspected: Path, name: str, rounds: int) -> None:
    """Measure and print, for the inspection ``name`` in the folder ``inspected``."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if not chromium:
        raise SystemExit("no Chromium found: apt-get install chromium fonts-noto-cjk")
    os.environ |= {"LOOKBACK_INSPECTED": str(inspected), "LOOKBACK_DATABASE": f"sqlite:///{inspected}/labels.sqlite"}
    times: dict[str, list[tuple[float, float]]] = {}
    with sync_playwright() as playwright, serve() as (address, _):
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        asked = time.perf_counter()
        shown = open_page(browser, f"{address}/inspection?lang=en&inspection={name}", "tr[data-id]")
        print(f"first visit of a cold server to its table: {time.perf_counter() - asked:.1f} s")
        shown.evaluate(CLOCK)
        for what, part, event, act in inputs(shown, rounds + 1):
            times.setdefault(what, []).append(measured(shown, part, event, act))
        browser.close()
    for what, found in times.items():
        waited, computed = (sorted(one[i] for one in found[1:]) for i in (0, 1))  # the first reads columns
        print(
            f"{what:<18} {statistics.median(waited):5.0f} ms, at most {waited[-1]:5.0f} (first {found[0][0]:5.0f}); "
            f"the server computed {statistics.median(computed):4.0f} ms   (aim < {AIM})"
        )
