"""What the model reads in another order than it learned: gates, the first token, the source, attention's rows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import permutations

import torch
from torch import Tensor

from s2s.doctor.batch import cured
from s2s.doctor.finding import Cure, Finding
from s2s.doctor.rebuilt import changed
from s2s.doctor.run import Exam, Run, alone, forced, score, with_rows
from s2s.doctor.thresholds import FIRST_GAIN, GAIN, MOVED, SAME, SHARE, UNLEARNED
from s2s.model import Model, Seq2Seq
from s2s.text.vocab import BOS, EOS, PAD, UNK

FIRST = 3  # first words of a sentence, over which another first token is judged
PRECEDES = 0.03  # added to the strength of one wrong token, which is less to go wrong than an order
CANDIDATES = 400  # first tokens that are tried
MOVES = ((-1, 0), (1, 0), (0, -1), (0, 1))  # of attention: by steps, by source tokens


def gained(exam: Exam, before: float, after: float) -> bool:
    """Whether a remedy saves enough, and leaves a model that knows more than the frequencies of words."""
    return after - before > max(GAIN, SHARE * -before) and -after < UNLEARNED * exam.frequencies


def strength(before: float, after: float) -> float:
    """The more of the loss a remedy saves, the likelier it undoes the cause of all of it: 0.5 to 0.98."""
    return 0.5 + 0.48 * (after - before) / max(-before, 1e-9)


def gates(exam: Exam) -> Iterator[Finding]:
    """Every other order of the gates, in the encoder, in the decoder, in both; the encoder's directions exchanged."""
    if not isinstance(exam.model, Seq2Seq):
        return
    count = 4 if exam.checkpoint.config.model.cell == "lstm" else 3
    few = exam.some[:6]
    before = score([forced(exam.model, [pair]) for pair in few])
    if -before < GAIN:  # no order can save as much
        return
    best, best_number = before, 0
    best_model: Model = exam.model
    for number, order in enumerate(list(permutations(range(count)))[1:], start=1):
        for parts in (("encoder.",), ("decoder.",), ("encoder.", "decoder.")):
            model = changed(exam.model, _reordered(exam.model, order, parts))
            after = score([forced(model, few)])
            if after > best:
                best, best_model, best_number = after, model, number
    exam.measures["gates_gain"] = best - before
    model = changed(exam.model, _exchanged(exam.model))
    after = score([forced(model, few)])
    exam.measures["directions_gain"] = after - before
    exchanged = after > best
    best, best_model = max((best, best_model), (after, model), key=lambda one: one[0])
    if gained(exam, before, best):
        whole = score(exam.runs), score(alone(best_model, exam.some))
        if gained(exam, *whole):
            numbers, cause = {"gain": whole[1] - whole[0]}, "doctor.cause.directions"
            if not exchanged:
                numbers, cause = numbers | {"order": best_number}, ""
            cure = cured("exchange_directions" if exchanged else "reorder_gates", *whole)
            yield Finding("gate_order", strength(*whole), numbers, cause, cure)


def _exchanged(model: Model) -> dict[str, Tensor]:
    """The encoder's weights, those of each direction in the place of the other's."""
    out, back = dict[str, Tensor](), "_reverse"
    for name, weight in model.named_parameters():
        if name.startswith("encoder.") and ("weight_ih" in name or "_hh" in name or "bias_ih" in name):
            out[name.removesuffix(back) if name.endswith(back) else name + back] = weight.detach()
    return out


