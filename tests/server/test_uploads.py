"""Uploaded checkpoints: read confined, counted while somebody holds them, and gone with those who do."""

from __future__ import annotations

import gc
import io
import time
import zipfile
from pathlib import Path

import pytest

from s2s.errors import UserError
from s2s.server import garbage, temporary, uploads
from s2s.server.registry import IN_USE
from tests.setting import Setting


def packed(directory: Path) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for path in directory.iterdir():
            archive.write(path, path.name)
    return out.getvalue()


def test_a_refused_upload_that_is_remembered_keeps_nobody_elses(tiny_checkpoint: Path, setting: Setting) -> None:
    before = len(uploads._UPLOADS.entries())
    setting(uploads=before + 2)
    others = [uploads.add_archive("mine.zip", packed(tiny_checkpoint)) for _ in range(2)]
    with pytest.raises(UserError) as full:
        uploads.add_archive("third.zip", packed(tiny_checkpoint))
    del others[0]
    gc.collect()
    with pytest.raises(UserError) as broken:
        uploads.add_archive("broken.zip", b"PK")
    remembered = [full.value.bare(), broken.value.bare()]
    del full, broken, others
    gc.collect()
    assert len(uploads._UPLOADS.entries()) == before
    assert [error.key for error in remembered] == ["error.uploads_full", "error.archive_broken"]


def test_a_bomb_is_refused_and_leaves_nothing() -> None:
    before = set(temporary.directory().iterdir())
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("config.json", "vocab.json", "model.safetensors"):
            archive.writestr(name, bytes(150_000_000))
    with pytest.raises(UserError) as error:
        uploads.add_archive("bomb.zip", out.getvalue())
    assert error.value.key == "error.archive_unpacked" and set(temporary.directory().iterdir()) <= before


def test_what_nobody_uses_gives_way_and_what_is_in_use_does_not(tiny_checkpoint: Path, setting: Setting) -> None:
    content = packed(tiny_checkpoint)
    unused, used = (uploads.add_archive("mine.zip", content) for _ in range(2))
    setting(uploads=len(uploads._UPLOADS.entries()))
    with pytest.raises(UserError) as full:
        uploads.add_archive("third.zip", content)
    assert full.value.key == "error.uploads_full"
    for upload in (unused, used):
        upload.used -= IN_USE
    assert uploads.is_held(used)
    third = uploads.add_archive("third.zip", content)
    assert [uploads.is_held(upload) for upload in (unused, used, third)] == [False, True, True]
    assert not unused.directory.exists() and used.directory.exists()


def test_one_address_leaves_room_to_others_and_discards_nothing_of_theirs(
    tiny_checkpoint: Path, setting: Setting
) -> None:
    content, before = packed(tiny_checkpoint), len(uploads._UPLOADS.entries())
    setting(uploads=before + 4, uploads_per_client=2, uploads_mb=10_000)
    theirs = uploads.add_archive("theirs.zip", content, "192.0.2.2")
    mine = [uploads.add_archive("mine.zip", content, "192.0.2.1") for _ in range(2)]
    theirs.used -= IN_USE
    with pytest.raises(UserError) as error:
        uploads.add_archive("mine.zip", content, "192.0.2.1")
    assert error.value.key == "error.uploads_of_client"
    mine[0].used -= IN_USE
    third = uploads.add_archive("mine.zip", content, "192.0.2.1")
    also = uploads.add_archive("theirs.zip", content, "192.0.2.2")
    held = [uploads._UPLOADS.get(upload.name) is not None for upload in (theirs, *mine, third, also)]
    assert held == [True, False, True, True, True]


def test_one_address_leaves_space_to_others(tiny_checkpoint: Path, setting: Setting) -> None:
    content = packed(tiny_checkpoint)
    mine = uploads.add_archive("mine.zip", content, "192.0.2.3")
    mine.size = 60_000_000
    setting(uploads=1_000, uploads_per_client=500, uploads_mb=100)
    with pytest.raises(UserError) as error:
        uploads.add_archive("mine.zip", content, "192.0.2.3")
    assert error.value.key == "error.uploads_of_client"


def test_an_ended_visits_upload_gives_way_though_it_refers_to_itself_and_was_set_aside(
    tiny_checkpoint: Path, setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a visit does that was there when a model was loaded."""
    content = packed(tiny_checkpoint)
    visit: dict[str, object] = {"upload": uploads.add_archive("mine.zip", content)}
    visit["itself"] = visit
    gc.unfreeze()  # what other tests left does not count
    gc.collect()
    gc.freeze()
    setting(uploads=len(uploads._UPLOADS.entries()))
    del visit
    ended = list[str]()
    monkeypatch.setattr(garbage, "_ENDERS", [lambda: ended.append("visits")])
    monkeypatch.setattr(garbage, "_last", time.monotonic())  # not again a moment later
    with pytest.raises(UserError):
        uploads.add_archive("other.zip", content)
    monkeypatch.setattr(garbage, "_last", float("-inf"))
    uploads.add_archive("other.zip", content)
    assert ended == ["visits"]
