"""The class's votes as HTML for the projector, after the reveal beside the model's numbers. No Streamlit."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape

from s2s.errors import fill, joined
from s2s.figures import palette
from s2s.figures.numbers import share
from s2s.store.rooms import Question, Truth
from s2s.store.votes import Counts

Row = Callable[[str, str, str, float, float | None, str], str]


def render_board(
    question: Question, counts: Counts, truth: Truth | None, text: Mapping[str, str], way_in: str = ""
) -> str:
    """The question with its votes and, with ``truth``, the model's weights and probabilities on the same scale.

    Both are shares of 1: a bar is the share of the votes for one source word, or for one next word. ``text`` has the
    strings of the page; ``way_in`` is HTML that stands beside the words.
    """
    places = _render_rows(question.source, counts.places, truth.attention if truth else None, text, _render_place)
    words = _render_rows(
        question.words, counts.words, truth.words if truth else None, text, _render_word, truth.said if truth else -1
    )
    legend = f"<p class='legend'>{escape(text['legend'])}</p>" if truth else ""
    look, word = (escape(text[f"{name}_told" if truth else name]) for name in ("look", "word"))
    step = f"<b>{escape(fill(text['at_step'], step=question.step + 1))}</b>"
    return (
        f'<div class="lb-board"><p class="said">{joined(step, _render_output(question, truth, text))}</p>'
        f"<section><h4>{look}</h4><ol class='lb-places'>{places}</ol></section>"
        f"<section><h4>{word}</h4><ol class='lb-words'>{words}</ol></section>{way_in}{legend}</div>"
    )


def _render_output(question: Question, truth: Truth | None, text: Mapping[str, str]) -> str:
    """The output so far: after the reveal with the word that was asked for."""
    before = " ".join(map(escape, question.said))
    after = "" if truth is None else f' <b class="now">{escape(question.words[truth.said])}</b>'
    return (
        joined(escape(text["said"]), f'<span dir="auto">{before}{after}</span>')
        if before or after
        else escape(text["nothing_said"])
    )


def _render_rows(
    tokens: Sequence[str],
    votes: Sequence[int],
    model: Sequence[float] | None,
    text: Mapping[str, str],
    row: Row,
    output: int = -1,
) -> str:
    voted, rows = sum(votes), list[str]()
    for i, (token, count) in enumerate(zip(tokens, votes, strict=True)):
        number = None if model is None else model[i]
        part = count / voted if voted else 0.0
        votes_text = fill(text["count"], votes=count, share=f"{100 * part:.0f} %")
        key, shown = ("votes", "") if number is None else ("votes_truth", share(number))
        name = escape(fill(text[key], word=token, votes=votes_text, truth=shown), quote=True)
        rows.append(row(escape(token), name, escape(votes_text), part, number, " ●" if i == output else ""))
    return "".join(rows)


def _render_place(token: str, name: str, votes: str, part: float, weight: float | None, _: str) -> str:
    model = "" if weight is None else f'<i class="model" style="height:{100 * weight:.1f}%"></i>'
    number = f"<em>{escape(share(weight))}</em>" if weight is not None and weight >= 0.005 else ""
    voted = votes if part else ""
    shade = "" if weight is None else f' style="background:{palette.shade(weight)}"'
    return (
        f'<li aria-label="{name}"><span class="bars">'
        f'<i class="vote" style="height:{100 * part:.1f}%"></i>{model}</span>'
        f'<span class="chip" dir="auto"{shade}>{token}</span><span class="n"><b>{voted}</b>{number}</span></li>'
    )


def _render_word(token: str, name: str, votes: str, part: float, p: float | None, mark: str) -> str:
    model = "" if p is None else f'<i class="model" style="width:{100 * p:.1f}%"></i>'
    number = "" if p is None else f"<em>{escape(share(p))}</em>"
    return (
        f'<li aria-label="{name}"><span class="word" dir="auto">{token}{mark}</span>'
        f'<span class="bars"><i class="vote" style="width:{100 * part:.1f}%"></i>{model}</span>'
        f'<span class="n"><b>{votes}</b>{number}</span></li>'
    )
