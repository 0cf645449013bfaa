"""The training loop: bucketed batches, a moving average of the weights, dev scores, saves to go on from exactly."""

from __future__ import annotations

import dataclasses
import json
import math
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from s2s.checkpoint import card
from s2s.checkpoint.native import store_scores, write_checkpoint
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import Config, to_dict
from s2s.data.batches import Ids, Links, Pair, collate, epoch_batches
from s2s.data.readers import Note, silent
from s2s.errors import UserError, reason
from s2s.evaluate.corpus import corpus_scores, max_scored_tokens
from s2s.evaluate.metrics import rank
from s2s.model import Model, Seq2Seq
from s2s.train import base as start
from s2s.train import distributed, resume
from s2s.train.filming import Film
from s2s.train.links import pair_links
from s2s.train.machine import autocast, keep_memory
from s2s.train.objectives import OBJECTIVES, TrainingProgress
from s2s.train.pace import BAR, Pace, duration
from s2s.train.progress import Position, RunState
from s2s.train.schedule import learning_rate
from s2s.train.sides import SPLITS, Splits, encode_pairs, prepare_sides, read_splits
from s2s.train.signals import Stop
from s2s.train.threads import Threads, same_randomness


class Run(RunState):
    """One training run with its files in ``directory`` and its checkpoint in ``checkpoint``; ``train()`` runs it.

    Pairs come from the config's files (``note`` receives how each is read), or from ``splits`` in memory.
    """

    def __init__(
        self,
        config: Config,
        directory: Path,
        checkpoint: Path,
        command: str,
        splits: Splits | None = None,
        note: Note = silent,
    ) -> None:
        self.config, self.settings, self.command = config, config.train, command
        self.directory, self.checkpoint = directory, checkpoint
        if self.settings.objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise UserError("config_choice", key="train.objective", found=self.settings.objective, known=known)
        keep_memory()
        torch.set_num_threads(self.settings.threads or 1)
        self.group = distributed.join()
        self.device = self.group.device
        self.autocast = autocast(self.settings.precision, self.device)
        splits = read_splits(config.data, note) if splits is None else splits
        base = start.base_checkpoint(config, checkpoint) if self.settings.start else None
        self._read_data(splits, base)
        self._build_model(base)
        self.at = Position()
        self.steps = self.settings.epochs * math.ceil(len(self.pairs) / self.settings.batch_size)
        self.film = Film(directory, config, self.steps if self.group.first else 0, self.dev, self.averaged_checkpoint)
        self.pace = Pace()
        many = self.group.size > 1 or self.device.type == "cuda"  # then each process has one thread
        self.threads = Threads(self.settings.threads or int(many), self._trial)

    def _read_data(self, splits: Splits, base: Checkpoint | None) -> None:
        """Set vocabularies (those of ``base`` if given) and the pairs as ids. UserError for an empty split."""
        data = self.config.data
        train, self.dev, self.test = (list(splits[name]) for name in SPLITS)
        self.source, self.target = (base.source, base.target) if base else prepare_sides(train, self.config)
        self.pairs = encode_pairs(train, self.source, self.target, data.max_tokens)
        if not self.pairs or not encode_pairs(self.dev, self.source, self.target, max_scored_tokens(data)):
            raise UserError("data_empty", file=data.dev if self.pairs else data.train)
        if data.test and not self.test:
            raise UserError("data_empty", file=data.test)
        self.links = pair_links(self, train) if self.settings.objective == "guided_attention" else None
        self.target_tokens = sum(len(t) + 1 for _, t in self.pairs)  # of an epoch
        self.dev_tokens = sum(len(self.target.encode(t)) + 1 for _, t in self.dev)

    def _build_model(self, base: Checkpoint | None) -> None:
        """Set the network (weights drawn from the seed, or those of ``base``), optimizer, average and generators."""
        settings = self.settings
        torch.manual_seed(settings.seed)
        sizes = len(self.source.vocab), len(self.target.vocab)
        self.model = Seq2Seq(self.config.model, *sizes, settings.dropout, settings.word_dropout).to(self.device)
        if base:
            self.model.load_state_dict(base.model.state_dict())
        parameters = list(self.model.parameters())
        self.model.check_length(max(len(self.source.encode(s)) for s, _ in self.dev))
        decay = settings.weight_decay
        self.optimizer = torch.optim.AdamW(parameters, lr=0.0, betas=(0.9, 0.98), weight_decay=decay, fused=True)
        self.average = [p.detach().clone() for p in parameters]
        if not self.group.first:  # each process has its own dropout
            torch.manual_seed(settings.seed + 1_000_003 * self.group.rank)
        self.rng = torch.Generator().manual_seed(settings.seed + 1_000_003 * self.group.rank)

    def train(self, stop: Stop | None = None) -> dict[str, Any]:
        """Train, or resume, to the end; returns the dev scores of the best checkpoint.

        After a signal to ``stop`` the current step is finished and saved, and KeyboardInterrupt is raised.
        """
        stop = stop or Stop()
        resume.restore(self.directory, self.config, self)
        began = time.perf_counter() - self.at.seconds
        if self.at.step == 0:
            self.film.take(self.at)
        shown = {"unit": "step", "mininterval": 0.5, "disable": not self.group.first, "bar_format": BAR}
        with tqdm(total=self.steps, initial=self.at.step, **shown) as bar:
            while not self.ended:
                bar.set_description(f"epoch {self.at.epoch + 1}/{self.settings.epochs}")
                before = self._epoch(began, bar, stop)
                self._scored(began, before, stop)
                self.at.stale = self.group.share(self.at.stale)
                resume.save_state(self.directory, self.config, self)
        if self.config.data.test and self.group.first:
            self._test()
        return dict(self.at.best)

    @property
    def ended(self) -> bool:
        """Whether all epochs are done, or the last ``patience`` epochs brought no better score."""
        return self.at.epoch >= self.settings.epochs or self.at.stale >= self.settings.patience

    def left(self) -> float | None:
        """Estimated seconds to the end of the last epoch; None before a step was timed."""
        epochs = self.settings.epochs - self.at.epoch
        return self.pace.left(self.target_tokens * epochs - self.at.tokens, epochs, 2.0 * self.dev_tokens)

    def measure(self) -> None:
        """Choose the number of threads and time two steps without effect, so that ``left`` has an estimate at once."""
        self.threads.choose()
        if self.device.type == "cuda":  # the GPU's random generator could not be restored
            return
        tokens = sum(len(t) + 1 for _, t in self.pairs[: self.settings.batch_size])
        for _ in range(2):
            with self.pace.step(tokens):
                self._trial()

    def _trial(self) -> None:
        """Compute a step without changing weights or random generators."""
        with same_randomness(self.rng):
            self.model.train()
            self._backward(*self._part(range(min(self.settings.batch_size, len(self.pairs)))))
            self.optimizer.zero_grad()

    def keep(self) -> None:
        """Write a checkpoint of the last save, whatever its scores: for a run that was stopped within an epoch."""
        resume.restore(self.directory, self.config, self)
        if self.at.step and self.group.first:
            self._keep(self._scores(self.averaged_model(), self.dev))

    def _scored(self, began: float, before: Position, stop: Stop) -> None:
        """Compute the scores after an epoch. If stopped meanwhile, the run resumes from the epoch's last step."""
        if self.group.size > 1:  # the other processes wait and could not save then
            self.at, after = before, self.at
            resume.save_state(self.directory, self.config, self)
            self.at = after
        try:
            with stop.deferring(False), self.pace.scoring():
                if self.group.first:
                    self._validate(began)
        except KeyboardInterrupt:
            self.at = before
            if self.group.size == 1:
                resume.save_state(self.directory, self.config, self)
                stop.saved = self.at.step
            raise

    def _epoch(self, began: float, bar: tqdm, stop: Stop) -> Position:
        """Train to the end of an epoch; returns the position after its last step."""
        order = epoch_batches(self.pairs, self.settings.batch_size, seed=self.settings.seed * 10_007 + self.at.epoch)
        self.model.train()
        before, clock = self.at.tokens, time.perf_counter()
        with stop.deferring():
            for index in order[self.at.batch :]:
                self._counted(*self._part(index), began, bar)
                if self.group.any(bool(stop.asked)):
                    resume.save_state(self.directory, self.config, self)
                    stop.saved = self.at.step
                    raise stop.exception()
                if self.at.step % self.settings.save_every == 0:
                    with self.pace.writing():
                        resume.save_state(self.directory, self.config, self)
        passed = time.perf_counter() - clock
        self.at.train_loss, self.at.gradient_norm = self.at.loss_sum / max(1, self.at.tokens), self.at.epoch_norm
        self.at.tokens_per_second = (self.at.tokens - before) / passed if passed else 0.0
        last = dataclasses.replace(self.at)
        self.at.epoch, self.at.batch = self.at.epoch + 1, 0
        self.at.loss_sum, self.at.tokens, self.at.epoch_norm = 0.0, 0, 0.0
        return last

    def _part(self, index: Sequence[int]) -> tuple[list[Ids], list[Links] | None]:
        """Some of the pairs, and their links if the objective needs them."""
        return [self.pairs[i] for i in index], None if self.links is None else [self.links[i] for i in index]

    def _counted(self, pairs: list[Ids], links: list[Links] | None, began: float, bar: tqdm) -> None:
        """One step, with its progress bar and film."""
        with self.pace.step(sum(len(t) + 1 for _, t in pairs)):
            loss, count = self._step(pairs, links)
        at = self.at
        at.loss_sum, at.tokens = at.loss_sum + loss * count, at.tokens + count
        at.moment_loss, at.moment_tokens = at.moment_loss + loss * count, at.moment_tokens + count
        at.batch, at.seconds = at.batch + 1, time.perf_counter() - began
        bar.update()
        rest = "" if (left := self.left()) is None else f", {duration(left)} left"
        bar.set_postfix_str(f"loss {at.loss_sum / at.tokens:.3f}, {self.pace.rate:,.0f} tokens/s{rest}", refresh=False)
        with self.pace.writing():
            self.film.take(self.at)
        if self.threads.watch(self.pace.recent):
            self.pace.spans.clear()

    def _step(self, pairs: list[Ids], links: list[Links] | None = None) -> tuple[float, int]:
        rate = learning_rate(self.at.step, self.steps, self.settings)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        loss, tokens = self.gradients(pairs, links)
        if not math.isfinite(loss):
            raise UserError("loss_not_finite", step=self.at.step)
        self.at.met_norm(float(torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip)))
        self.optimizer.step()
        self.at.step += 1
        decay = min(self.settings.average, (1 + self.at.step) / (10 + self.at.step))
        live = [p.detach() for p in self.model.parameters()]
        torch._foreach_lerp_(self.average, live, 1 - decay)
        return loss, tokens

    def gradients(self, pairs: list[Ids], links: list[Links] | None = None) -> tuple[float, int]:
        """Set the parameters' gradients to those of a batch's mean loss; returns loss and target tokens."""
        own = self.group.part(pairs)
        self.optimizer.zero_grad()
        loss = self._backward(own, None if links is None else self.group.part(links)) if own else 0.0
        return self.group.combine(self.model.parameters(), loss, sum(len(t) + 1 for _, t in own))

    def _backward(self, pairs: Sequence[Ids], links: Sequence[Links] | None) -> float:
        """The mean loss of some pairs; its gradient is added to the parameters'."""
        batch = collate(pairs, links).to(self.device)
        progress = TrainingProgress(self.at.step, self.steps, self.settings)
        with self.autocast:
            loss = OBJECTIVES[self.settings.objective](self.model, batch, self.rng, progress)
        if torch.isfinite(loss):
            loss.backward()  # type: ignore[no-untyped-call]
        return float(loss.detach())

    def _scores(self, model: Model, pairs: Sequence[Pair]) -> dict[str, Any]:
        return corpus_scores(model, self.source, self.target, pairs, most=max_scored_tokens(self.config.data))

    def _validate(self, began: float) -> None:
        scores = self._scores(self.averaged_model(), self.dev)
        self.at.seconds = time.perf_counter() - began
        row = {
            "epoch": self.at.epoch,
            "step": self.at.step,
            "seconds": round(self.at.seconds, 1),
            "train_loss": self.at.train_loss,
            "gradient_norm": self.at.gradient_norm,
            "tokens_per_second": self.at.tokens_per_second,
            "learning_rate": learning_rate(self.at.step - 1, self.steps, self.settings),
            **{f"dev_{k}": scores[k] for k in ("loss", "bleu", "chrf", "token_accuracy")},
        }
        try:
            with open(self.directory / "log.jsonl", "a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
        except OSError as error:
            raise UserError("disk_write", directory=str(self.directory), reason=reason(error)) from None
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
        """Score the best checkpoint on the test split, once."""
        kept = load(self.checkpoint)
        if "test" not in kept.metrics:
            store_scores(self.checkpoint, "test", self._scores(kept.model.to(self.device), self.test))

    def _keep(self, scores: dict[str, Any]) -> None:
        metrics = {"dev": scores, "training": self.facts()}
        config = dataclasses.replace(self.config, name=self.checkpoint.name)
        text = card.render_card(config.name, to_dict(config), metrics)
        vocabs, films = (self.source.vocab, self.target.vocab), [self.film.path, self.film.curve]
        write_checkpoint(
            self.checkpoint, config, vocabs, self.averaged_weights(), metrics, text, films if self.film.every else []
        )
