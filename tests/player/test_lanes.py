"""Lanes and the frame of a notebook: what belongs together, forks, what the page in the frame holds."""

from __future__ import annotations

import html
import re
from pathlib import Path

import numpy as np
import pytest

from s2s.api import LoadedCheckpoint, load
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError
from s2s.player import notebook
from s2s.player import page as export
from s2s.player.lanes import Lanes
from s2s.player.notebook import export_html, show
from s2s.trace.trace import Trace

TEXT, REFERENCE = "我喜欢喝茶。", "I like tea."


@pytest.fixture(scope="module")
def checkpoint(tiny_checkpoint: Path) -> LoadedCheckpoint:
    return load(tiny_checkpoint)


@pytest.fixture(scope="module")
def lanes(checkpoint: LoadedCheckpoint) -> Lanes:
    return checkpoint.lanes(TEXT, REFERENCE)


def arrays() -> Trace:
    return Trace.from_arrays(np.eye(2), ["你", "好"], ["hello", "<eos>"])


def test_a_checkpoint_traces_as_decode_does(checkpoint: LoadedCheckpoint, lanes: Lanes) -> None:
    assert checkpoint.trace(TEXT, REFERENCE) == lanes["free"] == trace(checkpoint, TEXT, REFERENCE)
    assert checkpoint.trace(TEXT, REFERENCE, mode="forced") == lanes["forced"]
    assert list(lanes) == ["forced", "free"] and list(checkpoint.lanes(TEXT)) == ["free"]
    beam = checkpoint.trace(TEXT, strategy="beam", beam=3, max_length=7)
    assert (beam.settings["strategy"], beam.settings["beam"], len(beam.steps) <= 7) == ("beam", 3, True)
    edited = checkpoint.trace(TEXT, attention={0: "uniform", 1: [0, 0, 1, 0, 0]}, max_length=4)
    assert len(set(edited.steps[0].attention.tolist())) == 1 and edited.steps[1].attention[2] == 1


def test_a_fork_is_what_the_same_prefix_gives(checkpoint: LoadedCheckpoint, lanes: Lanes) -> None:
    forked = lanes.fork(1, "apples").fork(2, attention="uniform", lane="b1", name="blind")
    assert list(lanes) == ["forced", "free"] and list(forked) == ["forced", "free", "b1", "b2"]
    first = [lanes["free"].steps[0].output, "apples"]
    assert forked["b1"] == trace(checkpoint, TEXT, REFERENCE, prefix=first)
    assert forked["b2"].prefix == 2 and forked["b2"].steps[2].own_attention is not None
    own = checkpoint.lanes(["我", "喝", "茶"]).fork(0, "you")
    assert own["b1"] == trace(checkpoint, ["我", "喝", "茶"], prefix=["you"])
    heads = [(row["name"], row["parent"], row["shared"]) for row in forked.rows()]
    assert heads == [("apples", "free", 1), ("blind", "b1", 2)]


def test_a_fork_that_cannot_be_is_a_sentence(lanes: Lanes) -> None:
    for key, call in {
        "prefix_token": lambda: lanes.fork(1, "zebra"),
        "word_empty": lambda: lanes.fork(1),
        "step_missing": lambda: lanes.fork(99, "tea"),
        "lane_missing": lambda: lanes.fork(1, "tea", lane="b7"),
        "lanes_no_model": lambda: Lanes.of(arrays()).fork(0, "tea"),
        "edit_length": lambda: lanes.fork(1, attention=[0.5, 0.5]),
    }.items():
        with pytest.raises(UserError) as caught:
            call()
        assert caught.value.key == f"error.{key}"


def test_what_does_not_belong_together_is_refused(lanes: Lanes) -> None:
    for key, given in {"lanes_empty": (), "export_other_source": (lanes["forced"], arrays())}.items():
        with pytest.raises(UserError) as caught:
            Lanes.of(*given)
        assert caught.value.key == f"error.{key}"
    with pytest.raises(UserError, match="not str"):
        show("a text")  # type: ignore[arg-type]
    with pytest.raises(UserError, match="language"):
        show(arrays(), "fr")


def srcdoc(output: str) -> str:
    found = re.search(r'srcdoc="([^"]*)"', output)
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_frame_holds_the_page_with_all_lanes(lanes: Lanes, language: str) -> None:
    forked = lanes.fork(1, "apples")
    output = show(forked, language)._repr_html_()
    page = srcdoc(output)
    assert export.read_lanes(page) == forked.own
    assert page == export.render(forked.own, language, 16, forked.rows(), framed=True)
    assert f'<html lang="{language}" data-framed>' in page
    sandbox = re.search(r'sandbox="([^"]*)"', output)
    assert sandbox and "allow-same-origin" not in sandbox[1]
    assert not re.findall(r"https?://(?!www\.w3\.org/2000/svg)", output)
    assert len(output) < 300_000


def test_a_hostile_title_stays_a_title() -> None:
    text = "\"><script>alert(1)</script>'"
    bad = Trace.from_arrays([[1.0]], [text], [text], name=text)
    output = show(bad, "en")._repr_html_()
    assert output.count("<script>") == 1 and output.count("<iframe") == 1
    assert export.read_lanes(srcdoc(output)) == {"free": bad}


def test_a_trace_shows_itself_and_the_language_is_the_locales(monkeypatch: pytest.MonkeyPatch) -> None:
    for value, language in (("zh_CN.UTF-8", "zh"), ("de_DE.UTF-8", "en"), ("", "en")):
        for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("LANG", value)
        assert notebook.locale_language() == language
        assert arrays()._repr_html_() == show(arrays(), language)._repr_html_() == Lanes.of(arrays())._repr_html_()


def test_a_height_that_is_given_stays() -> None:
    assert (show(arrays(), "en", 444).height, show(arrays(), "en", 444).fixed) == (444, True)
    assert not show(arrays(), "en").fixed


def test_a_page_is_written_whole_and_opens_in_its_language(lanes: Lanes, tmp_path: Path) -> None:
    path = export_html(lanes, tmp_path / "page.html", "zh")
    assert path.read_text(encoding="utf-8") == export.render(lanes.own, "zh", 16)
    with pytest.raises(UserError):
        export_html(lanes, tmp_path / "none" / "page.html")
