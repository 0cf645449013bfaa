"""A diagnosis in words, in either language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.report.limits import (
    LIMITS,
    NAMED_FIRST,
    NUMBERS,
    PATIENTS,
    TESTS,
    UNFORESEEN,
    UNFORESEEN_NAMED,
    Limit,
    kind_of,
    measure_of,
    relative,
)
from s2s.doctor.thresholds import MORE_STEPS, STRONG
from s2s.errors import joined, say, sentences
from s2s.text.safe import printable

# What ran for a cure that is told in log-probabilities; any other cure ran with other weights.
RAN = {
    "reorder_gates": "gates",
    "other_first": "input",
    "turn_source": "input",
    "pack_padding": "alone",
    "own_memory": "alone",
    "put_tanh_back": "network",
    "sum_states": "network",
    "read_state": "network",
    "exchange_directions": "directions",
    "same_vocabulary": "input",
    "smaller_scores": "scores",
    "larger_scores": "scores",
    "evaluation_mode": "mode",
}
NAMED_ROWS = 5  # of a file, at most, that are named
WARD = {"named": NAMED_FIRST, "patients": PATIENTS, "known": UNFORESEEN_NAMED, "faults": UNFORESEEN}
TRAINED = frozenset(  # cures that only training can bring
    (
        "attach_encoder",
        "untie",
        "train_encoder",
        "train_scores",
        "train_bridge",
        "smaller_weights",
        "clip_gradient",
        "coverage_later",
        "more_vocabulary",
        "more_data",
        "train_longer",
        "read_context",
        "read_state",
    )
)


class Line(NamedTuple):
    """A number as people read it: what it is, its value, from where on it speaks for a finding, whether it does."""

    name: str
    label: str
    value: str
    limit: str
    beyond: bool


def title(diagnosis: Diagnosis, language: str) -> str:
    """What was examined; of an ill one the question."""
    kind = diagnosis.about.get("kind", "")
    name = printable(str(diagnosis.about.get("name") or say(f"doctor.kind.{kind}", language)))
    return say("doctor.title_healthy" if diagnosis.healthy else "doctor.title", language, name=name)


def about(diagnosis: Diagnosis, language: str) -> list[str]:
    """What was examined, and which tests could not be run."""
    facts = {name: printable(value) if isinstance(value, str) else value for name, value in diagnosis.about.items()}
    if "attention" in facts:
        facts["attention"] = sentences(language).get(f"title.attention.{facts['attention']}", facts["attention"])
    told = [say(f"doctor.about.{facts['kind']}", language, **facts)]
    if facts.get("not_run"):
        told.append(say("doctor.not_run", language, names=", ".join(facts["not_run"])))
    if "linked" in facts:
        told.append(_linked(int(facts["linked"]), list(diagnosis.about["rows_left_out"]), language))
    values = facts | dict(diagnosis.measures)
    told += [say(f"doctor.caveat.{caveat}", language, **values) for caveat in facts.get("caveats", ())]
    if "attention_formed" in diagnosis.measures and "loss_fallen" in diagnosis.measures:
        steps = {name: int(diagnosis.measures[name]) for name in ("attention_formed", "loss_fallen")}
        told.append(say("doctor.formed", language, **steps))
    return told


def _linked(count: int, left_out: Sequence[int], language: str) -> str:
    """Of how many pairs people's links were read, and in which rows the words are not those that the model reads."""
    told = say("doctor.linked", language, count=count)
    if not left_out:
        return told
    rows = say("app.list", language).join(map(str, left_out[:NAMED_ROWS])) + ("…" if len(left_out) > NAMED_ROWS else "")
    return joined(told, say("doctor.rows_left_out", language, count=len(left_out), rows=rows))


def verdict(diagnosis: Diagnosis, language: str) -> str:
    """How many strong findings there are; without any, whether that is healthy, or nothing could be tested."""
    if diagnosis.healthy:
        return say(f"doctor.{diagnosis.verdict}", language)
    return say("doctor.ill", language, count=sum(finding.strength >= STRONG for finding in diagnosis.findings))


def reliability(diagnosis: Diagnosis, language: str) -> str:
    """What a strength is; of a model also how often the likeliest cause was the right one."""
    what = say("doctor.precedence", language)
    if diagnosis.about.get("kind") != "checkpoint":
        return what
    return joined(what, say("doctor.reliability", language, **WARD))


def name(finding: Finding, language: str) -> str:
    """What a finding is called."""
    return say(f"doctor.name.{finding.name}", language)


def strength(finding: Finding, language: str) -> str:
    """How strong it is."""
    return say("doctor.strength", language, strength=f"{finding.strength:.2f}")


def cause(finding: Finding, language: str) -> str:
    """What happens and why."""
    return say(finding.cause, language, where=printable(finding.where))


def remedy(finding: Finding, language: str, kind: str = "checkpoint") -> str:
    """The remedy, what came of it, and whether anything is lost without it; or that there is none."""
    if finding.cure is None:
        return say("doctor.no_cure", language)
    told = "costless" if finding.costless else "read_there" if finding.read_there else ""
    return joined(cure(finding.cure, language, kind), say(f"doctor.{told}", language) if told else "")


def cure(given: Cure, language: str, kind: str = "checkpoint") -> str:
    """The remedy, and what came of it."""
    return joined(say(f"doctor.cure.{given.name}", language), outcome(given, language, kind))


