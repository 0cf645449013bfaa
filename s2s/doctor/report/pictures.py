"""The weights that a diagnosis is about as SVG: as they are, and as the first cure that changes them makes them."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.report import words
from s2s.doctor.sheet import Sheet, Weights
from s2s.doctor.treated import cured_weights
from s2s.errors import joined, say
from s2s.inspect.report.charts import FAINT, MOST, heatmap, widest
from s2s.text.rounding import significant
from s2s.text.safe import printable

WIDEST = 40  # columns of a picture, which are still readable on a sheet of paper


def pictures(diagnosis: Diagnosis, language: str) -> str:
    """One figure, or two with the same columns; nothing where there is no attention."""
    sheet = diagnosis.sheet
    if sheet is None:
        return ""
    cured, before_TS = cured_weights(diagnosis), np.nan_to_num(sheet.weights_TS, posinf=1.0, neginf=0.0)
    titled = [(say("doctor.page.picture", language), before_TS)]
    if cured is not None:
        after = say("doctor.page.after", language, name=words.name(cured[0], language))
        titled.append((after, np.nan_to_num(cured[1], posinf=1.0, neginf=0.0)))
    steps, tokens = before_TS.shape
    least = min(FAINT, significant(0.5 / tokens, 2))  # half of what each token has where all have the same
    places = widest(np.max([weights_TS for _, weights_TS in titled], axis=0), WIDEST, least)
    drawn = "".join(_figure(title, weights_TS, sheet, places, least) for title, weights_TS in titled)
    note = say("doctor.drawn", language, least=words.shown(least))
    if diagnosis.about.get("kind") == "checkpoint":
        note = joined(say("doctor.drawn_sentence", language), note)
    if steps > MOST[0] or None in places:
        most = min(steps, MOST[0])
        note = joined(note, say("doctor.drawn_part", language, most=most, steps=steps, tokens=tokens))
    heading = escape(say("doctor.drawn_title", language))
    return f'<h2>{heading}</h2><p class="soft">{escape(note)}</p>{drawn}'


def _figure(title: str, weights_TS: Weights, sheet: Sheet, places: Sequence[int | None], least: float) -> str:
    source, target = labels(sheet.source, weights_TS.shape[1]), labels(sheet.target, len(weights_TS))
    drawn = heatmap(weights_TS, source, target, title, places, least)
    return f'<figure><figcaption>{escape(title)}</figcaption><div class="wide">{drawn}</div></figure>'


def labels(tokens: Sequence[str], count: int) -> list[str]:
    """The first tokens, or where there are none, numbers from 1."""
    return list(map(printable, tokens[:count])) or [str(n) for n in range(1, count + 1)]
