"""A diagnosis as one HTML page without a script, which loads nothing."""

from __future__ import annotations

from html import escape

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import STRONG, Finding
from s2s.doctor.report import words
from s2s.doctor.report.tables import Table, tables
from s2s.errors import say
from s2s.inspect.report.charts import Bar, bars
from s2s.inspect.report.render import POLICY, STYLE
from s2s.player import bundle
from s2s.text.safe import printable


def render(diagnosis: Diagnosis, language: str) -> str:
    """The whole page in ``language``, zh or en."""
    name = printable(str(diagnosis.about.get("name") or diagnosis.about.get("kind", "")))
    title = say("doctor.title", language, name=name)
    strong = [finding for finding in diagnosis.findings if finding.strength >= STRONG]
    weak = [finding for finding in diagnosis.findings if finding.strength < STRONG]
    parts = [
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{bundle.style(STYLE)}</style></head>\n<body><main>",
        f"<h1>{escape(title)}</h1>",
        *(f'<p class="soft">{escape(fact)}</p>' for fact in words.about(diagnosis, language)),
        f"<p><strong>{escape(words.verdict(diagnosis, language))}</strong></p>",
        _findings("findings", strong, language),
        _findings("remarks", weak, language),
        *map(_table, tables(diagnosis, language)),
        _measures(diagnosis, language),
        "</main></body></html>\n",
    ]
    return "\n".join(filter(None, parts))


def _findings(kind: str, findings: list[Finding], language: str) -> str:
    if not findings:
        return ""
    title = say(f"doctor.{kind}", language)
    rows = [
        Bar(say(f"doctor.name.{finding.name}", language), finding.strength, f"{finding.strength:.2f}")
        for finding in findings
    ]
    return f"<h2>{title}</h2>{bars(rows, title)}{''.join(_finding(finding, language) for finding in findings)}"


def _finding(finding: Finding, language: str) -> str:
    told = [(say("doctor.numbers", language), words.numbers(finding.numbers))]
    if finding.cure:
        told.append((say("doctor.cure", language), words.cure(finding.cure, language)))
    listed = "".join(f"<dt>{escape(term)}</dt><dd>{escape(text)}</dd>" for term, text in told)
    strength = say("doctor.strength", language, strength=f"{finding.strength:.2f}")
    return (
        f"<article><h3>{escape(say(f'doctor.name.{finding.name}', language))} "
        f'<span class="soft">{escape(strength)}</span></h3>'
        f"<p>{escape(say(finding.cause, language))}</p><dl>{listed}</dl></article>"
    )


def _table(table: Table) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in table.header)
    rows = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in table.rows
    )
    return (
        f'<h2>{escape(table.title)}</h2><p class="soft">{escape(table.note)}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )


def _measures(diagnosis: Diagnosis, language: str) -> str:
    if not diagnosis.measures:
        return ""
    head = "".join(f'<th scope="col">{say(f"doctor.{name}", language)}</th>' for name in ("measure", "value"))
    rows = "".join(
        f'<tr><th scope="row"><code>{escape(name)}</code></th><td>{words.shown(value)}</td></tr>'
        for name, value in diagnosis.measures.items()
    )
    note = escape(say("doctor.measures_note", language))
    return (
        f'<h2>{say("doctor.measures", language)}</h2><p class="soft">{note}</p>'
        f'<div class="wide"><table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
