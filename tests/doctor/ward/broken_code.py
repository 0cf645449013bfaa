"""Patients whose code is wrong: as it is run (copies of healthy models), or as it was trained, too."""

from __future__ import annotations

from tests.doctor.ward import code, tasks
from tests.doctor.ward.healthy import additive, backwards, from_one, full_stop, general, local, twice
from tests.doctor.ward.patient import broken, patient
from tests.doctor.ward.training import Change, Trained, trained

Made = tuple[Trained, Trained]


def decoder(kind: type) -> Change:
    """Another class for the decoder."""
    return lambda model: setattr(model.decoder, "__class__", kind)


def scores(kind: type) -> Change:
    """Another class for the score function."""
    return lambda model: setattr(model.decoder.attention, "__class__", kind)


def whole(kind: type) -> Change:
    """Another class for the network."""
    return lambda model: setattr(model, "__class__", kind)


NO_MASK, NO_TANH, NEXT_STATE = decoder(code.NoMask), scores(code.NoTanh), decoder(code.NextState)
UNREAD, DETACHED = decoder(code.Unread), whole(code.Detached)
STOP_IS_LAST = "a full stop is the last token of every source"
EOS_IS_LAST = "<eos> is the last token of every source"
STATES = "the context is not Σ α h of the states that it is shown beside"


@patient("padding_mass", lambda own, well: own.padding > 0.05)
def no_mask() -> Made:
    return broken(additive(), NO_MASK)


@patient("padding_mass", lambda own, well: own.padding > 0.02 and own.loss < 0.1)
def trained_without_mask() -> Made:
    return trained(tasks.MONOTONE, before=NO_MASK), additive()


@patient("padding_mass", lambda own, well: own.padding > 0.05)
def tiny_mask() -> Made:
    return broken(twice(), decoder(code.TinyMask))


@patient(
    "padding_mass",
    lambda own, well: own.padding > 0.02 and own.loss > 2 * own.alone,
    other_source="the mask is another sentence's",
)
def mask_of_another_sentence() -> Made:
    return broken(additive(), decoder(code.MaskOfLongest))


@patient("padding_mass", lambda own, well: own.padding > 0.02 and own.alone > 10 * own.loss)
def trained_to_read_padding() -> Made:
    return trained(tasks.MONOTONE, before=whole(code.NoLengths)), additive()


@patient("padding_mass", lambda own, well: own.padding > 0.1 and own.loss > 2 * own.alone)
def padding_read_as_words() -> Made:
    return broken(backwards(), whole(code.NoLengths))


@patient("not_normalised", lambda own, well: own.row_error > 0.1)
def masked_after_softmax() -> Made:
    return broken(additive(), decoder(code.MaskedAfter))


@patient("not_normalised", lambda own, well: own.row_error > 0.1)
def sigmoid() -> Made:
    return broken(general(), decoder(code.Sigmoid))


@patient("not_normalised", lambda own, well: own.row_error > 0.1 and own.loss < 0.1)
def trained_with_numerator() -> Made:
    return trained(tasks.MONOTONE, before=decoder(code.Exponential), attention="dot"), backwards()


@patient("wrong_axis", lambda own, well: own.row_error > 0.5, not_normalised="its rows do not sum to 1, either")
def softmax_over_batch() -> Made:
    return broken(additive(), decoder(code.OverBatch))


@patient("nan", lambda own, well: own.invalid > 0, empty_row="the row is NaN because it is empty")
def mask_one_short() -> Made:
    return broken(from_one(), decoder(code.MaskShort))


@patient("empty_row", lambda own, well: own.empty > 0)
def mask_one_short_zeroed() -> Made:
    return broken(from_one(), decoder(code.MaskShortZeroed))


@patient("uniform", lambda own, well: own.entropy > 0.98 and own.loss > 1)
def scaled_twice() -> Made:
    return broken(additive(), decoder(code.ScaledTwice))


@patient("shift", lambda own, well: own.on_links[0] > 0.6 and own.loss > 1, not_summed=STATES)
def context_of_next() -> Made:
    return broken(additive(), NEXT_STATE)


@patient("shift", lambda own, well: own.on_links[0] > 0.6 and own.loss > 1, not_summed=STATES)
def context_of_previous() -> Made:
    return broken(general(), decoder(code.PreviousState))


@patient("shift", lambda own, well: own.on_links[-1] > 2 * own.on_links[0] and own.loss < 0.1, not_summed=STATES)
def trained_with_next() -> Made:
    return trained(tasks.MONOTONE, before=NEXT_STATE, attention="general"), general()


