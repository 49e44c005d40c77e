"""Identifiers that look random and repeat for the same seed."""

from __future__ import annotations

import string
from hashlib import shake_128

from attibooks_sandbox.kernel.state import State

_ALPHABET = string.digits + string.ascii_letters


class Ids(State):
    """Draw identifiers from a seed: the n-th one after a reset is the same in every run."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence that belongs to a seed."""
        self.seed = seed
        self.drawn = 0

    def uuid(self) -> str:
        """Return a version 4 UUID."""
        digits = self._bytes(16).hex()
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def hex(self, digits: int) -> str:
        """Return lower-case hexadecimal digits."""
        return self._bytes((digits + 1) // 2).hex()[:digits]

    def digits(self, count: int) -> str:
        """Return decimal digits that do not begin with zero."""
        lowest: int = 10 ** (count - 1)
        return str(lowest + int.from_bytes(self._bytes(count + 8)) % (9 * lowest))

    def alphanumeric(self, count: int) -> str:
        """Return letters of both cases and digits."""
        number, drawn = int.from_bytes(self._bytes(count)), ""
        for _ in range(count):
            number, place = divmod(number, len(_ALPHABET))
            drawn += _ALPHABET[place]
        return drawn

    def chance(self) -> float:
        """Return a number in [0, 1)."""
        return (int.from_bytes(self._bytes(8)) >> 11) / (1 << 53)

    def _bytes(self, count: int) -> bytes:
        self.drawn += 1
        return shake_128(f"{self.seed}:{self.drawn}".encode()).digest(count)
