"""``labels export`` and ``report --compare`` as a user runs them, on two inspections with labels."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from s2s.inspect.table import Examples
from s2s.store.database import connect
from s2s.store.labels import Labels
from tests.commands.test_commands import inside
from tests.factory import make_checkpoint
from tests.inspect.test_summary import inspected


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inspections ``a`` and ``b`` of one file by two checkpoints; of a row of ``a`` two people said something."""
    place = tmp_path_factory.mktemp("labelled")
    rows = "我喜欢苹果。\tI like apples.\n你喝水？\t-do you drink water?\n他喝茶。\the drink tea.\n"
    (place / "pairs.tsv").write_text(rows, encoding="utf-8")
    for name, attention in (("a", "general"), ("b", "additive")):
        examples = inspected(place, name, make_checkpoint(place, attention, scale=0.7))
        if name == "a":
            labels = Labels(connect(url(place)), examples.manifest)
            labels.set_verdict(2, "Ann", "wrong")
            labels.set_note(2, "李雷", "=再看")
    return place


def url(place: Path) -> str:
    return f"sqlite:///{place}/labels.sqlite"


def test_export_writes_rows_with_labels(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for form, count in (("csv", 3), ("jsonl", 1), ("parquet", 1)):
        path, only = tmp_path / f"rows.{form}", () if count == 3 else ("--only-labelled",)
        done = inside(capsys, "labels", "export", place / "a", "--out", path, "--database", url(place), *only)
        assert done == (0, "", f"Wrote {path}: {'3 rows' if count == 3 else '1 row'}, 1 with a label.\n")
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert (rows[1]["verdict (Ann)"], rows[1]["note (李雷)"], rows[0]["verdict (Ann)"]) == ("wrong", "'=再看", "")
    row = json.loads((tmp_path / "rows.jsonl").read_text(encoding="utf-8"))
    assert [(label["person"], label["note"]) for label in row["labels"]] == [("Ann", ""), ("李雷", "=再看")]
    assert pq.read_table(tmp_path / "rows.parquet").to_pylist(maps_as_pydicts="strict") == [row]
    made = inside(capsys, "inspect", place / "tiny-general", tmp_path / "rows.csv", "--target-column", "reference",
                  "--out", tmp_path / "again", "--json", "-")  # fmt: skip
    assert made[0] == 0 and Examples(tmp_path / "again").example(2)["reference"] == "-do you drink water?"


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_of_two_reads_both(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str) -> None:
    page = tmp_path / "report.html"
    options = ("--compare", place / "b", "--html", page, "--lang", lang, "--examples", "2,1", "--database", url(place))
    done = inside(capsys, "report", place / "a", "--checkpoint", place / "tiny-general", *options)
    assert done == (0, "", f"Wrote {page}.\n")
    text = page.read_text(encoding="utf-8")
    for named in ("tiny-general", "tiny-additive", "Ann", "李雷", "=再看", "-do you drink water?", 'class="cell"'):
        assert named in text, named
    assert "<script" not in text and "http" not in text.replace("http-equiv", "").replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("labels", "export", "a", "--out", "rows.xlsx"), "must end in"),
        (("labels", "export", "none", "--out", "rows.csv"), "not an inspection"),
        (("labels", "export", "a"), "--out"),
        (("labels",), "ACTION"),
        (("report", "a", "--html", "-", "--examples", "9"), "no example 9"),
        (("report", "a", "--html", "-", "--examples", "1,x"), "--examples"),
        (("report", "a", "--html", "-", "--compare", "none"), "not an inspection"),
        (("report", "a", "--html", "-", "--compare", "c"), "file"),
        (("report", "a", "--html", "-", "--checkpoint", "tiny-additive"), "tiny-additive"),
    ],
)
def test_a_mistake_is_one_line(
    place: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    arguments: tuple[str, ...],
    named: str,
) -> None:
    monkeypatch.chdir(place)
    if "c" in arguments and not (place / "c").exists():
        (place / "other.tsv").write_text("茶\ttea\n", encoding="utf-8")
        assert inside(capsys, "inspect", place / "tiny-general", place / "other.tsv", "--out", place / "c")[0] == 0
    status, out, err = inside(capsys, *arguments)
    assert (status, out, err.count("\n")) == (2, "", 1) and named in err
    assert not list(place.glob("rows.*"))
