"""Why is this attention wrong? Tests of a matrix, a trace or a checkpoint, as docs/DOCTOR.md defines them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from s2s.doctor.diagnosis import Diagnosis
from s2s.doctor.finding import CAUSES, Cure, Finding
from s2s.doctor.thresholds import STRONG

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

    from s2s.checkpoint.record import Checkpoint
    from s2s.explain.gold_links import Gold
    from s2s.trace.film import FilmFrame
    from s2s.trace.trace import Trace

__all__ = ["CAUSES", "STRONG", "Cure", "Diagnosis", "Finding", "examine_checkpoint", "examine_matrix", "examine_trace"]


def examine_matrix(
    weights_TS: ArrayLike,
    source_tokens: Sequence[str] | None = None,
    target_tokens: Sequence[str] | None = None,
    gold: Sequence[tuple[int, int]] | None = None,
) -> Diagnosis:
    """Examine weights alone, a row a step; needs numpy alone. ``gold`` has (source, target) links, from 0."""
    from s2s.doctor.matrix import examine

    return examine(weights_TS, source_tokens, target_tokens, gold)


def examine_trace(trace: Trace, gold: Sequence[Gold] | None = None) -> Diagnosis:
    """Examine a trace: its weights, its scores and its words.

    ``gold`` are pairs whose words people have linked, one of which has the words of the trace.
    """
    from s2s.doctor.of_trace import examine

    return examine(trace, gold)


def examine_checkpoint(
    checkpoint: Checkpoint,
    pairs: Sequence[tuple[str, str]],
    progress: Callable[[float], None] = lambda share: None,
    train: Sequence[tuple[str, str]] | None = None,
    curve: Sequence[Mapping[str, Any]] | None = None,
    gold: Sequence[Gold] | None = None,
    film: Sequence[FilmFrame] | None = None,
) -> Diagnosis:
    """Examine a model on pairs of texts that it has not been trained on; ``progress`` gets the share that is done.

    ``train`` are pairs of its training data, ``curve`` the lines of the run's ``curve.jsonl``, ``film`` its frames, and
    ``gold`` pairs whose words people have linked.
    """
    from s2s.doctor.of_checkpoint import examine

    return examine(checkpoint, pairs, progress, train, curve, gold, film)
