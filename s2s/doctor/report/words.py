"""A diagnosis in words, in either language."""

from __future__ import annotations

from collections.abc import Mapping

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import STRONG, Cure, Finding
from s2s.errors import joined, say
from s2s.text.safe import printable


def about(diagnosis: Diagnosis, language: str) -> list[str]:
    """What was examined, and which tests could not be run."""
    facts = {name: printable(value) if isinstance(value, str) else value for name, value in diagnosis.about.items()}
    told = [say(f"doctor.about.{facts['kind']}", language, **facts)]
    if facts.get("not_run"):
        told.append(say("doctor.not_run", language, names=", ".join(facts["not_run"])))
    if "attention_formed" in diagnosis.measures and "loss_fallen" in diagnosis.measures:
        steps = {name: int(diagnosis.measures[name]) for name in ("attention_formed", "loss_fallen")}
        told.append(say("doctor.formed", language, **steps))
    return told


def verdict(diagnosis: Diagnosis, language: str) -> str:
    """Healthy, or how many strong findings there are."""
    if diagnosis.healthy:
        return say("doctor.healthy", language)
    return say("doctor.ill", language, count=sum(finding.strength >= STRONG for finding in diagnosis.findings))


def cure(given: Cure, language: str) -> str:
    """The remedy, and what came of it."""
    return joined(say(f"doctor.cure.{given.name}", language), outcome(given, language))


def outcome(given: Cure, language: str) -> str:
    """What came of a remedy; that it was not tried."""
    if not given.after:
        return say("doctor.untried", language)
    told = [
        say(
            f"doctor.{name}",
            language,
            before=shown(given.before[name]) if name in given.before else say("doctor.none_before", language),
            after=shown(value),
        )
        for name, value in given.after.items()
    ]
    return say("doctor.verified" if given.verified else "doctor.failed", language, told=", ".join(told))


def shown(value: float) -> str:
    """A number of four digits, with a minus sign."""
    return f"{value:.4g}".replace("-", "−")


def numbers(values: Mapping[str, float]) -> str:
    """Numbers by name, in one line."""
    return ", ".join(f"{name} {shown(value)}" for name, value in values.items())


def lines(diagnosis: Diagnosis, language: str) -> list[str]:
    """The whole diagnosis for a terminal."""
    out = [*about(diagnosis, language), verdict(diagnosis, language)]
    for finding in diagnosis.findings:
        out += ["", *_finding(finding, language)]
    return out


def _finding(finding: Finding, language: str) -> list[str]:
    strength = say("doctor.strength", language, strength=f"{finding.strength:.2f}")
    out = [f"{say(f'doctor.name.{finding.name}', language)} ({finding.name}, {strength[:1].lower()}{strength[1:]})"]
    out += [f"  {say(finding.cause, language)}", f"  {numbers(finding.numbers)}"]
    if finding.cure:
        out.append(f"  {say('doctor.cure', language)}: {cure(finding.cure, language)}")
    return out
