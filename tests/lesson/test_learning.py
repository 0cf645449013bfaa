"""What a film says about which part was learnt when: held against the film, and against films that are made up."""

from __future__ import annotations

import copy
import json
import math
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import UserError
from s2s.lesson import learning
from s2s.lesson.film import film_values
from s2s.lesson.learning import Film
from s2s.trace.film import CURVE, NAME, FilmFrame, FilmMoment, curve, film, rounded


def made(source: str, reference: str, texts: list[str], losses: list[float] | None = None) -> Film:
    """A film of one date; at moment n all of its rows look at the source's n-th character."""
    target, width = [*reference, "<eos>"], len(source)
    rows = [[1000 * int(s == n % width) for s in range(width)] for n in range(len(texts))]
    losses = losses or [1.0] * len(texts)
    return {
        "sentences": [{"source": source, "reference": reference, "tokens": list(source), "target": target}],
        "moments": [{"step": 10 * n, "dev": loss, "exact": 0.0} for n, loss in enumerate(losses)],
        "frames": [
            [{"text": text, "said": [*text, "<eos>"], "weights": rows[n] * len(target)}] for n, text in enumerate(texts)
        ],
    }


def test_first_last_and_where_it_looked() -> None:
    texts = ["1893-02-02", "1993-04-02", "2093-04-29", "1993-04-29", "2093-04-29"]
    (sentence,) = learning.sentences(made("04-29-93", "2093-04-29", texts))
    year, month, day = sentence.parts
    assert (sentence.whole.first, sentence.whole.stays) == (20, 40)
    assert (year.first, year.stays, year.copied, year.looked) == (20, 40, False, "-")
    assert (month.first, month.stays, month.copied, month.looked) == (10, 10, True, "4")
    assert (day.first, day.stays, day.copied) == (20, 20, True)
    assert sentence.earliest == ("month",)
    (lost,) = learning.sentences(made("1993-04-29", "1993-04-29", ["1993-04-29", "9"]))
    assert lost.earliest == ("year", "month", "day") and lost.parts[0].copied
    assert {part.stays for part in lost.parts} == {None}
    (never,) = learning.sentences(made("x", "1993-04-29", [""]))
    assert never.earliest == () and {part.first for part in never.parts} == {None}


def test_other_films_are_of_words() -> None:
    words = made("我爱茶", "I like", ["I love", "I like"])
    assert not learning.dated(words)
    (sentence,) = learning.sentences(words)
    assert sentence.whole.first == 10 and sentence.earliest == ("1", "2", "3", "6", "7")


@given(st.lists(st.sampled_from(["2093-04-29", "1993-04-29", "2093-04-28", "2093", ""]), min_size=1, max_size=8))
def test_a_part_is_right_from_where_it_stays_and_never_before_it_was_first(texts: list[str]) -> None:
    (sentence,) = learning.sentences(made("04-29-93", "2093-04-29", texts))
    for part, at in zip(sentence.parts, learning.DATE.values(), strict=True):
        right = {10 * n: text[at] == "2093-04-29"[at] for n, text in enumerate(texts)}
        assert not any(ok for step, ok in right.items() if part.first is None or step < part.first)
        assert part.first is None or right[part.first]
        stay = [step for step in right if all(ok for later, ok in right.items() if later >= step)]
        assert part.stays == (min(stay) if stay else None)


def test_the_steepest_fall() -> None:
    assert learning.steepest(made("x", "1993-04-29", [""] * 4, [3.0, 2.5, 1.0, 0.9])) == 2
    assert learning.steepest(made("x", "1993-04-29", [""])) == 0


def test_the_shipped_film_is_read_as_it_plays() -> None:
    place = find_checkpoint("date")
    moments, frames = curve(place), film(place)
    shown = film_values("date", moments, frames, moments[-1].step)
    assert learning.dated(shown)
    for k, sentence in enumerate(learning.sentences(shown)):
        own = [frame for frame in frames if frame.sentence == k]
        for part, at in zip(sentence.parts, learning.DATE.values(), strict=True):
            first = next(f for f in own if f.text[at] == f.trace.reference[at])  # type: ignore[index]
            assert part.first == first.step
            weights = first.trace.attention_TS[at].sum(axis=0)
            assert weights[first.trace.source_tokens.index(part.looked)] > 0
            best = max(w for w, token in zip(weights, first.trace.source_tokens, strict=True) if token == part.looked)
            assert best == pytest.approx(weights.max(), abs=0.01)
    guessed = {s.source: s.parts[0].copied for s in learning.sentences(shown)}
    assert guessed["04-29-93"] is False and guessed["13 November, 1925"] is True


ODD = st.sampled_from([10**400, 2.5e308, -1, math.nan, math.inf, None, True, "3", [], 0.5, "\ud800"])


@pytest.fixture(scope="module")
def rows(tiny_checkpoint: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """A moment and a frame as plain values."""
    lane = rounded(trace(load(tiny_checkpoint), "我喜欢茶。", "I like tea .", "forced"))
    moment, frame = FilmMoment(1, 0.5, None, 2.0, 0.0, 3), FilmFrame(1, 0, lane, "tea")
    return json.loads(moment.to_json()), json.loads(frame.to_json())


@given(st.data())
def test_a_film_of_any_values_is_refused_or_can_be_drawn(
    tmp_path_factory: pytest.TempPathFactory, rows: tuple[dict[str, Any], dict[str, Any]], data: st.DataObject
) -> None:
    folder, lines = tmp_path_factory.mktemp("film"), tuple[list[str], list[str]]([[], []])
    for row, of_file in zip(rows, lines, strict=True):
        for _ in range(2):
            values = copy.deepcopy(row)
            places = [values, *values.get("trace", {}).get("steps", []), values.get("trace", values)]
            place = data.draw(
                st.sampled_from([*places, *(step["target"] or {} for step in places if "target" in step)])
            )
            if place and data.draw(st.booleans()):
                place[data.draw(st.sampled_from(sorted(place)))] = data.draw(ODD)
            of_file.append(json.dumps(values) + "\n")
    (folder / CURVE).write_text("".join(lines[0]), encoding="utf-8")
    (folder / NAME).write_text("".join(lines[1]), encoding="utf-8")
    try:
        moments, frames = curve(folder), film(folder)
    except UserError as error:
        assert error.key in ("error.film_broken", "error.film_other_sentence") and len(error.say("zh")) < 800
        return
    shown = film_values("mine", moments, frames, moments[-1].step)
    json.dumps(shown, allow_nan=False)
    learning.dated(shown), learning.sentences(shown), learning.steepest(shown)
