"""The life of a session, scene by scene, on virtual time."""

from __future__ import annotations

import itertools
import logging
import random
import traceback
from typing import Any

import msgspec
import pytest

from canned import CannedPeer, answer, negotiated
from hercle_proto import _errors as errors
from hercle_proto._contract import (
    AnsweredLate,
    Close,
    Disconnected,
    Endpoint,
    Failure,
    Open,
    Why,
)
from hercle_proto.client import (
    TRANSITIONS,
    ClientSettings,
    Connected,
    HubClient,
    Input,
    InvocationReceived,
    Invoke,
    InvokeRepeatable,
    PlainDialect,
    Reconnecting,
    ReconnectPolicy,
    State,
)
from hercle_proto.hub import Completion, HubSettings, Invocation, Raw, StreamItem
from hercle_proto.testing import Fate, HubPeer, Simulated

URL = "http://127.0.0.1:5000/hub?tenant=7"
KEY = "k3y-that-must-not-leak"


def echo(peer: HubPeer, invocation: Invocation) -> None:
    value = msgspec.json.decode(invocation.arguments[0]) if invocation.arguments else None
    peer.send(Completion(invocation.invocation_id, value))


class Stage:
    """A session and the peers that it meets, one after the other; the last one plays on."""

    def __init__(self, *peers: Any, fates: tuple[Fate, ...] = (), url: str = URL, **options: Any):
        self.rng = random.Random(1)
        self.endpoints: list[Endpoint] = []
        self.peers: list[Any] = []
        self._casts = [*peers] or [echo]
        self._fates = fates
        settings = ClientSettings(url=url, **options)
        self.client = HubClient(settings, PlainDialect(), entropy=self.rng.randbytes)
        self.sim = Simulated(self.client, self._serve, self._fate)

    def _serve(self, endpoint: Endpoint, number: int) -> Any:
        cast = self._casts[min(number, len(self._casts)) - 1]
        peer = HubPeer(cast, entropy=self.rng.randbytes) if callable(cast) else cast
        self.endpoints.append(endpoint)
        self.peers.append(peer)
        return peer

    def _fate(self, number: int) -> Fate:
        return self._fates[number - 1] if number <= len(self._fates) else Fate()

    def start(self) -> Stage:
        self.sim.start()
        self.sim.run_until(lambda: self.client.ready.done)
        return self

    def failure(self) -> BaseException:
        """With what the first connection failed. Nothing is left of it."""
        self.start()
        self.sim.run_until(lambda: self.client.closed)
        error = self.client.ready.error
        assert error is not None
        assert self.client.error is error
        assert self.sim.events == [Disconnected(str(error), error)]
        assert self.client.next_deadline() is None
        with pytest.raises(type(error)):
            self.sim.submit(Invoke("too late", returns=str))
        return error


# -- the beginning ---------------------------------------------------------------------------------


def test_negotiate_and_upgrade_share_a_stream():
    stage = Stage().start()
    assert stage.endpoints == [Endpoint("127.0.0.1", 5000)]
    assert stage.client.state is State.CONNECTED
    assert isinstance(stage.sim.events[0], Connected)
    stage.sim.close()
    assert stage.client.closed
    assert stage.peers[0].goodbyes == 1


def test_a_session_starts_once():
    stage = Stage().start()
    with pytest.raises(errors.LocalProtocolError, match="started already"):
        stage.client.start(now=stage.sim.now)


def test_nothing_happens_before_the_start():
    stage = Stage()
    assert (stage.client.actions(), stage.client.next_deadline()) == ([], None)
    stage.client.close(now=0.0)
    assert stage.client.closed
    assert isinstance(stage.client.ready.error, errors.SessionClosed)
    assert stage.client.next_event() == Disconnected("closed", None)


def test_negotiation_can_be_skipped():
    stage = Stage(skip_negotiation=True).start()
    assert stage.sim.events == [Connected(None)]
    assert stage.sim.call(Invoke("Echo", ("x",), returns=str)) == "x"


def test_an_answer_that_ends_its_stream_leads_to_a_second_one():
    over = CannedPeer(answer(200, negotiated(), headers="Connection: close\r\n"))
    stage = Stage(over, echo).start()
    assert stage.client.state is State.CONNECTED
    assert len(stage.endpoints) == 2