def outcome(given: Cure, language: str, kind: str = "checkpoint") -> str:
    """What was run for a remedy and what came of it, or why nothing was; ``kind`` is what was examined."""
    if not given.after:
        why = "untried" if given.name in TRAINED else "untried_file" if kind != "checkpoint" else "untried_model"
        why = "untried_weights" if given.name == "load_weights" else why
        return say(f"doctor.{why}", language)
    told = [
        say(
            f"doctor.{name}",
            language,
            before=shown(given.before[name]) if name in given.before else say("doctor.none_before", language),
            after=shown(value),
        )
        for name, value in given.after.items()
    ]
    came = "verified" if given.verified else "failed"
    text = say(f"doctor.{came}", language, told=", ".join(told))
    if given.name == "train_longer":
        return joined(say("doctor.ran.trial", language, batches=MORE_STEPS), text, say("doctor.trial", language))
    by_run = RAN.get(given.name, "weights") if "log_prob" in given.after else next(iter(given.after))
    return joined(say(f"doctor.ran.{by_run}", language), text)


def shown(value: float) -> str:
    """A number of four digits, with a minus sign."""
    return f"{value:.4g}".replace("-", "−")


def numbers(values: Mapping[str, float]) -> str:
    """Numbers by name, in one line."""
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())


def numbers_of(finding: Finding, language: str) -> list[Line]:
    """The numbers that a finding is read from."""
    return [_number(finding, name, value, language) for name, value in finding.numbers.items()]


def _number(finding: Finding, name: str, value: float, language: str) -> Line:
    measure = measure_of(finding.name, name, finding.numbers)
    if kind_of(measure)[0] in LIMITS:
        line = _line(measure, value, [finding], language)
        own = relative(name, finding.numbers, finding.name)
        return _judged(line, value, own, [finding], language) if own else line
    said, keys = sentences(language), (f"{finding.name}.{name}", name)
    label = next((said[f"doctor.number.{key}"] for key in keys if f"doctor.number.{key}" in said), name)
    return _judged(Line(name, label, shown(value), "", False), value, NUMBERS.get(keys[0]), [finding], language)


def by_test(diagnosis: Diagnosis, language: str) -> list[tuple[str, list[Line]]]:
    """All measures in plain words under the question that they answer; those without a description come last."""
    left, parts = dict(diagnosis.measures), list[tuple[str, list[Line]]]()
    for test, measures in TESTS.items():
        names = [name for kind in measures for name in left if kind_of(name)[0] == kind]
        lines = [_measured(name, left.pop(name), diagnosis, language) for name in names]
        parts.append((say(f"doctor.test.{test}", language), lines))
    parts.append((say("doctor.test.other", language), [Line(n, n, shown(v), "", False) for n, v in left.items()]))
    return [(test, lines) for test, lines in parts if lines]


def _measured(measure: str, value: float, diagnosis: Diagnosis, language: str) -> Line:
    """A measure; a loss or an error rate against the limit of a finding, else of the measures beside it."""
    line = _line(measure, value, diagnosis.findings, language)
    for finding in diagnosis.findings:
        if measure in finding.numbers and (own := relative(measure, finding.numbers, finding.name)):
            return _judged(line, value, own, [finding], language)
    own = relative(measure, diagnosis.measures, "half_trained")
    return _judged(line, value, own, diagnosis.findings, language) if own else line


def _line(measure: str, value: float, found: Sequence[Finding], language: str) -> Line:
    kind, parts = kind_of(measure)
    label = say(f"doctor.measure.{kind}", language, **{name: text.replace("-", "−") for name, text in parts.items()})
    return _judged(Line(measure, label, shown(value), "", False), value, LIMITS[kind], found, language)


def _judged(line: Line, value: float, limit: Limit | None, found: Sequence[Finding], language: str) -> Line:
    if limit is None:
        return line
    beyond = limit.beyond(value) and any(finding.name in limit.findings for finding in found)
    told = say(f"doctor.{limit.side}", language, limit=shown(limit.value))
    if limit.others:
        others = say("app.list", language).join(say(f"doctor.measure.{other}", language) for other in limit.others)
        told = say("doctor.with", language, limit=told, others=others)
    return line._replace(limit=told, beyond=beyond)


def marked(line: Line, language: str) -> str:
    """The value, with a mark where it speaks for a finding."""
    return f"{line.value} {say('doctor.mark', language)}" if line.beyond else line.value


def lines(diagnosis: Diagnosis, language: str) -> list[str]:
    """The whole diagnosis for a terminal."""
    out = [*about(diagnosis, language), verdict(diagnosis, language)]
    for finding in diagnosis.findings:
        out += ["", *_finding(finding, language, str(diagnosis.about.get("kind", "")))]
    return out if diagnosis.healthy else [*out, "", reliability(diagnosis, language)]


def _finding(finding: Finding, language: str, kind: str) -> list[str]:
    told = strength(finding, language)
    out = [f"{name(finding, language)} ({finding.name}, {told[:1].lower()}{told[1:]})"]
    out += [f"  {cause(finding, language)}", f"  {numbers(finding.numbers)}"]
    return [*out, f"  {say('doctor.cure', language)}: {remedy(finding, language, kind)}"]
