"""``--slice`` of ``inspect``, ``compare``, ``report`` and ``labels export``, by its name and by its conditions."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from s2s.inspect.query import Query, Search
from s2s.inspect.slice import Slice
from s2s.inspect.summary import summary
from s2s.inspect.table import Examples
from s2s.store.database import connect
from s2s.store.label import LabelFilter
from s2s.store.labels import Labels
from s2s.store.slices import Slices
from tests.commands.test_commands import inside
from tests.factory import make_checkpoint
from tests.inspect.test_summary import inspected

ROWS = (
    "source\ttarget\tdomain\n我喜欢苹果。\tI like apples.\tnews\n"
    "你喝水？\tdo you drink water?\ttalk\n他喝茶。\the drink tea.\ttalk\n"
)
TALK = Query(extra={"domain": "talk"}, sort="nll")


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Inspections ``a`` and ``b`` of one file, of which a slice is saved, and one of the slice's rows alone."""
    place = tmp_path_factory.mktemp("slices")
    models = {"a": make_checkpoint(place, "general", scale=0.7), "b": make_checkpoint(place, "additive", scale=0.7)}
    (place / "pairs.tsv").write_text(ROWS, encoding="utf-8")
    for name, model in models.items():
        inspected(place, name, model)
    manifest = Examples(place / "a").manifest
    Slices(connect(url(place)), manifest).add("对话", Slice(TALK).pack())
    Labels(connect(url(place)), manifest).set_verdict(3, "Ann", "wrong")
    lines = ROWS.splitlines(keepends=True)
    (place / "pairs.tsv").write_text("".join([lines[0], *lines[2:]]), encoding="utf-8")
    for name, model in models.items():
        inspected(place, f"{name}-alone", model)
    (place / "pairs.tsv").write_text(ROWS, encoding="utf-8")
    return place


def url(place: Path) -> str:
    return f"sqlite:///{place}/labels.sqlite"


def test_a_summary_is_that_of_the_rows_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = ("inspect", place / "tiny-general", place / "pairs.tsv", "--out", place / "a", "--database", url(place))
    status, out, err = inside(capsys, *line, "--slice", "对话", "--json", "-")
    assert (status, err) == (0, "")
    made = json.loads(out)
    assert (made["examples"], made["of"], made["slice"]) == (2, 3, {"extra": {"domain": "talk"}})
    alone = inside(capsys, "inspect", place / "tiny-general", place / "pairs.tsv", "--out", place / "a", "--json", "-")
    whole = json.loads(alone[1])
    wanted = json.loads(json.dumps(summary(Examples(place / "a-alone"))))
    for key in ("examples", "errors"):
        assert made[key] == wanted[key]
    for key in ("scores", "distributions"):  # batches of other sizes round other digits
        assert made[key] != whole[key] and list(made[key]) == list(wanted[key])
    for name, score in made["scores"].items():
        assert score == pytest.approx(wanted["scores"][name], rel=1e-5)
    assert made["baselines"]["rows"] == 2
    assert made["distributions"]["chrf"] == wanted["distributions"]["chrf"]
    status, out, _ = inside(capsys, *line, "--slice", '{"searches":[{"text":"apple"}]}')
    assert status == 0 and "of 3" in out


def test_a_comparison_is_that_of_the_rows_alone(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    more = ("--database", url(place), "--slice", "对话")
    made = json.loads(inside(capsys, "compare", place / "a", place / "b", "--json", "-", *more)[1])
    alone = json.loads(inside(capsys, "compare", place / "a-alone", place / "b-alone", "--json", "-")[1])
    assert made.pop("slice") == {"extra": {"domain": "talk"}} and made["examples"] == 2
    for key in set(made) - {"systems", "attention", "causes", "mechanisms"}:  # the last two are judged by the file
        assert made[key] == alone[key]
    for name, sides in made["attention"].items():
        assert sides == pytest.approx(alone["attention"][name], rel=1e-5)
    status, out, _ = inside(capsys, "compare", place / "a", place / "b", *more)
    assert status == 0 and out.startswith("Slice: 对话, 2 rows.\n")
    apart = '{"ranges":{"difference":[null,null]}}'
    assert inside(capsys, "compare", place / "a", place / "b", "--slice", apart)[0] == 0


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_report_and_an_export_have_the_rows_alone(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], lang: str
) -> None:
    page = tmp_path / "report.html"
    more = ("--database", url(place), "--slice", "对话")
    options = ("--html", page, "--compare", place / "b", "--per-cause", 0, "--lang", lang)
    assert inside(capsys, "report", place / "a", *options, *more)[0] == 0
    html = page.read_text(encoding="utf-8")
    told = {
        "zh": "只含文件的一部分：对话，3 个样本中的 2 个。",
        "en": "Only a part of the file: 对话, 2 of 3 examples.",
    }
    assert told[lang] in html and "domain: talk" in html
    assert inside(capsys, "labels", "export", place / "a", "--out", tmp_path / "rows.jsonl", *more)[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [(row["id"], row["extra"]) for row in rows] == [(2, {"domain": "talk"}), (3, {"domain": "talk"})]
    assert rows[1]["labels"][0]["person"] == "Ann"


def test_labels_are_part_of_a_slice(place: Path) -> None:
    examples = Examples(place / "a")
    wrong = Slice(Query(), LabelFilter(verdict="wrong"))
    assert Slice.unpack(wrong.pack()) == wrong
    assert wrong.rows(examples, url(place)).tolist() == [False, False, True]
    other = Slice(Query(searches=(Search("apple", negated=True),)), LabelFilter(verdict="wrong", negated=True))
    assert Slice.unpack(other.pack()) == other and other.rows(examples, url(place)).tolist() == [False, True, False]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("nobody saved it", "no slice called nobody saved it. Saved slices: 对话"),
        ('{"searches":[{"text":"(","how":"regex"}]}', "“(” is not a regular expression"),
        ('{"sort":"source"}', "is not a slice"),
        ('{"labels":{"verdict":"x"}}', "is not a slice"),
        ('{"labels":7}', "is not a slice"),
        ("{", "is not a slice"),
        ('{"searches":[{"text":"nowhere"}]}', "No example fits this slice"),
        ('{"ranges":{"difference":[0,null]}}', "a second one is needed"),
    ],
)
def test_what_is_no_slice_is_told_in_one_sentence(
    place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str, told: str
) -> None:
    more = ("--database", url(place), "--slice", text)
    status, out, err = inside(capsys, "report", place / "a", "--html", tmp_path / "report.html", *more)
    assert (status, out) == (2, "") and told in err and err.count("\n") == 1
    assert not (tmp_path / "report.html").exists()