def test_a_stream_lost_before_the_upgrade_is_answered_is_worth_a_second_one():
    stage = Stage(CannedPeer(answer(200, negotiated()), b""), echo).start()
    assert stage.client.state is State.CONNECTED
    assert len(stage.endpoints) == 2


def test_but_no_third_one():
    stage = Stage(CannedPeer(answer(200, negotiated()), b""), CannedPeer(b""))
    assert isinstance(stage.failure(), errors.RemoteProtocolError)
    assert len(stage.endpoints) == 2


@pytest.mark.parametrize(
    ("fate", "peers", "error", "text"),
    [
        (Fate(failure=Failure(Why.UNRESOLVED, "x")), [echo], errors.ConnectionFailed, "resolved"),
        (Fate(failure=Failure(Why.UNREACHABLE)), [echo], errors.ConnectionFailed, "no connection"),
        (Fate(failure=Failure(Why.UNTRUSTED)), [echo], errors.ConnectionFailed, "not trusted"),
        (Fate(breaks_after=20), [echo], errors.ConnectionFailed, "lost"),
        (Fate(opens_after=99), [echo], errors.TimedOut, "127.0.0.1:5000 took longer than 15 s"),
        (Fate(), [CannedPeer(None)], errors.TimedOut, "connecting"),
        (Fate(), [CannedPeer(b"")], errors.ConnectionFailed, "lost"),
        (Fate(), [CannedPeer(b"SSH-2.0-x\r\n\r\n")], errors.RemoteProtocolError, ""),
        (Fate(), [CannedPeer(answer(401))], errors.Unauthorized, "401"),
        (Fate(), [CannedPeer(answer(403))], errors.Unauthorized, "403"),
        (Fate(), [CannedPeer(answer(404, b"<html>"))], errors.NegotiationFailed, "404"),
        (Fate(), [CannedPeer(answer(503))], errors.NegotiationFailed, "503"),
        (Fate(), [CannedPeer(answer(200, b"<html>"))], errors.RemoteProtocolError, "N-21"),
        (Fate(), [CannedPeer(answer(200, {"error": "full"}))], errors.NegotiationFailed, "full"),
        (
            Fate(),
            [CannedPeer(answer(200, negotiated(availableTransports=[])))],
            errors.NegotiationFailed,
            "no WebSockets",
        ),
        *(
            (
                Fate(),
                [CannedPeer(answer(200, negotiated()), answer(status, b"<html>no</html>"))],
                error,
                str(status),
            )
            for status, error in [
                (200, errors.NegotiationFailed),
                (302, errors.NegotiationFailed),
                (401, errors.Unauthorized),
                (404, errors.NegotiationFailed),
                (500, errors.NegotiationFailed),
            ]
        ),
        (
            Fate(),
            [CannedPeer(answer(200, negotiated()), b"nonsense\r\n\r\n")],
            errors.RemoteProtocolError,
            "",
        ),
        (Fate(), [CannedPeer(answer(200, negotiated()), None)], errors.TimedOut, "connecting"),
    ],
)
def test_a_first_connection_that_fails_fails_once(fate, peers, error, text):
    stage = Stage(*peers, fates=(fate,), key=KEY)
    failure = stage.failure()
    assert isinstance(failure, error)
    assert text in str(failure)
    assert KEY not in str(failure)
    assert len(stage.endpoints) == 1


def test_a_silent_hub_is_given_up():
    def upgrade_only(peer, invocation):
        raise AssertionError("no invocation comes before the handshake")

    silent = HubPeer(upgrade_only, entropy=random.Random(2).randbytes)
    silent._flush_hub = lambda: None  # it answers HTTP and the upgrade, and never the handshake
    assert isinstance(Stage(silent).failure(), errors.TimedOut)


# -- keys and redirects ----------------------------------------------------------------------------


def authorizations(peer: CannedPeer) -> list[str]:
    return [
        line.partition(": ")[2]
        for request in peer.requests
        for line in request.split("\r\n")
        if line.lower().startswith("authorization")
    ]


@pytest.mark.parametrize("key", [KEY, f"  {KEY}\n", lambda: KEY])
def test_the_key_goes_with_every_request(key):
    peer = CannedPeer(answer(200, negotiated()), answer(500))
    Stage(peer, key=key, headers=[("Authorization", "mine"), ("X-More", "1")]).failure()
    assert authorizations(peer) == [f"Bearer {KEY}"] * 2
    assert all("X-More: 1" in request for request in peer.requests)
    assert peer.requests[0].startswith("POST /hub/negotiate?tenant=7&negotiateVersion=1 ")
    assert peer.requests[1].startswith("GET /hub?tenant=7&id=secret-token ")


