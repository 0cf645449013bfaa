"""What the weights themselves say: never trained, tied to the wrong side, cut off from the gradient."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from s2s.data.batches import collate
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.run import Exam, score
from s2s.doctor.thresholds import DRAWN, EDGE, FIRST_STATES, IDLE, NO_GRADIENT, SMALLEST, UNEVEN, UNLEARNED
from s2s.model import Seq2Seq
from s2s.model.decoder import DecoderState
from s2s.text.vocab import EOS

ORTHOGONAL = 1e-2  # of singular values that are all 1
ENOUGH = 4  # sources, at least, whose first states are compared
STEPS = 12  # of a pair, whose loss is differentiated


def spectrum(weight_RC: Tensor) -> float:
    """The greatest singular value over ``σ (√R + √C)``, the Marchenko-Pastur edge of as many independent entries."""
    edge = float(weight_RC.std()) * (math.sqrt(weight_RC.size(0)) + math.sqrt(weight_RC.size(1)))
    greatest = float(torch.linalg.matrix_norm(weight_RC, 2))
    return greatest / max(edge, 1e-12)


def unevenness(weight: Tensor, kind: str) -> float:
    """Kolmogorov's distance of the entries from the uniform distribution up to the greatest, or from the normal one."""
    values = np.sort(weight.flatten().double().numpy())
    values = values[:: max(1, len(values) // 20_000)]
    levels = (np.arange(len(values)) + 0.5) / len(values)
    if kind == "uniform":
        size = max(abs(values[0]), abs(values[-1]), 1e-12)
        return float(np.abs((values / size + 1) / 2 - levels).max())
    normal = torch.special.ndtr(torch.tensor(values / max(values.std(), 1e-12))).numpy()
    return float(np.abs(normal - levels).max())


def orthogonal(weight_RC: Tensor) -> bool:
    """Whether all square blocks of a recurrent matrix have singular values of 1 alone, as they are drawn."""
    size = weight_RC.size(1)
    if weight_RC.size(0) % size:
        return False
    values = [torch.linalg.svdvals(block) for block in torch.split(weight_RC, size)]
    return bool((torch.cat(values) - 1).abs().max() < ORTHOGONAL)


def drawn(weight: Tensor, embedding: bool = False) -> bool:
    """Whether a weight still looks as random numbers do: its spectrum within the edge, its entries of one law.

    Matrices are drawn from a uniform distribution, which training leaves at once; embeddings from a normal one of a
    known size, 1 or the root of their length.
    """
    rows_RC = weight.detach()
    rows_RC = rows_RC[rows_RC.abs().sum(dim=1) > 0] if rows_RC.dim() == 2 else rows_RC
    if rows_RC.dim() != 2 or min(rows_RC.shape) < SMALLEST or spectrum(rows_RC) > EDGE:
        return False
    if unevenness(rows_RC, "uniform") < UNEVEN:
        return True
    sizes = (1.0, rows_RC.size(1) ** -0.5)
    known = any(abs(float(rows_RC.std()) / size - 1) < 3 * rows_RC.numel() ** -0.5 for size in sizes)
    return embedding and known and unevenness(rows_RC, "normal") < UNEVEN


def growth(weight_RC: Tensor) -> float:
    """The size of the entries over ``√(2 / (R + C))``, with which matrices are drawn here."""
    rows, columns = weight_RC.shape
    size = float(weight_RC.detach().std())
    return size / math.sqrt(2 / (rows + columns))


def broken(exam: Exam) -> Iterator[Finding]:
    """A matrix that is all 0, all one number, or has something that is no number; the first of them is named."""
    infinite, zero, one = "doctor.cause.not_finite", "doctor.cause.zero", "doctor.cause.one_value"
    found: dict[str, list[str]] = {infinite: [], zero: [], one: []}
    for name, weight in exam.model.named_parameters() if isinstance(exam.model, torch.nn.Module) else ():
        values = weight.detach()
        if not values.isfinite().all():
            found[infinite].append(name)
        elif values.dim() > 1 and values.numel() > 1 and bool((values == values.flatten()[0]).all()):
            if name.startswith("bridge."):  # which ``bridge`` tells, by what it does
                continue
            found[one if values.flatten()[0] else zero].append(name)
    for cause, names in found.items():
        exam.dead |= set(names)
        if names:
            numbers = {"matrices": len(names)}
            yield Finding("broken_weights", 1.0, numbers, cause, Cure("load_weights"), names[0])


def untrained(exam: Exam) -> Iterator[Finding]:
    """The weights of encoder, decoder and attention against random ones of their shape."""
    if not isinstance(exam.model, Seq2Seq):
        return
    model = exam.model
    encoder = {name: w.detach() for name, w in model.encoder.named_parameters()}
    recurrent = {name: w for name, w in encoder.items() if "weight_hh" in name}
    read = {name: w for name, w in encoder.items() if w.dim() == 2 and name not in recurrent}
    biases = torch.cat([w.flatten() for name, w in encoder.items() if "bias" in name])
    still = [name for name, w in read.items() if drawn(w)] + [
        n for n, w in recurrent.items() if orthogonal(w) or drawn(w)
    ]
    cells = [w.detach() for name, w in model.decoder.cells.named_parameters() if w.dim() == 2]
    exam.measures |= {
        "encoder_drawn": len(still) / max(len(read) + len(recurrent), 1),
        "decoder_drawn": sum(orthogonal(w) or drawn(w) for w in cells) / max(len(cells), 1),
        "encoder_bias_norm": float(biases.norm()),
        "encoder_spectrum": max((spectrum(w) for w in read.values()), default=0.0),
        "weight_growth": max(map(growth, cells)),
    }
    scores = _score_matrices(model)
    if scores:
        share = sum(drawn(w) for w in scores) / len(scores)
        exam.measures |= {"scores_drawn": share, "scores_spectrum": max(map(spectrum, scores))}
    every = (*read.values(), *cells, *scores)
    exam.measures["network_spectrum"] = max(map(spectrum, every))
    yield from _still_drawn(exam)


def _still_drawn(exam: Exam) -> Iterator[Finding]:
    """All of a model that has learned nothing, or its encoder, or its score function."""
    seen, loss = exam.measures, -score(exam.runs)
    if seen["network_spectrum"] < EDGE and loss > UNLEARNED * exam.frequencies:
        numbers = {"network_spectrum": seen["network_spectrum"], "loss": loss, "loss_of_frequencies": exam.frequencies}
        yield Finding("half_trained", 0.9, numbers, "doctor.cause.untrained", Cure("train_longer"))
        return
    if seen["encoder_drawn"] > DRAWN:
        numbers = {name: seen[name] for name in ("encoder_drawn", "decoder_drawn", "encoder_bias_norm")}
        yield Finding("frozen_encoder", 0.8 + 0.1 * seen["encoder_drawn"], numbers, cure=Cure("train_encoder"))
    if seen.get("scores_drawn") == 1:
        numbers = {name: seen[name] for name in ("scores_drawn", "scores_spectrum")}
        yield Finding("untrained_scores", 0.8, numbers, cure=Cure("train_scores"))


def _score_matrices(model: Seq2Seq) -> list[Tensor]:
    """The matrices of the score function that have the size to be judged."""
    parts = {name: w.detach() for name, w in model.decoder.attention.named_parameters() if w.dim() == 2}
    return [w for name, w in parts.items() if min(w.shape) >= SMALLEST and "coverage" not in name]


def tied(exam: Exam) -> Iterator[Finding]:
    """Matrices that are equal, though their rows stand for different words, or the config ties none."""
    if not isinstance(exam.model, Seq2Seq):
        return
    model, config = exam.model, exam.checkpoint.config.model
    words = exam.checkpoint.source.vocab.tokens == exam.checkpoint.target.vocab.tokens
    source, target, output = (
        torch.zeros(0, 0) if f"{name}.weight" in exam.dead else model.get_parameter(f"{name}.weight").detach()
        for name in ("encoder.embedding", "embedding", "output")
    )
    found = {
        "source_target": _equal(source, target) and not words,
        "source_output": _equal(source, output) and not words,
        "target_output": _equal(target, output) and not config.tied_embeddings,
    }
    if any(found.values()):
        yield Finding("tied_wrongly", 0.9, {name: float(value) for name, value in found.items()}, cure=Cure("untie"))


def _equal(one_VE: Tensor, two_VE: Tensor) -> bool:
    """Whether the rows that both have, without the specials, are the same."""
    if one_VE.size(1) != two_VE.size(1):
        return False
    count = min(len(one_VE), len(two_VE))
    return count > EOS + 1 and torch.allclose(one_VE[EOS + 1 : count], two_VE[EOS + 1 : count], atol=1e-6)


def bridge(exam: Exam) -> Iterator[Finding]:
    """The decoder's first state, which has to differ from source to source."""
    if not isinstance(exam.model, Seq2Seq):
        return
    first_NH = torch.stack([run.first.hidden_LBH[:, 0].flatten() for run in exam.runs])
    if len(first_NH) < ENOUGH:
        return
    spread = float((first_NH - first_NH.mean(dim=0)).norm(dim=1).mean() / first_NH.norm(dim=1).mean().clamp_min(1e-6))
    exam.measures["first_state_spread"] = spread
    if spread < FIRST_STATES:
        yield Finding("dead_bridge", 0.85, {"spread": spread}, cure=Cure("train_bridge"))


def gradient(exam: Exam) -> Iterator[Finding]:
    """The gradient of the loss at the words that the encoder reads: altogether, and through attention alone."""
    whole, attached = _gradient(exam, False)
    through, attached_through = _gradient(exam, True) if exam.looks else (0.0, True)
    exam.measures |= {"source_gradient": whole, "attention_gradient": through}
    used = exam.measures.get("place_variation", 0.0) > IDLE
    if not whole > NO_GRADIENT:
        yield _no_gradient(attached, 0.95, {"gradient": whole})
    elif exam.looks and used and not through > NO_GRADIENT * whole:
        yield _no_gradient(attached_through, 0.9, {"gradient": whole, "through_attention": through})


def _no_gradient(attached: bool, strength: float, numbers: dict[str, float]) -> Finding:
    """Where the loss is attached to the words, nothing comes through units that are saturated."""
    if attached:
        return Finding("no_gradient", strength, numbers, "doctor.cause.gradient_lost", Cure("smaller_weights"))
    return Finding("no_gradient", strength, numbers, cure=Cure("attach_encoder"))


def _gradient(exam: Exam, attention: bool) -> tuple[float, bool]:
    """Its norm, and whether there is a way for it; with ``attention`` the decoder's first state passes none on."""
    batch = collate(exam.some[:2])
    with torch.enable_grad():
        embedded_BSE = exam.model.embed(batch.source_BS).detach().requires_grad_(True)
        memory, state = exam.model.encode(batch.source_BS, batch.lengths_B, embedded_BSE)
        if attention and isinstance(state, DecoderState):
            state = DecoderState(*(None if part is None else part.detach() for part in state))  # type: ignore[arg-type]
        loss = torch.zeros(())
        for t in range(min(batch.target_in_BT.size(1), STEPS)):
            output = exam.model.step(state, batch.target_in_BT[:, t], memory)
            state, wanted_B1 = output.state, batch.target_out_BT[:, t : t + 1]
            loss = loss - output.log_probs_BV.gather(1, wanted_B1).mean()
        if not loss.requires_grad:
            return 0.0, False
        reached = torch.autograd.grad(loss, embedded_BSE, allow_unused=True)[0]
    return (0.0, False) if reached is None else (float(reached.norm()), True)
