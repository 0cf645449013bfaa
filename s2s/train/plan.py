"""Plan a run from a file of pairs: the split, the segmenters and the sizes."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import random
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from s2s.checkpoint.card import config_toml
from s2s.config import Config, DataConfig, ModelConfig, TextConfig, TrainConfig, to_dict
from s2s.data.prepare import Row, Sizes, normal_form, write_splits
from s2s.data.readers import Columns, LeftOut, Note, Pair, read_pairs, refuse, silent
from s2s.data.text_file import AUTO, Bad
from s2s.disk import refuse_special, write_text
from s2s.errors import UserError, fill
from s2s.text.segmenters import SEGMENTERS, UNSPACED, clean

FEWEST = 20  # pairs: a smaller file is refused
HELD_OUT = 1000  # pairs in dev and in test at most; of a small file a tenth each
SAMPLE = 2000  # pairs from which script and lengths are guessed
SEED = 1
LENGTHS = (100, 200, 400)


@dataclass(frozen=True)
class Scale:
    """Settings for a run of fewer than ``below`` training pairs."""

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
    """The segmenter for a side, by its script.

    Mostly Chinese characters: ``jieba``, or ``characters`` if most of jieba's words would be single characters
    (classical Chinese). Scripts without spaces or with combining marks, and texts without words:
    ``characters``. Otherwise ``latin``.

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


@dataclass(frozen=True)
class Given:
    """A file of pairs and how to read it; ``dev`` and ``test`` are files too, or else split off the first."""

    file: Path
    columns: Columns = dataclasses.field(default_factory=Columns)
    form: str = AUTO
    encoding: str = AUTO
    skip_bad: bool = False
    dev: Path | None = None
    test: Path | None = None

    def pairs(self, file: Path, bad: Bad = refuse, note: Note = silent) -> Iterator[Pair]:
        """The pairs of one of the files, cleaned."""
        found = read_pairs(file, self.columns, self.form, bad, self.encoding, note)
        return ((clean(s), clean(t)) for s, t in found)

    def record(self) -> str:
        """The values that identify the data; keys added later are left out at their defaults."""
        made = {"file": self.file.name, "sha256": _digest(self.file), **dataclasses.asdict(self.columns)}
        made["format"] = self.form
        if self.encoding != AUTO:
            made["encoding"] = self.encoding
        if self.skip_bad:
            made["skip_bad"] = "yes"
        for split in ("dev", "test"):
            if (path := getattr(self, split)) is not None:
                made |= {split: path.name, f"{split}_sha256": _digest(path)}
        return json.dumps(made)


def plan(given: Given, directory: Path, name: str, say: Callable[[str], None] = print) -> Path:
    """Split the file into ``directory`` and write ``config.toml`` there; returns the config's path.

    The same files give the same split and config. Existing files are kept, so that a run can resume. ``say``
    receives what was recognised and left out. Raises UserError for too few pairs, or if the directory belongs
    to a run on another file.
    """
    config, record, made = directory / "config.toml", directory / "data.json", given.record()
    if record.exists():
        if record.read_text(encoding="utf-8") != made:
            raise UserError("run_other_data", directory=str(directory), file=str(given.file))
        return config
    own = {split: _own(given, file, say) for split in ("dev", "test") if (file := getattr(given, split)) is not None}
    left_out = LeftOut(given.file)
    sample, count = _sample(given.pairs(given.file, _bad(given, left_out), lambda form: _tell(say, form.remark("en"))))
    _tell(say, left_out.say("en"))
    if count < FEWEST:
        raise UserError("plan_too_few", file=str(given.file), found=count, least=FEWEST)
    held_out = min(HELD_OUT, count // 10)
    sizes = Sizes(*(0 if split in own else held_out for split in ("dev", "test")))
    known = {normal_form(side) for pairs in own.values() for pair in pairs for side in pair}
    shared = 0

    def rows() -> Iterator[Row]:
        nonlocal shared
        for pair in given.pairs(given.file, _bad(given)):
            if known.isdisjoint(map(normal_form, pair)):
                yield Row(*pair)
            else:
                shared += 1

    try:
        counts = write_splits(rows(), directory, sizes, SEED, given.file)
    except UserError as error:
        if error.key != "error.prepare_too_few":
            raise
        raise UserError("plan_too_alike", file=str(given.file), found=count) from None
    if shared:
        told = "Not used for training: {count:,} {count:pair|pairs} with a side in dev or test."
        say(fill(told, count=shared))
    for split, pairs in own.items():
        write_text(directory / f"{split}.tsv", "".join(f"{s}\t{t}\n" for s, t in pairs))
    write_text(config, config_toml(to_dict(resolve(sample, counts[directory / "train.tsv"], directory, name))) + "\n")
    write_text(record, made)
    return config


def _own(given: Given, file: Path, say: Callable[[str], None]) -> list[Pair]:
    """The pairs of a separate dev or test file. Raises UserError if it has none."""
    left_out = LeftOut(file)
    found = list(given.pairs(file, _bad(given, left_out), lambda form: _tell(say, form.remark("en"))))
    _tell(say, left_out.say("en"))
    if not found:
        raise UserError("file_no_pairs", file=str(file))
    return found


def _bad(given: Given, left_out: LeftOut | None = None) -> Bad:
    return (left_out or LeftOut(given.file)) if given.skip_bad else refuse


def _tell(say: Callable[[str], None], text: str) -> None:
    if text:
        say(text)


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
    """A uniform sample of the pairs, and their number."""
    rng, kept, count = random.Random(SEED), list[Pair](), 0
    for count, pair in enumerate(pairs, start=1):
        place = count - 1 if count <= SAMPLE else rng.randrange(count)
        if place < SAMPLE:
            kept[place : place + 1] = [pair]
    return kept, count


def _digest(file: Path) -> str:
    try:
        with open(refuse_special(file), "rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest()
    except OSError:
        raise UserError("file_missing", file=str(file)) from None