@pytest.mark.parametrize("key", [None, lambda: "", lambda: None])
def test_no_key_no_header(key):
    peer = CannedPeer(answer(500))
    Stage(peer, key=key).failure()
    assert authorizations(peer) == []


@pytest.mark.parametrize("refused", [[answer(401)], [answer(200, negotiated()), answer(401)]])
def test_a_key_that_can_be_asked_for_again_is_once(refused):
    keys = (f"key-{n}" for n in itertools.count())
    peers = CannedPeer(*refused), CannedPeer(answer(401))
    assert isinstance(Stage(*peers, key=lambda: next(keys)).failure(), errors.Unauthorized)
    assert {*authorizations(peers[0])} == {"Bearer key-0"}
    assert {*authorizations(peers[1])} == {"Bearer key-1"}
    stage = Stage(CannedPeer(*refused), echo, key=lambda: next(keys)).start()
    assert stage.client.state is State.CONNECTED


def raises(error):
    def key():
        raise error

    return key


@pytest.mark.parametrize(
    ("key", "error"),
    [
        (lambda: "two\nlines", errors.InvalidArgument),
        (lambda: KEY.encode(), errors.KeyUnavailable),
        (raises(OSError(KEY)), errors.KeyUnavailable),
        (raises(errors.SessionClosed("x")), errors.SessionClosed),
    ],
)
def test_a_key_that_is_none(key, error):
    stage = Stage(key=key)
    failure = stage.failure()
    assert isinstance(failure, error)
    assert failure.__cause__ is None
    assert KEY not in str(failure)
    assert stage.endpoints == []


@pytest.mark.parametrize(
    ("url", "key"),
    [
        (URL, ""),
        (URL, "two\nlines"),
        (URL, "inner space"),
        (URL, "schlüssel"),
        ("http://example.com/hub", KEY),
        ("nonsense", KEY),
        ("ftp://example.com/hub", None),
    ],
)
def test_what_cannot_be_is_refused_before_anything_starts(url, key):
    with pytest.raises(errors.LocalProtocolError) as caught:
        Stage(url=url, key=key)
    assert not key or key not in str(caught.value)


def test_a_key_travels_in_the_clear_when_told_to():
    stage = Stage(key=KEY, url="http://example.com/hub", allow_insecure=True).start()
    assert stage.endpoints == [Endpoint("example.com", 80)]


@pytest.mark.parametrize(
    "server",
    [
        CannedPeer(answer(200, {"error": f"who is {KEY}?"})),
        CannedPeer(
            answer(200, negotiated(availableTransports=[{"transport": KEY, "transferFormats": []}]))
        ),
        lambda peer, invocation: peer.close(error=f"the key {KEY} has expired"),
    ],
)
def test_a_key_that_the_server_quotes_is_blotted_out(server):
    stage = Stage(server, key=KEY)
    stage.sim.start()
    call = (
        stage.client.submit(Invoke("x", returns=int), now=stage.sim.now)
        if callable(server)
        else None
    )
    stage.sim.run(60)
    told = [*stage.sim.events, stage.client.error, stage.client.ready.error, call and call.error]
    assert KEY not in repr(told) + "".join(map(str, told)) + repr(vars(stage.client.error))
    assert "[key]" in str(stage.client.error)


def test_a_redirect_is_followed_with_its_token_and_without_our_headers():
    there = "http://localhost:6000/app?hub=x"
    first = CannedPeer(answer(200, {"url": there, "accessToken": "theirs"}))
    second = CannedPeer(answer(200, negotiated()), answer(500))
    stage = Stage(first, second, key=KEY, headers=[("Cookie", "mine")])
    stage.failure()
    assert stage.endpoints == [Endpoint("127.0.0.1", 5000), Endpoint("localhost", 6000)]
    assert authorizations(second) == ["Bearer theirs"] * 2
    assert "mine" not in "".join(second.requests)
    assert KEY not in "".join(second.requests)
    assert second.requests[0].startswith("POST /app/negotiate?hub=x&")


