"""The task car-report: a Chinese dialogue of driver and mechanic to a report of car, symptom, cause, repair and price.

Words and phrases are in ``car_report.json``; a ``{place}`` in a phrase names a fact or another list of phrases. The
symptom alone never determines the cause: one turn states it.
"""

from __future__ import annotations

import functools
import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.tasks.example import Example
from s2s.text.segmenters import jieba_words

DRIVER, MECHANIC = "车主说：", "技师说："
TURN = "|"  # separates two turns
WORDS = (60, 250)  # smallest and largest number of jieba words in a source
HELD_OUT = 0.05  # share of the combinations in dev; the same again in test
FUEL, ELECTRIC, ANY = "油", "电", "全"

Values = dict[str, str]
Turn = tuple[str, str, str]  # speaker, name of the phrase, text
Combination = tuple[int, str, str]  # number of the cause, car, symptom

_PLACE = re.compile(r"{(\w+)}")
_RULED_OUT = re.compile(r"(?:已经?|可以)?(?:排除|不是|并非)[^，。；：]*")


@functools.cache
def word_lists() -> dict[str, Any]:
    """The word lists: cars, symptoms, causes, phrases."""
    loaded: dict[str, Any] = json.loads(Path(__file__).with_suffix(".json").read_text(encoding="utf-8"))
    return loaded


def combinations() -> list[Combination]:
    """Every combination of a cause, a symptom that it can have and a car in which it can occur."""
    cars, fuel = word_lists()["cars"], set(word_lists()["fuel_symptoms"])
    return [
        (number, car, symptom)
        for number, cause in enumerate(word_lists()["causes"])
        for kind in (FUEL, ELECTRIC)
        if cause["power"] in (kind, ANY)
        for car in cars[kind]
        for symptom in cause["symptoms"]
        if kind == FUEL or symptom not in fuel
    ]


def split_combinations(seed: int) -> dict[str, list[Combination]]:
    """The combinations of train, dev and test: a random partition that depends only on the seed."""
    every = combinations()
    random.Random(f"combinations {seed}").shuffle(every)
    n = round(HELD_OUT * len(every))
    return {"dev": every[:n], "test": every[n : 2 * n], "train": every[2 * n :]}


def fill_phrase(name: str, values: Mapping[str, str], rng: random.Random) -> str:
    """A random phrase of the list, its places filled with values or with phrases of other lists."""
    phrase = rng.choice(word_lists()["phrases"][name])
    return _PLACE.sub(lambda place: _fill(place[1], values, rng), phrase)


def _fill(place: str, values: Mapping[str, str], rng: random.Random) -> str:
    return values[place] if place in values else fill_phrase(place, values, rng)


def _wrong_causes(number: int, car: str, symptom: str, count: int, rng: random.Random) -> list[dict[str, Any]]:
    """Other causes of the same symptom or system that this car may have."""
    kind = ELECTRIC if car in word_lists()["cars"][ELECTRIC] else FUEL
    causes = word_lists()["causes"]
    near = [
        other
        for other in causes
        if other is not causes[number]
        and other["power"] in (kind, ANY)
        and (symptom in other["symptoms"] or other["system"] == causes[number]["system"])
    ]
    return rng.sample(near, min(count, len(near)))


def _dialogue_values(combination: Combination, rng: random.Random) -> Values:
    number, car, symptom = combination
    cause = word_lists()["causes"][number]
    low, high = cause["price"]
    values = {key: cause[key] for key in ("system", "part", "fault", "repair", "finding")}
    values |= {"car": car, "symptom": symptom, "price": str(rng.randrange(low, high + 1, 10))}
    values["said"] = rng.choice(word_lists()["symptoms"][symptom])
    return values | {key: fill_phrase(key, {}, rng) for key in ("since", "mileage", "year", "age", "lately")}


