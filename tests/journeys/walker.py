"""A visitor who presses anything: what is on a page, one action at a time, and what must hold after each.

After every action there is no exception on the page and no error in the server's log; the control that was used has
the value that was chosen, and no other control or part of the link has moved with it unless it belongs to it; what
only mounts when it is unfolded would mount at its value; and every so often the page's link, opened in a fresh visit,
shows the same controls, lanes and words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from streamlit.testing.v1 import AppTest
from streamlit.testing.v1.element_tree import Block, Widget
from streamlit.util import calc_hash

from s2s.web.shell import page_state
from tests.journeys.world import INSPECTION, Log
from tests.paths import ROOT

PAGES = ("", "lesson", "compare", "exposure", "evidence", "checkpoints", "inspection", "classroom")
# What a page chooses where nothing was chosen, or drops where it belongs to another sentence.
OPENED = {"lesson": {"chapter"}, "inspection": {"inspection"}, "compare": {"b_text", "b_tokens"}}
TEXTS = (
    ("我喜欢苹果。", "I like apples."),
    ("你不喝茶。", ""),
    ("他喜欢水？", "he like water ?"),
    ("", "I like apples."),
    ("zzz qqq", "zzz"),
    ("我喜欢" * 30 + "。", "I like tea."),
    ("<b>我</b> [x](javascript:alert(1)) $x$ :red[喝]茶", "**I** like `tea`."),
)
TYPED = ("", "tea", "我 喜欢", "[x](javascript:alert(1))", "x" * 300)
LONG_WORK = re.compile(r"train$|train-resume|inspect_start|.*measure$|go-|stop|check-dates")  # minutes, or a process
TAKEN = ("typed",)  # fields that are empty again once what was typed in them has been done
LAZY = ("popover", "dialog")  # what is inside mounts when it is opened
SENTENCE = {"text", "ref", "tokens"}
EDITED = {"b_text", "b_tokens"}
FAULT = re.compile(r"[(（](error|编号) ?[0-9a-f]{8}[)）]")  # the sentence for what nobody caught
ROWS = set(page_state.INSPECTION)
# What else moves with the control of that key, in fields of the link or keys of other controls.
BELONGS: tuple[tuple[str, set[str]], ...] = (
    (r"model$", {*SENTENCE, "layer", "head", "compare", "tab", *EDITED, "chip", "segmentation"}),
    (r"(run|None)$", {*SENTENCE, *EDITED, "chip", "segmentation"}),  # None: an example sentence
    (r"loses-", {*SENTENCE, "model", "strategy", "beam", "length_penalty", "coverage_penalty"}),
    (r"(to-|back$|on$)", {"chapter"}),
    (r"(use-|open-|train-open)", {"compare", *SENTENCE, "model", "layer", "head", "tab"}),
    (r"own_tokens$", {"tokens"}),
    (r"(act-|undo$|as_a$|segmentation$|typed$)", {*EDITED, "chip", "segmentation"}),
    (r"(strategy|mode)$", {"tab"}),
    (r"projector", {"projector"}),
    (r"words$", {"pieces"}),
    (r"pieces$", {"words"}),
    (
        r"chip-",
        {
            *ROWS,
            "label-filter-verdict",
            "label-filter-category",
            "label-filter-person",
            "inspect_search",
            "inspect_errors",
        },
    ),
    (r"(row-|inspect|label|states|sort|order|against|won_by)", ROWS),
    (r"lecture$", {"logit-0", "logit-1", "logit-2"}),
    (r"again$", set()),
)


class Finding(AssertionError):
    """What must not happen; ``kind`` tells two apart."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(f"{kind}: {detail}")
        self.kind = kind


@dataclass(frozen=True)
class Control:
    """Something that can be pressed or set: its name for people, and what sets it from a number that was drawn."""

    name: str
    key: str
    act: Callable[[int], str]


def base(key: str | None) -> str:
    """A control's key without the language that it was drawn for, and without how often it was drawn anew.

    >>> base("strategy-zh"), base("b_beam"), base("temperature-2"), base("mode-en-1"), base("logit-0")
    ('strategy', 'b_beam', 'temperature', 'mode', 'logit-0')
    """
    name = re.sub(r"(-(zh|en))?(-[0-9]+)?$", "", str(key))
    return name if name in page_state.FIELDS else re.sub(r"-(zh|en)$", "", str(key))


