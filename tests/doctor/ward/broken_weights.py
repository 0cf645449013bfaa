"""Patients whose weights are wrong: put into the wrong place, never loaded, or learnt badly, with right code."""

from __future__ import annotations

import dataclasses

import torch
from torch import Tensor

from s2s.model import Seq2Seq
from tests.doctor.ward import tasks
from tests.doctor.ward.healthy import additive, backwards, constant, from_one, full_stop, general
from tests.doctor.ward.patient import broken, patient
from tests.doctor.ward.training import Change, Trained, trained

Made = tuple[Trained, Trained]
WIDE = 25  # times the healthy weights


def gates(part: str, order: tuple[int, ...]) -> Change:
    """The gates of ``encoder`` or ``decoder`` in another library's order."""

    def change(model: Seq2Seq) -> None:
        with torch.no_grad():
            for name, weight in getattr(model, part).named_parameters():
                if "weight_ih" in name or "weight_hh" in name or "bias_ih" in name or "bias_hh" in name:
                    blocks = weight.chunk(len(order))
                    weight.copy_(torch.cat([blocks[i] for i in order]))

    return change


def both(order: tuple[int, ...]) -> Change:
    """Of both."""

    def change(model: Seq2Seq) -> None:
        gates("encoder", order)(model)
        gates("decoder", order)(model)

    return change


KERAS_GRU = (1, 0, 2)  # z, r, n for r, z, n
TENSORFLOW_LSTM = (0, 2, 1, 3)  # i, j, f, o for i, f, g, o


@patient("gate_order", lambda own, well: own.loss > 0.5)
def gru_gates_of_decoder() -> Made:
    return broken(additive(), gates("decoder", KERAS_GRU))


@patient("gate_order", lambda own, well: own.loss > 0.5)
def gru_gates() -> Made:
    return broken(backwards(), both(KERAS_GRU))


@patient("gate_order", lambda own, well: own.loss > 0.5)
def lstm_gates() -> Made:
    return broken(general(), both(TENSORFLOW_LSTM))


@patient("wrong_bos", lambda own, well: own.first_loss > 1)
def other_language_first() -> Made:
    return trained(tasks.MONOTONE, languages=True, attention="general"), general()


@patient("wrong_bos", lambda own, well: own.first_loss > 1)
def other_language_first_backwards() -> Made:
    return trained(tasks.REVERSED, languages=True, cell="lstm"), backwards()


@patient("reversed_source", lambda own, well: own.loss > 1)
def sources_backwards() -> Made:
    well = general()
    pairs = [(" ".join(source.split()[::-1]), target) for source, target in well.dev]
    links = [tuple(len(row) - 1 - place for place in row) for row in well.links]
    return dataclasses.replace(well, dev=pairs, links=links), well


def _wide(*names: str) -> Change:
    def change(model: Seq2Seq) -> None:
        with torch.no_grad():
            for name in names:
                model.get_parameter(f"decoder.attention.{name}.weight").mul_(WIDE)

    return change


@patient("saturated", lambda own, well: own.largest_score > 50 and own.entropy < 0.05)
def scores_of_fifty() -> Made:
    return broken(additive(), _wide("v"))


@patient("saturated_tanh", lambda own, well: own.squashed > 0.9 and well.squashed < 0.5)
def scores_too_wide() -> Made:
    return broken(additive(), _wide("query", "key"))


def _drawn_wide(model: Seq2Seq) -> None:
    """The score's matrices are drawn with a standard deviation of 5, as by ``torch.randn(...) * 5``."""
    for name in ("query", "key"):
        torch.nn.init.normal_(model.get_parameter(f"decoder.attention.{name}.weight"), std=5.0)


@patient("saturated_tanh", lambda own, well: own.squashed > 0.8 and own.loss > 2 * well.loss)
def trained_from_wide_scores() -> Made:
    return trained(tasks.MONOTONE, before=_drawn_wide), additive()


@patient("tied_wrongly", lambda own, well: own.loss > 20 * well.loss)
def source_words_for_target() -> Made:
    def change(model: Seq2Seq) -> None:
        model.embedding.weight = model.encoder.embedding.weight

    return broken(additive(), change)


