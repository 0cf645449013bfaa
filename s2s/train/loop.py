"""The training loop: epochs of bucketed batches, a moving average of the weights, dev scores,
and saves from which a killed run goes on as if nothing had happened.
"""

from __future__ import annotations

import ctypes
import dataclasses
import json
import math
import platform
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm

from s2s import card
from s2s.checkpoint import Side, load, save, side, store, unique_weights
from s2s.config import Config, DataConfig, TextConfig, TrainConfig, to_dict
from s2s.data import Ids, Pair, batches, collate
from s2s.errors import UserError
from s2s.evaluate import corpus_scores, longest
from s2s.metrics import rank
from s2s.model import Model, Seq2Seq
from s2s.readers import Columns, read_pairs
from s2s.train import distributed, start, state
from s2s.train.filming import Film
from s2s.train.objectives import OBJECTIVES, Progress
from s2s.vocab import SPECIALS, Vocab


def learning_rate(step: int, steps: int, settings: TrainConfig) -> float:
    """A linear rise over ``warmup_steps``, then a cosine down to ``final_learning_rate`` of the peak.

    >>> s = TrainConfig(learning_rate=1.0, warmup_steps=10, final_learning_rate=0.0)
    >>> [round(learning_rate(i, 110, s), 3) for i in (0, 9, 10, 60, 109)]
    [0.1, 1.0, 1.0, 0.5, 0.0]
    """
    if step < settings.warmup_steps:
        return settings.learning_rate * (step + 1) / settings.warmup_steps
    done = (step - settings.warmup_steps) / max(1, steps - settings.warmup_steps)
    low = settings.final_learning_rate
    return settings.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def keep_memory() -> None:
    """Tell glibc to keep freed memory: handing it back costs a page fault a page on every step."""
    if platform.system() == "Linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(-4, 0)  # M_MMAP_MAX
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """``bf16``: matrix products take bfloat16 operands; weights, their averages and Adam stay float32."""
    if precision not in ("float32", "bf16"):
        raise UserError("config_choice", key="train.precision", found=precision, known="float32, bf16")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")


def prepare_sides(pairs: Sequence[Pair], config: Config) -> tuple[Side, Side]:
    """Both sides' vocabularies from the training pairs, or one that both share."""
    text, out = config.text, []
    if text.shared_vocab:
        source = side(text.source, Vocab(SPECIALS), text.source_keras)
        target = side(text.target, Vocab(SPECIALS), text.target_keras)
        both = (cut for s, t in pairs for cut in (source.segmenter.cut(s), target.segmenter.cut(t)))
        vocab = Vocab.build(both, text.source_min_count, text.max_vocab, text.source_back_off)
        source = side(text.source, marked(vocab, text), text.source_keras)
        return source, side(text.target, Vocab(vocab.tokens), text.target_keras)
    for column, name, rules, count, back_off in (
        (0, text.source, text.source_keras, text.source_min_count, text.source_back_off),
        (1, text.target, text.target_keras, text.target_min_count, False),
    ):
        cut = side(name, Vocab(SPECIALS), rules).segmenter.cut
        vocab = Vocab.build((cut(pair[column]) for pair in pairs), count, text.max_vocab, back_off)
        out.append(side(name, marked(vocab, text) if column == 0 else vocab, rules))
    return out[0], out[1]


def marked(vocab: Vocab, text: TextConfig) -> Vocab:
    """The source's vocabulary with the marks that the config has around what is read."""
    return dataclasses.replace(vocab, bos=text.source_bos, eos=text.source_eos, fill=text.source_fill)


def encode_pairs(pairs: Sequence[Pair], source: Side, target: Side, max_tokens: int) -> list[Ids]:
    """Ids of the pairs that fit: 1 to ``max_tokens`` tokens a side."""
    ids = ((source.encode(s), target.encode(t)) for s, t in pairs)
    return [(s, t) for s, t in ids if 0 < len(s) <= max_tokens and 0 < len(t) <= max_tokens]


SPLITS = ("train", "dev", "test")
Splits = Mapping[str, Sequence[Pair]]  # by these names


def read_splits(data: DataConfig) -> dict[str, list[Pair]]:
    """The pairs of the config's files; none of one that is not named."""
    columns, files = Columns(data.source_column, data.target_column), {n: getattr(data, n) for n in SPLITS}
    return {name: list(read_pairs(file, columns, data.format)) if file else [] for name, file in files.items()}


