"""The command ``align-corpus``: link the words of a config's training pairs, as guided attention does."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING

from s2s import locations
from s2s.commands import arguments
from s2s.commands.exposure import estimate_row, percent_bar
from s2s.commands.terminal import text_table, write_output
from s2s.errors import UserError, fill

if TYPE_CHECKING:
    from collections.abc import Sequence

    from s2s.commands.arguments import Commands
    from s2s.data.batches import Links
    from s2s.explain.alignment_score import GoldPair
    from s2s.train.links import Words


def add_align_corpus_command(commands: Commands) -> None:
    """Add the command ``align-corpus`` and its options."""
    p = commands.add_parser("align-corpus", help="link the words of a config's training pairs, for guided attention")
    p.set_defaults(run=align_corpus)
    p.add_argument("config", metavar="CONFIG", type=Path, help="a TOML file, see configs/")
    arguments.add_set_option(p)
    p.add_argument("--out", metavar="FILE", help="write the links i-j, one line a pair; - for the terminal")
    p.add_argument("--text", metavar="FILE", help="write the tokens of each pair, for another aligner")
    p.add_argument(
        "--gold", metavar="FILE", type=Path, help="align these pairs, too, and score them: a file as of align"
    )


def align_corpus(options: argparse.Namespace, command: str) -> int:
    """``align-corpus``: write links and tokens, and print how many there are and how good they are."""
    from s2s.aligner.align import align_words
    from s2s.aligner.pharaoh import format_links
    from s2s.config import read_config
    from s2s.explain.alignment_score import gold_pair
    from s2s.explain.gold_links import read_gold
    from s2s.train.links import pair_words
    from s2s.train.sides import prepare_sides, read_splits

    config = read_config(locations.own_file(options.config), options.set)
    golds = read_gold(options.gold) if options.gold else []
    pairs = read_splits(dataclasses.replace(config.data, dev="", test=""))["train"]
    sides = prepare_sides(pairs, config)
    judged = [pair for gold in golds if (pair := gold_pair(*sides, gold)) is not None]
    if golds and not judged:
        raise UserError("alignment_no_pairs", row=golds[0].row)
    words = pair_words(pairs, *sides, config.data.max_tokens)
    if options.text:
        write_output("".join(f"{' '.join(s)} ||| {' '.join(t)}\n" for s, t, _ in words), options.text)
    vocab = sides[0].vocab
    others = [(vocab.words(pair.tokens[0]), pair.tokens[1]) for pair in judged]
    with percent_bar() as progress:
        links = align_words([*(pair.aligned for pair in words), *others], progress)
    if options.out:
        write_output(format_links(links[: len(words)]), options.out)
    if "-" not in (options.out, options.text):
        rows = corpus_rows(words, links[: len(words)])
        if judged:
            shifted = [frozenset((s + vocab.leading, t) for s, t in some) for some in links[len(words) :]]
            rows += score_rows(judged, shifted)
        print(text_table(rows, right=()))
    return 0


def corpus_rows(words: Sequence[Words], links: Sequence[Links]) -> list[list[str]]:
    """The numbers of pairs and links, and the share of the words of each side that have one."""
    used = [(pair, some) for pair, some in zip(words, links, strict=True) if pair.used]
    count = sum(len(some) for _, some in used)
    out = [["pairs", f"{len(used):,}", "", fill("{count:,} {count:line|lines} in the file", count=len(words))]]
    out.append(["links", f"{count:,}", "", ""])
    for name, side in (("source", 0), ("target", 1)):
        total = sum(len(pair.aligned[side]) for pair, _ in used)
        linked = sum(len({link[side] for link in some}) for _, some in used)
        out.append([f"linked {name} words", f"{linked / max(1, total):.4g}", "", f"of {total:,}"])
    return out


def score_rows(judged: Sequence[GoldPair], links: Sequence[Links]) -> list[list[str]]:
    """The alignment error rate over the gold pairs, in gold tokens."""
    from s2s.evaluate.bootstrap import Bootstrap
    from s2s.explain.alignment_score import alignment_score, gold_counts

    counts = [gold_counts(pair, some, set(range(len(pair.target)))) for pair, some in zip(judged, links, strict=True)]
    score = alignment_score(counts, Bootstrap())
    shares = (("precision", score.precision.value), ("recall", score.recall.value))
    what = ", ".join(f"{name} {value:.4g}" for name, value in shares if value is not None)
    return [estimate_row("AER", score.error_rate, f"{what}, {fill('{count:,} {count:pair|pairs}', count=len(judged))}")]
