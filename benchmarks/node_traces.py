"""Traces of the browser's model, run in node, beside ours: ``python -m benchmarks.node_traces date …``.

For each checkpoint ``--texts`` (200) texts are decoded in every way: greedy, beam search, forced, after a prefix, with
edited attention, sampled. ``--pairs FILE`` takes texts and references of a file of one checkpoint; otherwise they are a
synthetic task's, or frequent words in a random order. Prints how many runs are equal, part at a tie or differ, the
greatest differences, and how long node takes.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import playwright
import torch
from torch import Tensor

from s2s.browser_model import pack
from s2s.checkpoint.find import find_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.decode.decode import max_tokens, trace
from s2s.decode.inputs import source_ids
from s2s.decode.prefix_cache import PrefixCache
from s2s.decode.search import beam
from s2s.decode.strategy import Settings
from s2s.errors import UserError
from s2s.tasks import car_report, date
from s2s.text.vocab import BOS, SPECIALS, UNK
from s2s.trace.branch import Edit

NODE = Path(playwright.__file__).parent / "driver" / "node"
SCRIPT = Path(__file__).with_suffix(".mjs")
FREQUENT = 1000  # words
CLOSE, TIE = 1e-4, 1e-5  # log-probabilities and weights are equal; two tokens are equally probable
EDITS = ("uniform", "2", "-1", "previous")


@dataclass(frozen=True)
class Run:
    """One decoding: what ``trace`` is given."""

    source: str
    reference: str | None = None
    mode: str = "free"
    settings: Mapping[str, Any] = field(default_factory=dict)
    prefix: tuple[str, ...] = ()
    edits: Mapping[int, str] = field(default_factory=dict)


class Different(AssertionError):
    """Two traces that should be equal are not."""


class ExactCache(PrefixCache):
    """Steps in float64, of a model whose weights are."""

    def _row(self, *given: Any) -> Tensor:
        return super()._row(*given).double()


@dataclass(frozen=True)
class Job:
    """What one checkpoint, which lies in a folder, is asked to decode."""

    checkpoint: Checkpoint
    folder: Path
    runs: Sequence[Run]

    def values(self) -> dict[str, Any]:
        """As ``node_traces.mjs`` reads it."""
        facts = {"folder": str(self.folder), "name": self.checkpoint.name, "digest": self.checkpoint.digest}
        return {**facts, "runs": [vars(run) for run in self.runs]}


def in_node(jobs: Sequence[Job], kernels: bool = True) -> list[Any]:
    """The answers of ``node_traces.mjs``, a job each."""
    needed = filter(None, (pack.tools(job.checkpoint.config.text) for job in jobs))
    with tempfile.TemporaryDirectory() as directory:
        tools, asked, answer = (Path(directory) / name for name in ("tools.json", "jobs.json", "answer.json"))
        if values := next(needed, None):
            tools.write_text(json.dumps(values), encoding="utf-8")
        job = {"tools": str(tools) if tools.exists() else None, "kernels": kernels}
        asked.write_text(json.dumps({**job, "checkpoints": [job.values() for job in jobs]}), encoding="utf-8")
        subprocess.run([str(NODE), str(SCRIPT), str(asked), str(answer)], check=True, timeout=3600)
        found: list[Any] = json.loads(answer.read_text(encoding="utf-8"))
        return found


@dataclass
class Comparison:
    """The greatest differences by kind of number, runs that part at a tie, that both sides refuse, that differ."""

    greatest: Counter[str] = field(default_factory=Counter)
    ties: int = 0
    refused: int = 0
    equal: int = 0
    different: list[str] = field(default_factory=list)

    def add(self, checkpoint: Checkpoint, run: Run, answer: Mapping[str, Any]) -> None:
        """One run more."""
        try:
            self._add(checkpoint, run, answer)
        except Different as error:
            self.different.append(f"{run}: {error}")

    def _add(self, checkpoint: Checkpoint, run: Run, answer: Mapping[str, Any]) -> None:
        try:
            _, ids = source_ids(checkpoint, run.source)
            exact = next(checkpoint.model.parameters()).dtype == torch.float64
            cache = (ExactCache if exact else PrefixCache)(checkpoint.model, ids)
            edits = {int(t): Edit.parse(text) for t, text in run.edits.items()}
            settings = Settings.of(run.settings)
            own = trace(
                checkpoint, run.source, run.reference, run.mode, settings, run.prefix, attention=edits, cache=cache
            )
        except UserError as error:
            self._expect(answer.get("error") == error.key.removeprefix("error."), f"{error.key} here, {answer} there")
            self.refused += 1
            return
        self._expect("trace" in answer, f"a trace here, {answer} there")
        values = json.loads(own.to_json())
        rows = log_probs(checkpoint, cache, values, edits)
        if settings.strategy == "beam" and _tied_beam(checkpoint, ids, settings, values, answer["trace"]):
            self.ties += 1
            return
        parts = self._traces(values, answer["trace"], rows, checkpoint.target.vocab.tokens)
        self.ties, self.equal = self.ties + parts, self.equal + (not parts)

    def _traces(self, own: Any, other: Any, rows: Sequence[Tensor], words: Sequence[str]) -> bool:
        """Compare everything; whether the outputs part where two tokens are equally probable."""
        ids = {word: i for i, word in enumerate(words)}
        for t, (step, found, row_V) in enumerate(zip(own["steps"], other["steps"], rows, strict=False)):
            if step["output"] != found["output"]:
                near = abs(float(row_V[ids[step["output"]]] - row_V[ids[found["output"]]]))
                greedy = own["settings"].get("strategy") == "greedy"
                self._expect(greedy and near <= TIE, f"step {t}: another token")
                return True
            self._step(step, found, row_V, ids, f"steps.{t}")
        self._values({**own, "steps": None}, {**other, "steps": None}, "")
        self._expect(len(own["steps"]) == len(other["steps"]), "another number of steps")
        return False

    def _step(self, own: Any, other: Any, row_V: Tensor, ids: Mapping[str, int], at: str) -> None:
        self._expect(own.keys() == other.keys(), f"{at}: keys {sorted(own.keys() ^ other.keys())}")
        for name, value in own.items():
            if name == "rank":
                self._rank(own["output"], other["rank"], row_V, ids, at)
            elif name == "target" and value is not None:
                self._rank(value["token"], other[name]["rank"], row_V, ids, f"{at}.target")
                self._values({**value, "rank": 0}, {**other[name], "rank": 0}, f"{at}.target")
            elif name == "top":
                self._top(value, other[name], row_V, ids, at)
            elif name == "scores":
                self._row(value, other[name], f"{at}.{name}")
            elif name == "score_terms" and self._tied_attention(own):
                continue
            else:
                self._values(value, other[name], f"{at}.{name}")

    def _tied_attention(self, step: Any) -> bool:
        """Whether two source tokens have the most attention: either's score may be written out."""
        first, second = sorted([*step["attention"], -1.0, -1.0], reverse=True)[:2]
        return bool(first - second <= TIE)

    def _row(self, own: Sequence[float], other: Sequence[float], at: str) -> None:
        """Scores, sums of terms of either sign, which in float32 are as exact as the greatest of the row."""
        self._expect(len(own) == len(other), f"{at}: length")
        for one, two in zip(own, other, strict=True):
            self._number(one, two, at, max(map(abs, own)))

    def _rank(self, token: str, rank: int, row_V: Tensor, ids: Mapping[str, int], at: str) -> None:
        value = row_V[ids.get(token, UNK)]
        least, most = 1 + int((row_V > value + TIE).sum()), int((row_V > value - TIE).sum())
        self._expect(least <= rank <= most, f"{at}: rank {rank}, not {least} to {most}")

    def _top(self, own: Any, other: Any, row_V: Tensor, ids: Mapping[str, int], at: str) -> None:
        self._expect(len(own) == len(other), f"{at}: length of top")
        for one, two in zip(own, other, strict=True):
            near = abs(float(row_V[ids[two["token"]]]) - one["log_prob"])
            self._expect(one["token"] == two["token"] or near <= TIE, f"{at}: {two['token']} in top")
            self._number(one["log_prob"], two["log_prob"], f"{at}.top.log_prob")
            self._expect(one["rank"] == two["rank"] and one.keys() == two.keys(), f"{at}: top")

    def _values(self, own: Any, other: Any, at: str) -> None:
        if isinstance(own, Mapping):
            self._expect(own.keys() == other.keys(), f"{at}: keys {own.keys() ^ other.keys()}")
            for name, value in own.items():
                self._values(value, other[name], f"{at}.{name}")
        elif isinstance(own, list):
            self._expect(len(own) == len(other), f"{at}: {len(own)} values, {len(other)} there")
            for n, (value, found) in enumerate(zip(own, other, strict=True)):
                self._values(value, found, f"{at}.{n}")
        elif isinstance(own, float) and isinstance(other, int | float):
            self._number(own, other, at)
        else:
            self._expect(own == other, f"{at}: {own} here, {other} there")

    def _number(self, own: float, other: float, at: str, scale: float = 0.0) -> None:
        name = next((part for part in reversed(at.split(".")) if not part.isdigit()), at)
        difference = abs(own - other)
        self.greatest[name] = max(self.greatest[name], difference)
        self._expect(difference <= CLOSE * max(1, scale / 10), f"{at}: {own} here, {other} there")

    @staticmethod
    def _expect(holds: bool, what: str) -> None:
        if not holds:
            raise Different(what)


