"""A payment request."""

from __future__ import annotations

from hercle_proto.bolt11 import InvalidInvoice, PaymentRequest, unverified_amount
from hercle_proto.bolt11 import _bech32 as bech32


def target(data: bytes) -> None:
    """Any text is a request or `InvalidInvoice`, which names a place in it and a reason. What a
    request holds is what stands there. So it is with what a right checksum is put behind.
    """
    text = data.decode(errors="surrogateescape")
    check(text)
    prefix, _, rest = text.strip().lower().rpartition("1")
    words = "".join(char for char in rest if char in bech32.CHARSET)[: -bech32.CHECKSUM_WORDS]
    if prefix.isascii():
        check(prefix + "1" + words + bech32.checksum(prefix, words, bech32.BECH32))


def check(text: str) -> None:
    """The promise for one text."""
    unverified_amount(text)
    try:
        request = PaymentRequest.parse(text, require_secret=False)
    except InvalidInvoice as error:
        refusal = error
    else:
        assert request.text in text.lower()
        assert request.expires_at >= request.created_at
        assert "".join(map(str, request.fields)) in request.text
        assert PaymentRequest.parse(request.text.upper(), require_secret=False) == request
        return
    assert 0 <= refusal.position <= len(text)
    assert refusal.reason
    assert refusal.reason.isprintable()
