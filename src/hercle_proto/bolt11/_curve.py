"""The curve: libsecp256k1, by the binding of the extra `bolt11`, which nothing else imports."""

from __future__ import annotations

from hercle_proto._errors import MissingExtra

__all__ = ["recover", "sign_recoverable"]


def sign_recoverable(digest: bytes, key: bytes) -> tuple[bytes, int]:
    """Sign a digest of 32 bytes (RFC 6979, low S): R and S in 64 bytes, and the recovery id.

    Raises ValueError for a key that is none, and `MissingExtra`.
    """
    try:
        from btclib_secp256k1.recovery import sign  # noqa: PLC0415 -- 30 ms only signatures need
    except ImportError:
        raise MissingExtra("bolt11", "to sign a payment request") from None
    return sign(digest, key)


def recover(digest: bytes, signature: bytes, recovery_id: int) -> bytes | None:
    """The compressed public key that signed; None where no key can have. Raises `MissingExtra`."""
    try:
        from btclib_secp256k1.recovery import recover as find  # noqa: PLC0415 -- see above
    except ImportError:
        raise MissingExtra("bolt11", "to tell who signed a payment request") from None
    try:
        return find(digest, signature, recovery_id)
    except ValueError:
        return None
