from __future__ import annotations

import datetime
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.tasks import date
from s2s.tasks.date_forms import END, FORMS, STEP, STYLES, han, number_words, styled, year_pairs
from s2s.text.segmenters import characters, clean

YEARS = (2002, 2003)  # 02/01/03 reads in three ways
DAYS = st.dates(datetime.date(1900, 1, 1), datetime.date(2099, 12, 31))
STEPS = st.just(()) | st.lists(st.sampled_from(date.STEPS), min_size=2, max_size=4)


def chance(texts: list[tuple[tuple[str, float], ...]], source: str) -> float:
    """P(source) where every text is drawn from its own list, in this order."""
    if not texts:
        return float(not source)
    first, *rest = texts
    return sum(p * chance(rest, source[len(text) :]) for text, p in first if source.startswith(text))


def slow_posterior(source: str) -> dict[str, float]:
    """Bayes' rule over every day, form and dress, one after the other."""
    weights: dict[str, float] = {}
    for day in date.calendar(YEARS):
        values = date.day_fields(day)
        for form in FORMS:
            for dress, share in STYLES[form.language]:
                pieces = [styled(piece, dress) for piece in (*form.pieces, END[form.language])]
                p = chance([piece.spellings[values[piece.field]] for piece in pieces], source)
                if p:
                    weights[str(day)] = weights.get(str(day), 0.0) + form.weight * share * p
    total = sum(weights.values())
    return {target: weight / total for target, weight in weights.items()}


@pytest.mark.parametrize(
    ("source", "readings"),
    [
        ("02/01/03", 3),
        ("2.1.03", 2),
        ("Fri 02/01/03", 0),
        ("Thu 2003-01-02.", 1),
        ("2003/1/2周二", 0),
        ("2002-03-02，周六", 1),
        ("03 02 03", 2),
        ("10/11/2002", 2),
        ("2003-02-10星期一。", 1),
        ("２００２／９／９", 1),
        ("MAR. the second, two thousand and two", 0),
        ("MAR. THE SECOND, TWO THOUSAND AND TWO", 1),
        ("二〇〇三年二月廿三号", 1),
    ],
)
def test_the_oracle_is_that_of_the_slow_way(source: str, readings: int) -> None:
    expected = slow_posterior(source) if readings else {}
    assert len(expected) == readings
    if not readings:
        with pytest.raises(UserError):
            date.posterior(source, YEARS)
    for target in expected:
        assert date.posterior(source, YEARS) == pytest.approx(expected)
        for at in range(len(target) + 1):
            left = {day: p for day, p in expected.items() if day.startswith(target[:at])}
            tokens = {day[at] if at < len(day) else "<eos>" for day in left}
            shares = {t: sum(p for d, p in left.items() if f"{d}<eos>".startswith(target[:at] + t)) for t in tokens}
            total = sum(left.values())
            assert date.oracle(source, target[:at], YEARS) == pytest.approx({t: p / total for t, p in shares.items()})


def test_all_weights_of_a_day_sum_to_one() -> None:
    for piece in {p for form in FORMS for p in form.pieces} | {*STEP.values(), *END.values()}:
        for spellings in piece.spellings.values():
            assert sum(p for _, p in spellings) == pytest.approx(1)
    for dresses in STYLES.values():
        assert sum(p for _, p in dresses) == pytest.approx(1)


@given(DAYS, STEPS, st.integers(0, 9))
def test_target_is_possible_and_the_oracle_sums_to_one_at_every_prefix(
    day: datetime.date, steps: list[int], seed: int
) -> None:
    days = date.date_chain(day, steps)
    if days[-1].year > 2099:
        return
    source, target = date.write_source(day, steps, random.Random(seed)), " ".join(map(str, days))
    assert clean(source) == source
    joint = 1.0
    tokens = [*characters(target), "<eos>"]
    for at, token in enumerate(tokens):
        chances = date.oracle(source, tokens[:at])
        assert sum(chances.values()) == pytest.approx(1)
        joint *= chances[token]
    assert joint == pytest.approx(date.posterior(source)[target])
    assert joint > 0


