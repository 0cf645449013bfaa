"""The WebAssembly of the model in the browser is what its source makes, and lies in the package."""

from __future__ import annotations

import base64
import re

import wasmtime

from tests.paths import ROOT

KERNELS = ROOT / "s2s" / "browser_model" / "kernels.wat"


def test_the_module_is_what_its_source_makes() -> None:
    made = bytes(wasmtime.wat2wasm(KERNELS.read_text(encoding="utf-8")))
    assert made == KERNELS.with_suffix(".wasm").read_bytes()


def test_the_module_of_the_training_is_what_its_source_makes() -> None:
    folder = ROOT / "s2s" / "browser_model" / "training"
    made = bytes(wasmtime.wat2wasm((folder / "products.wat").read_text(encoding="utf-8")))
    said = "".join(re.findall(r'^  "([\w+/=]+)",$', (folder / "products.js").read_text(encoding="utf-8"), re.MULTILINE))
    assert base64.b64decode(said) == made
