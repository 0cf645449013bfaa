"""The WebAssembly of the model in the browser is what its source makes, and lies in the package."""

from __future__ import annotations

import wasmtime

from tests.paths import ROOT

KERNELS = ROOT / "s2s" / "browser_model" / "kernels.wat"


def test_the_module_is_what_its_source_makes() -> None:
    made = bytes(wasmtime.wat2wasm(KERNELS.read_text(encoding="utf-8")))
    assert made == KERNELS.with_suffix(".wasm").read_bytes()
