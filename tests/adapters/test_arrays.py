from __future__ import annotations

import random
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import h5py
import numpy as np
import pytest

from s2s.adapters import arrays, keras
from s2s.adapters.imported import ImportOptions
from s2s.errors import LANGUAGES, UserError
from tests.adapters.keras_model import KerasModel, save_h5, save_keras, save_words
from tests.fuzz.mutate import mutated
from tests.paths import ROOT

FIXTURES = ROOT / "tests" / "fixtures" / "keras"
NUMBERS = np.arange(6, dtype=np.float32).reshape(2, 3)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_numbers_come_as_float32_whatever_they_were(tmp_path: Path, dtype: type, order: str) -> None:
    values = np.asarray(NUMBERS, dtype=dtype, order=order)
    np.savez_compressed(tmp_path / "a.npz", **{"x/kernel:0": values})
    with h5py.File(tmp_path / "a.h5", "w") as h5:
        h5.create_dataset("x/kernel:0", data=values, compression="gzip", shuffle=True)
    for name in ("a.npz", "a.h5"):
        found = arrays.read_arrays(tmp_path / name)
        assert list(found) == ["x/kernel:0"]
        assert found["x/kernel:0"].dtype == np.float32
        assert (found["x/kernel:0"] == NUMBERS).all()


def test_what_is_no_weight_is_left_aside(tmp_path: Path) -> None:
    save_h5(tmp_path / "a.h5", {"w": NUMBERS, "optimizer/vars/0": np.arange(3), "optimizer_weights/Adam/i:0": NUMBERS})
    assert list(arrays.read_arrays(tmp_path / "a.h5")) == ["w"]


def npy(header: str, content: bytes = b"") -> bytes:
    text = header.encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text + content


def npz(path: Path, content: bytes) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("w.npy", content)


def linked(path: Path, link: object) -> None:
    with h5py.File(path, "w") as h5:
        h5["real"] = NUMBERS
        h5["w"] = link


def external(path: Path) -> None:
    path.with_name("secret").write_bytes(NUMBERS.tobytes())
    with h5py.File(path, "w") as h5:
        h5.create_dataset("w", shape=(2, 3), dtype="f4", external=[(str(path.with_name("secret")), 0, 24)])


def virtual(path: Path) -> None:
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="f4")
    layout[:] = h5py.VirtualSource(str(path.with_name("other.h5")), "w", shape=(2, 3))
    with h5py.File(path, "w") as h5:
        h5.create_virtual_dataset("w", layout)


def ring(path: Path) -> None:
    with h5py.File(path, "w") as h5:
        group = h5.create_group("a")
        group["b"] = group["c"] = h5["/"]


def dataset(path: Path, **options: object) -> None:
    with h5py.File(path, "w") as h5:
        h5.create_dataset("w", **options)


def mixed(path: Path) -> None:
    with h5py.File(path, "w") as h5:
        h5["w"] = np.dtype("f4")