class Run:
    """One training run in ``directory``, its checkpoint in ``checkpoint``: built once, then ``train()``.

    Pairs come from the config's files, or from ``splits`` where they are in memory.
    """

    def __init__(
        self, config: Config, directory: Path, checkpoint: Path, command: str, splits: Splits | None = None
    ) -> None:
        self.config, self.settings, self.command = config, config.train, command
        self.directory, self.checkpoint = directory, checkpoint
        if self.settings.objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise UserError("config_choice", key="train.objective", found=self.settings.objective, known=known)
        keep_memory()
        torch.set_num_threads(self.settings.threads)
        self.group = distributed.join()
        self.device = self.group.device
        self.autocast = autocast(self.settings.precision, self.device)
        splits = read_splits(config.data) if splits is None else splits
        train, self.dev, self.test = (list(splits[name]) for name in SPLITS)
        base = start.base(config, checkpoint) if self.settings.start else None
        self.source, self.target = (base.source, base.target) if base else prepare_sides(train, config)
        self.pairs = encode_pairs(train, self.source, self.target, config.data.max_tokens)
        if not self.pairs or not encode_pairs(self.dev, self.source, self.target, longest(config.data)):
            raise UserError("data_empty", file=config.data.dev if self.pairs else config.data.train)
        if config.data.test and not self.test:
            raise UserError("data_empty", file=config.data.test)
        torch.manual_seed(self.settings.seed)
        sizes = len(self.source.vocab), len(self.target.vocab)
        self.model = Seq2Seq(config.model, *sizes, self.settings.dropout, self.settings.word_dropout).to(self.device)
        if base:
            self.model.load_state_dict(base.model.state_dict())
        parameters = list(self.model.parameters())
        self.model.check_length(max(len(self.source.encode(s)) for s, _ in self.dev))
        self.optimizer = torch.optim.AdamW(
            parameters, lr=0.0, betas=(0.9, 0.98), weight_decay=self.settings.weight_decay, fused=True
        )
        self.average = [p.detach().clone() for p in parameters]
        if not self.group.first:  # dropout of its own
            torch.manual_seed(self.settings.seed + 1_000_003 * self.group.rank)
        self.rng = torch.Generator().manual_seed(self.settings.seed + 1_000_003 * self.group.rank)
        self.at = state.Position()
        self.steps = self.settings.epochs * math.ceil(len(self.pairs) / self.settings.batch_size)
        self.film = Film(self)

    def train(self) -> dict[str, Any]:
        """Run, or go on, to the end; returns the dev scores of the checkpoint that was kept."""
        state.load(self.directory, self.config, self)
        began, quiet = time.perf_counter() - self.at.seconds, not self.group.first
        if self.at.step == 0:
            self.film.take(self)
        with tqdm(total=self.steps, initial=self.at.step, unit="step", mininterval=0.5, disable=quiet) as bar:
            while self.at.epoch < self.settings.epochs and self.at.stale < self.settings.patience:
                bar.set_description(f"epoch {self.at.epoch + 1}/{self.settings.epochs}")
                self._epoch(began, bar)
                if self.group.first:
                    self._validate(began)
                self.at.stale = self.group.share(self.at.stale)
                state.save(self.directory, self.config, self)
        if self.config.data.test and self.group.first:
            self._test()
        return dict(self.at.best)

    def keep(self) -> None:
        """Make a checkpoint of the last save, whatever it scores: for a run that was stopped within an epoch."""
        state.load(self.directory, self.config, self)
        if self.at.step and self.group.first:
            self._keep(self._scores(self.averaged_model(), self.dev))

    def _epoch(self, began: float, bar: tqdm) -> None:
        order = batches(self.pairs, self.settings.batch_size, seed=self.settings.seed * 10_007 + self.at.epoch)
        self.model.train()
        before, clock = self.at.tokens, time.perf_counter()
        for index in order[self.at.batch :]:
            loss, count = self._step([self.pairs[i] for i in index])
            self.at.loss_sum, self.at.tokens = self.at.loss_sum + loss * count, self.at.tokens + count
            self.at.moment_loss += loss * count
            self.at.moment_tokens += count
            self.at.batch, self.at.seconds = self.at.batch + 1, time.perf_counter() - began
            bar.update()
            rate = (self.at.tokens - before) / (time.perf_counter() - clock)
            bar.set_postfix_str(f"loss {self.at.loss_sum / self.at.tokens:.3f}, {rate:,.0f} tokens/s", refresh=False)
            self.film.take(self)
            if self.at.step % self.settings.save_every == 0:
                state.save(self.directory, self.config, self)
        self.at.train_loss = self.at.loss_sum / max(1, self.at.tokens)
        self.at.tokens_per_second = (self.at.tokens - before) / (time.perf_counter() - clock)
        self.at.epoch, self.at.batch, self.at.loss_sum, self.at.tokens = self.at.epoch + 1, 0, 0.0, 0

    def _step(self, pairs: list[Ids]) -> tuple[float, int]:
        rate = learning_rate(self.at.step, self.steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, tokens = self.gradients(pairs)
        if not math.isfinite(loss):
            raise UserError("loss_not_finite", step=self.at.step)
        torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)
        self.optimizer.step()
        self.at.step += 1
        decay = min(self.settings.average, (1 + self.at.step) / (10 + self.at.step))
        live = [p.detach() for p in self.model.parameters()]
        torch._foreach_lerp_(self.average, live, 1 - decay)
        return loss, tokens

    def gradients(self, pairs: list[Ids]) -> tuple[float, int]:
        """Leave the gradient of a batch's mean loss in the parameters; returns that loss and the target tokens."""
        own, loss = self.group.part(pairs), torch.zeros(())
        self.optimizer.zero_grad()
        if own:
            batch, progress = collate(own).to(self.device), Progress(self.at.step, self.steps, self.settings)
            with self.autocast:
                loss = OBJECTIVES[self.settings.objective](self.model, batch, self.rng, progress)
            if torch.isfinite(loss):
                loss.backward()  # type: ignore[no-untyped-call]
        tokens = sum(len(t) + 1 for _, t in own)
        return self.group.combine(self.model.parameters(), float(loss.detach()), tokens)

    def averaged_weights(self) -> dict[str, Tensor]:
        """The moving average under the names that a checkpoint stores."""
        named = dict(zip((n for n, _ in self.model.named_parameters()), self.average, strict=True))
        return {name: named[name] for name in unique_weights(self.model)}

    def averaged_model(self) -> Seq2Seq:
        """A model of the averaged weights as they will be stored; draws no random number."""
        sizes = len(self.source.vocab), len(self.target.vocab)
        with torch.random.fork_rng(devices=[]):
            model = Seq2Seq(self.config.model, *sizes).to(self.device).requires_grad_(False).eval()
        weights = {n: w.half().float() for n, w in self.averaged_weights().items()}
        model.load_state_dict(weights, strict=False)  # what is tied is stored once
        return model

    def _scores(self, model: Model, pairs: Sequence[Pair]) -> dict[str, Any]:
        return corpus_scores(model, self.source, self.target, pairs, most=longest(self.config.data))

    def _validate(self, began: float) -> None:
        scores = self._scores(self.averaged_model(), self.dev)
        self.at.seconds = time.perf_counter() - began
        row = {
            "epoch": self.at.epoch,
            "step": self.at.step,
            "seconds": round(self.at.seconds, 1),
            "train_loss": self.at.train_loss,
            "tokens_per_second": self.at.tokens_per_second,
            "learning_rate": learning_rate(self.at.step - 1, self.steps, self.settings),
            **{f"dev_{k}": scores[k] for k in ("loss", "bleu", "chrf", "token_accuracy")},
        }
        try:
            with open(self.directory / "log.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
        except OSError as error:
            raise UserError("disk_write", directory=str(self.directory), reason=error.strerror) from None
        tqdm.write(
            f"epoch {row['epoch']}: train {row['train_loss']:.3f}, dev {scores['loss']:.3f}, "
            f"{card.bleu_name(scores['signatures']['bleu'])} {scores['bleu']:.2f}, chrF {scores['chrf']:.2f}"
        )
        if not self.at.best or rank(scores) > rank(self.at.best):
            self.at.best, self.at.stale = scores, 0
            self._keep(scores)
        else:
            self.at.stale += 1

    def _test(self) -> None:
        """Score the weights that were kept on the test split, once."""
        kept = load(self.checkpoint)
        if "test" not in kept.metrics:
            scores = self._scores(kept.model.to(self.device), self.test)
            store(self.checkpoint, "test", scores)

    def _keep(self, scores: dict[str, Any]) -> None:
        metrics = {
            "dev": scores,
            "training": {
                "command": self.command,
                "seconds": round(self.at.seconds),
                "epoch": self.at.epoch,
                "pairs": len(self.pairs),
                "hardware": card.hardware(self.settings.threads),
                "parameters": sum(p.numel() for p in self.model.parameters()),
            },
        }
        name = self.checkpoint.name
        config = dataclasses.replace(self.config, name=name)
        text = card.render(name, to_dict(config), metrics)
        vocabs, films = (self.source.vocab, self.target.vocab), [self.film.path, self.film.curve]
        save(self.checkpoint, config, vocabs, self.averaged_weights(), metrics, text, films if self.film.every else [])
