"""Widgets of an AppTest: their values, the values at which a browser would mount them, and values to set."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from streamlit.testing.v1.element_tree import Block, Widget

from s2s.web.shell import page_state

TYPED = ("", "tea", "我 喜欢", "[x](javascript:alert(1))", "x" * 300)
LAZY_BLOCKS = ("popover", "dialog")  # their content mounts when they are opened


def base_key(key: str | None) -> str:
    """A control's key without its suffixes: the language, and a number that makes the browser mount it anew.

    >>> [base_key(key) for key in ("strategy-zh", "b_beam", "temperature-2", "slice-open-en-1", "logit-0")]
    ['strategy', 'b_beam', 'temperature', 'slice-open', 'logit-0']
    """
    name = re.sub(r"(-(zh|en))?(-[0-9]+)?$", "", str(key))
    return name if name in page_state.FIELDS else re.sub(r"-(zh|en)(-[0-9]+)?$", "", str(key))


def iterate_widgets(block: Block, lazy: bool = False) -> Iterator[tuple[Widget, bool]]:
    """Every widget of a page, and whether it mounts only when something is opened."""
    for node in block.children.values():
        if isinstance(node, Widget):
            yield node, lazy
        elif isinstance(node, Block):
            yield from iterate_widgets(node, lazy or node.type in LAZY_BLOCKS)


def session_value(widget: Any) -> Any:
    """A widget's value in the session; None for a button."""
    return None if widget.type in ("button", "download_button") else widget.value


def same_value(a: Any, b: Any) -> bool:
    """Whether two values are equal, floats up to the precision that a browser keeps."""
    if isinstance(a, float) or isinstance(b, float):
        return a is not None and b is not None and abs(a - b) < 1e-6
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return len(a) == len(b) and all(map(same_value, a, b))
    return bool(a == b)


def shown_value(widget: Any) -> Any:
    """A widget's value as ``set_value`` takes it: with options, the option's text."""
    if widget.type in ("selectbox", "radio"):
        return None if widget.value is None else widget.options[widget.index]
    if widget.type in ("button_group", "multiselect"):
        if widget.type == "button_group" and not isinstance(widget.value, list):
            return (widget.formatted_values or [None])[0]
        if widget.type == "multiselect":
            return [widget.options[index] for index in widget.indices]
        return list(widget.formatted_values)
    return widget.value


def first_value(widget: Any) -> Any:
    """The value at which a browser would mount a widget, in the form of ``shown_value``."""
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
            if proto.set_value:
                return proto.raw_value if proto.HasField("raw_value") else None
            return widget.options[proto.default] if proto.HasField("default") else None
    return shown_value(widget)


def value_picker(widget: Any) -> Callable[[int], tuple[Any, str]] | None:
    """A function from a number to a value for a widget and the value's name; None for widgets that are not used."""

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
            return among(range_samples(widget.min, widget.max, widget.step))
        case "number_input":
            low, high = (-5 if widget.min is None else widget.min), (9 if widget.max is None else widget.max)
            return among(range_samples(low, high, widget.step))
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


def range_samples(low: Any, high: Any, step: Any) -> list[Any]:
    """Both ends of a range, the values one step inside of them, and the middle."""
    middle = low + (high - low) // (2 * step) * step if step else low
    kind = type(low)
    return [kind(round(x, 6)) for x in (low, high, low + step, high - step, middle) if low <= x <= high]
