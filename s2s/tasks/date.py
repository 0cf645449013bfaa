"""The task date: written dates to ISO dates, with the exact probability of every next character.

A source is a date in one of many forms; the harder variant adds steps ("three days later, then a week later"), and its
target is the chain of all dates, each counted from the one before.
"""

from __future__ import annotations

import bisect
import datetime
import functools
import random
from collections.abc import Callable, Iterator, Sequence

from s2s.errors import UserError
from s2s.tasks.date_forms import END, FORMS, STEP, STEPS, STYLES, YEARS, Form, Piece, styled
from s2s.tasks.example import SPLITS, Example
from s2s.text.segmenters import SPACE
from s2s.text.vocab import EOS, SPECIALS

Day = datetime.date
Values = tuple[int, ...]
States = dict[tuple[int, Values], float]  # (characters read, values of the fields) → probability

HELD_OUT = 0.05  # share of the dates in dev; the same again in test
CHAIN = (2, 4)  # smallest and largest number of steps in the harder variant
END_TOKEN = SPECIALS[EOS]


def calendar(years: tuple[int, int] = YEARS) -> list[Day]:
    """Every day of the years, first and last included."""
    first = Day(years[0], 1, 1).toordinal()
    return [Day.fromordinal(n) for n in range(first, Day(years[1], 12, 31).toordinal() + 1)]


def split_days(seed: int) -> dict[str, list[Day]]:
    """The days of train, dev and test: a random partition that depends only on the seed."""
    days = calendar()
    random.Random(f"days {seed}").shuffle(days)
    n = round(HELD_OUT * len(days))
    return {"dev": days[:n], "test": days[n : 2 * n], "train": days[2 * n :]}


def date_chain(day: Day, steps: Sequence[int]) -> list[Day]:
    """The day and the days after each step (in days).

    >>> [str(d) for d in date_chain(datetime.date(2026, 12, 30), [3])]
    ['2026-12-30', '2027-01-02']
    """
    days = [day]
    for step in steps:
        days.append(days[-1] + datetime.timedelta(step))
    return days


def day_fields(day: Day) -> dict[str, int]:
    """A day's values by field name, as the pieces of a form need them."""
    return {"": 0, "year": day.year, "month": day.month, "day": day.day, "weekday": day.weekday()}


def write_source(day: Day, steps: Sequence[int], rng: random.Random) -> str:
    """A random source text: form, style and spellings are drawn by their probabilities."""
    form = rng.choices(FORMS, [f.weight for f in FORMS])[0]
    dresses, weights = zip(*STYLES[form.language], strict=True)
    dress = rng.choices(dresses, weights)[0]
    shown = [(piece, day_fields(day)[piece.field]) for piece in form.pieces]
    shown += [(STEP[form.language], step) for step in steps] + [(END[form.language], 0)]
    texts = []
    for piece, value in shown:
        spellings, weights = zip(*piece.spellings[value], strict=True)
        texts.append(dress(rng.choices(spellings, weights)[0]))
    return "".join(texts)


def examples(name: str, count: int, seed: int, hard: bool = False) -> Iterator[Example]:
    """``count`` pairs of one split; no date of dev or test is in any target of train."""
    days = split_days(seed)[name]
    allowed = set(days) if name == SPLITS[0] else set(calendar())
    rng = random.Random(f"date {name} {seed} {hard}")
    while count:
        day = rng.choice(days)
        steps = rng.choices(STEPS, k=rng.randint(*CHAIN)) if hard else []
        dates = date_chain(day, steps)
        if allowed.issuperset(dates):
            count -= 1
            yield Example(write_source(day, steps, rng), " ".join(map(str, dates)))


def _read_piece(piece: Piece, source: str, states: States) -> States:
    """The states after one more piece: every spelling of it that follows in the source."""
    out: States = {}
    for (at, values), probability in states.items():
        for length in piece.lengths:
            for value, p in piece.readings.get(source[at : at + length], ()):
                key = at + length, ((*values, value) if piece.field else values)
                out[key] = out.get(key, 0.0) + probability * p
    return {key: p for key, p in out.items() if key[0] <= len(source)}


