"""What the pages of the site are given as JSON: models, texts, and examples that the app's functions compute ahead."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from s2s.checkpoint.examples import examples, marks
from s2s.checkpoint.facts import read_facts
from s2s.checkpoint.record import Checkpoint
from s2s.checkpoint.title import model_title, told_apart
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError, say, sentences
from s2s.evaluate import lengths
from s2s.lesson import learning
from s2s.lesson.annotated_source import Piece, Value, step_as_it_runs
from s2s.lesson.formulas import FORMULAS, SCORES, STEPS, worded
from s2s.lesson.loss import sentence_loss
from s2s.lesson.network import flow
from s2s.lesson.padding import padding_scores
from s2s.lesson.prior_step import Word, prior_run
from s2s.player import payload
from s2s.site.mathml import mathml
from s2s.trace.film import NAME as FILM

TEXTS = (  # beginnings of keys of the locales that the site's scripts show
    "app.", "page.step", "page.lesson", "step.", "lesson.", "layers.", "network.", "weighing.", "film.", "player.",
    "page.checkpoints", "card.join", "exposure.at", "exposure.no_divergence", "lengths.", "training.", "export.",
    "playground.",
    "site.",
)  # fmt: skip
UNUSED = ("lesson.homework.", "lesson.remedies.")
SHOWN = ("softmax", "cross_entropy", "gradient", "cost", "sigmoid", "binary", "sentence", "smoothing", "prior", "odds")
WORDED = ("chain", "lanes")
PLAIN = "-plain"  # suffix of the name of a model that is another one without prior knowledge
DICTIONARY = {"jieba", "keras"}  # segmenters that need a dictionary
LONGEST = 100  # characters of an example that is given to the models of another task, too
STEPS_SHOWN = 40  # most steps of an example whose source is shown line by line
RAISED = re.compile(r'new UserError\("(\w+)"')

Facts = Mapping[str, Mapping[str, Any]]  # config and metrics of models, by name


def model_rows(paths: Mapping[str, Path]) -> list[dict[str, Any]]:
    """Each model as the pages list it, without its files."""
    facts = {name: read_facts(path) for name, path in paths.items()}
    titles = {language: _titles(facts, language) for language in LANGUAGES}
    return [
        {
            "name": name,
            "titles": {language: titles[language][name] for language in LANGUAGES},
            "attention": _model(facts, name).get("attention", ""),
            "coverage": bool(_model(facts, name).get("coverage")),
            "chinese": bool(DICTIONARY & {_text(facts, name).get(side) for side in ("source", "target")}),
            "examples": [
                {"text": text, "ref": ref, "marks": marks(name, n, text)}
                for n, (text, ref) in enumerate(_examples(name, facts))
            ],
            "blind": _contrast(name, facts),
            "pair": _pair(name, facts),
            "prior": _with_prior(name, facts),
            "bleu": facts[name]["metrics"].get("test", {}).get("bleu"),
            "film": (paths[name] / FILM).is_file(),
            "train": _train(facts, name),
        }
        for name in paths
    ]


def _titles(facts: Facts, language: str) -> dict[str, str]:
    return told_apart({name: model_title(name, one["config"], language) for name, one in facts.items()})


def _model(facts: Facts, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = facts[name]["config"].get("model", {})
    return found


def _text(facts: Facts, name: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = facts[name]["config"].get("text", {})
    return found


def _train(facts: Facts, name: str) -> str:
    return str(facts[name]["config"].get("data", {}).get("train", ""))


def _objective(facts: Facts, name: str) -> str:
    return str(facts[name]["config"].get("train", {}).get("objective", ""))


def _examples(name: str, facts: Facts) -> list[tuple[str, str]]:
    text = _text(facts, name)
    return examples(name, str(text.get("source")), str(text.get("target")))


def _same_data(name: str, facts: Facts) -> list[str]:
    train = _train(facts, name)
    return [other for other in sorted(facts) if other != name and train and _train(facts, other) == train]


def _contrast(name: str, facts: Facts) -> str | None:
    """A model with the same training file and without attention; with attention if this one has none."""
    blind = _model(facts, name).get("attention") == "none"
    others = (o for o in _same_data(name, facts) if (_model(facts, o).get("attention") == "none") != blind)
    return next(others, None)


def _pair(name: str, facts: Facts) -> list[str]:
    """A model with additive and one with general attention and the same training file; else the model alone.

    Of several others, one that was trained with the same objective is taken.
    """
    by_kind: dict[str, str] = {}
    same = _objective(facts, name)
    for one in (name, *sorted(_same_data(name, facts), key=lambda other: _objective(facts, other) != same)):
        if (kind := str(_model(facts, one).get("attention"))) in SCORES:
            by_kind.setdefault(kind, one)
    return [by_kind[kind] for kind in SCORES if kind in by_kind] or [name]


def _with_prior(name: str, facts: Facts) -> str | None:
    """The model with prior knowledge that the chapter shows: this one, this one's partner, or the first."""
    order = (name, name.removesuffix(PLAIN), *facts)
    return next((one for one in order if one in facts and _model(facts, one).get("prior")), None)


