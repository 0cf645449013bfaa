"""A report as HTML: numbers, charts as SVG, chosen examples with causes, attention and labels.

The page has no script and loads nothing from elsewhere; its content security policy forbids both.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from s2s.errors import say
from s2s.figures.numbers import chance, share, signed
from s2s.inspect.causes import TAGS, Row
from s2s.inspect.conditions import describe_conditions
from s2s.inspect.reasons import cause_reason
from s2s.inspect.report.charts import MOST, Bar, bars, folded, heatmap, histogram
from s2s.inspect.report.content import Chosen, Part, Report
from s2s.player import bundle
from s2s.store.label import VERDICTS, Label
from s2s.text.safe import shortened
from s2s.trace.trace import Trace

CHARTS = ("chrf", "bleu", "nll", "length_ratio", "mean_probability", "attention_entropy")
PROBABILITIES = ("p", "moved")
WORD = 12  # characters of a confused word, at most
DECIMALS = {"chrf": 1, "bleu": 1, "nll": 2}  # decimals of an example's scores
STYLE = Path(__file__).with_name("report.css")
POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_report(report: Report, language: str) -> str:
    """The whole page as HTML in ``language``, zh or en."""
    page = _Page(report, language)
    held = report.summary
    title = page.t("title", checkpoint=held["checkpoint"]["name"], file=held["file"]["name"])
    head = (
        f'<!DOCTYPE html>\n<html lang="{"zh-CN" if language == "zh" else "en"}"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{bundle.style(STYLE)}</style></head>\n<body><main>"
    )
    parts = [
        page.head(title),
        page.scores(),
        page.causes(),
        page.words(),
        page.charts(),
        page.verdicts(),
        page.examples(),
    ]
    return "\n".join([head, *filter(None, parts), "</main></body></html>\n"])


class _Page:
    """The parts of the page, each as HTML or an empty string."""

    def __init__(self, report: Report, language: str) -> None:
        self.report, self.summary, self.language = report, report.summary, language

    def t(self, key: str, /, **values: object) -> str:
        """A translated text of the report, not escaped."""
        return say(f"report.{key}", self.language, **values)

    def _say(self, key: str, /, **values: object) -> str:
        return say(key, self.language, **values)

    def names(self) -> list[str]:
        """The name of the checkpoint, or of both if two are compared."""
        summaries = [self.summary, self.report.other] if self.report.other else [self.summary]
        return [summary["checkpoint"]["name"] for summary in summaries]

    def head(self, title: str) -> str:
        """The title, and the facts about checkpoint, file and examples."""
        held = self.summary
        facts = [
            self.t("checkpoint", name=held["checkpoint"]["name"], digest=held["checkpoint"]["digest"]),
            self.t("file", name=held["file"]["name"], digest=held["file"]["sha256"][:12]),
            self.t("examples", count=held["examples"], left_out=held["left_out"], bad=held["bad_rows"]),
        ]
        if "errors" in held:
            facts.append(self.t("errors", count=held["errors"], share=100 * held["errors"] / held["examples"]))
        if self.report.part:
            facts.append(self._slice(self.report.part))
        if self.report.other:
            other = self.report.other["checkpoint"]
            facts.insert(1, self.t("other", name=other["name"], digest=other["digest"]))
        lines = "".join(f'<p class="soft">{escape(fact)}</p>' for fact in facts)
        return f"<h1>{escape(title)}</h1>{lines}"

    def _slice(self, part: Part) -> str:
        """The name and the conditions of the slice that the page is about."""
        told = [words for _, words in describe_conditions(part.slice.query, self._say)]
        told += [self.t("slice_labels")] if part.slice.labels else []
        counts = {"count": self.summary["examples"], "all": self.summary["of"]}
        return self.t("slice", name=part.name or self.t("slice_unnamed"), conditions=" · ".join(told), **counts)

    def _column(self, name: str) -> str:
        """The name of a column; BLEU has another name if it counts characters, in scripts without spaces."""
        characters = name == "bleu" and self.summary.get("bleu_tokenizer") == "char"
        return self.t("column.bleu_char" if characters else f"column.{name}")

    def scores(self) -> str:
        """Corpus scores with intervals, of both checkpoints if two are compared, and the comparison."""
        summaries = [self.summary, self.report.other] if self.report.other else [self.summary]
        without = self.summary.get("baselines", {}).get("scores", {})
        names = [*self.names(), *(say(f"baseline.{name}", self.language) for name in without)]
        heads = "".join(f"<th>{escape(name)}</th>" for name in names)
        lines = []
        for name in self.summary["scores"]:
            cells = "".join(f"<td>{_between(one['scores'].get(name))}</td>" for one in summaries)
            trivial = "".join(f"<td>{f'{of[name]:.2f}' if name in of else ''}</td>" for of in without.values())
            lines.append(f"<tr><th>{escape(self._column(name))}</th>{cells}{trivial}</tr>")
        by = self.summary["bootstrap"]
        notes = [self.t("interval", level=100 * by["level"], resamples=by["resamples"])]
        if without:
            notes.append(say("baseline.note", self.language, count=self.summary["baselines"]["rows"]))
        body = f"<table><tr><td></td>{heads}</tr>{''.join(lines)}</table>"
        return f'<h2>{self.t("scores")}</h2><div class="wide">{body}</div>{"".join(map(_soft, notes))}{self._against()}'

    def _against(self) -> str:
        against = self.report.against
        if not against:
            return ""
        first, second = self.names()
        if self.report.same_model:
            return f"<p>{escape(self.t('same_model', first=first, second=second))}</p>"
        told = self.t(
            "against",
            first=first,
            second=second,
            score=self._column(against["score"]),
            difference=_between(against["difference"]),
            p=chance(against["p"]),
            q=chance(against["p_randomisation"]),
            **{name: against[name] for name in ("wins", "losses", "ties")},
        )
        return f"<p>{escape(told)}</p>"

    def causes(self) -> str:
        """The number of errors with each cause, and with each mechanism, most frequent first."""
        if not self.summary.get("errors"):
            return ""
        legend = _soft(self.t("legend", first=self.names()[0], second=self.names()[1])) if self.report.other else ""
        parts = list[str]()
        for kind in ("causes", "mechanisms"):
            lines = []
            for name, one in sorted(self.summary[kind].items(), key=lambda item: -item[1]["count"]):
                lines.append(_cause(say(f"cause.{name}", self.language), one, "first"))
                if self.report.other and kind in self.report.other:
                    lines.append(_cause("", self.report.other[kind][name], "second"))
            title = self.t(kind)
            parts.append(f"<h2>{title}</h2>{_soft(self.t(f'{kind}_note'))}{legend}{bars(lines, title)}")
        return "".join(parts)

    def words(self) -> str:
        """The most frequent confusions of words."""
        confusions = self.report.confusions
        if not confusions:
            return ""
        title = self.t("confusions")
        rows = [
            Bar(f"{shortened(wanted, WORD)} → {shortened(said, WORD)}", count, f"{count:,}")
            for wanted, said, count in confusions
        ]
        return f"<h2>{title}</h2>{_soft(self.t('confusions_note'))}{bars(rows, title)}"

    def charts(self) -> str:
        """Histograms of the measures in ``CHARTS``."""
        figures = []
        for name in CHARTS:
            made = self.summary["distributions"].get(name)
            if made:
                told = self._column(name)
                drawn = histogram(made["histogram"]["edges"], made["histogram"]["counts"], told, made["mean"])
                note = self.t("mean", name=told, mean=f"{made['mean']:.3g}", count=made["count"])
                figures.append(f"<figure>{drawn}<figcaption>{escape(note)}</figcaption></figure>")
        if not figures:
            return ""
        note = _soft(self.t("distributions_note"))
        return f'<h2>{self.t("distributions")}</h2>{note}<div class="grid">{"".join(figures)}</div>'

    def verdicts(self) -> str:
        """A table of the number of verdicts by person."""
        people = self.report.verdicts
        if not people:
            return ""
        heads = "".join(f"<th>{say(f'labels.verdict.{verdict}', self.language)}</th>" for verdict in VERDICTS)
        lines = "".join(
            f"<tr><th>{escape(person)}</th>{''.join(f'<td>{given[verdict]:,}</td>' for verdict in VERDICTS)}</tr>"
            for person, given in people.items()
        )
        return f'<h2>{self.t("labels")}</h2><div class="wide"><table><tr><td></td>{heads}</tr>{lines}</table></div>'

    def examples(self) -> str:
        """The chosen examples, one article each."""
        if not self.report.chosen:
            return ""
        return f"<h2>{self.t('chosen')}</h2>{''.join(map(self._example, self.report.chosen))}"

    def _example(self, chosen: Chosen) -> str:
        row = chosen.row
        texts = [("source", row["source"]), ("reference", row["reference"]), ("output", row["output"])]
        lines = [f"<dt>{self.t(name)}</dt><dd>{escape(text)}</dd>" for name, text in texts if text is not None]
        numbers = [(name, row[name]) for name in DECIMALS if row[name] is not None]
        told = " · ".join(f"{self._column(name)} {value:.{DECIMALS[name]}f}" for name, value in numbers)
        found = [name for name, column in TAGS.items() if row[column]]
        causes = "".join(
            f"<li><b>{say(f'cause.{name}', self.language)}</b> {self._why(name, row)}</li>" for name in found
        )
        return (
            f"<article><h3>{self.t('example', id=row['id'])}</h3><dl>{''.join(lines)}</dl>{_soft(told)}"
            f"{f'<ul>{causes}</ul>' if causes else ''}{self._attention(chosen.trace)}"
            f"{self._labels(chosen.labels)}</article>"
        )

    def _why(self, name: str, row: Row) -> str:
        """The sentence of evidence for a cause, with the row's words quoted."""
        key, values = cause_reason(name, row, self.report.trials)
        told = {place: self._value(place, value) for place, value in values.items()}
        return say(f"why.{key}", self.language, **told)

    def _value(self, place: str, value: Any) -> Any:
        if isinstance(value, list | tuple):
            return say("inspect.and", self.language).join(map(_quote, value))
        if isinstance(value, str):
            return _quote(value)
        if isinstance(value, float):
            shown = escape(share(value)) if place in PROBABILITIES else f"{value:.3g}"
            return signed(shown)
        return "–" if value is None else f"{value:,}"

    def _attention(self, trace: Trace | None) -> str:
        if trace is None or not trace.looks:
            return ""
        outputs = [step.output for step in trace.steps]
        sizes = {"steps": len(outputs), "tokens": len(trace.source_tokens)}
        note = self.t("attention_cut" if folded(**sizes) else "attention", **sizes, most=min(MOST[0], len(outputs)))
        drawn = heatmap(trace.attention_TS, trace.source_tokens, outputs, self.t("attention_title"))
        return f'<figure><div class="wide">{drawn}</div><figcaption>{escape(note)}</figcaption></figure>'

    def _labels(self, labels: Sequence[Label]) -> str:
        parts = []
        for label in labels:
            given = [say(f"labels.verdict.{label.verdict}", self.language)] if label.verdict else []
            told = " · ".join([f"<b>{escape(label.person)}</b>", *map(escape, [*given, *label.categories])])
            parts.append(f"<p>{told}</p>" + (f"<blockquote>{escape(label.note)}</blockquote>" if label.note else ""))
        return "".join(parts)


def _quote(text: str) -> str:
    return f"<q>{escape(text)}</q>"


def _soft(text: str) -> str:
    return f'<p class="soft">{escape(text)}</p>'


def _cause(label: str, one: Mapping[str, Any], kind: str) -> Bar:
    share = {name: 100 * value for name, value in one["share"].items() if value is not None}
    told = f"{one['count']:,} · {share['value']:.1f} %" if "value" in share else f"{one['count']:,}"
    return Bar(label, share.get("value", 0.0), told, share.get("low"), share.get("high"), kind)


def _between(one: Mapping[str, float | None] | None) -> str:
    if one is None or one["value"] is None:
        return "–"
    value = f"{one['value']:.4g}"
    known = one["low"] is not None and one["high"] is not None
    return (f"{value} [{one['low']:.4g}, {one['high']:.4g}]" if known else value).replace("-", "−")