@patient("tied_wrongly", lambda own, well: own.loss > 1)
def output_of_source_words() -> Made:
    well = trained(tasks.MONOTONE, attention="general", decoder_size=48, tied_embeddings=True)

    def change(model: Seq2Seq) -> None:
        model.output.weight = model.encoder.embedding.weight

    return broken(well, change)


@patient("dead_bridge", lambda own, well: own.starts == 0 and own.loss > 2 * well.loss)
def bridge_of_zeros() -> Made:
    def change(model: Seq2Seq) -> None:
        assert model.bridge is not None
        torch.nn.init.zeros_(model.bridge.weight)

    return broken(from_one(), change)


@patient("broken_weights", lambda own, well: own.loss > 2 * well.loss)
def encoder_of_zeros() -> Made:
    def change(model: Seq2Seq) -> None:
        for weight in model.encoder.rnn.parameters():
            torch.nn.init.zeros_(weight)

    return broken(additive(), change)


def _new(weight: Tensor) -> None:
    torch.nn.init.xavier_uniform_(weight)


@patient("untrained_scores", lambda own, well: own.loss > 2 * well.loss, uniform="random scores are small")
def scores_never_loaded() -> Made:
    def change(model: Seq2Seq) -> None:
        torch.manual_seed(4)
        for weight in model.decoder.attention.parameters():
            _new(weight)

    return broken(full_stop(), change)


def _without_scores(model: Seq2Seq) -> None:
    model.decoder.attention.requires_grad_(False)


@patient("untrained_scores", lambda own, well: own.loss > 2 * well.loss, uniform="random scores are small")
def scores_left_out_of_optimiser() -> Made:
    return trained(tasks.MONOTONE, before=_without_scores), additive()


def _frozen(model: Seq2Seq) -> None:
    model.encoder.requires_grad_(False)


@patient("frozen_encoder", lambda own, well: own.loss > 2 * well.loss)
def encoder_frozen() -> Made:
    return trained(tasks.MONOTONE, before=_frozen), additive()


@patient("frozen_encoder", lambda own, well: own.loss > 1)
def encoder_never_loaded() -> Made:
    def change(model: Seq2Seq) -> None:
        fresh = Seq2Seq(model.config, model.encoder.embedding.num_embeddings, model.vocabulary)
        model.encoder.load_state_dict(fresh.encoder.state_dict())

    torch.manual_seed(5)
    return broken(general(), change)


@patient("half_trained", lambda own, well: 0.2 < own.loss < 2 and own.learnt > own.loss / 2 and own.on_links[0] < 0.6)
def half_trained() -> Made:
    return trained(tasks.MONOTONE, stop=50), additive()


@patient("half_trained", lambda own, well: 0.2 < own.loss < 2 and own.learnt > own.loss / 2)
def half_trained_general() -> Made:
    return trained(tasks.REVERSED, attention="general", cell="lstm", stop=50), backwards()


@patient("too_little_data", lambda own, well: own.loss > 1 and own.learnt < 0.1)
def forty_pairs() -> Made:
    return trained(tasks.MONOTONE, pairs=40), additive()


@patient("too_little_data", lambda own, well: own.loss > 0.3 and own.learnt < 0.1)
def hundred_pairs() -> Made:
    return trained(tasks.REVERSED, pairs=100, attention="general"), backwards()


@patient("unknown_words", lambda own, well: own.unknown > 0.2 and well.unknown < 0.01)
def small_vocabulary() -> Made:
    return trained(tasks.LARGE, vocabulary=20, attention="general"), general()


@patient("coverage_too_early", lambda own, well: own.on_links[0] < 0.5 < well.on_links[0])
def coverage_from_first_step() -> Made:
    return trained(tasks.CONSTANT, coverage=True, penalty=2.0), constant()


@patient("exploding_norms", lambda own, well: own.loss > 1)
def rate_too_high() -> Made:
    return trained(tasks.MONOTONE, rate=1.0, clip=1e6, steps=60, stop=60), additive()