def placed(block: Block, lazy: bool = False) -> Iterator[tuple[Widget, bool]]:
    """Every widget of a page, and whether it mounts only once something is unfolded."""
    for node in block.children.values():
        if isinstance(node, Widget):
            yield node, lazy
        elif isinstance(node, Block):
            yield from placed(node, lazy or node.type in LAZY)


def value(widget: Any) -> Any:
    """A widget's value in the session; None of what has none."""
    return None if widget.type in ("button", "download_button") else widget.value


class Walk:
    """One visit. ``done`` is what was done so far, a line an action."""

    def __init__(self, log: Log, page: str, query: Mapping[str, str]) -> None:
        self.log, self.page, self.done = log, page, [f"open /{page} {dict(query)}"]
        self.mounted, self.fields = set[str](), dict[str, Any]()
        self.log.lines.clear()
        self.app = visit(page, query)
        self.check(set(), {})

    # --- what can be done -------------------------------------------------------------------------------------------

    def controls(self) -> list[Control]:
        """Everything that a visitor could do now."""
        found = [Control(f"go to /{page}", "page", lambda _, page=page: self._go(page)) for page in PAGES]
        found += [Control("type and run", "run", self._run)] if self._has("text") else []
        found += [Control("open tab", "tab", self._tab)] if self.page == "" and self._lanes() else []
        found += [Control("fork", "fork", self._fork)] if self.page == "" and self._lanes() else []
        for widget, lazy in placed(self.app._tree):
            if getattr(widget.proto, "disabled", False) or LONG_WORK.match(base(widget.key)):
                continue
            if pick := chooser(widget):
                name = f"{widget.type} {widget.key or getattr(widget, 'label', '')!r}{' (unfolded)' * lazy}"
                found.append(Control(name, base(widget.key), self._setter(widget, pick)))
        return found

    def step(self, which: int, what: int) -> None:
        """Do one of the things, and see whether all is well."""
        controls = self.controls()
        control = controls[which % len(controls)]
        before = {w.id: (w.key, value(w)) for w, _ in placed(self.app._tree)}
        self.done.append(control.name)
        self.done[-1] += f" {control.act(what)}"
        belongs = {control.key} | next((more for key, more in BELONGS if re.match(key, control.key)), set())
        self.check(belongs, before if control.key != "page" else {})

    def _has(self, key: str) -> bool:
        return any(widget.key == key for widget, _ in placed(self.app._tree))

    def _go(self, page: str) -> str:
        self.app.switch_page(f"pages/{page or 'step_through'}.py")
        self._submit()
        return ""

    def _run(self, what: int) -> str:
        text, reference = TEXTS[what % len(TEXTS)]
        self.app.text_area(key="text").set_value(text)
        self.app.text_area(key="ref").set_value(reference)
        next(button for button in self.app.button if button.key == "run").click()
        self._submit()
        return f"{text[:20]!r} / {reference[:20]!r}"

    def _tab(self, what: int) -> str:
        tab = ("player", "charts", "beam_tab")[what % 3]
        self.app.session_state["tab"] = tab
        self._submit()
        return tab

    def _fork(self, what: int) -> str:
        parts = components(self.app)
        asking, lane = parts.get("lookback_wire"), parts["lookback_player"]["lanes"]["free"]
        if not asking or not lane:
            return "(nobody answers)"
        step = what % len(lane["steps"])
        top = lane["steps"][step]["top"]
        token = top[what // 7 % len(top)]["token"]
        sent = {"seq": asking["seq"] + 1, "page": asking["page"], "kind": "fork", "lane": "free", "step": step}
        self.app.session_state["player"] = {"request": sent | {"token": token}}
        self._submit()
        return f"{token!r} at step {step + 1}"

    def _setter(self, widget: Any, pick: Callable[[int], tuple[Any, str]]) -> Callable[[int], str]:
        def act(what: int) -> str:
            chosen, said = pick(what)
            widget.click() if widget.type == "button" else widget.set_value(chosen)
            for button in self.app.button:  # a form is sent with its button
                if button.form_id and button.form_id == getattr(widget, "form_id", ""):
                    button.click()
            self.mounted.add(widget.id)
            self._submit()
            if widget.type != "button":
                now = {w.id: w for w, _ in placed(self.app._tree)}.get(widget.id)
                if now is not None and widget.key not in TAKEN and not same(shown(now), chosen):
                    self._fail("not what was chosen", f"{widget.key} is {shown(now)!r} after the choice of {chosen!r}")
            return said

        return act

    def _submit(self) -> None:
        self.log.lines.clear()
        self.app.run()
        pages = self.app._registered_pages
        self.page = str(pages[self.app._finished_page_script_hash].get("url_pathname", ""))

    # --- what must hold ---------------------------------------------------------------------------------------------

    def _fail(self, kind: str, detail: str) -> None:
        raise Finding(kind, detail)

    def _lanes(self) -> bool:
        return "lookback_player" in components(self.app)

    def check(self, belongs: set[str], before: Mapping[str, tuple[str | None, Any]]) -> None:
        """No exception; nothing moved that does not belong to the action; what unfolds later would mount right."""
        for box in self.app.exception:
            self._fail("exception box", f"{box.message} {box.stack_trace[-3:] if box.stack_trace else ''}")
        for line in self.log.lines:
            self._fail("logged error", line)
        for box in (*self.app.error, *self.app.warning):
            if FAULT.search(box.value):
                self._fail("a fault", " ".join(self.log.lines) or box.value)
            if "Session State" in box.value or "Traceback" in box.value:
                self._fail("complaint of Streamlit", box.value[:200])
        self._stays(belongs, before)
        self._mounts()

    def _stays(self, belongs: set[str], before: Mapping[str, tuple[str | None, Any]]) -> None:
        state = self.app.session_state
        now = {name: state[name] for name in page_state.FIELDS if name in state}
        belongs = belongs | {name for name in OPENED.get(self.page, set()) if not (self.fields.get(name) and now[name])}
        for name in sorted(self.fields.keys() & now.keys() - belongs):
            if now[name] != self.fields[name]:
                self._fail("a field moved", f"{name}: {self.fields[name]!r} -> {now[name]!r} by {self.done[-1]}")
        self.fields = now
        for widget, _ in placed(self.app._tree):
            key, old = before.get(widget.id, (None, None))
            if key and base(key) not in belongs and base(key) not in page_state.FIELDS and not same(value(widget), old):
                self._fail("a control moved", f"{key}: {old!r} -> {value(widget)!r} by {self.done[-1]}")

    def _mounts(self) -> None:
        """What a browser that sees a widget for the first time would show, and send back, is its value."""
        there = set()
        for widget, lazy in placed(self.app._tree):
            there.add(widget.id)
            if widget.id not in self.mounted and not same(first := fresh(widget), shown(widget)):
                self._fail("mounts elsewhere", f"{widget.key} would mount at {first!r} instead of {shown(widget)!r}")
            if not lazy:
                self.mounted.add(widget.id)
        self.mounted &= there

    def reopen(self) -> None:
        """Whoever opens the page's link sees what is on this page."""
        query = link_of(self.app)
        if query is None:
            return
        again = visit(self.page, query)
        for box in again.exception:
            self._fail("exception box", f"opening {query}: {box.message}")
        here, there = picture(self.app), picture(again)
        for name in sorted(here.keys() | there.keys()):
            if not same(here.get(name), there.get(name)):
                seen = f"{str(here.get(name))[:300]} here, {str(there.get(name))[:300]} there"
                self._fail("the link shows something else", f"/{self.page} {name}: {seen}; link {query}")


def same(a: Any, b: Any) -> bool:
    """Whether two values are one, numbers up to what a browser keeps of them."""
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and abs(a - b) < 1e-6
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    return bool(a == b)


def shown(widget: Any) -> Any:
    """A widget's value as it was given to ``set_value``: the option's words where there are options."""
    if widget.type in ("selectbox", "radio"):
        return None if widget.value is None else widget.options[widget.index]
    if widget.type in ("button_group", "multiselect"):
        if widget.type == "button_group" and not isinstance(widget.value, list):
            return (widget.formatted_values or [None])[0]
        return list(widget.formatted_values if widget.type == "button_group" else widget.value)
    return widget.value


def fresh(widget: Any) -> Any:
    """What a browser that sees a widget for the first time shows; as ``shown``."""
    proto = widget.proto
    match widget.type:
        case "slider":
            first = (proto.value if proto.set_value else proto.default)[0]
            return type(widget.value)(first)
        case "number_input" if not proto.set_value and not proto.HasField("default"):
            return None
        case "number_input" | "checkbox" | "toggle" | "text_input" | "text_area":
            return proto.value if proto.set_value else proto.default
        case "selectbox" | "radio":
            return proto.raw_value if proto.set_value else widget.options[proto.default]
    return shown(widget)


def chooser(widget: Any) -> Callable[[int], tuple[Any, str]] | None:
    """What sets a widget: from a number to a value and its name; None of what is left alone."""

    def among(options: Any) -> Callable[[int], tuple[Any, str]] | None:
        options = list(options)
        return (lambda n: (options[n % len(options)], repr(options[n % len(options)])[:60])) if options else None

    match widget.type:
        case "selectbox" | "radio":
            return among(widget.options)
        case "button":
            return lambda _: (True, "")
        case "checkbox" | "toggle":
            return among((not widget.value, widget.value))
        case "slider":
            return among(ends(widget.min, widget.max, widget.step))
        case "number_input":
            low, high = (-5 if widget.min is None else widget.min), (9 if widget.max is None else widget.max)
            return among(ends(low, high, widget.step))
        case "text_input":
            return among(text[: widget.proto.max_chars or None] for text in TYPED)
        case "button_group":
            names = list(widget.options)
            many = isinstance(widget.value, list)
            return among([[], *([n] for n in names), names] if many else names)
        case "multiselect":
            most = widget.proto.max_selections or len(widget.options)
            return among([[], *([n] for n in widget.options), list(widget.options)[:most]])
    return None


def ends(low: Any, high: Any, step: Any) -> list[Any]:
    """Both ends of a range, a step inside of each, and the middle."""
    middle = low + (high - low) // (2 * step) * step if step else low
    kind = type(low)
    return [kind(round(x, 6)) for x in (low, high, low + step, high - step, middle) if low <= x <= high]


def visit(page: str, query: Mapping[str, str]) -> AppTest:
    """A fresh visit to a page by its address."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for name, text in query.items():
        app.query_params[name] = text
    app._page_hash = calc_hash(page) if page else ""
    return app.run()


def components(app: AppTest) -> dict[str, dict[str, Any]]:
    """What each component of a page was given, by its name."""
    found: dict[str, dict[str, Any]] = {}
    for component in app.get("bidi_component"):
        found[component.proto.component_name] = json.loads(component.proto.json or "{}")
    return found


def link_of(app: AppTest) -> dict[str, str] | None:
    """The address that the page would write; None where no part of it writes one."""
    parts = components(app)
    for name in ("lookback_wire", "lookback_player", "lookback_comparison"):
        if parts.get(name, {}).get("link"):
            return {key: str(text) for key, text in parts[name]["link"].items()}
    return {key: str(text) for key, text in parts["lookback_address"].items()} if "lookback_address" in parts else None


DRAWN = tuple(f"lookback_{name}" for name in ("player", "wire", "comparison", "network", "weighing", "film", "beam"))
PASSING = ("link", "page", "run", "seq", "answer", "heard", "state")  # of a component's data, what belongs to the visit


def picture(app: AppTest) -> dict[str, Any]:
    """What is to be seen of what a link holds: controls, and what the components draw."""
    seen: dict[str, Any] = {}
    for widget, _ in placed(app._tree):
        if widget.type not in ("button", "download_button") and base(widget.key) in page_state.FIELDS:
            seen[f"control {widget.key}"] = value(widget)
    for name, data in components(app).items():
        if name in DRAWN:
            seen |= {f"{name} {key}": part for key, part in data.items() if key not in PASSING}
    return seen


# Where a visit may begin.
FIRST: tuple[tuple[str, Mapping[str, str]], ...] = (
    ("", {}),
    ("", {"lang": "en", "text": TEXTS[0][0], "ref": TEXTS[0][1], "model": "tiny-additive"}),
    ("", {"lang": "zh", "text": TEXTS[1][0], "model": "tiny-general", "strategy": "beam", "beam": "3", "mode": "free"}),
    ("lesson", {"lang": "zh", "chapter": "exposure", "text": TEXTS[0][0], "model": "tiny-general"}),
    ("compare", {"lang": "en", "text": TEXTS[0][0], "model": "tiny-additive", "differs": "source,decoding"}),
    ("inspection", {"lang": "en", "inspection": INSPECTION, "row": "2"}),
    ("classroom", {"lang": "zh", "text": TEXTS[0][0], "model": "tiny-additive"}),
    ("exposure", {"lang": "en", "text": TEXTS[0][0], "ref": TEXTS[0][1], "compare": "tiny-none"}),
)
