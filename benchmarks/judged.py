"""Learn the judgement of errors from judged outputs, and measure it against other judgements.

    python -m benchmarks.judged fit ROWS.tsv JUDGED.tsv --test ROWS.tsv JUDGED.tsv [JUDGED.tsv]
    python -m benchmarks.judged measure ROWS.tsv JUDGED.tsv [JUDGED.tsv]
    python -m benchmarks.judged share ROWS.tsv JUDGED.tsv [JUDGED.tsv]

ROWS has the columns ``id``, ``model`` (a shipped checkpoint), ``source_tokens``, ``reference`` and ``output_tokens``;
JUDGED has ``id``, ``verdict`` (good, minor, major), ``output_spans``, ``source_spans`` (positions from 0, as
``0,3-5``) and ``cause``.

``fit`` writes ``s2s/inspect/judgement.safetensors`` with what it measures on the outputs after ``--test``, which it
does not learn from, and needs scikit-learn, which ``requirements-extra.txt`` brings; ``measure`` prints agreement, and
the average precision of the suspicion; ``share`` how often a wrong word has the lower share of the source.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

import numpy as np
from safetensors.numpy import save_file

from benchmarks import judged_share
from benchmarks.judged_fit import fit
from benchmarks.judged_outputs import Array, Judged, f1, read
from s2s.evaluate.bootstrap import Floats
from s2s.inspect.judgement import AGREES, CAUSES, ERROR, WEIGHTS, Judge, Judgement, assemble, judge


def average_precision(score_N: Floats, wanted_N: Array) -> float:
    """The mean of the precision at each true sample, the highest score first; ties count as one step."""
    order = np.argsort(-score_N, kind="stable")
    score, true = score_N[order], wanted_N[order].astype(float)
    last = np.flatnonzero(np.r_[score[1:] != score[:-1], True])
    hits = np.cumsum(true)[last]
    return float((np.diff(hits, prepend=0.0) * hits / (last + 1)).sum() / max(hits[-1], 1.0))


def measure(judged: Sequence[Judged], by: Judge | None = None) -> list[tuple[str, float, int]]:
    """Lines of name, value and number of outputs."""
    found = (by or judge())([each.lanes for each in judged])
    pairs: list[tuple[Judged, Judgement]] = list(zip(judged, found, strict=True))
    errors = [each for each, one in pairs if one.verdict == "error"]
    sure = [(each, one) for each, one in pairs if each.major]
    fine = [(each, one) for each, one in pairs if each.good]
    named = [(each, one) for each, one in sure if one.cause]
    lines = [
        (ERROR, _mean([not each.good or len(set(each.verdicts)) > 1 for each in errors]), len(errors)),
        ("all say major: called error", _mean([one.verdict == "error" for _, one in sure]), len(sure)),
        ("all say good: a cause is named", _mean([one.cause is not None for _, one in fine]), len(fine)),
        ("all say major: a cause is named", _mean([one.cause is not None for _, one in sure]), len(sure)),
        (AGREES, _mean([one.cause in each.causes for each, one in named]), len(named)),
    ]
    for group in CAUSES:
        own = [one.cause == group for each, one in sure if set(each.causes) == {group}]
        lines += [(f"all say {group}: so does the judgement", _mean(own), len(own))]
    for n in range(len(judged[0].verdicts)):
        wrong = f1([(set(one.wrong_output), each.wrong[n]) for each, one in pairs])
        lost = f1([(set(one.lost_source), each.lost[n]) for each, one in pairs])
        lines += [(f"F1 of wrong tokens, judge {n + 1}", wrong, len(pairs))]
        lines += [(f"F1 of source tokens, judge {n + 1}", lost, len(pairs))]
    lines += _suspicion(pairs)
    return lines


def _suspicion(pairs: Sequence[tuple[Judged, Judgement]]) -> list[tuple[str, float, int]]:
    wanted = np.concatenate(
        [[any(k in s for s in each.wrong) for k in range(len(each.lanes.output))] for each, _ in pairs]
    )
    alone = np.concatenate([-each.lanes.output_log_prob_T[: len(each.lanes.output)] for each, _ in pairs])
    suspicion = np.concatenate([one.suspicion_O for _, one in pairs])
    return [
        ("wrong tokens by suspicion: average precision", average_precision(suspicion, wanted), len(wanted)),
        ("wrong tokens by probability alone", average_precision(alone, wanted), len(wanted)),
        ("wrong tokens by chance", float(wanted.mean()), len(wanted)),
    ]


def _mean(values: Sequence[bool]) -> float:
    return sum(values) / len(values) if values else float("nan")


def main() -> None:
    """Run the command line."""
    command, *paths = sys.argv[1:]
    if command == "fit":
        cut = paths.index("--test")
        arrays, settings = fit(read(*paths[:cut]))
        held = {
            name: np.ascontiguousarray(a, np.float32 if a.dtype == float else a.dtype) for name, a in arrays.items()
        }
        test = read(*paths[cut + 1 :])
        lines = measure(test, assemble(held, settings))
        settings["measured"] = {name: [round(value, 3), count] for name, value, count in lines if count}
        save_file(held, WEIGHTS, {"settings": json.dumps(settings)})
        print(json.dumps(settings, indent=1))
    elif command == "share":
        for name, value, low, high in judged_share.measure(read(*paths), judged_share.by_model):
            print(f"{name:48} AUC {value:.3f}  [{low:.3f}, {high:.3f}]")
    else:
        for name, value, count in measure(read(*paths)):
            print(f"{name:56} {value:6.3f}  of {count}")


if __name__ == "__main__":
    main()