def related_values(row: Mapping[str, Any], held: Mapping[str, Checkpoint], example: Mapping[str, str]) -> list[Any]:
    """What the chapters show of a model's example, and of the models beside it: rows for ``compute.js``."""
    text, ref = example["text"], example["ref"]
    prior = row["prior"] if len(text) <= LONGEST or row["prior"] == row["name"] else None
    wanted = {
        row["name"]: ("run", "flow", "padding", "loss"),
        **({row["blind"]: ("flow",)} if row["blind"] else {}),
        **{name: ("run", "padding") for name in row["pair"] if name != row["name"]},
    }
    if prior:
        wanted[prior] = tuple(dict.fromkeys((*wanted.get(prior, ()), "run", "prior")))
        wanted.setdefault(prior + PLAIN, ("run",))
    return [
        {"kind": kind, "model": name, "text": text, "ref": ref if kind in ("run", "loss") else "", "value": value}
        for name, kinds in wanted.items()
        if name in held
        for kind in kinds
        if (value := _value_of(kind, held[name], text, ref)) is not None
    ]


def _value_of(kind: str, checkpoint: Checkpoint, text: str, ref: str) -> Any:
    """One value; None where the text or the reference is of no use to this model."""
    try:
        return VALUES[kind](checkpoint, text, ref)
    except UserError:
        return None


def _run(checkpoint: Checkpoint, text: str, ref: str) -> dict[str, Any]:
    lanes = {mode: trace(checkpoint, text, ref or None, mode) for mode in (("forced", "free") if ref else ("free",))}
    words = payload.source_words(lanes)
    return {"lanes": payload.lane_values(lanes), "summaries": payload.lane_summaries(lanes), "words": words}


def _prior(checkpoint: Checkpoint, text: str, ref: str) -> dict[str, Any]:
    found = prior_run(checkpoint, text)
    steps = [dataclasses.asdict(step) | {"words": _words(step.words)} for step in found.steps]
    return dataclasses.asdict(found) | {"source": _words(found.source), "steps": steps}


VALUES: Mapping[str, Callable[[Checkpoint, str, str], Any]] = {
    "run": _run,
    "flow": lambda checkpoint, text, ref: flow(checkpoint, text).to_dict(),
    "padding": lambda checkpoint, text, ref: padding_scores(checkpoint, text),
    "loss": lambda checkpoint, text, ref: dataclasses.asdict(sentence_loss(checkpoint, text, ref)),
    "prior": _prior,
}


def _words(words: Sequence[Word]) -> list[dict[str, Any]]:
    return [dataclasses.asdict(word) | {"gain": word.gain} for word in words]


