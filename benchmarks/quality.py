"""BLEU beside JoeyNMT's RNN, same tokens, sizes, core and seconds: ``python -m benchmarks.quality CONFIG TEST.tsv``.

Lookback trains a config for a number of epochs; JoeyNMT then trains on the same token sequences for as many seconds,
through its own command line (with memory kept, as ``peers`` says), and translates with its best checkpoint. Both are
scored by sacrebleu on the same text.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.environments import HERE, interpreter
from benchmarks.peers import KEEP
from s2s.checkpoint.open import load
from s2s.checkpoint.record import Checkpoint
from s2s.config import Config, read_config
from s2s.data.readers import read_pairs
from s2s.decode.strategy import Settings
from s2s.evaluate.corpus import translate
from s2s.evaluate.metrics import score_outputs

ALONE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""}
VALIDATIONS = 2  # JoeyNMT's validations an epoch, so that an unfinished epoch has a checkpoint


def ours(config: Path, epochs: int, directory: Path) -> tuple[Checkpoint, float]:
    """Train as the command line does; the checkpoint and the seconds it took."""
    command = [sys.executable, "-m", "s2s", "train", str(config.resolve()), "--set", f"train.epochs={epochs}"]
    command += ["--set", "train.threads=1", "--name", "quality"]
    for folder in ("data", "s2s"):
        (directory / folder).symlink_to(Path(folder).resolve())
    start = time.perf_counter()
    subprocess.run(command, cwd=directory, env={**os.environ, **ALONE}, check=True, stdout=sys.stderr)
    return load(directory / "checkpoints" / "quality"), time.perf_counter() - start


def write_tokens(checkpoint: Checkpoint, pairs: Sequence[tuple[str, str]], prefix: Path, longest: int = 0) -> None:
    """The pairs as JoeyNMT reads words: with spaces between, as Lookback's own vocabulary cuts and knows them."""
    sides = checkpoint.source, checkpoint.target
    with contextlib.ExitStack() as stack:
        files = [stack.enter_context(open(f"{prefix}.{end}", "w", encoding="utf-8")) for end in ("src", "trg")]
        for pair in pairs:
            cut = [[side.vocab.tokens[i] for i in side.encode(text)] for side, text in zip(sides, pair, strict=True)]
            if not longest or all(0 < len(tokens) <= longest for tokens in cut):
                for file, tokens in zip(files, cut, strict=True):
                    file.write(" ".join(tokens) + "\n")


def joeynmt_model(config: Config) -> dict[str, Any]:
    """Encoder, decoder and attention of the same sizes."""
    model, train = config.model, config.train
    embeddings = {"embedding_dim": model.embedding_size, "scale": False, "dropout": train.dropout}
    layer = {"type": "recurrent", "rnn_type": model.cell, "embeddings": embeddings, "dropout": train.dropout}
    return {
        "initializer": "xavier_uniform",
        "encoder": {**layer, "hidden_size": model.encoder_size, "bidirectional": True, "num_layers": 1},
        "decoder": {
            **layer,
            "hidden_size": model.decoder_size,
            "num_layers": 1,
            "hidden_dropout": train.dropout,
            "input_feeding": True,
            "init_hidden": "bridge",
            "attention": "luong" if model.attention == "general" else "bahdanau",
        },
    }


