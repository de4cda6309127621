"""The short path and wsproto alone make the same of every stream, however it is cut."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from hercle_proto.hub import Role
from websocket_reference import KEY, Outcome, agree, frame, outcome, reference

LIMIT = 300

TEXT = "grüße 🐢 ¡ok! € ".encode()

# Mostly right, so that streams get far: a frame in four breaks a rule, or may.
PLAIN = st.sampled_from([0x81, 0x01, 0x80, 0x00, 0x82, 0x02])
CONTROL = st.sampled_from([0x89, 0x8A, 0x88])
ODD = st.sampled_from([0x03, 0x83, 0x0B, 0x8B, 0x08, 0x09, 0xC1, 0xA1, 0x91, 0xC0, 0xC9])

SIZES = st.sampled_from([0, 1, 2, 125, 126, 127, 299, 300, 301])
PAYLOAD = st.one_of(
    st.integers(0, len(TEXT)).map(lambda cut: TEXT[:cut]),
    st.integers(0, len(TEXT)).map(lambda cut: TEXT[cut:]),
    st.sampled_from(["ü".encode()[:1], "ü".encode()[1:], b"\xff", b"\xed\xa0\x80", b""]),
    st.binary(max_size=12),
    SIZES.map(lambda size: b"x" * size),
)
CODE = st.sampled_from([1000, 1001, 1005, 1006, 1012, 2999, 3000, 5000, 999])
CLOSE = CODE.map(lambda code: code.to_bytes(2, "big") + b"bye")


@st.composite
def frames(draw: st.DrawFn, role: Role) -> bytes:
    key = KEY if role is Role.SERVER else b""
    match draw(st.integers(0, 11)):
        case 0:
            return frame(draw(ODD), draw(PAYLOAD), key=key)
        case 1:
            return frame(draw(st.one_of(PLAIN, CONTROL)), draw(PAYLOAD), key=b"" if key else KEY)
        case 2:
            # A length in more bytes than it needs, or with its highest bit set, or far too long.
            size, prefix = draw(st.sampled_from([(2, 126), (8, 127)]))
            length = draw(SIZES) | draw(st.sampled_from([0, 0xFFFF, 1 << 16, 1 << 63]))
            length &= (1 << 8 * size) - 1
            second = (0x80 if key else 0) | prefix
            return bytes((draw(PLAIN), second)) + length.to_bytes(size, "big") + key
        case 3 | 4:
            return frame(draw(CONTROL), draw(st.one_of(PAYLOAD, CLOSE)), key=key)
        case _:
            return frame(draw(PLAIN), draw(PAYLOAD), key=key)


@st.composite
def streams(draw: st.DrawFn) -> tuple[Role, bytes]:
    role = draw(st.sampled_from(Role))
    stream = b"".join(draw(st.lists(frames(role), max_size=8)))
    return role, stream[: draw(st.integers(0, len(stream)))] if draw(st.booleans()) else stream


@settings(max_examples=400)
@given(streams(), st.lists(st.integers(0, 700), max_size=6))
@example((Role.CLIENT, frame(0x01, "ü".encode()[:1]) + frame(0x80, "ü".encode()[1:])), [])
@example((Role.CLIENT, frame(0x01, "ü".encode()[:1]) + frame(0x80)), [])
def test_every_stream(role_and_stream: tuple[Role, bytes], cuts: list[int]) -> None:
    agree(*role_and_stream, limit=LIMIT, cuts=cuts)


@settings(max_examples=100)
@given(st.sampled_from(Role), st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=4))
def test_noise(role: Role, stream: bytes, cuts: list[int]) -> None:
    agree(role, stream, limit=LIMIT, cuts=cuts)


GREETING = (False, b"hi")

# What wsproto makes of these is known; here it is what it should be.
STREAMS = {
    "nothing": (b"", Outcome(broken=True)),
    "text": (frame(0x81, b"hi"), Outcome([GREETING], broken=True)),
    "empty text": (frame(0x81), Outcome([(False, b"")], broken=True)),
    "binary": (frame(0x82, b"\xff"), Outcome([(True, b"\xff")], broken=True)),
    "two": (frame(0x81, b"hi") * 2, Outcome([GREETING] * 2, broken=True)),
    "fragments": (frame(0x01, b"h") + frame(0x80, b"i"), Outcome([GREETING], broken=True)),
    "empty fragments": (
        frame(0x01) + frame(0x00) + frame(0x00, b"hi") + frame(0x80),
        Outcome([GREETING], broken=True),
    ),
    "ping between fragments": (
        frame(0x01, b"h") + frame(0x89, b"?") + frame(0x80, b"i"),
        Outcome([GREETING], [b"?"], broken=True),
    ),
    "pong": (frame(0x8A, b"?") + frame(0x81, b"hi"), Outcome([GREETING], broken=True)),
    "126 bytes": (frame(0x82, b"x" * 126), Outcome([(True, b"x" * 126)], broken=True)),
    "at the limit": (frame(0x82, b"x" * 300), Outcome([(True, b"x" * 300)], broken=True)),
    "over it": (frame(0x82, length=301), Outcome(code=1009, broken=True)),
    "over it, and all here": (frame(0x82, b"x" * 301), Outcome(code=1009, broken=True)),
    "over it, far": (frame(0x82, length=1 << 62), Outcome(code=1009, broken=True)),
    "over it, in fragments": (
        frame(0x02, b"x" * 200) + frame(0x00, length=101),
        Outcome(code=1009, broken=True),
    ),
    "close": (frame(0x88, b"\x03\xe8bye"), Outcome(code=1000)),
    "close without a code": (frame(0x88), Outcome(code=1005)),
    "close inside a message": (
        frame(0x01, b"h") + frame(0x88, b"\x03\xe9"),
        Outcome(code=1001),
    ),
    "what follows a close": (
        frame(0x88, b"\x03\xe8") + frame(0x81, b"hi") + b"\xff\xff",
        Outcome(code=1000),
    ),
    "close of one byte": (frame(0x88, b"\x03"), Outcome(code=1002, broken=True)),
    "close with code 1006": (frame(0x88, b"\x03\xee"), Outcome(code=1002, broken=True)),
    "close with code 999": (frame(0x88, b"\x03\xe7"), Outcome(code=1002, broken=True)),
    "close, not UTF-8": (frame(0x88, b"\x03\xe8\xff"), Outcome(code=1007, broken=True)),
    "not UTF-8": (frame(0x81, b"\xff"), Outcome(code=1007, broken=True)),
    "a surrogate": (frame(0x81, b"\xed\xa0\x80"), Outcome(code=1007, broken=True)),
    "half a character": (frame(0x81, b"\xc3"), Outcome(code=1007, broken=True)),
    "half a character at the end": (
        frame(0x01, b"\xc3") + frame(0x80),
        Outcome(code=1007, broken=True),
    ),
    "a character over fragments": (
        frame(0x01, b"\xf0\x9f") + frame(0x00) + frame(0x00, b"\x90") + frame(0x80, b"\xa2"),
        Outcome([(False, "🐢".encode())], broken=True),
    ),
    "binary needs no UTF-8": (
        frame(0x02, b"\xc3") + frame(0x80, b"\xff"),
        Outcome([(True, b"\xc3\xff")], broken=True),
    ),
    "continuation of nothing": (frame(0x80, b"hi"), Outcome(code=1002, broken=True)),
    "message in a message": (
        frame(0x01, b"h") + frame(0x81, b"i"),
        Outcome(code=1002, broken=True),
    ),
    "reserved bit 1": (frame(0xC1, b"hi"), Outcome(code=1002, broken=True)),
    "reserved bit 2": (frame(0xA1, b"hi"), Outcome(code=1002, broken=True)),
    "reserved bit 3": (frame(0x91, b"hi"), Outcome(code=1002, broken=True)),
    "reserved bit of a ping": (frame(0xC9, b"hi"), Outcome(code=1002, broken=True)),
    "opcode 3": (frame(0x83, b"hi"), Outcome(code=1002, broken=True)),
    "opcode 11": (frame(0x8B, b"hi"), Outcome(code=1002, broken=True)),
    "ping in fragments": (frame(0x09, b"hi"), Outcome(code=1002, broken=True)),
    "ping of 126 bytes": (frame(0x89, b"x" * 126), Outcome(code=1002, broken=True)),
    "header of a ping of 126 bytes": (b"\x89\x7e", Outcome(code=1002, broken=True)),
    "masked by a server, with a frame in its length": (
        b"\x81\xfe\x81\x05hello",
        Outcome(code=1002, broken=True),
    ),
    "masked by a server": (frame(0x81, b"hi", key=KEY), Outcome(code=1002, broken=True)),
    "ping masked by a server": (frame(0x89, b"hi", key=KEY), Outcome(code=1002, broken=True)),
    "length in two bytes, needlessly": (
        b"\x81\x7e\x00\x7d" + b"x" * 125,
        Outcome(code=1002, broken=True),
    ),
    "length in eight bytes, needlessly": (
        b"\x82\x7f" + (0xFFFF).to_bytes(8, "big"),
        Outcome(code=1002, broken=True),
    ),
    "length with its highest bit": (
        b"\x82\x7f" + (1 << 63).to_bytes(8, "big"),
        Outcome(code=1002, broken=True),
    ),
    "a good one, then a bad one": (
        frame(0x81, b"hi") + frame(0xF1, b"hi") + frame(0x81, b"hi"),
        Outcome([GREETING], code=1002, broken=True),
    ),
}


@pytest.mark.parametrize(("stream", "expected"), STREAMS.values(), ids=STREAMS)
def test_streams(stream: bytes, expected: Outcome) -> None:
    assert reference(Role.CLIENT, stream, limit=LIMIT) == expected
    for cuts in ([], range(len(stream)), range(0, len(stream), 3)):
        assert outcome(Role.CLIENT, stream, limit=LIMIT, cuts=cuts) == expected