def annotated(checkpoint: Checkpoint, text: str) -> dict[str, Any]:
    """The source of the model's functions, once, and for each step the values that their lines computed."""
    lane = trace(checkpoint, text)
    ran = [step_as_it_runs(checkpoint, text, step) for step in range(min(len(lane.steps), STEPS_SHOWN))]
    return {
        "text": text,
        "words": len(lane.source_tokens),
        "outputs": [step.output for step in lane.steps],
        "source": {piece.name: [line.text for line in piece.lines] for pieces in ran for piece in pieces},
        "steps": [[_piece(piece) for piece in pieces] for pieces in ran],
    }


def _piece(piece: Piece) -> dict[str, Any]:
    lines = {n: list(map(_value, line.values)) for n, line in enumerate(piece.lines) if line.values}
    missed = [n for n, line in enumerate(piece.lines) if not line.ran]
    return {"name": piece.name, "given": list(map(_value, piece.given)), "lines": lines, "missed": missed}


def _value(value: Value) -> dict[str, Any]:
    return {"name": value.name, "shape": value.shape, "numbers": value.numbers}


def measured_lengths(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Quality by length, by the training file of the models that were measured."""
    found = {row["train"]: lengths.lengths_about(row["train"]) for row in rows if row["train"]}
    return {train: dataclasses.asdict(tables[0]) for train, tables in found.items() if tables}


def film_texts(film: learning.Film, language: str) -> dict[str, Any]:
    """What the question about a film needs: its values, and the table of what was learnt when."""
    date, last, at = learning.dated(film), film["moments"][-1], learning.steepest(film)
    values: dict[str, Any] = {"step": last["step"], "exact": 100 * last["exact"]}
    if at:
        before, after = film["moments"][at - 1 : at + 1]
        values |= {"from_": before["step"], "to": after["step"], "then": 100 * after["exact"]}
        values |= {"high": before["dev"], "low": after["dev"]}
    rows = []
    for shown, sentence in zip(film["sentences"], learning.sentences(film), strict=True):
        parts = [_when(part, language) for part in sentence.parts] if date else []
        names = [
            say(f"lesson.training.{name}", language) if date else shown["target"][int(name) - 1]
            for name in sentence.earliest
        ]
        rows.append([sentence.source, _when(sentence.whole, language), *parts, ", ".join(names) or "—"])
    keys = ["sentence", "whole", *(learning.DATE if date else ()), "earliest"]
    heads = [say(f"lesson.training.{key}", language) for key in keys]
    return {"date": date, "falls": bool(at), "values": values, "heads": heads, "rows": rows}


def _when(part: learning.Part, language: str) -> str:
    """The step at which a part was first right, with notes."""
    if part.first is None:
        return say("lesson.training.never", language)
    notes = [say("lesson.training.looked", language, word=part.looked)] if part.looked else []
    if part.copied and part.name:
        notes.append(say("lesson.training.copied", language))
    if part.stays is None:
        notes.append(say("lesson.training.lost", language))
    elif part.stays != part.first:
        notes.append(say("lesson.training.stays", language, step=part.stays))
    return f"{part.first}" + (f" ({say('lesson.training.join', language).join(notes)})" if notes else "")


def texts(language: str, scripts: str) -> dict[str, str]:
    """The sentences of the pages, and those of the errors that ``scripts``, their code, may raise."""
    raised = {"error.browser_fault", *(f"error.{key}" for key in RAISED.findall(scripts))}
    every = sentences(language)
    used = {k: v for k, v in every.items() if k.startswith(TEXTS) and not k.startswith(UNUSED)}
    return used | {key: every[key] for key in sorted(raised) if key in every}


def formulas(language: str) -> dict[str, str]:
    """The formulas of the chapters as MathML."""
    written = {name: FORMULAS[name] for name in SHOWN} | {f"score_{kind}": SCORES[kind] for kind in SCORES}
    written |= {f"step_{name}": STEPS[name] for name in STEPS}
    written |= {name: worded(FORMULAS[name], lambda key: say(key, language)) for name in WORDED}
    return {name: mathml(latex) for name, latex in written.items()}
