"""One decoder step as HTML: its most probable words, and its attention over the source."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

from s2s.figures.numbers import share
from s2s.figures.palette import shade
from s2s.trace.step import Scored, Step

SEEN = 0.005  # least weight that is written as a number
LONG = 40  # source tokens, at most, that are all shown

STYLE = """<style>
.lb-panels { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 240px), 1fr)); gap: 10px 32px; }
.lb-panels h4 { font-size: 0.95rem; font-weight: 600; margin: 6px 0 4px; padding: 0; }
.lb-panels table { border-collapse: collapse; width: 100%; max-width: 460px; font-variant-numeric: tabular-nums; }
.lb-panels td { padding: 2px 8px 2px 0; border: 0; }
.lb-panels td.rank { opacity: 0.8; text-align: right; width: 2.6em; font-size: 0.8rem; }
.lb-panels td.p { text-align: right; width: 4.4em; padding-right: 0; }
.lb-panels td.word { white-space: nowrap; }
.lb-panels section { min-width: 0; overflow-x: auto; }
.lb-panels td.bar { width: 32%; }
.lb-panels td.bar i { display: block; height: 12px; border-radius: 3px; background: var(--lb-blue); min-width: 1px; }
.lb-panels tr.gold td.bar i { background: var(--lb-green); }
.lb-row { display: flex; flex-wrap: wrap; gap: 3px; margin: 6px 0; }
.lb-row span { padding: 1px 6px; border-radius: 4px; line-height: 1.35; text-align: center; }
.lb-row small { display: block; font-size: 0.75rem; line-height: 1; min-height: 1em; }
.lb-rest table { border-collapse: collapse; }
.lb-rest th, .lb-rest td { padding: 3px 16px 3px 0; text-align: left; border: 0; vertical-align: top; }
.lb-rest th, .lb-rest td:first-child { opacity: 0.8; font-weight: 500; font-size: 0.9rem; }
.lb-rest th { white-space: nowrap; }
.lb-rest td + td { overflow-wrap: anywhere; }
.lb-rest td:first-child { min-width: 6.5em; }
.lb-rest td + td + td { font-variant-numeric: tabular-nums; white-space: nowrap; }
@media (max-width: 640px) {
  .lb-rest thead { display: none; }
  .lb-rest tr, .lb-rest td { display: block; }
  .lb-rest tr { margin-bottom: 8px; }
  .lb-rest td + td + td { display: inline-block; font-size: 0.9rem; padding-top: 0; }
  .lb-rest td[data-name]:not(:empty)::before { content: attr(data-name) " "; opacity: 0.8; }
}
</style>"""


def word_table(step: Step, chosen: str, text: Mapping[str, str], most: int = 5) -> str:
    """The most probable words as a table; ● marks the chosen word, ★ the reference's, added if it ranks lower."""
    rows = list(step.top[:most])
    if step.target and step.target.rank > most:
        rows.append(step.target)
    return f"<table><tbody>{''.join(_word(row, step.target, chosen, text) for row in rows)}</tbody></table>"


def _word(row: Scored, target: Scored | None, chosen: str, text: Mapping[str, str]) -> str:
    gold = target is not None and row.rank == target.rank
    marks = f' <b title="{escape(text["chosen"])}">●</b>' if row.token == chosen else ""
    marks += f' <b title="{escape(text["reference_word"])}">★</b>' if gold else ""
    p = math.exp(row.log_prob)
    return (
        f'<tr class="{"gold" if gold else ""}"><td class="rank">{row.rank}</td>'
        f'<td class="word" dir="auto">{escape(row.token)}{marks}</td>'
        f'<td class="bar"><i style="width:{100 * p:.2f}%"></i></td><td class="p">{escape(share(p))}</td></tr>'
    )


def attention_row(tokens: Sequence[str], step: Step, label: str) -> str:
    """The source tokens shaded by the step's weights; weights of at least 0.005 are written as numbers.

    A source of more than 40 tokens is cut to the attended tokens and their neighbours.
    """
    weights = step.attention.tolist()
    looked = {near for s, weight in enumerate(weights) if weight >= SEEN for near in (s - 1, s, s + 1)}
    spans, hidden = list[str](), False
    for s, (token, weight) in enumerate(zip(tokens, weights, strict=True)):
        if len(tokens) <= LONG or s in looked:
            spans.append(_source(token, weight))
            hidden = False
        elif not hidden:
            spans.append("<span>…</span>")
            hidden = True
    return f'<div class="lb-row" role="group" aria-label="{escape(label)}">{"".join(spans)}</div>'


def _source(token: str, weight: float) -> str:
    number = f"{weight:.2f}" if weight >= SEEN else ""
    style, title = f"background:{shade(weight)}", f"{weight:.3f}"
    return f'<span style="{style}" title="{title}" dir="auto">{escape(token)}<small>{number}</small></span>'


def step_table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table whose rows have a name, a text and numbers; on a narrow screen each number repeats its column's head."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in heads)
    names = ["", "", *(f' data-name="{escape(name)}"' for name in heads[2:])]
    body = "".join(
        f"<tr>{''.join(f'<td{name}>{escape(cell)}</td>' for name, cell in zip(names, row, strict=True))}</tr>"
        for row in rows
    )
    return f'<div class="lb-rest"><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>'
