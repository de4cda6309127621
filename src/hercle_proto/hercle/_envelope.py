"""The envelope of the vendor's events, in every documented form.

The error page shows `{"channel", "topic", "subject", "type", "clientId", "data"}` with `data` as a
JSON string; the command pages show `{"data": …}` alone, with an object or a list. All of that is
read, also with keys missing or null, and when the whole argument is a JSON string. What is
well-formed takes one pass; only what is odd is taken apart.
"""

from __future__ import annotations

from typing import Final, assert_never

import msgspec
from msgspec import Raw
from msgspec.json import Decoder

from hercle_proto._border import DECODING_FAILURES
from hercle_proto._numbers import number_from_wire
from hercle_proto.hercle._answers import (
    Answer,
    Data,
    Details,
    UnreadableAnswer,
    answer_from,
    is_known,
)
from hercle_proto.hercle._json import (
    Json,
    Unreadable,
    decode,
    decode_plain,
    decode_tolerantly,
)
from hercle_proto.hercle._models import InvoiceSnapshot, LightningInvoice
from hercle_proto.hercle._rows import read_row_by_row

__all__ = ["Envelope", "EnvelopeWire", "envelope_from", "open_envelope", "plain_data"]


class Envelope(msgspec.Struct, frozen=True, gc=False):
    """What came: a subject and a ClientId, None where they are missing, empty or no text, and the
    answer within.

    `answer` is None for an event of another kind.
    """

    subject: str | None
    client_id: str | None
    answer: Answer | None


class EnvelopeWire(msgspec.Struct, rename="camel", gc=False):
    """All of it at once."""

    subject: str | None = None
    client_id: str | None = None
    data: Details | tuple[LightningInvoice, ...] | str | None = None


_WIRE: Final = Decoder(EnvelopeWire, float_hook=number_from_wire)
_DATA: Final = Decoder(
    Details | tuple[LightningInvoice, ...] | str | None, float_hook=number_from_wire
)
_OUTLINE: Final = Decoder(dict[str, Raw] | list[Raw] | str | None)
_TEXT: Final = Decoder(str)


def open_envelope(argument: Json) -> Envelope:
    """Read an event's argument. Never raises."""
    try:
        wire = _WIRE.decode(argument)
    except DECODING_FAILURES:
        return _open_piecemeal(argument)
    return envelope_from(wire)


def envelope_from(wire: EnvelopeWire) -> Envelope:
    """What a well-formed one holds."""
    subject, data = wire.subject or None, wire.data
    if isinstance(data, Details):
        answer = answer_from(subject, data)
    else:
        answer = answer_from(subject, _data(data)) if is_known(subject) else None
    return Envelope(subject, wire.client_id or None, answer)


def plain_data(argument: Json) -> object:
    """The `data` of an event of another kind, or all of it if it has none. Raises `Unreadable`."""
    plain = decode_plain(argument)
    return plain["data"] if isinstance(plain, dict) and "data" in plain else plain


def _open_piecemeal(argument: Json) -> Envelope:
    try:
        outline = decode(_OUTLINE, argument)
    except Unreadable:
        return Envelope(None, None, None)
    match outline:
        case str():  # JSON in JSON: each level doubles the escapes, so there are never many
            return open_envelope(outline)
        case dict():
            subject = _text(outline.get("subject"))
            answer = None
            if is_known(subject):
                answer = answer_from(subject, _loose_data(outline.get("data")))
            return Envelope(subject, _text(outline.get("clientId")), answer)
        case _:
            return Envelope(None, None, None)


def _text(raw: Raw | None) -> str | None:
    try:
        return None if raw is None else decode(_TEXT, raw) or None
    except Unreadable:
        return None


def _loose_data(raw: Raw | None) -> Data:
    try:
        return None if raw is None else _read_data(raw)
    except Unreadable as error:
        return UnreadableAnswer(f"data: {error}")


def _data(value: Details | tuple[LightningInvoice, ...] | str | None) -> Data:
    match value:
        case Details() | None:
            return value
        case tuple():
            return InvoiceSnapshot(value)
        case str():
            return _data_in_text(value)
        case _:
            assert_never(value)


def _data_in_text(text: str) -> Data:
    """JSON in a string, as the error page has it, or a plain message."""
    try:
        return _read_data(text)
    except Unreadable as error:
        broken = text.lstrip().startswith(("{", "["))  # JSON that was cut short, say
        return UnreadableAnswer(f"data: {error}") if broken else text


def _read_data(raw: Json) -> Data:
    """Raises `Unreadable` for what is neither object, list, text nor null."""
    try:
        return _data(decode(_DATA, raw))
    except Unreadable:
        outline = decode(_OUTLINE, raw)
    if isinstance(outline, list):
        return read_row_by_row(raw)
    try:
        return decode_tolerantly(raw, Details)
    except Unreadable as error:
        return UnreadableAnswer(f"data: {error}")
