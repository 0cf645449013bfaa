"""A random walk through AppTest: one action at a time, and what must hold after each.

After every action there is no exception on the page and no error in the server's log; the used control has the chosen
value; no other control or field of the link has changed, except those that belong to the action; and a widget that
mounts only when something is opened would mount at its value. Now and then the page's link is opened in a fresh visit,
which must show the same controls, lanes and words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from s2s.web.shell import page_state
from tests.journeys.app_visit import PAGES, TEXTS, component_data, page_link, visible_state, visit
from tests.journeys.app_widgets import (
    base_key,
    first_value,
    iterate_widgets,
    same_value,
    session_value,
    shown_value,
    value_picker,
)
from tests.journeys.walk_rules import CHOSEN_BY_PAGE, EMPTIED, FAULT, LONG_WORK, MOVES_WITH, Finding
from tests.journeys.world import Log


@dataclass(frozen=True)
class Control:
    """A possible action: its name in reports, its key, and a function that does it with a drawn number."""

    name: str
    key: str
    act: Callable[[int], str]


class Walk:
    """One visit; ``done`` has a line for each action so far."""

    def __init__(self, log: Log, page: str, query: Mapping[str, str]) -> None:
        self.log, self.page, self.done = log, page, [f"open /{page} {dict(query)}"]
        self.mounted, self.fields = set[str](), dict[str, Any]()
        self.log.lines.clear()
        self.app = visit(page, query)
        self.check(set(), {})

    # --- actions ----------------------------------------------------------------------------------------------------

    def controls(self) -> list[Control]:
        """All actions that are possible now."""
        found = [Control(f"go to /{page}", "page", lambda _, page=page: self._go(page)) for page in PAGES]
        found += [Control("type and run", "run", self._run)] if self._has("text") else []
        found += [Control("open tab", "tab", self._tab)] if self.page == "" and self._lanes() else []
        found += [Control("fork", "fork", self._fork)] if self.page == "" and self._lanes() else []
        for widget, lazy in iterate_widgets(self.app._tree):
            if getattr(widget.proto, "disabled", False) or LONG_WORK.match(base_key(widget.key)):
                continue
            if pick := value_picker(widget):
                name = f"{widget.type} {widget.key or getattr(widget, 'label', '')!r}{' (unfolded)' * lazy}"
                found.append(Control(name, base_key(widget.key), self._setter(widget, pick)))
        return found

    def step(self, which: int, what: int) -> None:
        """Do the action of index ``which`` (modulo the number of actions) with the number ``what``; check the page."""
        controls = self.controls()
        control = controls[which % len(controls)]
        before = {w.id: (w.key, session_value(w)) for w, _ in iterate_widgets(self.app._tree)}
        self.done.append(control.name)
        self.done[-1] += f" {control.act(what)}"
        belongs = {control.key} | next((more for key, more in MOVES_WITH if re.match(key, control.key)), set())
        self.check(belongs, before if control.key != "page" else {})

    def _has(self, key: str) -> bool:
        return any(widget.key == key for widget, _ in iterate_widgets(self.app._tree))

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
        parts = component_data(self.app)
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
                now = {w.id: w for w, _ in iterate_widgets(self.app._tree)}.get(widget.id)
                if now is not None and widget.key not in EMPTIED and not same_value(shown_value(now), chosen):
                    self._fail(
                        "not what was chosen", f"{widget.key} is {shown_value(now)!r} after the choice of {chosen!r}"
                    )
            return said

        return act

    def _submit(self) -> None:
        self.log.lines.clear()
        self.app.run()
        pages = self.app._registered_pages
        self.page = str(pages[self.app._finished_page_script_hash].get("url_pathname", ""))

    # --- checks -----------------------------------------------------------------------------------------------------

    def _fail(self, kind: str, detail: str) -> None:
        raise Finding(kind, detail)

    def _lanes(self) -> bool:
        return "lookback_player" in component_data(self.app)

    def check(self, belongs: set[str], before: Mapping[str, tuple[str | None, Any]]) -> None:
        """Raise Finding unless the page is as the module's docstring says.

        ``belongs`` are the fields and keys that the action may change, ``before`` the widgets before it, by id.
        """
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
        belongs = belongs | {
            name for name in CHOSEN_BY_PAGE.get(self.page, set()) if not (self.fields.get(name) and now[name])
        }
        for name in sorted(self.fields.keys() & now.keys() - belongs):
            if now[name] != self.fields[name]:
                self._fail("a field moved", f"{name}: {self.fields[name]!r} -> {now[name]!r} by {self.done[-1]}")
        self.fields = now
        for widget, _ in iterate_widgets(self.app._tree):
            key, old = before.get(widget.id, (None, None))
            if (
                key
                and base_key(key) not in belongs
                and base_key(key) not in page_state.FIELDS
                and not same_value(session_value(widget), old)
            ):
                self._fail("a control moved", f"{key}: {old!r} -> {session_value(widget)!r} by {self.done[-1]}")

    def _mounts(self) -> None:
        """A widget that was not mounted yet would mount at its value, which is what a browser then sends back."""
        there = set()
        for widget, lazy in iterate_widgets(self.app._tree):
            there.add(widget.id)
            if widget.id not in self.mounted and not same_value(first := first_value(widget), shown_value(widget)):
                self._fail(
                    "mounts elsewhere", f"{widget.key} would mount at {first!r} instead of {shown_value(widget)!r}"
                )
            if not lazy:
                self.mounted.add(widget.id)
        self.mounted &= there

    def reopen(self) -> None:
        """Open the page's link in a fresh visit, which must show what this page shows."""
        query = page_link(self.app)
        if query is None:
            return
        again = visit(self.page, query)
        for box in again.exception:
            self._fail("exception box", f"opening {query}: {box.message}")
        here, there = visible_state(self.app), visible_state(again)
        for name in sorted(here.keys() | there.keys()):
            if not same_value(here.get(name), there.get(name)):
                seen = f"{str(here.get(name))[:300]} here, {str(there.get(name))[:300]} there"
                self._fail("the link shows something else", f"/{self.page} {name}: {seen}; link {query}")
