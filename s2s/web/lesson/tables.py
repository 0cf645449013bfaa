"""Tables of numbers with bars and rows of marked words, as HTML; formulas beside each other."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import streamlit as st

from s2s.lesson.formulas import FORMULAS, worded
from s2s.web.shell.language import t

STYLE = """<style>
.lb-numbers { overflow-x: auto; }
.lb-numbers table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
.lb-numbers th { font-weight: 500; font-size: 0.85rem; opacity: 0.8; white-space: nowrap; }
.lb-numbers th, .lb-numbers td { padding: 3px 14px 3px 0; text-align: right; border: 0; }
.lb-numbers :is(th, td):first-child { text-align: left; white-space: nowrap; }
.lb-numbers tr.on td { font-weight: 650; }
.lb-numbers i { display: inline-block; height: 10px; border-radius: 3px; margin-right: 6px; }
.lb-numbers i { background: var(--lb-blue); }
.lb-draw { display: flex; flex-wrap: wrap; gap: 3px; margin: 4px 0; }
.lb-draw span { padding: 1px 6px; border-radius: 4px; background: rgba(128, 128, 128, 0.12); line-height: 1.45; }
.katex-display { overflow-x: auto; overflow-y: hidden; padding: 2px 0; }
.lb-draw span.on { font-weight: 600; }
.lb-draw span.on { background: color-mix(in srgb, var(--lb-attention) 70%, transparent); }
</style>"""


class Bar(float):
    """A probability that a table shows with a bar."""


def cell(value: object) -> str:
    """The HTML of a cell: a number with a minus sign and five decimals or digits, a ``Bar`` with its bar, a text.

    >>> cell(-0.121123), cell("水"), cell(20.0855369)
    ('−0.12112', '水', '20.086')
    """
    if isinstance(value, Bar):
        return f'<i style="width:{60 * min(1.0, value):.1f}px"></i>{value:.5f}'
    if isinstance(value, float):
        return (f"{value:.5f}" if abs(value) < 10 else f"{value:.5g}").replace("-0.00000", "0.00000").replace("-", "−")
    return escape(str(value))


def numbers(heads: Sequence[str], rows: Sequence[Sequence[object]], chosen: int = -1) -> str:
    """A table as HTML; its first column has names, and the row ``chosen``, from 0, is highlighted."""
    head = "".join(f'<th scope="col">{escape(text)}</th>' if text else "<td></td>" for text in heads)
    body = "".join(
        f"<tr{' class=on' if at == chosen else ''}>{''.join(f'<td>{cell(value)}</td>' for value in row)}</tr>"
        for at, row in enumerate(rows)
    )
    table = f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f'<div class="lb-numbers" tabindex="0">{table}</div>'


def marked_words(tokens: Sequence[str], marked: Sequence[bool], label: str) -> str:
    """A row of words as HTML, some of them marked; ``label`` names the row for screen readers."""
    spans = "".join(
        f'<span{" class=on" if mark else ""} dir="auto">{escape(token)}</span>'
        for token, mark in zip(tokens, marked, strict=True)
    )
    return f'<div class="lb-draw" role="group" aria-label="{escape(label)}">{spans}</div>'


def formulas(*written: str) -> None:
    """Show formulas, by their names in ``FORMULAS`` or as LaTeX, beside each other; on a phone one below the other."""
    with st.container(horizontal=True, horizontal_alignment="center", gap="large"):
        for one in written:
            st.latex(worded(FORMULAS.get(one, one), t), width="content")
