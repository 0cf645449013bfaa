"""A diagnosis as one HTML page without a script, which loads nothing."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Finding
from s2s.doctor.report import words
from s2s.doctor.report.pictures import pictures
from s2s.doctor.report.tables import Table, tables
from s2s.doctor.report.words import Line
from s2s.doctor.thresholds import STRONG
from s2s.errors import say
from s2s.inspect.report.charts import Bar, bars
from s2s.inspect.report.render import POLICY, STYLE
from s2s.player import bundle

# Numbers stay whole also on a phone; thresholds, which come last, may be sentences.
OWN_STYLE = """figure + figure { margin-top: 16px; }
.numbers { margin-bottom: 20px; }
.numbers th { min-width: 8em; }
.numbers td:not(:last-child) { white-space: nowrap; }
.numbers td:last-child { min-width: 7em; }"""


def render(diagnosis: Diagnosis, language: str) -> str:
    """The whole page in ``language``, zh or en."""
    title = words.title(diagnosis, language)
    strong = [finding for finding in diagnosis.findings if finding.strength >= STRONG]
    weak = [finding for finding in diagnosis.findings if finding.strength < STRONG]
    kind = str(diagnosis.about.get("kind", ""))
    parts = [
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{bundle.style(STYLE)}{OWN_STYLE}</style></head>\n<body><main>",
        f"<h1>{escape(title)}</h1>",
        *(_soft(fact) for fact in words.about(diagnosis, language)),
        f"<p><strong>{escape(words.verdict(diagnosis, language))}</strong></p>",
        _soft(words.reliability(diagnosis, language)) if diagnosis.findings else "",
        _findings("findings", strong, language, kind),
        _findings("remarks", weak, language, kind),
        pictures(diagnosis, language),
        *map(_other_table, tables(diagnosis, language)),
        _measures(diagnosis, language),
        "</main></body></html>\n",
    ]
    return "\n".join(filter(None, parts))


def _soft(text: str) -> str:
    return f'<p class="soft">{escape(text)}</p>'


def _findings(part: str, findings: list[Finding], language: str, kind: str) -> str:
    if not findings:
        return ""
    title = say(f"doctor.{part}", language)
    rows = [Bar(words.name(finding, language), finding.strength, f"{finding.strength:.2f}") for finding in findings]
    told = "".join(_finding(finding, language, kind) for finding in findings)
    return f"<h2>{escape(title)}</h2>{bars(rows, title)}{told}"


def _finding(finding: Finding, language: str, kind: str) -> str:
    numbers = words.numbers_of(finding, language)
    table = _table(numbers, language, words.name(finding, language)) if numbers else ""
    remedy = words.remedy(finding, language, kind)
    cure = f"<p><strong>{escape(say('doctor.cure', language))}</strong> {escape(remedy)}</p>" if remedy else ""
    return (
        f"<article><h3>{escape(words.name(finding, language))} "
        f'<span class="soft">{escape(words.strength(finding, language))}</span></h3>'
        f"<p>{escape(words.cause(finding, language))}</p>{table}{cure}</article>"
    )


def _table(lines: Sequence[Line], language: str, name: str) -> str:
    header = [say(f"doctor.{part}", language) for part in ("measure", "value", "limit")]
    return _html(name, header, [(line.label, words.marked(line, language), line.limit) for line in lines])


def _html(name: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(part)}</th>' for part in header)
    body = "".join(
        f'<tr><th scope="row">{escape(first)}</th>{"".join(f"<td>{escape(cell)}</td>" for cell in rest)}</tr>'
        for first, *rest in rows
    )
    return (
        f'<div class="wide"><table class="numbers" aria-label="{escape(name)}"><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )


def _other_table(table: Table) -> str:
    return f"<h2>{escape(table.title)}</h2>{_soft(table.note)}{_html(table.title, table.header, table.rows)}"


def _measures(diagnosis: Diagnosis, language: str) -> str:
    tests = words.by_test(diagnosis, language)
    if not tests:
        return ""
    told = "".join(f"<h3>{escape(test)}</h3>{_table(lines, language, test)}" for test, lines in tests)
    note = _soft(say("doctor.measures_note", language))
    return f"<h2>{escape(say('doctor.measures', language))}</h2>{note}{told}"
