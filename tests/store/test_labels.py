"""Labels in both databases compared with a dictionary over random changes; concurrent and killed writers."""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from s2s.errors import UserError
from s2s.store.database import connect
from s2s.store.label import VERDICTS, Label, LabelFilter, clean_text
from s2s.store.labels import Labels

MANIFEST = {"file": {"sha256": "f" * 64}, "checkpoint": {"digest": "c" * 12}}
NUMBERS = itertools.count(1)
PEOPLE = ("Ann", "李雷", "O'Neil; DROP TABLE labels")
STEP = st.one_of(
    st.tuples(st.just("verdict"), st.integers(1, 3), st.sampled_from(PEOPLE), st.sampled_from([None, *VERDICTS])),
    st.tuples(st.just("note"), st.integers(1, 3), st.sampled_from(PEOPLE), st.text(max_size=20)),
    st.tuples(st.just("category"), st.integers(1, 3), st.sampled_from(PEOPLE), st.integers(0, 2), st.booleans()),
)


def manifest(number: int = 0) -> dict[str, Any]:
    return MANIFEST | {"checkpoint": {"digest": f"{number:012}"}}


@pytest.fixture
def labels(database: str) -> Labels:
    return Labels(connect(database), MANIFEST)


def said(label: Label) -> tuple[str, str | None, tuple[str, ...], str]:
    return label.person, label.verdict, label.categories, label.note


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STEP, max_size=15))
def test_any_sequence_of_changes_gives_the_labels_of_a_dictionary(database: str, steps: list[tuple[Any, ...]]) -> None:
    number = next(NUMBERS)
    labels = Labels(connect(database), manifest(number) | {"file": {"sha256": f"{number:064}"}})
    names = ["tense", "词序", "name"]
    categories = [labels.add_category(name) for name in names]
    expected: dict[tuple[int, str], dict[str, Any]] = {}
    for kind, example, person, *more in steps:
        row = expected.setdefault((example, person), {"verdict": None, "note": "", "categories": set()})
        if kind == "category":
            labels.set_category(example, person, categories[more[0]], more[1])
            (row["categories"].add if more[1] else row["categories"].discard)(more[0])
        else:
            getattr(labels, f"set_{kind}")(example, person, *more)
            row[kind] = clean_text(more[0], 4000) if kind == "note" else more[0]
    kept = {key: row for key, row in expected.items() if any(row.values())}
    found = {(id, label.person): label for id, made in labels.all().items() for label in made}
    assert found.keys() == kept.keys()
    for key, row in kept.items():
        assert found[key].verdict == row["verdict"] and found[key].note == row["note"]
        assert found[key].categories == tuple(names[n] for n in sorted(row["categories"]))
    assert {id: labels.of_example(id) for id in labels.all()} == labels.all()
    assert set(labels.people()) == {person for _, person in kept}


def test_another_file_or_checkpoint_has_labels_of_its_own(labels: Labels) -> None:
    labels.set_verdict(1, "Ann", "wrong")
    other = Labels(labels.engine, MANIFEST | {"checkpoint": {"digest": "d"}})
    assert other.all() == {} and Labels(labels.engine, MANIFEST).all() == labels.all() != {}
    category = labels.add_category("tense")
    assert other.categories() == {category: "tense"}
    assert Labels(labels.engine, MANIFEST | {"file": {"sha256": "e"}}).categories() == {}


def test_two_tabs_of_one_person_do_not_overwrite_each_other(labels: Labels) -> None:
    second = Labels(labels.engine, MANIFEST)
    labels.set_verdict(1, "Ann", "wrong")
    second.set_note(1, "Ann", "the tense")
    labels.set_category(1, "Ann", labels.add_category("tense"), True)
    second.set_verdict(1, "Ann", "acceptable")
    assert [said(label) for label in labels.of_example(1)] == [("Ann", "acceptable", ("tense",), "the tense")]


def test_categories_are_renamed_and_deleted_with_their_marks(labels: Labels) -> None:
    tense, order = labels.add_category("tense"), labels.add_category("order")
    assert labels.add_category(" tense ") == tense
    labels.set_category(1, "Ann", tense, True)
    labels.set_category(1, "Ann", tense, True)
    labels.set_category(1, "Ann", order, True)
    assert labels.count_marks(tense) == 1
    labels.rename_category(tense, "时态")
    assert labels.of_example(1)[0].categories == ("时态", "order")
    with pytest.raises(UserError, match="already a category called order"):
        labels.rename_category(tense, "order")
    labels.remove_category(tense)
    assert labels.categories() == {order: "order"} and labels.of_example(1)[0].categories == ("order",)
    for change in (lambda: labels.rename_category(tense, "x"), lambda: labels.set_category(1, "Ann", tense, True)):
        with pytest.raises(UserError, match="deleted this category"):
            change()
    assert labels.add_category("new") not in (tense, order)


@pytest.mark.parametrize("name", ["", "  ", "\x00", "\ud800"])
def test_an_empty_name_is_refused(labels: Labels, name: str) -> None:
    with pytest.raises(UserError, match="name is empty"):
        labels.set_verdict(1, name, "wrong")
    with pytest.raises(UserError, match="name is empty"):
        labels.add_category(name)


