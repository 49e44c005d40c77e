"""Identifiers that look random and repeat for the same seed."""

from __future__ import annotations

import random


class Ids:
    """Draw identifiers from a seeded source: the n-th one after a reset is the same in every run."""

    def __init__(self, seed: str) -> None:
        """Begin the sequence that belongs to a seed."""
        self._random = random.Random(seed)  # noqa: S311 - wanted: the same identifiers in every run

    def uuid(self) -> str:
        """Return a version 4 UUID."""
        digits = f"{self._random.getrandbits(128):032x}"
        variant = "89ab"[int(digits[16], 16) & 3]
        return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-{variant}{digits[17:20]}-{digits[20:]}"

    def hex(self, digits: int) -> str:
        """Return lower-case hexadecimal digits."""
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def digits(self, count: int) -> str:
        """Return decimal digits that do not begin with zero."""
        return str(self._random.randrange(10 ** (count - 1), 10**count))

    def chance(self) -> float:
        """Return a number in [0, 1)."""
        return self._random.random()
