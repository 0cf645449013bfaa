"""An exported page: what stands in it, that it holds whatever its texts are, and that it is read back."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from s2s.__main__ import main
from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import LANGUAGES, UserError, sentences
from s2s.player import page as export
from s2s.player import payload
from s2s.trace.branch import Branch
from s2s.trace.trace import Trace
from tests.factory import make_checkpoint
from tests.paths import ROOT

TEXT, REFERENCE = "我喜欢苹果。", "I like apples."
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "\"'&amp;<img src=x onerror=alert(1)>",
    "$script ${lanes} $$",
    "\u2028\u2029\u0000\u0085\ufeff\ud800",
]


class Elements(HTMLParser):
    """Every element with its attributes and its text, as a browser's parser takes them apart."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open = False
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs), []))
        self.open = True

    def handle_endtag(self, tag: str) -> None:
        self.open = False

    def handle_data(self, data: str) -> None:
        if self.open:
            self.found[-1][2].append(data)

    def texts(self, tag: str, **attributes: str) -> list[str]:
        return ["".join(text) for name, own, text in self.found if name == tag and attributes.items() <= own.items()]


def lanes_of(directory: Path, text: str = TEXT, reference: str = REFERENCE) -> dict[str, Trace]:
    checkpoint = load(directory)
    return {mode: trace(checkpoint, text, reference, mode) for mode in ("free", "forced")}


@pytest.fixture(scope="module")
def lanes(tiny_checkpoint: Path) -> dict[str, Trace]:
    return lanes_of(tiny_checkpoint)


@pytest.fixture
def saved(lanes: dict[str, Trace], tmp_path: Path) -> dict[str, Path]:
    for mode, lane in lanes.items():
        (tmp_path / f"{mode}.json").write_text(lane.to_json(), encoding="utf-8")
    return {mode: tmp_path / f"{mode}.json" for mode in lanes}


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    try:
        status = main(["export", *map(str, arguments)])
    except SystemExit as stop:
        status = int(stop.code or 0)
    return status, *capsys.readouterr()


