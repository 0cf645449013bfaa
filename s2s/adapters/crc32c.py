"""CRC-32C (Castagnoli), which guards every block and tensor of a TensorFlow checkpoint.

A long text is cut into ``LANES`` equal parts; numpy computes their checksums side by side and joins them in pairs.
"""

from __future__ import annotations

import numpy as np

POLYNOMIAL = 0x82F63B78
LANES = 4_096
SHORT = 1 << 16  # bytes below which one loop is quicker


def _table() -> np.ndarray:
    rows = np.arange(256, dtype=np.uint32)
    for _ in range(8):
        rows = np.where(rows & 1, (rows >> 1) ^ np.uint32(POLYNOMIAL), rows >> 1).astype(np.uint32)
    return rows


TABLE = _table()
LISTED: list[int] = TABLE.tolist()


def crc32c(data: bytes | np.ndarray, before: int = 0) -> int:
    """The checksum of bytes, or of ``before``'s text with these bytes after it.

    >>> hex(crc32c(b"123456789")), hex(crc32c(b"56789", crc32c(b"1234")))
    ('0xe3069283', '0xe3069283')
    """
    array = np.frombuffer(data, np.uint8) if isinstance(data, bytes) else data
    width = len(array) // LANES if len(array) >= SHORT else 0
    state, done = before ^ 0xFFFFFFFF, width * LANES
    if width:
        state = _shift(state, _advance(done)) ^ _lanes(array[:done].reshape(LANES, width))
    for byte in array[done:].tolist():
        state = LISTED[(state ^ byte) & 0xFF] ^ (state >> 8)
    return state ^ 0xFFFFFFFF


def mask(checksum: int) -> int:
    """A checksum as it is stored: the checksum of a text that holds checksums would else be weak."""
    return ((checksum >> 15 | checksum << 17) + 0xA282EAD8) & 0xFFFFFFFF


def _lanes(rows: np.ndarray) -> int:
    """The register after all rows, one behind the other, from a register of zero."""
    states = np.zeros(len(rows), np.uint32)
    for column in np.ascontiguousarray(rows.T):
        states = TABLE[(states ^ column) & 0xFF] ^ (states >> 8)
    length = rows.shape[1]
    while len(states) > 1:
        matrix = _advance(length)
        shifted = np.zeros(len(states) // 2, np.uint32)
        for bit, image in enumerate(matrix):
            shifted ^= np.where(states[0::2] >> np.uint32(bit) & 1, np.uint32(image), np.uint32(0))
        states, length = shifted ^ states[1::2], 2 * length
    return int(states[0])


def _shift(state: int, matrix: list[int]) -> int:
    """A register multiplied by a matrix over GF(2), whose columns are the images of its 32 bits."""
    out = 0
    for bit, image in enumerate(matrix):
        if state >> bit & 1:
            out ^= image
    return out


def _advance(length: int) -> list[int]:
    """The matrix that moves a register over ``length`` zero bytes."""
    power = [LISTED[1 << bit] if bit < 8 else 1 << (bit - 8) for bit in range(32)]  # one byte
    result = [1 << bit for bit in range(32)]
    while length:
        if length & 1:
            result = [_shift(image, power) for image in result]
        power = [_shift(image, power) for image in power]
        length >>= 1
    return result