def _dialogue(values: Values, wrong: Sequence[Mapping[str, str]], hard: bool, rng: random.Random) -> list[Turn]:
    """The turns in order; up to three turns of small talk are inserted anywhere but first."""

    def driver(name: str) -> Turn:
        return DRIVER, name, fill_phrase(name, values, rng)

    def mechanic(name: str, **more: str) -> Turn:
        return MECHANIC, name, fill_phrase(name, {**values, **more}, rng)

    turns = [driver("open")]
    turns += [mechanic("welcome"), driver("when_tell")] if rng.random() < 0.7 else []
    for topic in rng.sample(("mileage", "care", "past"), rng.choice((0, 0, 1, 2))):
        turns += [mechanic(f"{topic}_ask"), driver(f"{topic}_tell")]
    for i, other in enumerate(wrong):
        names = {"wrong_part": other["part"], "wrong_fault": other["fault"]}
        if hard and i == 0:
            turns += [mechanic("false_verdict", **names), driver("oh"), mechanic("retract", **names)]
        elif rng.random() < 0.5:
            turns += [(DRIVER, "guess", fill_phrase("guess", {**values, **names}, rng)), mechanic("deny", **names)]
        else:
            turns += [mechanic("ruled", **names), driver("go_on")]
    turns += [mechanic("find")] if rng.random() < 0.8 else []
    turns += [mechanic("verdict")]
    for topic in rng.sample(("sure", "risk", "common"), rng.choice((0, 0, 1, 1, 2))):
        turns += [driver(f"{topic}_ask"), mechanic(f"{topic}_tell")]
    turns += [mechanic("fix"), *([driver("price_ask")] if rng.random() < 0.7 else [])]
    turns += [mechanic("price_tell"), driver("agree")]
    turns += [mechanic("bye")] if rng.random() < 0.5 else []
    for _ in range(rng.randint(0, 3)):
        aside = driver("noise_d") if rng.random() < 0.5 else mechanic("noise_t")
        if aside[2] not in {text for _, _, text in turns}:
            turns.insert(rng.randint(1, len(turns)), aside)
    return turns


def draw_dialogue(combination: Combination, hard: bool, rng: random.Random) -> Example:
    """A dialogue of 60 to 250 words about one combination, its report and its facts.

    Facts: car, symptom, system, cause, part, fault, repair, price; ``turn`` and ``repair_turn``,
    the indices (from 0) of the turns that state cause and repair; ``ruled_out``, the parts ruled out.
    """
    wrong = _wrong_causes(*combination, rng.randint(2, 3) if hard else rng.choice((0, 1, 1, 2)), rng)
    while True:
        values = _dialogue_values(combination, rng)
        turns = _dialogue(values, wrong, hard, rng)
        source = TURN.join(speaker + text for speaker, _, text in turns)
        if WORDS[0] <= len(jieba_words(source)) <= WORDS[1]:
            break
    names = [name for _, name, _ in turns]
    facts: dict[str, Any] = {key: values[key] for key in ("car", "symptom", "system", "part", "fault", "repair")}
    facts |= {"cause": values["part"] + values["fault"], "price": int(values["price"])}
    facts |= {"turn": names.index("verdict"), "repair_turn": names.index("fix")}
    facts |= {"ruled_out": [other["part"] for other in wrong]}
    excluded = f"，已排除{'、'.join(facts['ruled_out'])}" if wrong else ""
    return Example(source, fill_phrase("report", {**values, "excluded": excluded}, rng), facts)


def examples(name: str, count: int, seed: int, hard: bool = False) -> Iterator[Example]:
    """``count`` pairs of one split; no cause × car × symptom of dev or test is in train."""
    pool = split_combinations(seed)[name]
    rng = random.Random(f"car-report {name} {seed} {hard}")
    for _ in range(count):
        yield draw_dialogue(rng.choice(pool), hard, rng)


def turn_spans(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """The (start, end) token indices of each turn in a tokenized source.

    >>> turn_spans(["车主", "说", "：", "在", "吗", "|", "技师", "说", "：", "在"])
    [(0, 5), (6, 10)]
    """
    bars = [i for i, token in enumerate(tokens) if token == TURN]
    return list(zip([0, *(i + 1 for i in bars)], [*bars, len(tokens)], strict=True))


def _affirmed(report: str) -> str:
    return _RULED_OUT.sub("", "".join(report.split()))


def names_cause(report: str, facts: Mapping[str, Any]) -> bool:
    """Whether the report states the right cause and no other; causes that it rules out do not count."""
    text = _affirmed(report)
    known = {cause["part"] + cause["fault"] for cause in word_lists()["causes"]}
    return {cause for cause in known if cause in text} == {facts["cause"]}


def names_part(report: str, facts: Mapping[str, Any]) -> bool:
    """Whether the report states the right part as faulty."""
    return facts["part"] in _affirmed(report)
