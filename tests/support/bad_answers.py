"""Answers over HTTP that are none, as bytes, and what an error must not hold."""

from __future__ import annotations

import gzip
import json
import traceback
import zlib
from collections.abc import Iterator
from urllib.parse import quote

from attrs import frozen

from hercle_proto import ConnectionFailed, MessageTooLarge, RemoteProtocolError, TimedOut

__all__ = ["BAD", "ECHO", "HTML", "KEY", "LIMIT", "Bad", "said", "texts"]

KEY = "s3cr/et+key="
ECHO = f"your key {KEY}, that is {quote(KEY, safe='')}"
LIMIT = 8 * 2**10
"""Bytes, which some of the answers pass."""


def texts(error: BaseException | None) -> Iterator[str]:
    """Everything that an error, and whatever led to it, says or holds."""
    while error is not None:
        yield from (str(error), repr(error), *map(str, error.args))
        yield from (str(value) for name, value in vars(error).items() if name != "data")
        yield from getattr(error, "__notes__", ())
        yield from traceback.format_exception_only(error)
        for other in (error.__context__, getattr(error, "cause", None)):
            yield from texts(other)
        error = error.__cause__


def said(status: int, body: object = b"", headers: str = "") -> bytes:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    head = f"HTTP/1.1 {status} {ECHO}\r\nContent-Length: {len(content)}\r\nX: {ECHO}\r\n{headers}"
    return f"{head}\r\n".encode() + content


def chunked(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + body


def zipped(body: bytes, coding: str = "gzip") -> bytes:
    return said(200, body, f"Content-Encoding: {coding}\r\n")


HTML = f"<!doctype html><title>{ECHO}</title>".encode()
BOMB = gzip.compress(bytes(100 * LIMIT))


@frozen
class Bad:
    """An answer of success that is none. `whole`: all of it came, so more can only follow it."""

    wire: bytes
    cause: type[Exception]
    whole: bool = True
    ends: bool = False


BAD = {
    "nothing": Bad(said(200), RemoteProtocolError),
    "no content": Bad(b"HTTP/1.1 204 No Content\r\n\r\n", RemoteProtocolError),
    "HTML": Bad(said(200, HTML), RemoteProtocolError),
    "HTML until the end": Bad(b"HTTP/1.1 200 OK\r\n\r\n" + HTML, RemoteProtocolError, ends=True),
    "HTML in gzip": Bad(zipped(gzip.compress(HTML)), RemoteProtocolError),
    "HTML in chunks": Bad(
        chunked(b"%x\r\n%b\r\n0\r\n\r\n" % (len(HTML), HTML)), RemoteProtocolError
    ),
    "text": Bad(said(200, ECHO.encode()), RemoteProtocolError),
    "a list": Bad(said(200, [ECHO]), RemoteProtocolError),
    "a text in JSON": Bad(said(200, ECHO), RemoteProtocolError),
    "null": Bad(said(200, None), RemoteProtocolError),
    "half of an object": Bad(
        said(200, json.dumps({"data": ECHO})[:-3].encode()), RemoteProtocolError
    ),
    "another object": Bad(said(200, {KEY: ECHO}), RemoteProtocolError),
    "no UTF-8": Bad(said(200, b'{"%b": "\xff"}' % KEY.encode()), RemoteProtocolError),
    "nested": Bad(said(200, b"[" * 5000 + KEY.encode()), RemoteProtocolError),
    "a redirect": Bad(said(302, b"", f"Location: http://{ECHO}/\r\n"), RemoteProtocolError),
    "a redirect to the key": Bad(
        said(307, b"", "Location: https://s3cr%2Fet%2Bkey%3D.example/\r\n"), RemoteProtocolError
    ),
    "no HTTP": Bad(f"SSH-2.0-{KEY}\r\n\r\n".encode(), RemoteProtocolError),
    "TLS": Bad(b"\x15\x03\x01\x00\x02\x02\x0a", RemoteProtocolError),
    "a bad header": Bad(f"HTTP/1.1 200 OK\r\nX: {KEY}\0\r\n\r\n".encode(), RemoteProtocolError),
    "no end of headers": Bad(
        b"HTTP/1.1 200 OK\r\n" + f"X: {KEY}\r\n".encode() * 9999, RemoteProtocolError
    ),
    "two lengths": Bad(
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}", RemoteProtocolError
    ),
    "a length below 0": Bad(b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", RemoteProtocolError),
    "1 GiB": Bad(b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n", MessageTooLarge),
    "1 GiB in one chunk": Bad(chunked(b"40000000\r\n" + b"{" * (LIMIT + 1)), MessageTooLarge),
    "without end": Bad(b"HTTP/1.1 200 OK\r\n\r\n" + b" " * (LIMIT + 1), MessageTooLarge),
    "a bomb": Bad(zipped(BOMB), MessageTooLarge),
    "a bomb in chunks": Bad(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
        b"%x\r\n%b\r\n0\r\n\r\n" % (len(BOMB), BOMB),
        MessageTooLarge,
    ),
    "a bomb for 1 GiB": Bad(
        b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 1073741824\r\n\r\n" + BOMB,
        MessageTooLarge,
    ),
    "no gzip": Bad(zipped(ECHO.encode()), RemoteProtocolError),
    "half of gzip": Bad(zipped(gzip.compress(HTML)[:-9]), RemoteProtocolError),
    "more than gzip": Bad(zipped(gzip.compress(HTML) + KEY.encode()), RemoteProtocolError),
    "deflate": Bad(zipped(zlib.compress(HTML), "deflate"), RemoteProtocolError),
    "gzip twice": Bad(
        zipped(gzip.compress(gzip.compress(HTML)), "gzip, gzip"), RemoteProtocolError
    ),
    "an unknown coding": Bad(zipped(HTML, KEY), RemoteProtocolError),
    "chunks of nonsense": Bad(chunked(f"{KEY}\r\n".encode()), RemoteProtocolError),
    "a chunk of another length": Bad(chunked(f"1\r\n{KEY}\r\n".encode()), RemoteProtocolError),
    "a chunk below 0": Bad(chunked(b"-1\r\n"), RemoteProtocolError),
    "a chunk of 2 ** 80": Bad(chunked(b"1" + b"0" * 20 + b"\r\n"), RemoteProtocolError),
    "no byte": Bad(b"", ConnectionFailed, whole=False, ends=True),
    "half of a head": Bad(said(200)[:30], ConnectionFailed, whole=False, ends=True),
    "half of a body": Bad(said(200, HTML)[:-5], ConnectionFailed, whole=False, ends=True),
    "half of the chunks": Bad(
        chunked(f"ff\r\n{ECHO}".encode()), ConnectionFailed, whole=False, ends=True
    ),
    "chunks without the last": Bad(
        chunked(b"2\r\n{}\r\n"), ConnectionFailed, whole=False, ends=True
    ),
    "half of a body, and silence": Bad(said(200, HTML)[:-5], TimedOut, whole=False),
    "silence": Bad(b"", TimedOut, whole=False),
}