@pytest.mark.parametrize("elsewhere", ["http://localhost:6000/", "http://127.0.0.1:5001/hub"])
def test_our_key_never_goes_to_another_origin(elsewhere):
    stage = Stage(CannedPeer(answer(200, {"url": elsewhere})), key=KEY)
    failure = stage.failure()
    assert isinstance(failure, errors.NegotiationFailed)
    assert "the key stays here" in str(failure)
    assert len(stage.endpoints) == 1


def test_a_chain_of_redirects_ends():
    here = answer(200, {"url": URL})
    stage = Stage(*[CannedPeer(here) for _ in range(101)])
    assert "redirected 100 times" in str(stage.failure())
    assert len(stage.endpoints) == 100


# -- calls -----------------------------------------------------------------------------------------


def test_what_is_submitted_before_the_connection_stands_is_sent_on_it():
    stage = Stage()
    stage.sim.start()
    calls = [stage.sim.submit(Invoke("Echo", (n,), returns=int)) for n in range(3)]
    stage.sim.run_until(lambda: all(call.done for call in calls))
    assert [call.result() for call in calls] == [0, 1, 2]


def test_results_are_typed():
    stage = Stage().start()
    assert stage.sim.call(Invoke("Echo", ([1, 2],), returns=list[int])) == [1, 2]
    assert stage.sim.call(Invoke("Echo", (None,), returns=type(None))) is None
    with pytest.raises(errors.OutcomeUnknown, match="str"):
        stage.sim.call(Invoke("Echo", (1,), returns=str))
    with pytest.raises(errors.NoAnswer, match="str"):
        stage.sim.call(InvokeRepeatable("Echo", (1,), returns=str))


def test_a_completion_without_a_result_is_none():
    stage = Stage(lambda peer, inv: peer.send(Completion(inv.invocation_id))).start()
    assert stage.sim.call(Invoke("Send", returns=type(None))) is None


def test_a_methods_error():
    failing = lambda peer, inv: peer.send(Completion(inv.invocation_id, error="b\noom"))  # noqa: E731
    with pytest.raises(errors.InvocationFailed, match="Fail ended with an error: b oom"):
        Stage(failing).start().sim.call(Invoke("Fail", returns=str))


def test_what_cannot_be_written_is_refused_at_once():
    stage = Stage().start()
    with pytest.raises(errors.InvalidArgument, match=r"arguments\[1\]"):
        stage.sim.submit(Invoke("Echo", (1, float("nan")), returns=str))
    with pytest.raises(errors.LocalProtocolError, match="Invoke"):
        stage.sim.submit(NotAnInvoke())
    assert stage.sim.call(Invoke("Echo", (1,), returns=int)) == 1


class NotAnInvoke(Invoke.__mro__[1]):
    """A command that a plain hub does not have."""


@pytest.mark.parametrize("raw", [b"}{", b'"\x1e"', b"", b"1 2", b"nope"])
def test_raw_json_is_one_value(raw):
    stage = Stage().start()
    with pytest.raises(errors.InvalidArgument, match=r"arguments\[0\]"):
        stage.sim.submit(Invoke("Echo", (Raw(raw),), returns=int))
    with pytest.raises(errors.InvalidArgument, match="target"):
        stage.sim.submit(Invoke("\ud800", returns=int))
    assert stage.sim.call(Invoke("Echo", (Raw(b"[1]"),), returns=list[int])) == [1]


def test_an_error_does_not_grow_by_being_raised():
    stage = Stage(reconnect=None).start()
    stage.peers[0].hang_up()
    stage.sim.run(1)
    for _ in range(5):
        with pytest.raises(errors.HercleProtoError) as caught:
            stage.sim.submit(Invoke("too late", returns=str))
    assert len(traceback.extract_tb(caught.value.__traceback__)) < 5


def test_ready_is_not_for_giving_up():
    stage = Stage()
    stage.sim.start()
    stage.client.abandon(stage.client.ready, now=stage.sim.now)
    stage.sim.run(1)
    assert stage.client.ready.result() is None


@pytest.mark.parametrize("moment", [0.5, 1.5, 2.5, 3.5, 10.0])
def test_closing_at_once_after_an_orderly_goodbye(moment):
    stage = Stage(fates=(Fate(latency=0.5),))
    stage.sim.start()
    stage.sim.run(moment)
    stage.client.close(now=stage.sim.now)
    stage.sim.run(0.1)
    stage.client.close(now=stage.sim.now, at_once=True)
    stage.sim.run(60)
    assert stage.client.closed