def bomb(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("model.weights.h5", "w") as file:
        file.write(bytes(1 << 21))


HOSTILE: dict[str, tuple[str, str, Callable[[Path], object]]] = {
    "empty": ("a.h5", "arrays_kind", lambda path: path.write_bytes(b"")),
    "text": ("a.npz", "arrays_kind", lambda path: path.write_text("not weights")),
    "a zip of other things": (
        "a.keras",
        "arrays_kind",
        lambda path: zip_text(path),
    ),
    "pickle": ("a.npz", "array_type", lambda path: np.savez(path, w=np.array([{}, 1], dtype=object))),
    "header of code": ("a.npz", "arrays_broken", lambda path: npz(path, npy("__import__('os').getcwd()"))),
    "huge shape": ("a.npz", "file_too_large", lambda path: npz(path, npy(header(1 << 20, 1 << 20)))),
    "more than is there": ("a.npz", "array_short", lambda path: npz(path, npy(header(2, 3), bytes(23)))),
    "negative shape": ("a.npz", "array_short", lambda path: npz(path, npy(header(-2, 3), bytes(24)))),
    "integers": ("a.h5", "array_type", lambda path: save_h5(path, {"w": np.arange(3)})),
    "texts": ("a.h5", "array_type", lambda path: dataset(path, data=["a", "b"])),
    "complex": ("a.npz", "array_type", lambda path: np.savez(path, w=NUMBERS * 1j)),
    "infinite": ("a.h5", "weight_not_finite", lambda path: save_h5(path, {"w": NUMBERS / 0.0})),
    "too large for float32": ("a.npz", "weight_not_finite", lambda path: np.savez(path, w=np.array([1e300]))),
    "soft link": ("a.h5", "array_elsewhere", lambda path: linked(path, h5py.SoftLink("/real"))),
    "external link": ("a.h5", "array_elsewhere", lambda path: linked(path, h5py.ExternalLink("b.h5", "/w"))),
    "external storage": ("a.h5", "array_elsewhere", external),
    "virtual": ("a.h5", "array_elsewhere", virtual),
    "ring": ("a.h5", "arrays_kind", ring),
    "a type": ("a.h5", "arrays_kind", mixed),
    "huge claim": ("a.h5", "file_too_large", lambda path: dataset(path, shape=(1 << 20, 1 << 20), dtype="f4")),
    "never written": ("a.h5", "array_short", lambda path: dataset(path, shape=(2, 3), dtype="f4")),
    "no shape": ("a.h5", "array_short", lambda path: dataset(path, data=h5py.Empty("f4"))),
    "nothing": ("a.h5", "arrays_none", lambda path: save_h5(path, {})),
    "bomb": ("a.keras", "archive_unpacked", bomb),
}


def header(*shape: int) -> str:
    return str({"descr": "<f4", "fortran_order": False, "shape": shape})


def zip_text(path: Path) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", "{}")


@pytest.mark.filterwarnings("ignore:divide by zero", "ignore:invalid value")
@pytest.mark.parametrize("kind", HOSTILE)
def test_hostile_files_get_a_sentence(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, key, make = HOSTILE[kind]
    make(tmp_path / name)
    if kind == "bomb":
        monkeypatch.setattr(arrays, "LIMIT", 2_000_000)
    with pytest.raises(UserError) as error:
        arrays.read_arrays(tmp_path / name)
    assert error.value.key == f"error.{key}"
    assert all("\n" not in error.value.say(language) for language in LANGUAGES)


def test_a_missing_file_and_one_that_is_too_large(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UserError, match="Cannot read"):
        arrays.read_arrays(tmp_path / "none.h5")
    save_h5(tmp_path / "a.h5", {"w": NUMBERS})
    monkeypatch.setattr(arrays, "LIMIT", 1_000)
    with pytest.raises(UserError, match="larger than"):
        arrays.read_arrays(tmp_path / "a.h5")


@pytest.mark.parametrize("suffix", ["npz", "weights.h5", "keras"])
@pytest.mark.parametrize("share", [0.02, 0.3, 0.7, 0.999])
def test_truncated_files_get_a_sentence(tmp_path: Path, suffix: str, share: float) -> None:
    path, named = tmp_path / f"a.{suffix}", KerasModel.random().named()
    if suffix == "npz":
        np.savez(path, **named)
    else:
        (save_keras if suffix == "keras" else save_h5)(path, named)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(UserError) as error:
        arrays.read_arrays(path)
    assert error.value.key in ("error.arrays_broken", "error.arrays_zip", "error.array_short")


@pytest.mark.parametrize("name", ["keras-2.h5", "keras-3.weights.h5", "keras-3.keras", "m.npz"])
def test_mutated_files_are_refused_with_a_sentence_or_read(tmp_path: Path, name: str) -> None:
    rng, path = random.Random(11), tmp_path / name
    if name == "m.npz":
        np.savez_compressed(path, **KerasModel.random(both=True).named())
    else:
        shutil.copy(FIXTURES / name, path)
    content, refused = path.read_bytes(), 0
    told = ImportOptions(vocabularies=save_words(tmp_path), carries_state=True, layers={"attention.query": "W1"})
    for _ in range(13):
        path.write_bytes(mutated(content, rng))
        try:
            keras.read_keras([path], told)
        except UserError as error:
            refused += 1
            assert all(error.say(language).isprintable() for language in LANGUAGES), error
    assert refused > 1
