"""Settings of the machine: glibc keeps freed memory; the precision of matrix products."""

from __future__ import annotations

import ctypes
import platform

import torch

from s2s.errors import UserError


def keep_memory() -> None:
    """Have glibc keep freed memory: returning it to the system costs page faults in every step."""
    if platform.system() == "Linux":
        libc = ctypes.CDLL(None)
        if hasattr(libc, "mallopt"):
            libc.mallopt(-4, 0)  # M_MMAP_MAX
            libc.mallopt(-1, 2**31 - 1)  # M_TRIM_THRESHOLD


def autocast(precision: str, device: torch.device) -> torch.autocast:
    """``bf16``: matrix products take bfloat16 operands; weights, their averages and Adam stay float32."""
    if precision not in ("float32", "bf16"):
        raise UserError("config_choice", key="train.precision", found=precision, known="float32, bf16")
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled=precision == "bf16")