def _read_form(form: Form, dress: Callable[[str], str], source: str) -> Iterator[tuple[dict[str, int], Values, float]]:
    """Every (fields, steps, probability) for which the form yields exactly this source."""
    names = [piece.field for piece in form.pieces if piece.field]
    states: States = {(0, ()): 1.0}
    for piece in form.pieces:
        states = _read_piece(styled(piece, dress), source, states)
        if not states:
            return
    for count in range(CHAIN[1] + 1):
        if count == 0 or count >= CHAIN[0]:
            for (at, values), p in _read_piece(styled(END[form.language], dress), source, states).items():
                if at == len(source):
                    yield dict(zip(names, values, strict=False)), values[len(names) :], p
        states = _read_piece(styled(STEP[form.language], dress), source, states)


@functools.lru_cache(maxsize=4096)
def _read(source: str, years: tuple[int, int]) -> tuple[dict[Day, float], Values]:
    """P(first day | source) in the order of days, and the steps, which are never ambiguous."""
    weights: dict[Day, float] = {}
    steps: Values = ()
    for form in FORMS:
        for dress, share in STYLES[form.language]:
            for found, steps_read, p in _read_form(form, dress, source):
                day = _day(found)
                if day and years[0] <= day.year and date_chain(day, steps_read)[-1].year <= years[1]:
                    steps = steps_read
                    weights[day] = weights.get(day, 0.0) + form.weight * share * p
    if not weights:
        raise UserError("task_source", text=source)
    total = sum(weights.values())
    return {day: weights[day] / total for day in sorted(weights)}, steps


def _day(found: dict[str, int]) -> Day | None:
    try:
        day = Day(found["year"], found["month"], found["day"])
    except ValueError:
        return None  # such as 31 April
    return day if found.get("weekday", day.weekday()) == day.weekday() else None


def is_readable(source: str, years: tuple[int, int] = YEARS) -> bool:
    """Whether a form of the task yields this source.

    >>> is_readable("11/22/2026"), is_readable("tomorrow")
    (True, False)
    """
    try:
        _read(source, years)
    except UserError:
        return False
    return True


def posterior(source: str, years: tuple[int, int] = YEARS) -> dict[str, float]:
    """P(target | source): with a uniform prior over the days of the years. UserError for a source that no form yields.

    >>> posterior("11/22/2026")
    {'2026-11-22': 1.0}
    >>> list(posterior("03/04/2026"))
    ['2026-03-04', '2026-04-03']
    """
    days, steps = _read(source, years)
    return {" ".join(map(str, date_chain(day, steps))): p for day, p in days.items()}


def oracle(source: str, prefix: Sequence[str], years: tuple[int, int] = YEARS) -> dict[str, float]:
    """P(next token | source, prefix), tokens being characters, ``␣`` and ``<eos>``.

    A date that the prefix has completed is taken as written, right or wrong, and the next is
    reckoned from it. Where the date under way cannot be the right one, any day of the years that
    begins so is equally likely (the limit of rare slips). Empty where no day begins so.

    >>> oracle("Nov. 22nd, 2026", "2026-11-2")
    {'2': 1.0}
    >>> oracle("Nov. 22nd, 2026", "2026-11-22")
    {'<eos>': 1.0}
    """
    first, steps = _read(source, years)
    *done, begun = "".join(prefix).replace(SPACE, " ").split(" ")
    if len(done) > len(steps):
        return {}
    right = {str(day): p for day, p in first.items()}
    for written, step in zip(done, steps, strict=False):
        if written not in right and written not in _days_beginning(written, years):
            return {}
        right = {str(Day.fromisoformat(written) + datetime.timedelta(step)): 1.0}
    likely = {day: p for day, p in right.items() if day.startswith(begun)}
    likely = likely or dict.fromkeys(_days_beginning(begun, years), 1.0)
    end = END_TOKEN if len(done) == len(steps) else SPACE
    total = sum(likely.values())
    out: dict[str, float] = {}
    for day, p in likely.items():
        token = day[len(begun)] if len(begun) < len(day) else end
        out[token] = out.get(token, 0.0) + p / total
    return out


def _days_beginning(begun: str, years: tuple[int, int]) -> list[str]:
    """The ISO dates of the years that begin with ``begun``."""
    days = _iso_days(years)
    return days[bisect.bisect_left(days, begun) : bisect.bisect_right(days, begun + "~")]


@functools.lru_cache(maxsize=8)
def _iso_days(years: tuple[int, int]) -> list[str]:
    return [str(day) for day in calendar(years)]
