"""Patients of whom the wrong head is believed."""

from __future__ import annotations

from tests.doctor.ward import heads
from tests.doctor.ward.patient import patient
from tests.doctor.ward.training import Trained

Made = tuple[Trained, Trained]


@patient("wrong_head", lambda own, well: own.on_links[0] < 0.6 < well.on_links[0] and own.loss == well.loss)
def first_layer() -> Made:
    return heads.view(1, 1), heads.view(2, 1)


@patient("wrong_head", lambda own, well: own.on_links[0] < 0.8 < well.on_links[0] and own.loss == well.loss)
def mean_of_all() -> Made:
    return heads.view(0, 0), heads.view(2, 1)