def _tied_beam(checkpoint: Checkpoint, source: list[int], settings: Settings, own: Any, other: Any) -> bool:
    """Whether a beam search chose between hypotheses of the same score differently."""
    outputs = [[step["output"] for step in values["steps"]] for values in (own, other)]
    words, longest = checkpoint.target.vocab.tokens, max_tokens(settings, source, ())
    found = beam(checkpoint.model, source, settings, (), longest)
    tied = [[words[i] for i in one.ids] for one in found if one.score >= found[0].score - TIE]
    return outputs[0] != outputs[1] and outputs[1] in tied


def log_probs(checkpoint: Checkpoint, cache: PrefixCache, values: Any, edits: Mapping[int, Edit]) -> list[Tensor]:
    """Every step's log-probabilities of all tokens."""
    ids = {word: i for i, word in enumerate(checkpoint.target.vocab.tokens)}
    rows, at, token = list[Tensor](), cache.start, BOS
    for t, step in enumerate(values["steps"]):
        at = cache.step(at, token, edits.get(t))
        assert at.output is not None
        rows.append(at.output.log_probs_BV[0])
        token = ids.get(step["output"], UNK)
    return rows


def texts(checkpoint: Checkpoint, seed: int = 0) -> Iterator[tuple[str, str]]:
    """Texts and references: a synthetic task's examples; else frequent words at random, some with an unknown one."""
    name, draw = checkpoint.name, random.Random(seed)
    if name.startswith("date"):
        yield from ((e.source, e.target) for e in date.examples("test", 10_000, seed, "hard" in name))
    if name.startswith("car-report"):
        yield from ((e.source, e.target) for e in car_report.examples("test", 10_000, seed))
    sides = (checkpoint.source, checkpoint.target)
    while True:
        words = [draw.choices(side.vocab.tokens[len(SPECIALS) : FREQUENT], k=draw.randint(2, 14)) for side in sides]
        if draw.random() < 0.2:
            words[draw.randrange(2)].append("𠮷")
        source, target = (side.segmenter.join(tokens) for side, tokens in zip(sides, words, strict=True))
        yield source, target