def test_a_stream_where_one_result_was_asked():
    def stream(peer, invocation):
        with pytest.raises(errors.LocalProtocolError):
            peer.send(StreamItem(invocation.invocation_id, 1))
        record = b'{"type":2,"invocationId":"%s","item":1}\x1e' % invocation.invocation_id.encode()
        peer._websocket.send(record)
        peer._websocket.send(record)

    with pytest.raises(errors.OutcomeUnknown, match="stream item"):
        Stage(stream).start().sim.call(Invoke("Counter", returns=int))


def test_an_unasked_completion_is_dropped():
    def twice(peer, invocation):
        echo(peer, invocation)
        peer._flush_hub()
        peer._websocket.send(
            b'{"type":3,"invocationId":"1","result":2}\x1e{"type":5,"invocationId":"9"}\x1e'
        )

    stage = Stage(twice).start()
    assert stage.sim.call(Invoke("Echo", (1,), returns=int)) == 1
    assert stage.sim.call(Invoke("Echo", (2,), returns=int)) == 2


def test_an_answer_after_the_time_out_and_after_the_end():
    def late(peer, invocation):
        peer.later(5.0, lambda: echo(peer, invocation))

    stage = Stage(late).start()
    with pytest.raises(errors.OutcomeUnknown, match="longer than 2 s"):
        stage.sim.call(Invoke("Create", ("x",), returns=str), timeout=2.0)
    stage.sim.run(5)
    late_answer = stage.sim.events[-1]
    assert isinstance(late_answer, AnsweredLate)
    assert late_answer.answer == "x"


def test_an_abandoned_call_that_was_not_sent_never_is():
    stage = Stage(fates=(Fate(opens_after=3.0),))
    stage.sim.start()
    call = stage.sim.submit(Invoke("Create", ("x",), returns=str))
    stage.sim.abandon(call)
    stage.sim.run(30)
    assert isinstance(call.error, errors.NotSent)
    assert stage.peers[0].invocations == []


# -- what the server does unasked ------------------------------------------------------------------


def test_what_the_server_invokes_is_an_event():
    def push(peer, invocation):
        peer.send(Invocation("news", (1, "two")))
        echo(peer, invocation)

    stage = Stage(push).start()
    stage.sim.call(Invoke("Echo", (1,), returns=int))
    news = stage.sim.events[-1]
    assert isinstance(news, InvocationReceived)
    assert (news.target, news.argument(0, int), news.argument(1, str)) == ("news", 1, "two")
    with pytest.raises(errors.RemoteProtocolError, match="2 arguments; there is none at 2"):
        news.argument(2, str)
    with pytest.raises(errors.RemoteProtocolError, match="str"):
        news.argument(0, str)
    assert "two" not in repr(news)


def test_a_client_result_is_refused():
    def ask(peer, invocation):
        peer.send(Invocation("ask", (), invocation_id="7"))
        peer.later(1.0, lambda: echo(peer, invocation))

    stage = Stage(ask).start()
    stage.sim.call(Invoke("Echo", (1,), returns=int))
    (completion,) = stage.peers[0].completions
    assert completion == Completion("7", error="Client didn't provide a result.")


def test_a_flood_of_requests_for_results_ends_the_connection():
    def flood(peer, invocation):
        for n in range(6000):
            peer.send(Invocation("ask", (), invocation_id=str(n)))

    stage = Stage(flood, echo, fates=(Fate(stops_reading_after=1500, latency=0.1),)).start()
    stage.sim.submit(Invoke("Echo", (1,), returns=int))
    stage.sim.run(60)
    reconnecting = [event for event in stage.sim.events if isinstance(event, Reconnecting)]
    assert "faster than it reads" in str(reconnecting[0].cause)


def test_a_long_message_on_its_way_is_not_silence():
    def trickle(peer, invocation):
        record = b'{"type":3,"invocationId":"1","result":"%s"}\x1e' % (b"x" * 60)
        frame = bytes([0x81, len(record)]) + record
        for second in range(60):
            part = frame[second * 2 : second * 2 + 2] if second < 59 else frame[118:]
            peer.later(float(second), lambda part=part: peer._out.extend(part))

    quiet = HubSettings(ping_interval=1000.0, silence_timeout=2000.0)
    peer = HubPeer(trickle, entropy=random.Random(2).randbytes, settings=quiet)
    stage = Stage(peer).start()
    assert stage.sim.call(Invoke("Echo", returns=str), timeout=90.0) == "x" * 60
    assert len(stage.peers) == 1


