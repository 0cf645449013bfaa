"""Inspections of several heads of one model on the page, in both languages."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlparse

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from streamlit.testing.v1 import AppTest

pytest.importorskip("transformers", reason="Hugging Face models need: pip install -r requirements-extra.txt")

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.inspect.causes import TAGS
from s2s.inspect.table import Examples
from s2s.server import folders, inspections
from s2s.web.shell.foreign import quoted
from tests.model.huggingface.conftest import marian as marian
from tests.model.huggingface.random_models import SENTENCES
from tests.titles import contrasts_of, title_of
from tests.web.conftest import messages
from tests.web.inspection.test_page import component, ended, ids, lang, made, said
from tests.web.inspection.test_page import no_job_left as no_job_left
from tests.web.step_through.test_heads import shipped as shipped

Visit = Callable[..., AppTest]
__all__ = ["lang"]


@pytest.fixture
def file(places: Path) -> str:
    """In the data folder, a file of the model's own language."""
    pairs = itertools.pairwise(SENTENCES[:6])
    (places / "data" / "words.tsv").write_text("".join(f"{a}\t{b}\n" for a, b in pairs), encoding="utf-8")
    return "words.tsv"


def started(app: AppTest, file: str, lang: str) -> str:
    """Ask for the inspection of a file of the data folder, and wait for it."""
    app.radio(key=f"from-{lang}").set_value("path").run()
    app.text_input(key="inspect_path").set_value(file).run()
    app.button(key="inspect_start").click().run()
    assert not app.exception and messages(app) == []
    name = str(app.session_state["inspection"])
    if (running := inspections.find_running(name)) is not None:
        ended(running.job)
    return name


def test_a_head_can_be_chosen_in_the_form_and_opened_again(
    visit_inspection: Visit, shipped: Path, file: str, lang: str
) -> None:
    app = visit_inspection(lang=lang, model="tiny-marian", layer="1")
    assert app.selectbox(key=f"inspect_checkpoint-{lang}").value == "tiny-marian"  # that of the other pages
    assert app.selectbox(key=f"inspect_layer-{lang}").value == 1
    assert say("inspect.heads", lang) in said(app)
    app.selectbox(key=f"inspect_checkpoint-{lang}").set_value("tiny-general").run()
    assert not [box for box in app.selectbox if "inspect_head" in str(box.key)]
    app.selectbox(key=f"inspect_checkpoint-{lang}").set_value("tiny-marian").run()
    assert app.selectbox(key=f"inspect_layer-{lang}").value == 0
    app.selectbox(key=f"inspect_layer-{lang}").set_value(2).run()
    app.selectbox(key=f"inspect_head-{lang}").set_value(3).run()
    name = started(app, file, lang)
    app.run()
    examples = Examples(folders.INSPECTED / name)
    assert examples.manifest["checkpoint"]["name"] == "tiny-marian@2.3"
    assert any(
        f"{title_of(shipped / 'tiny-marian@2.3', lang)} · words.tsv" in str(option)
        for option in app.selectbox[0].options
    )
    row = examples.example(2)
    app = visit_inspection(lang=lang, inspection=name, row="2")
    assert not app.exception and messages(app) == [] and len(ids(app)) == 5
    lane = trace(load(shipped / "tiny-marian@2.3"), row["source"])
    shown = component(app, "player")["lanes"]["free"]
    np.testing.assert_allclose(shown["steps"][1]["attention"], lane.steps[1].attention, atol=1e-6)
    assert np.isclose(row["attention_last"], lane.attention_TS[:, -1].mean(), atol=1e-6)
    (address,) = [urlparse(one.proto.url).query for one in app.get("link_button")]
    opened = visit_inspection(**{key: value[0] for key, value in parse_qs(address).items()})
    assert [opened.session_state[key] for key in ("model", "layer", "head")] == ["tiny-marian", 2, 3]


def test_two_heads_of_a_model_differ_only_in_causes(
    visit_inspection: Visit, shipped: Path, file: str, lang: str
) -> None:
    names = []
    for model in ("tiny-marian@1.1", "tiny-marian@2.4"):
        wanted = inspections.InspectionRequest(model, file, file)
        names.append(inspections.submit_request(wanted))
        ended(inspections.start_inspection(names[-1], load(shipped / model)).job)
        inspections.forget_job(names[-1])
    if lang == "en":  # random weights have all the same causes
        path = folders.INSPECTED / names[1] / "examples.parquet"
        table = pq.read_table(path)
        flipped = pc.invert(table["cause_name"]).take([0, 1, 2]).combine_chunks()
        marks = pa.chunked_array([flipped, table["cause_name"].slice(3).combine_chunks()])
        pq.write_table(table.set_column(table.column_names.index("cause_name"), "cause_name", marks), path)
    first, second = (Examples(folders.INSPECTED / name) for name in names)
    rows = [[one.example(id) for id in range(1, 6)] for one in (first, second)]
    for a, b in zip(*rows, strict=True):
        assert (a["output"], a["nll"], a["chrf"]) == (b["output"], b["nll"], b["chrf"])
    apart = [a["id"] for a, b in zip(*rows, strict=True) if any(a[column] != b[column] for column in TAGS.values())]
    app = visit_inspection(lang=lang, inspection=names[0], against=names[1], row="1")
    assert not app.exception and messages(app) == []
    a, b = contrasts_of(shipped, ["tiny-marian@1.1", "tiny-marian@2.4"], lang)
    both = {"a": quoted(a), "b": quoted(b)}
    assert say("inspect.same_model", lang, score="chrF", **both) in said(app)
    assert "bootstrap" not in said(app) and "自助法" not in said(app)
    table = app.table[0].value
    entropy = say("inspect.mean_of", lang, measure=say("inspect.column.attention_entropy", lang))
    means = [f"{np.mean([row['attention_entropy'] for row in side]):.3f}" for side in rows]
    assert [list(row)[1:] for row in table.values.tolist() if row[0] == entropy] == [means]
    assert not [one for one in app.get("link_button") if one.proto.url.startswith("./compare")]
    if lang == "zh":
        assert not apart and say("inspect.same_causes", lang) in said(app)
        return
    button = app.button(key="inspect_other_causes")
    assert apart == [1, 2, 3] and button.label == say("inspect.other_causes", lang, count=3)
    counts = [str(sum(bool(row["cause_name"]) for row in side)) for side in rows]
    assert [list(row)[1:] for row in table.values.tolist() if row[0] == say("cause.name", lang)] == [counts]
    button.click().run()
    assert not app.exception and ids(app) == apart
    parts = said(app).split(say("inspect.causes_of", lang, checkpoint=both["b"]))
    marked = f"**{say('cause.name', lang)}** — "
    assert len(parts) == 2 and (marked in parts[0]) != (marked in parts[1])


def test_an_inspection_of_a_head_from_the_command_line_is_listed(
    visit_inspection: Visit, shipped: Path, file: str, lang: str
) -> None:
    name = made(shipped, "tiny-marian@1.2")
    (folders.INSPECTED / name).rename(folders.INSPECTED / "tiny-marian@1.2")
    (folders.INSPECTED / ".asked" / f"{name}.json").unlink()
    app = visit_inspection(lang=lang, inspection="tiny-marian@1.2")
    assert not app.exception and messages(app) == [] and len(ids(app)) == 9