def test_the_command_writes_both_lanes_and_reads_them_back(
    saved: dict[str, Path], lanes: dict[str, Trace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = tmp_path / "page.html"
    assert run(capsys, *saved.values(), "--html", page) == (0, "", f"Wrote {page}.\n")
    assert export.read_lanes(page.read_text(encoding="utf-8")) == lanes
    again = run(capsys, page, "--html", "-")
    assert again == (0, page.read_text(encoding="utf-8"), "")


@pytest.mark.parametrize("mode", ["free", "forced"])
def test_one_lane_is_a_page_as_well(
    saved: dict[str, Path], lanes: dict[str, Trace], capsys: pytest.CaptureFixture[str], mode: str
) -> None:
    status, out, _ = run(capsys, saved[mode], "--html", "-")
    assert status == 0 and export.read_lanes(out) == {mode: lanes[mode]}


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_page_says_what_it_shows_in_its_language(lanes: dict[str, Trace], lang: str) -> None:
    found = Elements(export.render(lanes, lang))
    assert ("html", {"lang": lang}) in [(tag, own) for tag, own, _ in found.found]
    assert found.texts("title")[0].startswith(TEXT)
    shown = {name: found.texts("dd", **{"class": name})[0] for name in ("text", "output", "reference", "model")}
    free = lanes["free"]
    assert (shown["text"], shown["output"], shown["reference"]) == (TEXT, free.text, REFERENCE)
    assert shown["model"].startswith(free.checkpoint["name"])
    assert found.texts("code") == [free.checkpoint["digest"]]
    labels = [found.texts("dt", **{"data-say": name})[0] for name in shown]
    assert labels == [sentences(lang)[f"export.{name}"] for name in shown]


def test_every_word_that_the_page_asks_for_is_there_in_both_languages(lanes: dict[str, Trace]) -> None:
    found = Elements(export.render(lanes, "en"))
    stored = json.loads(found.texts("script", id="lookback-page")[0])["strings"]
    asked = {own[name] for _, own, _ in found.found for name in ("data-say", "data-name") if name in own}
    used = set(re.findall(r"strings\.(\w+)", payload.script("page.js"))) - {"forced", "free"}
    used = {name for name in used if not name.startswith(("evidence_", "predict_"))}  # only with a model
    for lang in LANGUAGES:
        assert asked <= stored[lang]["page"].keys()
        assert used <= stored[lang]["player"].keys()


def test_nothing_is_asked_for_from_outside_and_only_what_stands_inside_may_run(lanes: dict[str, Trace]) -> None:
    page = export.render(lanes, "zh")
    found = Elements(page)
    policy = next(own["content"] for tag, own, _ in found.found if own.get("http-equiv") == "Content-Security-Policy")
    assert policy and policy.startswith("default-src 'none'; ") and "unsafe" not in policy
    digest = lambda text: f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"  # noqa: E731
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["script-src"] == digest(found.texts("script", type="module")[0])
    assert rules["style-src"].split() == [digest(text) for text in found.texts("style")]
    links = [own[name] for _, own, _ in found.found for name in ("src", "href") if name in own]
    assert links == ["data:,"]
    assert not [tag for tag, own, _ in found.found if "style" in own or any(name.startswith("on") for name in own)]
    assert re.findall(r"https?://[\w./]+", page) in (["http://www.w3.org/2000/svg"] * n for n in range(1, 9))


def with_text(lanes: dict[str, Trace], text: str) -> dict[str, Trace]:
    """The lanes with this text wherever a user's or a checkpoint's text can stand."""
    changed = {}
    for mode, lane in lanes.items():
        steps = tuple(
            replace(step, input=text if t else step.input, output=text, top=(replace(step.top[0], token=text),))
            for t, step in enumerate(lane.steps)
        )
        tokens = tuple(text for _ in lane.source_tokens)
        model = {"name": text, "attention": text, "digest": text}
        places: dict[str, Any] = {"source_text": text, "source_tokens": tokens, "text": text, "reference": text}
        changed[mode] = replace(lane, **places, steps=steps, checkpoint=model)
    return changed


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_hostile_text_is_text(lanes: dict[str, Trace], text: str, lang: str) -> None:
    plain, hostile = Elements(export.render(lanes, lang)), Elements(export.render(with_text(lanes, text), lang))
    assert [tag for tag, _, _ in hostile.found] == [tag for tag, _, _ in plain.found]
    assert hostile.texts("script", type="module") == plain.texts("script", type="module")
    assert export.read_lanes(export.render(with_text(lanes, text), lang)) == with_text(lanes, text)


@example("</script>")
@example("<!--<script>")
@given(st.text(st.characters() | st.sampled_from("<>/!-&\"'$\\\u2028script"), max_size=60))
def test_any_text_comes_back_from_html_as_it_was(text: str) -> None:
    page = f'<p>a</p><script type="application/json" id="x">{export.embedded({"text": text})}</script><p>b</p>'
    found = Elements(page)
    assert [tag for tag, _, _ in found.found] == ["p", "script", "p"]
    assert json.loads(found.texts("script", id="x")[0]) == {"text": text}
    assert "<" not in export.embedded(text) and export.embedded(text).isascii()


NASTY: list[Any] = [None, True, -1, 0.5, 1e999, float("nan"), 10**400, "", "<x>", "\ud800", [], [1], ["a"], [[]], {}]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, item in inner for place in places(item, (*path, key)))]


@settings(max_examples=150)
@given(st.data())
def test_a_trace_with_any_one_value_changed_is_shown_or_refused(lanes: dict[str, Trace], data: st.DataObject) -> None:
    broken = lanes["forced"].to_dict()
    *way, last = data.draw(st.sampled_from(places(broken)[1:]))
    at: Any = broken
    for key in way:
        at = at[key]
    at[last] = data.draw(st.sampled_from(NASTY))
    try:
        found = export.read_lanes(json.dumps(broken))
    except ValueError:
        return
    assert export.read_lanes(export.render(found, "en")) == found


