"""Who signed: the node that is found or named, or nobody."""

from __future__ import annotations

import sys
from hashlib import sha256
from typing import Any

import pytest

from hercle_proto._errors import InvalidArgument
from hercle_proto.bolt11 import InvalidInvoice, MissingExtra, PaymentRequest, _curve, node_id
from hercle_proto.bolt11._signature import signer
from payment_requests import KEY, NODE_ID, PLAIN, high_s, make, refusal, resigned, sealed

OTHER_KEY = bytes(31) + b"\1"


def refused_signature(text: str) -> tuple[int, str]:
    """At the door, or by `payee` if the signature is left to it."""
    left = PaymentRequest.parse(text, check_signature=False)
    with pytest.raises(InvalidInvoice) as caught:
        _ = left.payee
    assert (caught.value.position, caught.value.reason) == refusal(text)
    return refusal(text)


def with_id(recovery_id: int) -> Any:
    return lambda signature: signature[:64] + bytes([recovery_id])


def test_named_payee() -> None:
    text = make(*PLAIN, ["n", NODE_ID.hex()])
    request = PaymentRequest.parse(text)
    assert request.named_payee == request.payee == NODE_ID
    assert request.encode(KEY) == text


def test_a_named_payee_needs_no_recovery_id() -> None:
    text = make(*PLAIN, ["n", NODE_ID.hex()])
    for recovery_id in range(4):
        assert PaymentRequest.parse(resigned(text, with_id(recovery_id))).payee == NODE_ID


def test_a_named_payee_whose_signature_only_the_rarer_ids_recover() -> None:
    """R's x may lie beyond the order of the curve: nobody meets one, but it can be made."""
    digest = sha256(b"lnbc").digest()
    for r in range(1, 100):
        signature = r.to_bytes(32) + (1).to_bytes(32)
        named = _curve.recover(digest, signature, 2)
        if named is not None:
            break
    assert named is not None
    assert signer("lnbc", "", signature + b"\0", named) == named
    assert signer("lnbc", "", signature + b"\0", NODE_ID) is None


def test_another_payee_than_named() -> None:
    text = make(*PLAIN, ["n", node_id(OTHER_KEY).hex()])
    position = len(text) - 110
    assert refusal(text) == (position, "its signature is not by the node that it names")
    request = PaymentRequest.parse(text, check_signature=False)
    with pytest.raises(InvalidInvoice):
        _ = request.payee
    with pytest.raises(InvalidArgument, match="the key of the node that the request names"):
        request.encode(KEY)
    assert PaymentRequest.parse(request.encode(OTHER_KEY)).payee == node_id(OTHER_KEY)


def test_high_s() -> None:
    text = make(*PLAIN)
    assert PaymentRequest.parse(resigned(text, high_s)).payee != NODE_ID
    named = make(*PLAIN, ["n", NODE_ID.hex()])
    assert refused_signature(resigned(named, high_s))[1].startswith("the signature is")


@pytest.mark.parametrize("recovery_id", [4, 27, 31, 255])
def test_recovery_id(recovery_id: int) -> None:
    text = resigned(make(*PLAIN), with_id(recovery_id))
    assert refused_signature(text) == (
        len(text) - 110,
        f"the recovery id is {recovery_id}, not 0 to 3",
    )


@pytest.mark.parametrize("octets", [b"\0", b"\xff"])
def test_numbers_that_are_no_signature(octets: bytes) -> None:
    text = resigned(make(*PLAIN), lambda _: octets * 64 + b"\0")
    assert refusal(text)[1] == "no key can have made its signature"


def test_a_changed_amount_changes_the_payee() -> None:
    """A checksum is no proof; who pins the node finds out."""
    forged = sealed("lnbc2m", make(*PLAIN).rpartition("1")[2][:-6])
    assert PaymentRequest.parse(forged).amount_msat == 200_000_000
    assert PaymentRequest.parse(forged).payee != NODE_ID


def test_without_the_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    text = make(*PLAIN)
    unrecoverable = resigned(text, lambda _: bytes(65))
    monkeypatch.setitem(sys.modules, "btclib_secp256k1.recovery", None)

    request = PaymentRequest.parse(unrecoverable)
    assert request.description == "tea"
    with pytest.raises(MissingExtra, match=r"who signed.*pip install 'hercle-proto\[bolt11\]'"):
        _ = request.payee
    with pytest.raises(MissingExtra, match="to sign a payment request"):
        request.encode(KEY)
    assert refusal(text[:-1] + ("q" if text[-1] != "q" else "p"))[1] == "the checksum is wrong"