def _reordered(model: Model, order: Sequence[int], parts: tuple[str, ...]) -> dict[str, Tensor]:
    out = dict[str, Tensor]()
    for name, weight in model.named_parameters():
        if name.startswith(parts) and any(kind in name for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")):
            chunks = weight.detach().chunk(len(order))
            out[name] = torch.cat([chunks[n] for n in order])
    return out


def first_token(exam: Exam) -> Iterator[Finding]:
    """Every other token, specials and the frequent, in the place of ``<bos>``: chosen by some, tried on all."""
    few = exam.some[:6]
    tried = [PAD, UNK, EOS, *range(EOS + 1, min(exam.model.vocabulary, CANDIDATES))]
    firsts = _first_words(exam, few, tried)
    best = sorted(tried, key=lambda token: -firsts[token])[:4]
    values = {token: score(alone(exam.model, few, token)) for token in dict.fromkeys([*best, PAD, UNK, EOS])}
    token = max(values, key=lambda one: values[one])
    other = alone(exam.model, exam.some, token)
    before, after = (_sentences(runs, FIRST) for runs in (exam.runs, other))
    exam.measures["first_token_gain"] = after - before
    whole = score(exam.runs), score(other)
    if after - before > max(FIRST_GAIN, SHARE * -before) and whole[1] > whole[0]:
        numbers = {"gain": after - before, "token": token}
        likely = max(strength(before, after), strength(*whole)) + PRECEDES
        yield Finding("wrong_bos", likely, numbers, cure=cured("other_first", *whole))


def _sentences(runs: Sequence[Run], words: int) -> float:
    """The mean over sentences of log p of their first words."""
    return float(torch.stack([run.log_probs(0)[:words].double().sum() for run in runs]).mean())


@torch.no_grad()
def _first_words(exam: Exam, few: Sequence[tuple[list[int], list[int]]], tried: Sequence[int]) -> dict[int, float]:
    """log p of the first two words of each pair, summed, by what is read first."""
    out = torch.zeros(len(tried))
    token_N = torch.tensor(list(tried))
    for source, target in few:
        memory, state = exam.model.encode(torch.tensor([source]), torch.tensor([len(source)]))
        index_N = torch.zeros(len(tried), dtype=torch.long)
        memory, state = memory.select(index_N), state.select(index_N)
        step = exam.model.step(state, token_N, memory)
        out += step.log_probs_BV[:, target[0]]
        read_N = torch.full_like(token_N, target[0])
        out += exam.model.step(step.state, read_N, memory).log_probs_BV[:, (*target, EOS)[1]]
    return dict(zip(tried, out.tolist(), strict=True))


def backwards(exam: Exam) -> Iterator[Finding]:
    """The source from its last word to its first, the marks around it where they were."""
    vocab = exam.checkpoint.source.vocab
    before, pairs = score(exam.runs), list[tuple[list[int], list[int]]]()
    for source, target in exam.some:
        first, last = int(source[:1] == [BOS] and vocab.bos), int(source[-1:] == [EOS] and vocab.eos)
        words = source[first : len(source) - last]
        pairs.append(([*source[:first], *words[::-1], *source[len(source) - last :]], target))
    after = score(alone(exam.model, pairs))
    exam.measures["backwards_gain"] = after - before
    if gained(exam, before, after):
        cure = cured("turn_source", before, after)
        yield Finding("reversed_source", strength(before, after), {"gain": after - before}, cure=cure)


def replayed(exam: Exam) -> Iterator[Finding]:
    """The weights that a model shows, given back to it: they change nothing where they are those that it used."""
    if not exam.model.sums_states:
        return
    again = [_moved(exam.model, run, 0, 0) for run in exam.runs]
    difference = _apart(exam.runs, again)
    exam.measures["replay_difference"] = difference
    if difference <= SAME:
        return
    by_move = {move: _apart(exam.runs, [_moved(exam.model, run, *move) for run in exam.runs]) for move in MOVES}
    (steps, tokens), least = min(by_move.items(), key=lambda item: item[1])
    if least <= MOVED * difference:
        cure = Cure("move_attention", True, {"replay_difference": difference}, {"replay_difference": least})
        yield Finding("shift", 0.98, {"steps": steps, "tokens": tokens, "difference": difference}, cure=cure)


def _apart(runs: Sequence[Run], others: Sequence[Run]) -> float:
    """The mean difference of the log-probabilities, in nats."""
    parts = [run.log_probs(0) - other.log_probs(0) for run, other in zip(runs, others, strict=True)]
    return float(torch.cat(parts).abs().mean())


def moved(exam: Exam) -> Iterator[Finding]:
    """Attention of the step before or after, or one source token further, in the place of each row."""
    before = score(exam.runs)
    if not torch.isfinite(torch.tensor(before)):
        return
    values = {move: score([_moved(exam.model, run, *move) for run in exam.runs]) for move in MOVES}
    for (steps, tokens), after in values.items():
        exam.measures[f"moved_{steps:+d}_{tokens:+d}_gain"] = after - before
    (steps, tokens), after = max(values.items(), key=lambda item: item[1])
    if gained(exam, before, after):
        numbers = {"steps": steps, "tokens": tokens, "gain": after - before}
        yield Finding("shift", strength(before, after), numbers, cure=cured("move_attention", before, after))


def shifted(weights_TS: Tensor, steps: int, tokens: int) -> Tensor:
    """Row t has the weights of row t + steps, place s what lay at s - tokens; at the ends, the last row and place."""
    count, width = weights_TS.shape
    rows_T = (torch.arange(count) + steps).clamp(0, count - 1)
    out_TS = torch.roll(weights_TS[rows_T], tokens, dims=1) if width else weights_TS[rows_T]
    return out_TS


def _moved(model: Model, run: Run, steps: int, tokens: int) -> Run:
    return with_rows(model, run, shifted(run.weights_BTS[0], steps, tokens))