# -- the end, and what follows ---------------------------------------------------------------------


def closing(**how):
    return lambda peer, invocation: peer.close(**how)


@pytest.mark.parametrize(
    ("end", "again"),
    [
        (closing(allow_reconnect=True), True),
        (closing(error="bye", allow_reconnect=True), True),
        (closing(), False),
        (closing(error="bye"), False),
        (lambda peer, invocation: peer.hang_up(), True),
        (lambda peer, invocation: peer._websocket.close(1001, "going away"), True),
        (lambda peer, invocation: peer._websocket.send(b"{}\x1e"), True),
        (lambda peer, invocation: peer._websocket.send(b"x" * 2**20), False),
    ],
)
def test_who_comes_back(end, again):
    stage = Stage(end, echo, hub=HubSettings(max_message_bytes=2**16)).start()
    stage.sim.run(10)
    call = stage.client.submit(Invoke("End", returns=int), now=stage.sim.now)
    read = stage.client.submit(InvokeRepeatable("Read", (1,), returns=int), now=stage.sim.now)
    stage.sim.run(60)
    assert isinstance(call.error, errors.OutcomeUnknown)
    assert stage.client.closed is not again
    assert (read.error is None) is again
    if again:
        assert read.result() == 1
        kinds = [type(event) for event in stage.sim.events]
        assert kinds == [Connected, Reconnecting, Connected]
        assert stage.sim.call(Invoke("Echo", (2,), returns=int)) == 2
        stage.sim.close()
    assert stage.sim.events[-1] == Disconnected(
        "closed" if again else str(stage.client.error), stage.client.error
    )
    assert all(peer.goodbyes <= 1 for peer in stage.peers)


def test_a_connection_that_ends_at_once_counts_as_a_failure():
    """A server that takes each connection and says goodbye is not stormed."""
    stage = Stage(echo).start()
    for _ in range(20):
        stage.peers[-1].close(allow_reconnect=True)
        before = len(stage.peers)
        stage.sim.run_until(lambda n=before: len(stage.peers) > n)
        stage.sim.run(1)
    assert stage.sim.now > 1000 + 15 * 24


def test_without_a_policy_the_session_ends_with_its_connection():
    stage = Stage(reconnect=None).start()
    stage.peers[0].hang_up()
    stage.sim.run_until(lambda: stage.client.closed)
    assert isinstance(stage.client.error, errors.ConnectionFailed | errors.RemoteProtocolError)


def test_a_wrong_key_ends_reconnecting():
    stage = Stage(echo, CannedPeer(answer(401)), key=KEY).start()
    stage.peers[0].hang_up()
    stage.sim.run_until(lambda: stage.client.closed)
    assert isinstance(stage.client.error, errors.Unauthorized)
    assert len(stage.peers) == 2


def test_it_gives_up_within_its_time():
    policy = ReconnectPolicy(max_elapsed=60.0)
    refused = Fate(failure=Failure(Why.UNREACHABLE))
    stage = Stage(fates=(Fate(), *[refused] * 99), reconnect=policy).start()
    stage.peers[0].hang_up()
    stage.sim.run(0)
    call = stage.sim.submit(InvokeRepeatable("Read", returns=int), timeout=float("inf"))
    stage.sim.run_until(lambda: stage.client.closed)
    assert isinstance(stage.client.error, errors.GaveUp)
    assert stage.sim.now < 1070
    assert isinstance(call.error, errors.NotSent)


@pytest.mark.parametrize("moment", ["new", "opening", "negotiating", "connected", "waiting"])
@pytest.mark.parametrize("at_once", [False, True])
def test_closing_at_any_moment(moment, at_once):
    fates = (Fate(opens_after=5.0 if moment == "opening" else 0.0, latency=1.0),)
    stage = Stage(fates=fates)
    if moment != "new":
        stage.sim.start()
    stage.sim.run(
        {"new": 0, "opening": 1, "negotiating": 1, "connected": 20, "waiting": 20}[moment]
    )
    if moment == "waiting":
        stage.peers[0].hang_up()
        stage.sim.run_until(lambda: stage.client.state is State.WAITING)
    opened = len(stage.sim.opened)
    before = stage.sim.now
    stage.sim.close(at_once=at_once)
    assert stage.client.closed
    assert stage.sim.now - before <= (0 if at_once else 2.0)
    assert len(stage.sim.opened) == opened
    stage.sim.run(100)
    assert len(stage.sim.opened) == opened
    assert stage.sim.events[-1] == Disconnected("closed", None)
    stage.client.close(now=stage.sim.now)
    with pytest.raises(errors.SessionClosed):
        stage.client.submit(Invoke("x", returns=str), now=stage.sim.now)


