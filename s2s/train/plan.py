"""A file of pairs and nothing else → the split, the segmentation and the sizes of a run."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s.card import toml
from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig, to_dict
from s2s.disk import write_text
from s2s.errors import UserError
from s2s.prepare import Row, Sizes, write
from s2s.readers import Columns, Pair, read_pairs
from s2s.text import SEGMENTERS, UNSPACED, clean

FEWEST = 20  # pairs that a run can be planned for
HELD_OUT = 1000  # pairs in dev and in test at most; a tenth of the file before that
SAMPLE = 2000  # pairs that the guesses look at
SEED = 1
LENGTHS = (100, 200, 400)


@dataclass(frozen=True)
class Scale:
    """What a run of fewer than ``below`` training pairs gets."""

    below: float
    batch_size: int
    epochs: int
    patience: int
    embedding_size: int
    encoder_size: int
    decoder_size: int
    attention_size: int
    min_count: int


SCALES = (
    Scale(1_000, 8, 60, 20, 64, 64, 128, 64, 1),
    Scale(10_000, 32, 30, 10, 128, 128, 256, 128, 1),
    Scale(100_000, 64, 20, 6, 256, 256, 512, 256, 2),
    Scale(float("inf"), 128, 10, 4, 320, 256, 512, 512, 3),
)


def scale(pairs: int) -> Scale:
    """The row of the table for a number of training pairs.

    >>> scale(999).batch_size, scale(1000).batch_size
    (8, 32)
    """
    return next(s for s in SCALES if pairs < s.below)


def segmentation(texts: Sequence[str]) -> str:
    """How a side is best cut, by its script.

    Mostly Chinese characters: ``jieba``, or ``characters`` where most of its words would be single ones
    (classical Chinese). Scripts without spaces or with marks on the letters, and texts without
    words: ``characters``. Else ``latin``.

    >>> segmentation(["我们明天去看电影。"]), segmentation(["We are going."]), segmentation(["映画を見ます"])
    ('jieba', 'latin', 'characters')
    """
    han = unspaced = letters = 0
    for c in "".join(texts):
        kind = unicodedata.category(c)[0]
        name = unicodedata.name(c, "") if kind in "LM" and not c.isascii() else ""
        letters += kind == "L"
        han += name.startswith("CJK UNIFIED")
        unspaced += kind == "M" or name.startswith(UNSPACED)
    if not letters or unspaced > letters / 10:
        return "characters"
    guess = "jieba" if han > letters / 2 else "latin"
    words = [word for text in texts for word in SEGMENTERS[guess].cut(text) if word[0].isalpha()]
    length = sum(map(len, words)) / max(1, len(words))
    fits = length > 1.35 if guess == "jieba" else length < 15
    return guess if fits else "characters"


def plan(file: Path, columns: Columns, form: str, directory: Path, name: str) -> Path:
    """Split the file into ``directory`` and write ``config.toml`` beside; returns the config's path.

    The same file gives the same split and config. What is there already is left alone, so that a
    run goes on. Raises UserError for too few pairs, and where the directory holds a run on another file.
    """
    config, record = directory / "config.toml", directory / "data.json"
    made = json.dumps({"file": file.name, "sha256": _digest(file), **dataclasses.asdict(columns), "format": form})
    if record.exists():
        if record.read_text(encoding="utf-8") != made:
            raise UserError("run_other_data", directory=str(directory), file=str(file))
        return config
    sample, count = _sample(read_pairs(file, columns, form))
    held_out = min(HELD_OUT, count // 10)
    rows = (Row(clean(s), clean(t)) for s, t in read_pairs(file, columns, form))
    try:
        if count < FEWEST:
            raise UserError("plan_too_few", file=str(file), found=count, least=FEWEST)
        counts = write(rows, directory, Sizes(held_out, held_out), SEED, file)
    except UserError as error:
        if error.key != "error.prepare_too_few":
            raise
        raise UserError("plan_too_alike", file=str(file), found=count) from None
    write_text(config, toml(to_dict(resolve(sample, counts[directory / "train.tsv"], directory, name))) + "\n")
    write_text(record, made)
    return config


def resolve(sample: Sequence[Pair], pairs: int, directory: Path, name: str) -> Config:
    """The config for a number of training pairs that look like the sample."""
    chosen = scale(pairs)
    source, target = (segmentation([pair[side] for pair in sample]) for side in (0, 1))
    lengths = sorted(max(len(SEGMENTERS[source].cut(s)), len(SEGMENTERS[target].cut(t))) for s, t in sample)
    longest = lengths[int(0.98 * (len(lengths) - 1))]
    steps = chosen.epochs * -(-pairs // chosen.batch_size)
    sizes = ("embedding_size", "encoder_size", "decoder_size", "attention_size")
    return Config(
        name=name,
        model=ModelConfig(**{size: getattr(chosen, size) for size in sizes}),
        text=TextConfig(source, target, chosen.min_count, chosen.min_count, source_back_off=source == "jieba"),
        data=DataConfig(
            **{split: str(directory / f"{split}.tsv") for split in ("train", "dev", "test")},
            max_tokens=next((limit for limit in LENGTHS if longest <= limit), LENGTHS[-1]),
        ),
        train=TrainConfig(
            epochs=chosen.epochs,
            batch_size=chosen.batch_size,
            patience=chosen.patience,
            warmup_steps=max(1, min(500, steps // 10)),
            save_every=200,
        ),
    )


def _sample(pairs: Iterator[Pair]) -> tuple[list[Pair], int]:
    """A sample of the pairs, each as likely as any other, and how many they are."""
    rng, kept, count = random.Random(SEED), list[Pair](), 0
    for count, pair in enumerate(pairs, start=1):
        place = count - 1 if count <= SAMPLE else rng.randrange(count)
        if place < SAMPLE:
            kept[place : place + 1] = [pair]
    return kept, count


def _digest(file: Path) -> str:
    try:
        with open(file, "rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
