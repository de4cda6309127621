"""The values between machines and drivers."""

from __future__ import annotations

import pytest

from hercle_proto import Call, Command, Endpoint, Failure, LocalProtocolError, SessionClosed, Why


class Ask(Command[str]):
    """A command."""


@pytest.mark.parametrize(
    ("end", "shown"),
    [
        (lambda call: None, "<Call 7 Ask waiting>"),
        (lambda call: setattr(call, "sent_at", 1.0), "<Call 7 Ask sent>"),
        (lambda call: call.answer("yes"), "<Call 7 Ask answered>"),
        (lambda call: call.fail(SessionClosed()), "<Call 7 Ask failed>"),
    ],
)
def test_a_call_shows_where_it_stands(end, shown):
    call = Call(Ask(), 7)
    end(call)
    assert repr(call) == shown


def test_a_call_ends_once():
    call = Call(Ask(), 7)
    with pytest.raises(LocalProtocolError, match="not ended yet"):
        call.result()
    call.answer("yes")
    for again in (lambda: call.answer("no"), lambda: call.fail(SessionClosed())):
        with pytest.raises(LocalProtocolError, match="ended already"):
            again()
    assert call.result() == "yes"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (Endpoint("example.com", 443, tls=True), "example.com:443"),
        (Endpoint("::1", 80), "[::1]:80"),
        (Failure(Why.LOST), "the connection was lost"),
        (Failure(Why.UNREACHABLE, "refused"), "no connection could be made: refused"),
    ],
)
def test_how_they_read(value, shown):
    assert str(value) == shown