def joeynmt_config(config: Config, directory: Path, pairs: int) -> dict[str, Any]:
    """The same sizes and regularisation in JoeyNMT's terms; an epoch has ``pairs``."""
    train = config.train
    logging = max(1, pairs // train.batch_size // (10 * VALIDATIONS))  # steps
    side = {"max_length": config.data.max_tokens, "lowercase": False, "level": "word", "voc_min_freq": 1}
    return {
        "name": "quality",
        "joeynmt_version": "2.3.0",
        "model_dir": str(directory / "model"),
        "use_cuda": False,
        "random_seed": train.seed,
        "data": {
            **{split: str(directory / split) for split in ("train", "dev", "test")},
            "dataset_type": "plain",
            "src": {"lang": "src", **side},
            "trg": {"lang": "trg", **side},
        },
        "training": {
            "optimizer": "adam",
            "learning_rate": 0.001,
            "scheduling": "exponential",
            "decrease_factor": 0.9,
            "clip_grad_norm": train.clip,
            "label_smoothing": train.label_smoothing,
            "batch_size": train.batch_size,
            "batch_type": "sentence",
            "epochs": 1000,
            "validation_freq": 10 * logging,  # it must be a multiple
            "logging_freq": logging,
            "early_stopping_metric": "bleu",
            "keep_best_ckpts": 1,
            "print_valid_sents": [0],
        },
        "testing": {"beam_size": 1, "eval_metrics": ["bleu"], "max_output_length": 60, "batch_size": 64},
        "model": joeynmt_model(config),
    }


def joeynmt(python: Path, settings: dict[str, Any], directory: Path, seconds: float, beam: int) -> list[str]:
    """Train for the seconds (the first time), then translate ``test``: lines of tokens."""
    shutil.rmtree(directory / "out", ignore_errors=True)
    (directory / "out").mkdir()
    settings["testing"] |= {"beam_size": beam, "beam_alpha": 1.0}
    file = directory / "config.yaml"
    file.write_text(json.dumps(settings), encoding="utf-8")  # which is YAML, too
    call, environment = [str(python), "-m", "joeynmt"], {**os.environ, **ALONE, **KEEP}
    if not (directory / "model").exists():
        with contextlib.suppress(subprocess.TimeoutExpired):
            train = [*call, "train", str(file), "--skip-test"]
            subprocess.run(train, env=environment, timeout=seconds, check=True, stdout=sys.stderr)
    test = [*call, "test", str(file), "--output-path", str(directory / "out" / "hyp")]
    subprocess.run(test, env=environment, check=True, stdout=sys.stderr)
    return (directory / "out" / "hyp.test").read_text(encoding="utf-8").removesuffix("\n").split("\n")


def main(arguments: Sequence[str] | None = None) -> None:
    """Both trainings, one after the other, and a table of BLEU and chrF."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("config", type=Path)
    parser.add_argument("test", type=Path, help="pairs that neither has seen")
    parser.add_argument("--epochs", type=int, default=4, help="of Lookback's training (4)")
    parser.add_argument("--environments", type=Path, default=HERE / ".peers")
    options = parser.parse_args(arguments)
    python, config = interpreter("joeynmt", options.environments), read_config(options.config)
    test = list(read_pairs(options.test))
    references = [target for _, target in test]
    with tempfile.TemporaryDirectory() as folder:
        directory = Path(folder)
        checkpoint, seconds = ours(options.config, options.epochs, directory)
        write_tokens(checkpoint, list(read_pairs(config.data.dev)), directory / "dev")
        write_tokens(checkpoint, test, directory / "test")
        train = list(read_pairs(config.data.train))
        write_tokens(checkpoint, train, directory / "train", config.data.max_tokens)
        settings, rows = joeynmt_config(config, directory, len(train)), []
        for beam in (1, 5):
            search = Settings(strategy="beam", beam=beam, length_penalty=1.0)
            found = translate(checkpoint.model, [checkpoint.source.encode(s) for s, _ in test], settings=search)
            lines = joeynmt(python, settings, directory, seconds, beam)
            theirs = [checkpoint.target.segmenter.join(line.split(" ")) for line in lines]
            for name, outputs in (("Lookback", [checkpoint.target.decode(o) for o in found]), ("JoeyNMT", theirs)):
                scores = score_outputs(outputs, references, checkpoint.target)
                rows.append({"system": name, "beam": beam, **{k: round(scores[k], 2) for k in ("bleu", "chrf")}})
    print(json.dumps({"seconds": round(seconds), "test": len(test), "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
