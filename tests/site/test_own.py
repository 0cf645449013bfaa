"""A visitor's own checkpoint, dropped or chosen: it is read in the browser; what is broken is said in a sentence."""

from __future__ import annotations

import base64
import io
import json
import re
import shutil
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from s2s.checkpoint.open import load
from s2s.decode.decode import trace
from s2s.errors import say
from tests.paths import SHIPPED
from tests.site.conftest import Come
from tests.site.test_pages import run

NEEDED = ("config.json", "vocab.json", "model.safetensors")
DROP = """async ([name, data]) => {
    const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
    const dropped = new DataTransfer();
    dropped.items.add(new File([bytes], name));
    document.querySelector("main").dispatchEvent(
        new DragEvent("drop", { dataTransfer: dropped, bubbles: true, cancelable: true }));
}"""


SENTENCE = re.compile(r"^[A-Z].{10,}\.$", re.DOTALL)


def files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in NEEDED}


def zipped(contents: Mapping[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return out.getvalue()


def choose(page: Page, data: bytes, name: str = "mine.zip") -> None:
    page.locator("input[accept='.zip']").set_input_files({"name": name, "mimeType": "application/zip", "buffer": data})


@pytest.fixture
def front(come: Come) -> Page:
    page = come()
    page.locator(".drop").wait_for()
    return page


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED])
def test_a_zip_is_opened_and_decodes(front: Page, method: int) -> None:
    choose(front, zipped({f"runs/my dates/{name}": data for name, data in files(SHIPPED / "date").items()}, method))
    front.locator(".player").wait_for()
    run(front, "5 March 1999")
    expected = trace(load(SHIPPED / "date"), "5 March 1999").text
    expect(front.locator(".player .output")).to_contain_text(expected)
    expect(front.locator(".choice select").first.locator("option").last).to_have_text("my dates")
    front.get_by_role("link", name=say("page.lesson", "en"), exact=True).click()
    expect(front.locator(".network .step").first).to_be_visible()


def test_a_directory_is_opened_and_decodes(front: Page, tmp_path: Path, tiny_checkpoint: Path) -> None:
    folder = tmp_path / "tiny"
    folder.mkdir()
    for name in NEEDED:
        shutil.copy(tiny_checkpoint / name, folder)
    front.locator("input[webkitdirectory]").set_input_files(folder)
    front.locator("form").wait_for()  # it has no example to begin with
    text = "我喜欢喝茶。"
    run(front, text)
    expect(front.locator(".player .output")).to_contain_text(trace(load(tiny_checkpoint), text).text)


def test_what_is_dropped_on_the_page_is_read(front: Page) -> None:
    front.evaluate(DROP, ["dates.zip", base64.b64encode(zipped(files(SHIPPED / "date"))).decode()])
    front.locator(".player").wait_for()
    expect(front.locator(".choice select").first).to_have_value("dates")


GOOD = files(SHIPPED / "date")
CONFIG = json.loads(GOOD["config.json"])
WHOLE = zipped(GOOD)


def without(name: str) -> bytes:
    return zipped({other: data for other, data in GOOD.items() if other != name})


def changed(**own: bytes) -> bytes:
    named = {f"{name}.{'safetensors' if name == 'model' else 'json'}": data for name, data in own.items()}
    return zipped(GOOD | named)


def configured(**own: Any) -> bytes:
    """With other values in tables of the config, or in place of one."""
    tables = {key: CONFIG[key] | value if isinstance(value, dict) else value for key, value in own.items()}
    return changed(config=json.dumps(CONFIG | tables).encode())


def damaged() -> bytes:
    middle = len(WHOLE) // 2
    return WHOLE[:middle] + bytes(64) + WHOLE[middle + 64 :]


def declared(size: int) -> bytes:
    """A zip whose directory says that each file has another size."""
    data = bytearray(WHOLE)
    at = data.find(b"PK\x01\x02")
    while at >= 0:
        data[at + 24 : at + 28] = size.to_bytes(4, "little")
        at = data.find(b"PK\x01\x02", at + 4)
    return bytes(data)


BROKEN = {
    "nothing": (b"", ("site_zip", {})),
    "a text": (b"hello" * 100, ("site_zip", {})),
    "half": (WHOLE[: len(WHOLE) // 2], ("site_zip", {})),
    "damaged": (damaged(), ("site_zip", {})),
    "other sizes": (declared(10), ("site_zip", {})),
    "no weights": (without("model.safetensors"), ("site_files", {"missing": "model.safetensors"})),
    "no files": (zipped({"readme.txt": b"hello"}), ("site_files", {"missing": ", ".join(NEEDED)})),
    "no json": (changed(config=b"{"), ("site_json", {"name": "config.json"})),
    "no utf-8": (changed(vocab=b"\xff\xfe{}"), ("site_json", {"name": "vocab.json"})),
}
STRANGE = {  # whatever the network says of them, it is one sentence, and the page goes on
    "another schema": configured(schema="<img src=x>"),
    "a list": changed(config=b"[]"),
    "null": changed(config=b"null", vocab=b"null"),
    "no vocabulary": changed(vocab=b"{}"),
    "no weights inside": changed(model=b""),
    "random weights": changed(model=bytes(range(256)) * 40),
    "huge header": changed(model=b"\xff" * 7 + b"\x0f{}"),
    "cut weights": changed(model=GOOD["model.safetensors"][:-1000]),
    "a huge size": configured(model={"encoder_size": 1e9}),
    "a smaller size": configured(model={"decoder_size": 7}),
    "an unknown attention": configured(model={"attention": "constructor"}),
    "an unknown segmenter": configured(text={"source": "__proto__"}),
}


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_what_is_broken_is_said_in_a_sentence(come: Come, lang: str) -> None:
    page = come({"lang": lang})
    page.locator(".drop").wait_for()
    for data, (key, values) in BROKEN.values():
        choose(page, data)
        expect(page.locator(".drop .said")).to_have_text(say(f"error.{key}", lang, **values))
    choose(page, WHOLE)
    page.locator(".player").wait_for()


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_strange_is_said_in_a_sentence(front: Page, name: str) -> None:
    choose(front, STRANGE[name])
    expect(front.locator(".drop .said.problem")).to_have_text(SENTENCE)
    choose(front, WHOLE)
    front.locator(".player").wait_for()
    expect(front.locator("img")).to_have_count(0)
