"""The key that signs identity tokens: made when first asked for, one in a process, known by its content."""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from functools import cache
from typing import TYPE_CHECKING

import msgspec

from attibooks_sandbox.kernel.jsonio import write_json

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

_EXPONENT = 65537
_BITS = 2048


class SigningKey(msgspec.Struct, frozen=True):
    """An RSA key for RS256."""

    private: RSAPrivateKey

    @property
    def _modulus(self) -> str:
        number = self.private.private_numbers().public_numbers.n
        return _base64(number.to_bytes(_BITS // 8, "big"))

    @property
    def id(self) -> str:
        """Return the key's id, so that one of another process is not taken for this one."""
        return hashlib.sha256(self._modulus.encode()).hexdigest()[:16]

    def public(self) -> dict[str, str]:
        """Return the public half as a JSON Web Key."""
        return {
            "kty": "RSA",
            "e": _base64(_EXPONENT.to_bytes(3, "big")),
            "use": "sig",
            "kid": self.id,
            "alg": "RS256",
            "n": self._modulus,
        }

    def sign(self, claims: dict[str, object]) -> str:
        """Return the claims as a signed JSON Web Token."""
        from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15  # noqa: PLC0415 - see signing_key
        from cryptography.hazmat.primitives.hashes import SHA256  # noqa: PLC0415

        head = {"kid": self.id, "alg": "RS256"}
        signed = ".".join(_base64(write_json(part)) for part in (head, claims))
        return f"{signed}.{_base64(self.private.sign(signed.encode(), PKCS1v15(), SHA256()))}"


@cache
def signing_key() -> SigningKey:
    """Return the process's key. The import and the search for primes wait until somebody wants an identity."""
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key  # noqa: PLC0415

    return SigningKey(generate_private_key(_EXPONENT, _BITS))


def _base64(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