@pytest.mark.parametrize(
    "content",
    [b"", b"{}", b"[1, 2]", b"<html><p>no lanes</p>", b"\xff\xfe", b"[" * 100_000, b'{"schema": "lookback-trace/1"}'],
)
def test_what_is_no_trace_is_one_sentence(content: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.json"
    path.write_bytes(content)
    status, out, err = run(capsys, path, "--html", tmp_path / "x.html")
    assert (status, out, err.count("\n")) == (2, "", 1) and str(path) in err
    assert not (tmp_path / "x.html").exists()


def test_a_page_with_broken_lanes_is_one_sentence(
    lanes: dict[str, Trace], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page, path = export.render(lanes, "en"), tmp_path / "x.html"
    before, after = re.split(r'(?<=id="lookback-lanes">).*?(?=</script>)', page)
    for lane in ("null", '{"free":null}', '{"free":{}}', "{", "[]", "[" * 100_000):
        path.write_text(before + lane + after)
        status, _, err = run(capsys, path, "--html", "-")
        assert (status, err.count("\n")) == (2, 1), lane


def test_a_missing_or_huge_file_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    status, _, err = run(capsys, tmp_path / "none.json", "--html", "-")
    assert status == 2 and err.endswith("Check the path.\n")
    monkeypatch.setattr("s2s.commands.export.LIMIT", 0)
    (tmp_path / "a.json").write_text("{}")
    status, _, err = run(capsys, tmp_path / "a.json", "--html", "-")
    assert status == 2 and "larger than the limit of 0 MB" in err


def test_lanes_that_do_not_belong_together_are_refused(lanes: dict[str, Trace]) -> None:
    free, forced = lanes["free"], lanes["forced"]
    for other, key in [
        (replace(free), "export_same_lane"),
        (replace(forced, source_text="别的话"), "export_other_source"),
        (replace(forced, checkpoint={**forced.checkpoint, "digest": "0"}), "export_other_model"),
        (replace(forced, reference="You .", reference_tokens=("You", ".")), "export_other_reference"),
    ]:
        with pytest.raises(UserError) as caught:
            export.merge_lanes([{free.mode: free}, {other.mode: other}])
        assert caught.value.key == f"error.{key}"


def test_a_free_lane_without_a_reference_goes_with_a_forced_one(tiny_checkpoint: Path, lanes: dict[str, Trace]) -> None:
    alone = trace(load(tiny_checkpoint), TEXT)
    found = export.merge_lanes([{"free": alone}, {"forced": lanes["forced"]}])
    assert Elements(export.render(found, "en")).texts("dd", **{"class": "reference"}) == [REFERENCE]


LONG = {  # thirty words a side
    "zh-en-luong": (
        "昨天下午我和我的朋友在学校旁边的书店里买了三本很有意思的书，然后我们一起去公园里喝茶，看了很久的花。",
        "Yesterday afternoon my friend and I bought three very interesting books in the bookstore near the school , "
        "and then we went to the park together , drank tea and looked at the flowers .",
    ),
    "tiny": ("我不喜欢喝茶，你喜欢喝水。" * 4, "I do n't like tea , you like water ." * 4),
}


@pytest.mark.parametrize("name", LONG)
def test_a_page_of_thirty_words_is_small(name: str, tmp_path: Path) -> None:
    directory = make_checkpoint(tmp_path) if name == "tiny" else ROOT / "checkpoints" / name
    lanes = lanes_of(directory, *LONG[name])
    assert all(len(lane.source_tokens) >= 28 for lane in lanes.values()) and len(lanes["forced"].steps) >= 30
    assert len(export.render(lanes, "zh").encode()) < 350_000
    assert len(export.render({"free": lanes["free"]}, "zh").encode()) < 260_000


def test_the_script_can_stand_in_html() -> None:
    script = (payload.script() + payload.script("page.js")).lower()
    assert "</script" not in script and "<!--" not in script


def test_a_page_holds_the_branches_of_a_long_sentence_within_its_size() -> None:
    checkpoint = load(ROOT / "checkpoints" / "zh-en-luong")
    text = "我妹妹昨天没来上学，因为她病了，所以我们今天下午要去看她，还给她带了一本很有意思的新书和很多水果。"
    free = trace(checkpoint, text)
    assert 25 <= len(free.source_tokens) <= 35
    words = [step.output for step in free.steps]
    rows = []
    for n, t in enumerate((2, 5, 8), start=1):
        branch = Branch(f"b{n}", "fork", "free", t, (*words[:t], free.steps[t].top[1].token))
        rows.append(payload.branch_row(branch, trace(checkpoint, text, prefix=branch.prefix), free))
    page = export.render({"free": free}, "zh", 100, rows)
    stored = json.loads(Elements(page).texts("script", id="lookback-page")[0])
    assert stored["branches"] == json.loads(json.dumps(rows))
    assert len(page.encode()) < 370_000 and export.read_lanes(page)["free"] == free


def test_a_trace_of_arrays_is_a_page_as_well(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    own = Trace.from_arrays([[1.0, 0.0], [0.25, 0.75]], ["你", "好"], ["hello", "<eos>"], name="by hand")
    (tmp_path / "own.json").write_text(own.to_json(), encoding="utf-8")
    status, out, _ = run(capsys, tmp_path / "own.json", "--html", "-")
    assert status == 0 and export.read_lanes(out) == {"free": own}
    assert Elements(out).texts("span", **{"data-say": "kind"}) == [sentences("en")["card.kind.given"]]
