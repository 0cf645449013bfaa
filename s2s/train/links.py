"""The word alignments of a run's training pairs, for guided attention: from a file, or made before the first step."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from s2s import disk
from s2s.aligner.align import align_words
from s2s.aligner.pharaoh import format_links, read_links
from s2s.checkpoint.record import Side
from s2s.data.batches import Links, Pair
from s2s.train import resume
from s2s.train.progress import RunState

NAME = "links.txt"  # in the run's directory, so that a resumed run has the same links


class Words(NamedTuple):
    """The tokens of a pair without the marks that the model reads around a source; ``used``: in training."""

    source: list[str]
    target: list[str]
    used: bool

    @property
    def aligned(self) -> tuple[list[str], list[str]]:
        """Both sides for the aligner, empty if the pair is left out of training."""
        return (self.source, self.target) if self.used else ([], [])


def pair_words(pairs: Sequence[Pair], source: Side, target: Side, most: int) -> list[Words]:
    """The tokens of all pairs of a file; one with none or more than ``most`` on a side is left out of training."""
    cut = [(source.tokens(s), target.tokens(t)) for s, t in pairs]
    return [
        Words(source.vocab.words(s), target.vocab.words(t), 0 < len(s) <= most and 0 < len(t) <= most) for s, t in cut
    ]


def pair_links(run: RunState, pairs: Sequence[Pair]) -> list[Links]:
    """The links between the ids of each pair that ``run`` trains on; ``pairs`` are all of its file.

    A file of links has a line for each pair of the file, and counts tokens without the marks around a source.
    Raises UserError for a file that does not fit the pairs.
    """
    words = pair_words(pairs, run.source, run.target, run.config.data.max_tokens)
    path = run.directory / NAME
    if not run.config.train.guided_links:
        if run.group.first and not (run.directory / resume.STATE).exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            disk.write_text(path, format_links(align_words([pair.aligned for pair in words])))
        run.group.share(0)  # the other processes wait for the file
    lengths = [(len(pair.source), len(pair.target)) for pair in words]
    links = read_links(run.config.train.guided_links or path, lengths)
    leading = run.source.vocab.leading
    shifted = (frozenset((s + leading, t) for s, t in some) for some in links)
    return [some for some, pair in zip(shifted, words, strict=True) if pair.used]
