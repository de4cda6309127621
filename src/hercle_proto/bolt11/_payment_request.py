"""Reading a payment request: strictly, and in bounded time whatever the text."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final

from attrs import field, frozen

from hercle_proto._errors import InvalidArgument, InvalidInvoice, MissingExtra
from hercle_proto.bolt11._addresses import read_address
from hercle_proto.bolt11._amounts import SCHEME, Network, Prefix
from hercle_proto.bolt11._bech32 import BECH32, CHECKSUM_WORDS, NOT_DATA, number, residue, to_bytes
from hercle_proto.bolt11._fields import (
    FieldReader,
    RouteHint,
    TaggedField,
    read_bytes,
    read_features,
    read_node_id,
    read_number,
    read_route_hint,
    read_text,
    split_fields,
)
from hercle_proto.bolt11._signature import SIGNATURE_WORDS, is_low_s, node_id, sign, signer

__all__ = ["DEFAULT_EXPIRY_SECONDS", "EPOCH", "MAX_LENGTH", "TIMESTAMP_WORDS", "PaymentRequest"]

MAX_LENGTH: Final = 7089
"""What the largest QR code holds; LND takes no longer request either."""

TIMESTAMP_WORDS: Final = 7
_MIN_DATA: Final = TIMESTAMP_WORDS + SIGNATURE_WORDS + CHECKSUM_WORDS

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_LAST: Final = datetime.max.replace(tzinfo=UTC)

DEFAULT_EXPIRY_SECONDS: Final = 3600
_DEFAULT_MIN_FINAL_CLTV_EXPIRY: Final = 18
_MAX_RECOVERY_ID: Final = 3

_NOT_BECH32: Final = re.compile(r"[^\x21-\x7e]")


@frozen(kw_only=True)
class PaymentRequest:
    """A payment request after BOLT 11 (lightning/bolts, 11-payment-encoding.md), made by `parse`.

    The signature proves that one node wrote all of it, not that it is the node you deal with. A
    description may hold any text there is.
    """

    text: str = field(repr=False)
    """The request itself: lower case, nothing around it."""

    network: Network
    amount_msat: int | None
    """None where the payer is to choose."""

    created_at: datetime
    """UTC, whole seconds."""

    expiry_seconds: int
    payment_hash: bytes = field(repr=bytes.hex)
    payment_secret: bytes | None = field(repr=False)
    """Absent only from requests of before 2020, and only with `require_secret=False`."""

    description: str | None
    description_hash: bytes | None
    """SHA-256 of a description told elsewhere. Either this or `description` is there."""

    named_payee: bytes | None
    """The node id in field `n`. `payee` is who signed, named or not."""

    min_final_cltv_expiry: int
    fallbacks: tuple[str, ...]
    """On-chain addresses, the preferred one first."""

    route_hints: tuple[RouteHint, ...]
    features: frozenset[int]
    """The bits that are set; unknown ones among them are odd."""

    metadata: bytes | None = field(repr=False)
    signature: bytes = field(repr=False)
    """R and S, 32 bytes each, and the recovery id."""

    fields: tuple[TaggedField, ...] = field(repr=False)
    """Every field as it stands there, in order, those that readers skip too."""

    @classmethod
    def parse(
        cls, text: str, *, require_secret: bool = True, check_signature: bool = True
    ) -> PaymentRequest:
        """Read a payment request; space around it, `lightning:` before it and upper case are fine.

        `require_secret=False` takes requests without a payment secret, which nobody can pay today.
        `check_signature=False` leaves the signature for `payee`. It is left too, and all else
        checked, where the extra `bolt11` is not installed. Raises `InvalidInvoice`, nothing else.
        """
        body = text.strip()
        skipped = len(text) - len(text.lstrip())
        if body[: len(SCHEME)].lower() == SCHEME:
            body = body[len(SCHEME) :]
            skipped += len(SCHEME)
        try:
            request = _read(body, require_secret=require_secret, check_signature=check_signature)
            if check_signature:
                with suppress(MissingExtra):
                    _ = request.payee
        except InvalidInvoice as error:
            raise InvalidInvoice(skipped + error.position, error.reason) from None
        return request

    @property
    def expires_at(self) -> datetime:
        """When paying it is over, in UTC; at the latest the last moment of the year 9999."""
        left = _LAST - self.created_at
        return self.created_at + min(left, timedelta(seconds=min(self.expiry_seconds, 2**40)))

    @property
    def payee(self) -> bytes:
        """The node that signed it, a compressed public key: the one named, or found by recovery.

        Raises `InvalidInvoice` if nobody can have signed this, or not the node that is named, and
        `MissingExtra` without the extra `bolt11`.
        """
        prefix, data = self._unsigned
        position = len(prefix) + 1 + len(data)
        _check_form(self.signature, self.named_payee, position)
        found = signer(prefix, data, self.signature, self.named_payee)
        if found is None:
            reason = "no key can have made its signature"
            if self.named_payee is not None:
                reason = "its signature is not by the node that it names"
            raise InvalidInvoice(position, reason)
        return found

    def describes(self, description: str) -> bool:
        """Whether the request is for exactly this description, be it as text or as its hash."""
        if self.description_hash is None:
            return description == self.description
        return sha256(description.encode(errors="surrogatepass")).digest() == self.description_hash

    def encode(self, key: bytes) -> str:
        """The same request, skipped fields and all, signed with `key`. See `bolt11.encode`."""
        if self.named_payee not in {None, node_id(key)}:
            raise InvalidArgument("key", "the key of the node that the request names", "another")
        return sign(*self._unsigned, key)

    @property
    def _unsigned(self) -> tuple[str, str]:
        prefix, _, data = self.text.rpartition("1")
        return prefix, data[: -SIGNATURE_WORDS - CHECKSUM_WORDS]

    def __str__(self) -> str:
        return self.text


def _unwrap(text: str) -> tuple[str, str]:
    """Bech32 without its limit of length: what stands on either side of the separator."""
    if len(text) > MAX_LENGTH:
        raise InvalidInvoice(MAX_LENGTH, f"it is longer than {MAX_LENGTH} characters: {len(text)}")
    if odd := _NOT_BECH32.search(text):
        raise InvalidInvoice(odd.start(), f"{odd[0]!a} is no character of bech32")
    lower = text.lower()
    if text not in {lower, text.upper()}:
        raise InvalidInvoice(_case_changes(text), "upper and lower case are mixed")
    prefix, separator, data = lower.rpartition("1")
    if not separator:
        raise InvalidInvoice(0, "there is no separator '1'")
    if not prefix.startswith("ln"):
        raise InvalidInvoice(0, "it does not begin with 'ln'")
    begins = len(prefix) + 1
    if odd := NOT_DATA.search(data):
        raise InvalidInvoice(begins + odd.start(), f"{odd[0]!a} is no character of its data")
    if len(data) < _MIN_DATA:
        raise InvalidInvoice(
            len(text), f"it is too short: {len(data)} characters of data, {_MIN_DATA} at least"
        )
    if residue(prefix, data) != BECH32:
        raise InvalidInvoice(len(text) - CHECKSUM_WORDS, "the checksum is wrong")
    return prefix, data[:-CHECKSUM_WORDS]


def _case_changes(text: str) -> int:
    letters = [place for place, char in enumerate(text) if char.isalpha()]
    first = text[letters[0]].isupper()
    return next(place for place in letters if text[place].isupper() != first)


def _check_form(signature: bytes, named_payee: bytes | None, position: int) -> None:
    """What a signature must be before anybody asks whose it is."""
    if signature[64] > _MAX_RECOVERY_ID:
        raise InvalidInvoice(position, f"the recovery id is {signature[64]}, not 0 to 3")
    if named_payee and not is_low_s(signature):
        reason = "the signature is not canonical (high S) though a node is named"
        raise InvalidInvoice(position, reason)


def _read(text: str, *, require_secret: bool, check_signature: bool) -> PaymentRequest:
    prefix, data = _unwrap(text)
    asked = Prefix.parse(prefix)
    begins = len(prefix) + 1
    ends = begins + len(data) - SIGNATURE_WORDS

    found = tuple(split_fields(data[TIMESTAMP_WORDS:-SIGNATURE_WORDS], begins + TIMESTAMP_WORDS))
    reader = FieldReader(found)
    named_payee = reader.one("n", read_node_id)
    signature = to_bytes(data[-SIGNATURE_WORDS:])
    if check_signature:
        _check_form(signature, named_payee, ends)

    payment_hash = reader.one("p", read_bytes)
    payment_secret = reader.one("s", read_bytes)
    description = reader.one("d", read_text)
    description_hash = reader.one("h", read_bytes)
    if payment_hash is None:
        raise InvalidInvoice(ends, "field 'p' is missing: the payment hash")
    if payment_secret is None and require_secret:
        raise InvalidInvoice(ends, "field 's' is missing: the payment secret")
    if (description is None) == (description_hash is None):
        both = "both are there" if description_hash else "neither is there"
        raise InvalidInvoice(ends, f"one of the fields 'd' and 'h' describes the payment: {both}")

    expiry = reader.one("x", read_number)
    cltv = reader.one("c", read_number)
    fallbacks = reader.all("f", lambda data: read_address(asked.network, data))
    return PaymentRequest(
        text=text.lower(),
        network=asked.network,
        amount_msat=asked.amount_msat,
        created_at=EPOCH + timedelta(seconds=number(data[:TIMESTAMP_WORDS])),
        expiry_seconds=DEFAULT_EXPIRY_SECONDS if expiry is None else expiry,
        payment_hash=payment_hash,
        payment_secret=payment_secret,
        description=description,
        description_hash=description_hash,
        named_payee=named_payee,
        min_final_cltv_expiry=_DEFAULT_MIN_FINAL_CLTV_EXPIRY if cltv is None else cltv,
        fallbacks=tuple(address for address in fallbacks if address is not None),
        route_hints=reader.all("r", read_route_hint),
        features=reader.one("9", read_features) or frozenset(),
        metadata=reader.one("m", read_bytes),
        signature=signature,
        fields=tuple(item for _, item in found),
    )