@given(DAYS, DAYS, st.integers(0, 9))
def test_a_wrong_date_is_taken_as_written(day: datetime.date, wrong: datetime.date, seed: int) -> None:
    source, written = date.write_source(day, [3, 7], random.Random(seed)), f"{wrong} "
    for right in map(str, date.date_chain(wrong, [3, 7])[1:]):
        for token in characters(right):
            assert date.oracle(source, written) == {token: 1.0}
            written += token
        written += " "
    assert date.oracle(source, written[:-1]) == {"<eos>": 1.0}
    assert date.oracle(source, written) == {}


def test_a_date_that_cannot_be_right_may_be_any_that_begins_so() -> None:
    assert date.oracle("22 November 2026", "1999-02-") == pytest.approx({"0": 9 / 28, "1": 10 / 28, "2": 9 / 28})
    assert sum(date.oracle("22 November 2026", "20").values()) == pytest.approx(1)
    for impossible in ("x", "2026-13", "2026-02-30", "2026-11-22 ", "2026-11-22x"):
        assert date.oracle("22 November 2026", impossible) == {}


def test_numbers_leave_open_which_is_which_and_the_century() -> None:
    assert set(date.posterior("03/04/2026")) == {"2026-03-04", "2026-04-03"}
    assert set(date.posterior("Friday, 2026/04/03")) == {"2026-04-03"}
    assert set(date.posterior("70-11-22")) == {"1970-11-22", "2070-11-22"}
    assert len(date.posterior("03/04/05")) == 6


@pytest.mark.parametrize(
    "source",
    [
        "二〇二六年十一月二十二日",
        "2026年11月22日",
        "22 November 2026",
        "Nov. 22nd, 2026",
        "11/22/2026",
        "22/11/2026",
        "Sunday 22 Nov 2026",
        "２０２６－１１－２２",
        "november the twenty-second, twenty twenty-six",
        "2026年11月22号 星期天。",
        "20261122",
    ],
)
def test_one_day_in_many_forms(source: str) -> None:
    assert date.posterior(source) == {"2026-11-22": 1.0}


@pytest.mark.parametrize("source", ["", "hello", "2026-02-30", "Monday 22 November 2026", "1899-01-01"])
def test_what_is_no_source_is_a_mistake(source: str) -> None:
    with pytest.raises(UserError, match="task"):
        date.oracle(source, "")


def test_every_step_reads_as_one_number() -> None:
    for language, piece in STEP.items():
        for dress, _ in STYLES[language]:
            assert all(len({n for n, _ in values}) == 1 for values in styled(piece, dress).readings.values())


@given(st.integers(0, 3))
def test_splits_share_no_day(seed: int) -> None:
    parts = [set(days) for days in date.split_days(seed).values()]
    assert sum(map(len, parts)) == len(set().union(*parts)) == 73_049
    assert date.split_days(seed) == date.split_days(seed)


@pytest.mark.parametrize("hard", [False, True])
def test_examples_keep_to_their_split_and_repeat(hard: bool) -> None:
    parts = {name: {str(day) for day in days} for name, days in date.split_days(5).items()}
    for name, days in parts.items():
        found = list(date.examples(name, 60, 5, hard))
        assert found == list(date.examples(name, 90, 5, hard))[:60] != list(date.examples(name, 60, 6, hard))
        for example in found:
            dates = example.target.split(" ")
            assert dates[0] in days and (len(dates) in (3, 4, 5)) == hard
            assert name != "train" or days.issuperset(dates)


def test_numerals() -> None:
    assert [han(n) for n in (0, 10, 11, 20, 31)] == ["〇", "十", "十一", "二十", "三十一"]
    assert [number_words(n) for n in (0, 13, 20, 99)] == ["zero", "thirteen", "twenty", "ninety-nine"]
    assert [year_pairs(y) for y in (1900, 1905, 2000, 2010)] == [
        "nineteen hundred",
        "nineteen oh five",
        "two thousand",
        "twenty ten",
    ]
