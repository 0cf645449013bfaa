"""Saved runs: files of the player, files of another program, and files without a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from s2s.player import page
from s2s.trace.trace import Trace
from s2s.web.checkpoints import saved
from tests.web.conftest import player_data

Visit = Callable[..., AppTest]
WORDS = re.compile("[A-Za-z]{3,}")
OURS = "UTF JSON lookback trace schema lanes mode free forced"  # what a Chinese reason may call by its own name
TEXT, REFERENCE = "我喜欢喝茶。", "I like tea ."


@pytest.fixture(scope="module")
def lanes(tiny_checkpoint: Path) -> dict[str, Trace]:
    checkpoint = load(tiny_checkpoint)
    return {mode: trace(checkpoint, TEXT, REFERENCE, mode) for mode in ("free", "forced")}


def has_player(app: AppTest) -> bool:
    """Whether the page shows a player."""
    return any(part.proto.component_name == "lookback_player" for part in app.get("bidi_component"))


def give(app: AppTest, *files: tuple[str, str | bytes]) -> AppTest:
    contents = [(name, text.encode() if isinstance(text, str) else text, "text/plain") for name, text in files]
    app.file_uploader(key="saved_files").set_value(contents)
    app.run()
    assert not app.exception
    return app


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_saved_run_is_shown_again(visit_page: Visit, lanes: dict[str, Trace], lang: str) -> None:
    app = visit_page("checkpoints", lang=lang)
    both = {name: lane.to_dict() for name, lane in lanes.items()}
    give(app, *((f"{name}.json", "\ufeff" + lane.to_json()) for name, lane in lanes.items()))
    data = player_data(app)
    assert data["lanes"] == both and data["page"] is None and data["link"] is None
    give(app, ("page.html", page.render(lanes, lang)))
    assert player_data(app)["lanes"] == both
    arrays = Trace.from_arrays([[0.2, 0.8], [1, 0]], ["▁a", "b"], ["c", "d"])
    give(app, ("mine.json", arrays.to_json()))
    data = player_data(app)
    assert data["lanes"] == {"free": arrays.to_dict(), "forced": None}
    assert data["words"] == {"labels": ["ab"], "spans": [[0, 2]]}


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_file_without_a_run_gets_a_message(visit_page: Visit, lanes: dict[str, Trace], lang: str) -> None:
    app, free = visit_page("checkpoints", lang=lang), lanes["free"].to_json()
    broken = {
        "binary.json": b"\x80\x04\x95pickle",
        "other.json": "{}",
        "deep.json": "[" * 100_000,
        "cut.json": free[: len(free) // 2],
        "digits.json": '{"schema": ' + "9" * 5_000 + "}",
        "surrogate.json": free.replace("茶", "\\ud800", 1),
        "texts.json": free.replace('"free"', '["free"]', 1),
        "infinite.json": free.replace('"rank": 1', '"rank": 1, "log_prob": Infinity', 1),
        "page.html": "<html><script>alert(1)</script></html>",
    }
    for name, text in broken.items():
        give(app, (name, text))
        (error,) = app.error
        assert error.value.startswith(say("error.saved_no_trace", lang, file=name, reason="").partition(name)[0] + name)
        own = say(
            "error.saved_no_trace", lang, file=name, reason="UTF JSON lookback trace schema lanes mode free forced"
        )
        assert lang == "en" or set(WORDS.findall(error.value)) <= set(WORDS.findall(own)), error.value
        assert not re.search("Traceback|codec|sys|limit|float|NoneType|object at", error.value)
    give(app, ("good.json", free), ("cut.json", broken["cut.json"]))
    assert ["cut.json" in error.value for error in app.error] == [True]
    give(app, ("other.json", "{}"), ("deep.json", broken["deep.json"]))
    assert [name in error.value for name, error in zip(("other", "deep"), app.error, strict=True)] == [True, True]
    assert "recursion" not in "".join(error.value for error in app.error)
    for files, key in (
        ([("a.json", free)] * (saved.MAX_FILES + 1), "error.saved_many"),
        ([("a.json", free), ("b.json", free)], "error.export_same_lane"),
    ):
        give(app, *files)
        assert [error.value for error in app.error] == [say(key, lang, limit=saved.MAX_FILES, lane="free")]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_a_refused_file_takes_no_room_from_the_runs(visit_page: Visit, lanes: dict[str, Trace], lang: str) -> None:
    """Whatever was refused before, two runs are shown, and the refused ones are still named."""
    app, bad = visit_page("checkpoints", lang=lang), [(f"bad{n}.json", "{}") for n in range(3)]
    free, forced = ((f"{name}.json", lane.to_json()) for name, lane in lanes.items())
    give(app, *bad)
    assert len(app.error) == 3 and not has_player(app)
    give(app, *bad, free)
    assert player_data(app)["lanes"] == {"free": lanes["free"].to_dict(), "forced": None}
    give(app, bad[0], free, *bad[1:], forced)
    assert player_data(app)["lanes"] == {name: lane.to_dict() for name, lane in lanes.items()}
    assert [f"bad{n}.json" in box.value for n, box in enumerate(app.error)] == [True] * 3
    give(app, *bad, free, forced, free)
    many = say("error.saved_many", lang, limit=saved.MAX_FILES)
    assert [box.value for box in app.error][-1] == many and not has_player(app)