@patient("not_summed", lambda own, well: own.context_error > 0.5 and own.loss > 1)
def averaged() -> Made:
    return broken(additive(), decoder(code.Averaged))


@patient("not_summed", lambda own, well: own.context_error > 0.5 and own.loss > 1)
def reshaped() -> Made:
    return broken(general(), decoder(code.Reshaped))


@patient(
    "not_summed",
    lambda own, well: own.context_error > 0.5 and abs(own.uniform - own.loss) < 1e-5,
    bypassed="other weights change nothing",
)
def mean_of_states() -> Made:
    return broken(additive(), decoder(code.Mean))


@patient("bypassed", lambda own, well: abs(own.uniform - own.loss) < 1e-5 and own.loss > 1)
def context_unread() -> Made:
    return broken(general(), UNREAD)


@patient("bypassed", lambda own, well: abs(own.uniform - own.loss) < 1e-5 and own.loss < 0.1)
def trained_unread() -> Made:
    return trained(tasks.BRIEF, before=UNREAD), additive()


@patient("no_tanh", lambda own, well: own.movement < 1e-5 and own.loss > 1, constant="its rows are constant")
def no_tanh() -> Made:
    return broken(additive(), NO_TANH)


@patient("no_tanh", lambda own, well: own.movement < 1e-5 and own.loss > 0.1, constant="its rows are constant")
def trained_without_tanh() -> Made:
    return trained(tasks.MONOTONE, before=NO_TANH), additive()


@patient("constant", lambda own, well: own.movement < 1e-5 and own.loss > 0.1)
def trained_without_query() -> Made:
    return trained(tasks.MONOTONE, before=scores(code.NoQuery)), additive()


@patient("first_token", lambda own, well: own.first > 0.99 and own.loss > 1)
def causal_mask() -> Made:
    return broken(additive(), decoder(code.Causal))


@patient("last_token", lambda own, well: own.last > 2 * well.last and own.loss > 0.1)
def trained_with_window_at_end() -> Made:
    return trained(tasks.MONOTONE, before=scores(code.AtTheEnd), attention="local-m", window=1), additive()


@patient("eos_sink", lambda own, well: own.last > 2 * well.last and own.loss > 1, last_token=EOS_IS_LAST)
def window_at_end() -> Made:
    return broken(local(), scores(code.AtTheEnd))


@patient("punctuation", lambda own, well: own.last > 2 * well.last and own.loss > 0.1, last_token=STOP_IS_LAST)
def window_at_full_stop() -> Made:
    at_end = scores(code.AtTheEnd)
    return trained(tasks.FULL_STOP, before=at_end, attention="local-m", window=1), full_stop()


@patient("saturated", lambda own, well: own.largest_score > 50 and own.entropy < 0.05)
def scaled_the_wrong_way() -> Made:
    return broken(backwards(), scores(code.Multiplied))


@patient("other_source", lambda own, well: own.loss > 10 * own.alone)
def sorted_by_length() -> Made:
    return broken(general(), whole(code.Sorted))


@patient("other_source", lambda own, well: own.loss > 10 * own.alone)
def rows_of_neighbour() -> Made:
    return broken(additive(), whole(code.Neighbour))


@patient("other_source", lambda own, well: own.loss > 20 * well.loss)
def keys_kept() -> Made:
    return broken(general(), whole(code.KeptKeys))


@patient("reversed_source", lambda own, well: own.loss > 1)
def read_backwards() -> Made:
    return broken(full_stop(), whole(code.Backwards))


@patient("dropout_at_test", lambda own, well: own.again > 0.1 and own.loss > 2 * well.loss)
def dropout_of_memory() -> Made:
    return broken(general(), whole(code.AlwaysDropout))


@patient("dropout_at_test", lambda own, well: own.again > 0.1 and own.loss > 2 * well.loss)
def left_in_training() -> Made:
    well = trained(tasks.MONOTONE, dropout=0.2)
    return broken(well, lambda model: model.train())


@patient("no_gradient", lambda own, well: own.loss > 2 * well.loss, frozen_encoder="it kept its first weights, too")
def trained_without_gradient() -> Made:
    return trained(tasks.MONOTONE, before=DETACHED), additive()


@patient("dead_bridge", lambda own, well: own.starts == 0 and own.loss > 2 * well.loss)
def nothing_handed_over() -> Made:
    return broken(full_stop(), whole(code.NoStart))
