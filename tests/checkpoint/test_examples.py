from __future__ import annotations

import pytest

from s2s.checkpoint.examples import EXAMPLES, MARKS, examples, first_marked, marks
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.decode.inputs import reference_ids, source_ids
from s2s.tasks.date import oracle
from s2s.text.segmenters import SEGMENTERS
from s2s.text.vocab import UNK
from tests.paths import ROOT

CHARACTERS = SEGMENTERS["characters"]
SHIPPED = sorted(path.parent.name for path in (ROOT / "checkpoints").glob("*/config.json"))


@pytest.mark.parametrize("name", SHIPPED)
def test_every_shipped_model_knows_the_words_of_its_examples(name: str) -> None:
    checkpoint = load(ROOT / "checkpoints" / name)
    pairs = examples(name, checkpoint.config.text.source, checkpoint.config.text.target)
    assert pairs
    for text, reference in pairs:
        tokens, ids = source_ids(checkpoint, text)
        assert UNK not in ids, tokens
        tokens, ids = reference_ids(checkpoint, reference)
        assert UNK not in ids, tokens


def test_a_model_of_ones_own_gets_what_suits_its_segmentation_or_nothing() -> None:
    assert examples("mine", "jieba", "latin") == EXAMPLES["zh-en"]
    assert examples("mine", "characters", "characters") == []
    assert examples("date-mine", "characters", "characters") == EXAMPLES["date"]
    assert examples("date-hard-mask-2", "characters", "characters") == EXAMPLES["date-hard"]
    assert examples("dates", "characters", "characters") == []


@pytest.mark.parametrize(("text", "reference"), EXAMPLES["date-hard"] + EXAMPLES["date"])
def test_dates_are_reckoned_right(text: str, reference: str) -> None:
    written = CHARACTERS.cut(reference)
    for length, token in enumerate([*written, "<eos>"]):
        assert oracle(text, "".join(written[:length]).replace("␣", " ")).get(token, 0) > 0


# What a model says for each of its examples that is marked as one that goes wrong, as a person judged it.
JUDGED = {
    "zh-en-luong": [
        "My sister goes to school every morning.",
        "If it rains tomorrow, we'll go to the snow.",
        "This restaurant is bigger than that one's house.",
        "Can you tell me where the nearest station station?",
        "The teacher asked that a question is too difficult to answer.",
        "The teacher told us that we can go to soccer in the park tomorrow, but we wanted to stay home.",
    ],
    "zh-en-bahdanau": [
        "My sister goes to school by morning every morning.",
        "If it rains tomorrow, we'll go to the world.",
        "The restaurant in this restaurant is cheap than that's.",
        "Can you tell me where the nearest station is?",
        "The teacher asked that the question is too difficult to answer.",
        "The teacher told us to play soccer in the park, but we would like to stay at home.",
    ],
    "zh-en-guided": [
        "My sister goes to school every morning.",
        "If it rains tomorrow, we'll go to the mountain.",
        "The noodles of this restaurant is cheap than that one.",
        "Can you tell me where the nearest subway station?",
        "He left the key to the office.",
        "The teacher asked too hard to answer a student.",
        "The teacher told us if it's not rain tomorrow, we can go to the park.",
    ],
    "zh-en-none": [
        "My sister goes to school every school every day.",
        "If it's going to go, we'll go there.",
        "The best of this is is dangerous.",
        "Can you tell me where the bus was?",
        "He found the book on the station.",
        "The teacher told the one who is a good question.",
        "The teacher told me, we can go to the party, but we can go to the park.",
    ],
    "classical-modern": [
        "贼众数万围围城城，城中食全都。",
        "当初，太守善射，每次出现在大乱，后年老，不能骑兵，后年老子不能骑兵，就命令他们饮酒，郡中大乱。",
    ],
    "classical-modern-plain": [
        "贼众数万围城，城中吃了全部。",
        "当初，太守善射，每次出猎，从者数百人，后年老，不再能骑兵，于是命他的儿子代替他，他的儿子不同，日和宾客饮酒，郡中大乱。",
    ],
    "car-report": [
        "逸动废尾气超标，经检查为废气阀积碳，已排除前氧传感器、三元催化器，建议拆洗废气阀，费用370元。",
    ],
    "date": [
        "1903-04-05",
    ],
    "date-hard": [
        "2015-02-28 2015-02-29 2015-03-14 2015-03-24 2015-03-29",
        "2044-02-21 2044-02-22 2044-03-01 2044-03-03",
        "2031-12-28 2031-12-31 2032-01-07 2032-01-23",
        "2026-11-22 2026-12-02 2026-12-16 2026-12-19",
    ],
    "date-hard-replacement-1": [
        "2015-02-28 2015-03-02 2015-03-14 2015-03-22 2015-03-29",
        "2044-02-21 2044-02-22 2044-03-02 2044-03-05",
        "2026-11-22 2026-12-02 2026-12-15 2026-12-15",
    ],
}


@pytest.mark.parametrize("name", SHIPPED)
def test_an_example_goes_as_it_is_marked(name: str) -> None:
    checkpoint = load(ROOT / "checkpoints" / name)
    pairs = examples(name, checkpoint.config.text.source, checkpoint.config.text.target)
    runs = [trace(checkpoint, text, reference) for text, reference in pairs]
    well = tuple(number for number, run in enumerate(runs) if run.divergence is None)
    assert well == MARKS[name].get("well", ())
    wrong = MARKS[name].get("wrong", ())
    assert wrong and [runs[number].text for number in wrong] == JUDGED[name]
    assert all(runs[number].divergence is not None for number in wrong)  # the first minute shows where they part
    others = [run for number, run in enumerate(runs) if "other" in marks(name, number, run.source_text)]
    assert len(others) == len(runs) - len(well) - len(wrong)
    assert all(run.text != run.reference for run in others)
    if well:
        assert first_marked(name, "well") == 0  # the page opens with what goes right
        assert pairs[0][1] == runs[0].reference


def test_a_model_of_ones_own_has_no_mark_but_that_a_text_is_long() -> None:
    assert marks("mine", 0, "他喜欢喝茶。") == [] and first_marked("mine", "well") is None
    assert marks("mine", 0, "很" * 30) == ["long"]
    assert set(MARKS) == set(SHIPPED)