def test_characters_that_a_database_refuses_are_left_out(labels: Labels) -> None:
    labels.set_note(1, "A\x00nn\ud800", "good\x00 \ud800work\r\n再看\x1b[2J" + "长" * 5000)
    (label,) = labels.of_example(1)
    assert (label.person, label.note[:17]) == ("Ann", "good work\n再看[2J长长")
    assert len(label.note) == 4000


def test_a_mask_is_that_of_a_loop_over_labels(labels: Labels) -> None:
    tense = labels.add_category("tense")
    labels.set_verdict(1, "Ann", "wrong")
    labels.set_verdict(1, "Bob", "right")
    labels.set_verdict(2, "Bob", "wrong")
    labels.set_category(2, "Ann", tense, True)
    labels.set_note(3, "Bob", "?")
    labels.set_verdict(4, "Ann", "right")
    labels.set_verdict(4, "Ann", None)
    ids = np.arange(6)
    expected: dict[LabelFilter, list[int]] = {
        LabelFilter(): [1, 2, 3],
        LabelFilter(person="Ann"): [1, 2],
        LabelFilter(verdict="wrong"): [1, 2],
        LabelFilter("Ann", "wrong"): [1],
        LabelFilter("Bob", "right"): [1],
        LabelFilter(category=tense): [2],
        LabelFilter("Bob", "", tense): [],
        LabelFilter(verdict="any"): [1, 2],
        LabelFilter(verdict="none"): [0, 3, 4, 5],
        LabelFilter("Ann", "none"): [0, 2, 3, 4, 5],
        LabelFilter("Ann", "none", tense): [2],
    }
    for asked, wanted in expected.items():
        assert ids[labels.mask(ids, asked)].tolist() == wanted, asked


def test_the_order_is_that_of_verdicts(labels: Labels) -> None:
    for example, person, verdict in (
        (1, "Ann", "wrong"),
        (1, "Bob", "right"),
        (2, "Ann", "right"),
        (5, "Bob", "wrong"),
    ):
        labels.set_verdict(example, person, verdict)
    labels.set_note(3, "Ann", "?")
    labels.set_note(4, "Ann", "?")
    labels.set_note(4, "Ann", "")  # taken back
    ids = np.array([0, 5, 4, 3, 2, 1])
    assert ids[labels.order(ids)].tolist() == [2, 5, 1, 3, 0, 4]
    assert ids[labels.order(ids, descending=True)].tolist() == [3, 5, 1, 2, 0, 4]
    assert ids[labels.order(ids, "Bob")].tolist() == [1, 5, 0, 4, 3, 2]
    assert labels.of_examples([1, 4, 9]) == {1: labels.of_example(1)} and labels.people() == ("Ann", "Bob")


def test_threads_that_write_at_once_lose_nothing(labels: Labels, database: str) -> None:
    category = labels.add_category("tense")

    def write(number: int) -> None:
        own = Labels(connect(database), MANIFEST)
        person, example = f"p{number % 5}", number // 5
        steps: list[Callable[[], None]] = [
            lambda: own.set_verdict(example, person, "wrong"),
            lambda: own.set_note(example, person, f"note {number}"),
            lambda: own.set_category(example, person, category, True),
        ]
        steps[number % 3]()
        steps[(number + 1) % 3]()
        steps[(number + 2) % 3]()
        own.set_verdict(1000, person, "right")  # one example by all
        own.set_note(1001, "shared", f"{number}")  # one row by all

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write, range(60)))
    found = labels.all()
    for number in range(60):
        label = next(label for label in found[number // 5] if label.person == f"p{number % 5}")
        assert said(label) == (f"p{number % 5}", "wrong", ("tense",), f"note {number}")
    assert [label.person for label in found[1000]] == [f"p{n}" for n in range(5)]
    assert found[1001][0].note in map(str, range(60))


def test_a_category_added_by_several_threads_is_one(labels: Labels) -> None:
    with ThreadPoolExecutor(8) as threads:
        assert len(set(threads.map(labels.add_category, ["词序"] * 16))) == 1


WRITER = """
import sys
from s2s.store.database import connect
from s2s.store.labels import Labels
labels = Labels(connect(sys.argv[1]), {"file": {"sha256": "f" * 64}, "checkpoint": {"digest": "c" * 12}})
for number in range(1_000_000):
    labels.set_note(number, "Ann", f"note {number}")
    print(number, flush=True)
"""


def test_labels_survive_a_killed_writer(labels: Labels, database: str) -> None:
    command = [sys.executable, "-c", WRITER, database]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout
        told = [int(writer.stdout.readline()) for _ in range(20)]
        os.kill(writer.pid, signal.SIGKILL)
        told += [int(line) for line in writer.stdout.read().split("\n")[:-1]]
    found = labels.all()
    assert all(found[number][0].note == f"note {number}" for number in told)
    assert len(found) - len(told) in (0, 1)  # one may have been written and not told
    labels.set_verdict(0, "Ann", "wrong")
    assert labels.of_example(0)[0].verdict == "wrong"
