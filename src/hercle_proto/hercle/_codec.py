"""Hercle's answers, read at once.

A hub reads a message and leaves its arguments undecoded; opening the envelope reads them again. For
the thousands of events of a busy account that is a tenth of everything. So an answer that looks as
.NET writes it is read in one pass, straight into its envelope; every other message is read as any
hub's, and so is an answer that is odd or none of ours. What comes of it is the same.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec
from attrs import frozen
from msgspec.json import Decoder

from hercle_proto._border import DECODING_FAILURES
from hercle_proto._numbers import number_from_wire
from hercle_proto.hercle._envelope import EnvelopeWire, envelope_from
from hercle_proto.hub import Invocation, JsonCodec, Message, Record

__all__ = ["ANSWERS", "HERCLE_JSON", "HercleJson"]

ANSWERS: Final = "executionEvents"
"""The method that the hub calls with its answers. Microsoft's clients compare such names without
case.
"""

_BEGINNING: Final = b'{"type":1,"target":"executionEvents",'


class _Answer(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """An invocation with nothing but what an answer has."""

    type: Literal[1]
    target: Literal["executionEvents"]
    arguments: tuple[EnvelopeWire]


_decode: Final = Decoder(_Answer, float_hook=number_from_wire).decode


@frozen
class HercleJson(JsonCodec):
    """The JSON hub protocol, but that the argument of an answer is its `Envelope` already."""

    def decode(self, record: Record) -> Message | None:
        if record[: len(_BEGINNING)] == _BEGINNING:
            try:
                message = _decode(record)
            except DECODING_FAILURES:
                pass  # reading it as any other message tells what is wrong
            else:
                envelope = envelope_from(message.arguments[0])
                if envelope.answer is not None:
                    return Invocation(ANSWERS, (envelope,))
        return super().decode(record)


HERCLE_JSON: Final = HercleJson()