def test_closing_while_the_hub_handshake_is_under_way():
    silent = HubPeer(echo, entropy=random.Random(2).randbytes)
    silent._flush_hub = lambda: None
    stage = Stage(silent)
    stage.sim.start()
    stage.sim.run(3)
    stage.sim.close()
    assert stage.client.closed
    assert isinstance(stage.client.ready.error, errors.SessionClosed)


def test_a_peer_that_does_not_say_goodbye_back_has_a_moment():
    stage = Stage().start()
    stage.peers[0].receive_data = lambda data, now: None
    before = stage.sim.now
    stage.sim.close()
    assert stage.sim.now - before == 2.0


def test_answers_during_the_goodbye_still_count():
    def late(peer, invocation):
        peer.later(0.5, lambda: echo(peer, invocation))

    stage = Stage(late, fates=(Fate(latency=0.4),)).start()
    stage.sim.run(1)
    call = stage.sim.submit(Invoke("Create", ("x",), returns=str))
    stage.sim.run(0.6)
    stage.sim.close()
    assert isinstance(call.error, errors.OutcomeUnknown)
    late_answers = [event.answer for event in stage.sim.events if isinstance(event, AnsweredLate)]
    assert late_answers == ["x"]


def test_an_old_stream_is_nobodys():
    client = Stage().client
    client.start(now=0.0)
    (opened,) = client.actions()
    assert isinstance(opened, Open)
    client.stream_failed(opened.stream, Failure(Why.LOST), now=0.0)
    client.stream_failed(opened.stream, Failure(Why.LOST), now=0.0)
    client.stream_opened(opened.stream, now=0.0)
    client.receive_data(opened.stream, b"x", now=0.0)
    assert client.data_to_send(opened.stream, now=0.0) == b""
    assert not client.wants_data(opened.stream)
    assert client.closed
    assert client.actions() == []


def test_data_before_the_stream_is_open_is_nothing():
    client = Stage().client
    client.start(now=0.0)
    (opened,) = client.actions()
    client.receive_data(opened.stream, b"x", now=0.0)
    assert client.data_to_send(opened.stream, now=0.0) == b""
    client.close(now=0.0)
    assert client.actions() == [Close(opened.stream)]


# -- the table, and the log ------------------------------------------------------------------------


def test_the_network_is_untroubled_by_default():
    rng = random.Random(1)
    client = HubClient(ClientSettings(url=URL), PlainDialect(), entropy=rng.randbytes)
    peer = HubPeer(echo, entropy=rng.randbytes)
    sim = Simulated(client, lambda endpoint, number: peer)
    sim.start()
    assert sim.call(Invoke("Echo", (1,), returns=int)) == 1
    sim.close()
    peer.send(Invocation("too late"))
    assert peer.next_deadline() is None


def test_a_driver_that_spins_is_told():
    stage = Stage().start()
    stage.client.handle_timer = lambda now: None
    with pytest.raises(AssertionError, match="does not move on"):
        stage.sim.run(100)


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("what", Input)
def test_every_input_in_every_state(state, what):
    after = TRANSITIONS[state].get(what)
    assert state in TRANSITIONS
    if after is None:
        assert what is not Input.CLOSE or state in (State.CLOSING, State.CLOSED)
    else:
        assert after is not State.NEW
        assert state is not State.CLOSED
        assert after in (State.CLOSING, State.CLOSED) or state is not State.CLOSING


def test_the_log_has_directions_and_no_secrets(caplog):
    caplog.set_level(logging.DEBUG, logger="hercle_proto")
    stage = Stage(key=KEY).start()
    stage.sim.call(Invoke("Echo", ("a-secret-memo",), returns=str))
    stage.peers[0].hang_up()
    stage.sim.run(10)
    stage.sim.close()
    text = caplog.text
    assert "= start: new -> connecting" in text
    assert "> Echo, call 1" in text
    assert KEY not in text
    assert "a-secret-memo" not in text
    assert "token-" not in text