def runs_of(checkpoint: Checkpoint, pairs: Iterable[tuple[str, str]]) -> list[Run]:
    """Each pair decoded in six ways, with settings and edits that differ from pair to pair."""
    edited, runs = checkpoint.config.model.attention != "none", list[Run]()
    for n, (source, reference) in enumerate(pairs):
        searched = {"strategy": "beam", "beam": (5, 3, 8)[n % 3], "coverage_penalty": (0.0, 0.2)[n % 2]}
        sampling = {
            "strategy": "sampling",
            "temperature": (1.0, 0.7, 2.5)[n % 3],
            "top_k": (0, 5, 40)[n // 3 % 3],
            "top_p": (1.0, 0.9)[n % 2],
            "seed": n,
        }
        words = [token for token in checkpoint.target.words(reference) if token in checkpoint.target.vocab.ids]
        weights = ",".join(str(1 + s % 3) for s in range(len(checkpoint.source.tokens(source))))
        at = {n % 2: EDITS[n % len(EDITS) if n % 2 else n % 3], 1 + n % 2: weights} if edited else {}
        short = {"max_length": 15}
        runs += [
            Run(source, reference if n % 2 else None),
            Run(source, settings={**searched, **(short if n % 4 else {})}),
            Run(source, reference, "forced"),
            Run(source, reference, prefix=tuple(words[: 1 + n % 4])),
            Run(source, prefix=tuple(words[: n % 3]), edits=at, settings=short),
            Run(source, settings={**sampling, "max_length": 20}),
        ]
    return runs


def compare(job: Job, answer: Mapping[str, Any]) -> Comparison:
    """Both sides' traces of all runs."""
    comparison = Comparison()
    for run, found in zip(job.runs, answer["runs"], strict=True):
        comparison.add(job.checkpoint, run, found)
    return comparison


def pairs_of(path: Path) -> Iterator[tuple[str, str]]:
    """The pairs of a file of tab-separated values."""
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            source, target = line.rstrip("\n").split("\t")[:2]
            yield source, target


def main() -> None:
    """Print the comparison of each checkpoint."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoints", nargs="+")
    parser.add_argument("--texts", type=int, default=200)
    parser.add_argument("--pairs", type=Path)
    parser.add_argument("--exact", action="store_true", help="compare with float64 in the place of float32")
    parser.add_argument("--plain", action="store_true", help="without WebAssembly")
    options = parser.parse_args()
    torch.set_num_threads(1)
    for name in options.checkpoints:
        folder = find_checkpoint(name)
        checkpoint = load(folder)
        if options.exact:
            checkpoint.model.double()
        pairs = pairs_of(options.pairs) if options.pairs else texts(checkpoint)
        job = Job(checkpoint, folder, runs_of(checkpoint, itertools.islice(pairs, options.texts)))
        (answer,) = in_node([job], not options.plain)
        comparison = compare(job, answer)
        spent = sorted(run["milliseconds"] for run in answer["runs"] if "trace" in run)
        print(f"{name}: {comparison.equal} equal, {comparison.ties} ties, {comparison.refused} refused, ", end="")
        print(f"{len(comparison.different)} different; ", end="")
        print(f"open {answer['opened']:.0f} ms, median {spent[len(spent) // 2]:.1f} ms, greatest {spent[-1]:.0f} ms")
        print(*(f"  {text}" for text in comparison.different[:5]), sep="\n")
        print("  " + ", ".join(f"{name} {value:.1e}" for name, value in sorted(comparison.greatest.items())))


if __name__ == "__main__":
    main()
