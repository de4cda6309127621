"""The REST machine on virtual time, against a scripted server."""

from __future__ import annotations

import gzip
import logging
from collections.abc import Callable
from decimal import Decimal
from random import Random

import pytest

from hercle_proto import (
    NEED_DATA,
    AnsweredLate,
    ApiError,
    Call,
    Close,
    Command,
    CommandRefused,
    ConnectionFailed,
    Disconnected,
    Endpoint,
    Failure,
    HercleProtoError,
    InvalidArgument,
    KeySource,
    KeyUnavailable,
    LocalProtocolError,
    MessageTooLarge,
    NoAnswer,
    NotSent,
    Open,
    OutcomeUnknown,
    RemoteProtocolError,
    SessionClosed,
    TimedOut,
    Unauthorized,
    Why,
)
from hercle_proto.client import Invoke
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    RestSession,
    RestSettings,
    hercle_rest,
)
from hercle_proto.testing import Fate, Simulated
from rest_peer import Asked, Reaction, RestPeer, created, error, invoices

KEY = "s3cret"
GET = GetLightningInvoices()
CREATE = CreateLightningInvoice(Decimal("0.001"), "m")


class World:
    """A session and its server, which reacts to the n-th request with the n-th reaction."""

    def __init__(
        self,
        *reactions: Reaction,
        react: Callable[[Asked], Reaction] | None = None,
        fates: tuple[Fate, ...] = (),
        key: KeySource | None = KEY,
        start: bool = True,
        **settings: object,
    ) -> None:
        self._reactions = iter(reactions)
        self._react = react or (lambda _: next(self._reactions))
        self.peers: list[RestPeer] = []
        self.session = RestSession(
            RestSettings(url="http://127.0.0.1:5000", key=key, **settings),
            entropy=Random(1).randbytes,
        )
        self.sim = Simulated(
            self.session, self._serve, lambda n: fates[n - 1] if n <= len(fates) else Fate()
        )
        if start:
            self.sim.start()

    def _serve(self, endpoint: Endpoint, _: int) -> RestPeer:
        assert endpoint == Endpoint("127.0.0.1", 5000)
        self.peers.append(RestPeer(self._react))
        return self.peers[-1]

    @property
    def asked(self) -> list[str]:
        """The methods asked, connection by connection."""
        return [" ".join(asked.method for asked in peer.asked) for peer in self.peers]

    def fails(self, command: Command[object], **how: float) -> HercleProtoError:
        call = self.sim.submit(command, **how)
        self.sim.run_until(lambda: call.done)
        assert call.error is not None
        return call.error


def cause_of(failure: HercleProtoError) -> Exception:
    assert isinstance(failure, NotSent | NoAnswer | OutcomeUnknown)
    return failure.cause


# -- the usual way ---------------------------------------------------------------------------------


def test_exchanges_share_a_stream() -> None:
    world = World(created("a"), invoices("a"), invoices("a", "b"))
    assert world.session.ready.done
    assert world.sim.opened == []
    assert world.sim.call(CREATE).id == "a"
    assert [invoice.id for invoice in world.sim.call(GET).invoices] == ["a"]
    assert len(world.sim.call(GET).invoices) == 2
    assert world.asked == ["POST GET GET"]
    [peer] = world.peers
    assert peer.asked[0].target == "/api/v1/invoices"
    assert peer.asked[0].fields == {"amountBtc": 0.001, "expiryHours": 24, "memo": "m"}
    assert peer.asked[0].headers["host"] == "127.0.0.1:5000"
    assert peer.asked[0].headers["authorization"] == f"Bearer {KEY}"


def test_commands_wait_for_each_other() -> None:
    world = World(*(invoices(str(n), delay=1) for n in range(3)))
    calls = [world.sim.submit(GET) for _ in range(3)]
    assert [call.sent for call in calls] == [True, False, False]
    world.sim.run_until(lambda: all(call.done for call in calls))
    assert [call.result().invoices[0].id for call in calls] == ["0", "1", "2"]
    assert world.asked == ["GET GET GET"]


@pytest.mark.parametrize("cuts", [(1,), (2, 3), (7,)])
def test_any_cut_is_the_same(cuts: tuple[int, ...]) -> None:
    world = World(created("a"), invoices("a"), fates=(Fate(cuts=cuts, latency=0.01),))
    assert world.sim.call(CREATE).id == "a"
    assert world.sim.call(GET).invoices[0].id == "a"


def test_answers_may_come_in_gzip() -> None:
    plain = invoices("a", "b")
    body, coding = gzip.compress(plain.body), (("Content-Encoding", "gzip"),)
    world = World(Reaction(200, body, coding), fates=(Fate(cuts=(7,)),))
    assert len(world.sim.call(GET).invoices) == 2
    assert world.peers[0].asked[0].headers["accept-encoding"] == "gzip"


def test_a_gzip_bomb_is_refused() -> None:
    bomb = gzip.compress(bytes(10**6))
    world = World(Reaction(200, bomb, (("Content-Encoding", "gzip"),)), max_answer_bytes=2000)
    assert isinstance(cause_of(world.fails(GET)), MessageTooLarge)


def test_a_server_may_close_after_each_answer() -> None:
    close = (("Connection", "close"),)
    world = World(created(headers=close), invoices(headers=close), invoices())
    calls = [world.sim.submit(CREATE), world.sim.submit(GET), world.sim.submit(GET)]
    world.sim.run_until(lambda: all(call.done for call in calls))
    assert world.asked == ["POST", "GET", "GET"]


def test_commands_may_come_before_the_start() -> None:
    world = World(invoices(), start=False)
    call = world.session.submit(GET, now=world.sim.now)
    world.sim.start()
    assert call.done


def test_the_builder_takes_what_sessions_take() -> None:
    session = hercle_rest(
        KEY,
        url="https://a/ExecutionLiveServer/v1",
        entropy=Random(1).randbytes,
        allow_insecure=False,
        call_timeout=5,
        connect_timeout=3,
        event_limit=1,
        max_answer_bytes=10,
    )
    session.start(now=0)
    with pytest.raises(LocalProtocolError, match="started already"):
        session.start(now=0)
    call = session.submit(GET, now=0)
    assert call.command.client_id is not None
    assert session.actions() == [Open(1, Endpoint("a", 443, tls=True))]
    assert session.next_deadline() == 3
    assert not session.wants_data(2)
    assert session.data_to_send(2, now=0) == b""
    session.receive_data(2, b"x", now=0)
    session.stream_opened(2, now=0)
    session.stream_failed(2, Failure(Why.LOST), now=0)
    assert session.data_to_send(1, now=0) == b""


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        ({"key": "a b"}, "visible ASCII"),
        ({"key": ""}, "empty key"),
        ({"key": "k", "url": "http://a"}, "allow_insecure"),
        ({"key": lambda: "k", "url": "http://a"}, "allow_insecure"),
        ({"url": "a"}, "must look like"),
    ],
)
def test_what_cannot_work_is_refused_at_once(settings: dict[str, object], why: str) -> None:
    with pytest.raises(InvalidArgument, match=why):
        RestSession(RestSettings(**settings), entropy=Random(1).randbytes)


def test_other_commands_do_not_go_over_rest() -> None:
    world = World()
    with pytest.raises(LocalProtocolError, match="x is no command"):
        world.session.submit(Invoke("x", (), returns=int), now=world.sim.now)
    world.session.submit(GetLightningInvoices("one"), now=world.sim.now)
    with pytest.raises(LocalProtocolError, match="correlation id"):
        world.session.submit(GetLightningInvoices("one"), now=world.sim.now)


# -- keys ------------------------------------------------------------------------------------------


class Keys:
    """Gives these keys, one at each time of asking."""

    def __init__(self, *keys: str | Exception) -> None:
        self._keys = iter(keys)
        self.asked = 0

    def __call__(self) -> str:
        self.asked += 1
        key = next(self._keys)
        if isinstance(key, Exception):
            raise key
        return key


@pytest.mark.parametrize("headers", [(), (("Connection", "close"),)])
@pytest.mark.parametrize("command", [CREATE, GET])
def test_a_refused_key_is_asked_for_once_more(
    command: Command[object], headers: tuple[tuple[str, str], ...]
) -> None:
    keys = Keys("old", "new")
    answer = created if command is CREATE else invoices
    world = World(error(401, headers=headers), answer(), answer(), key=keys)
    world.sim.call(command)
    world.sim.call(command)
    sent = [asked.headers["authorization"] for peer in world.peers for asked in peer.asked]
    assert sent == ["Bearer old", "Bearer new", "Bearer new"]
    assert keys.asked == 2
    assert len(world.peers) == (2 if headers else 1)


@pytest.mark.parametrize(
    ("key", "reactions"),
    [
        (KEY, 1),
        (Keys(KEY, KEY), 1),
        (Keys(KEY, ""), 1),
        (Keys(KEY, OSError(KEY)), 1),
        (Keys(KEY, "new"), 2),
    ],
)
def test_a_key_that_stays_refused_refuses_the_command(key: KeySource, reactions: int) -> None:
    world = World(*[error(401)] * reactions, invoices(), key=key)
    refused = world.fails(CREATE)
    assert isinstance(refused, CommandRefused)
    assert refused.status == 401
    assert isinstance(refused.__cause__, Unauthorized)
    assert world.asked == [" ".join(["POST"] * reactions)]
    world.sim.call(GET)


def test_without_a_key_none_is_sent() -> None:
    world = World(invoices(), invoices(), key=None)
    world.sim.call(GET)
    assert "authorization" not in world.peers[0].asked[0].headers
    world = World(invoices(), key=lambda: "")
    world.sim.call(GET)
    assert "authorization" not in world.peers[0].asked[0].headers


def test_a_key_that_is_not_to_be_had_sends_nothing() -> None:
    keys = Keys(OSError(KEY), KEY)
    world = World(created(), key=keys)
    failed = world.fails(CREATE)
    assert isinstance(failed, NotSent)
    assert isinstance(failed.cause, KeyUnavailable)
    assert world.peers == []
    world.sim.call(CREATE)


def test_a_refused_key_is_not_believed_beside_an_invoice() -> None:
    unclear = Reaction(401, created("a").body)
    keys = Keys("old", "new")
    world = World(unclear, unclear, invoices(), key=keys)
    assert isinstance(cause_of(world.fails(CREATE)), ApiError)
    assert (world.asked, keys.asked) == (["POST"], 1)
    world.sim.call(GET)


def test_a_second_sending_is_the_last_one_and_not_the_first() -> None:
    world = World(error(401, delay=1), created("a", delay=1), key=Keys("old", "new"))
    call = world.sim.submit(CREATE)
    world.sim.run_until(lambda: call.done)
    assert world.asked == ["POST POST"]
    assert (call.sent_at, call.last_sent_at) == (1000, 1001)


def test_a_refusal_stands_when_the_second_sending_fails() -> None:
    refused = error(401, headers=(("Connection", "close"),))
    gone = Fate(failure=Failure(Why.UNREACHABLE))
    world = World(refused, key=Keys("old", "new"), fates=(Fate(), gone))
    assert isinstance(world.fails(CREATE), CommandRefused)


def test_a_refusal_stands_when_nobody_waits_for_the_second_sending() -> None:
    refused = error(401, headers=(("Connection", "close"),))
    world = World(refused, key=Keys("old", "new"), fates=(Fate(), Fate(opens_after=9)))
    call = world.sim.submit(CREATE)
    world.sim.abandon(call)
    [late] = world.sim.events
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.answer, CommandRefused)
    world.sim.run(20)
    assert world.asked == ["POST", ""]


# -- endings ---------------------------------------------------------------------------------------

ENDINGS = [
    # reaction, a create's ending, a listing's, their cause
    (error(400), CommandRefused, CommandRefused, None),
    (error(403), CommandRefused, CommandRefused, None),
    (error(429), CommandRefused, CommandRefused, None),
    (error(408), OutcomeUnknown, NoAnswer, ApiError),
    (error(500), OutcomeUnknown, NoAnswer, ApiError),
    (Reaction(302), OutcomeUnknown, NoAnswer, RemoteProtocolError),
    (Reaction(204), OutcomeUnknown, NoAnswer, RemoteProtocolError),
    (Reaction(200, b"<html>"), OutcomeUnknown, NoAnswer, RemoteProtocolError),
    (Reaction(raw=b"SSH-2.0\r\n\r\n"), OutcomeUnknown, NoAnswer, RemoteProtocolError),
    (
        Reaction(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{", hang_up=True),
        OutcomeUnknown,
        NoAnswer,
        ConnectionFailed,
    ),
    (
        Reaction(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 1073741824\r\n\r\n"),
        OutcomeUnknown,
        NoAnswer,
        MessageTooLarge,
    ),
    (Reaction(silent=True), OutcomeUnknown, NoAnswer, TimedOut),
]


@pytest.mark.parametrize(("reaction", "of_create", "of_get", "cause"), ENDINGS)
def test_every_ending(
    reaction: Reaction,
    of_create: type[HercleProtoError],
    of_get: type[HercleProtoError],
    cause: type[HercleProtoError] | None,
) -> None:
    for command, ending in ((CREATE, of_create), (GET, of_get)):
        world = World(reaction, invoices("next"))
        failed = world.fails(command)
        assert type(failed) is ending
        if cause is not None:
            assert isinstance(cause_of(failed), cause)
        assert world.sim.call(GET).invoices[0].id == "next"
        assert world.sim.events == []


def test_the_limit_is_named() -> None:
    world = World(Reaction(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 268435457\r\n\r\n"))
    assert "268,435,456; raise 'max_answer_bytes'" in str(world.fails(GET))


def test_an_unreachable_server_sends_nothing() -> None:
    world = World(fates=(Fate(opens_after=1, failure=Failure(Why.UNREACHABLE, "refused")),))
    calls: list[Call[object]] = [world.sim.submit(CREATE), world.sim.submit(GET)]
    world.sim.run_until(lambda: all(call.done for call in calls))
    for call in calls:
        assert isinstance(call.error, NotSent)
        assert isinstance(call.error.cause, ConnectionFailed)
    assert len(world.sim.opened) == 1


def test_connecting_takes_a_limited_time() -> None:
    world = World(created(), fates=(Fate(opens_after=99),), connect_timeout=3)
    failed = world.fails(CREATE)
    assert isinstance(failed, NotSent)
    assert str(failed.cause) == "connecting to 127.0.0.1:5000 took longer than 3 s"
    assert world.sim.now == 1003
    world.sim.call(CREATE)


@pytest.mark.parametrize("greeting", [b"220 mail.example ESMTP\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
def test_a_server_that_speaks_first_is_none_of_ours(greeting: bytes) -> None:
    world = World()
    call = world.session.submit(CREATE, now=0)
    assert len(world.session.actions()) == 1
    world.session.stream_opened(1, now=0)
    world.session.receive_data(1, greeting, now=0)
    assert isinstance(call.error, NotSent)
    assert isinstance(call.error.cause, ConnectionFailed)
    assert world.session.actions() == [Close(1)]
    assert world.session.next_deadline() is None


# -- servers that are busy -------------------------------------------------------------------------


def busy(status: int = 429, after: str = "3", *headers: tuple[str, str]) -> Reaction:
    return error(status, headers=(("Retry-After", after), *headers))


@pytest.mark.parametrize("status", [429, 503])
def test_a_listing_waits_as_long_as_a_busy_server_asks(status: int) -> None:
    world = World(busy(status), invoices("a"))
    call = world.sim.submit(GET)
    assert 1003 <= (world.session.next_deadline() or 0) <= 1004
    world.sim.run(2.9)
    assert world.asked == ["GET"]
    world.sim.run(1.1)
    assert [invoice.id for invoice in call.result().invoices] == ["a"]
    assert world.asked == ["GET GET"]
    assert world.session.next_deadline() is None


def test_a_date_counts_from_the_answers_own() -> None:
    date = ("Date", "Sun, 06 Nov 1994 08:49:37 GMT")
    world = World(busy(503, "Sun, 06 Nov 1994 08:49:47 GMT", date), invoices())
    world.sim.call(GET)
    assert 1010 <= world.sim.now <= 1012


def test_nothing_else_is_asked_meanwhile() -> None:
    world = World(busy(), invoices(), created("a"))
    listing, create = world.sim.submit(GET), world.sim.submit(CREATE)
    world.sim.run(2.9)
    assert world.asked == ["GET"]
    assert not create.sent
    world.sim.run_until(lambda: create.done)
    assert listing.done
    assert world.asked == ["GET GET POST"]


def test_a_create_is_never_repeated_for_it() -> None:
    world = World(busy(), created())
    failed = world.fails(CREATE)
    assert isinstance(failed, CommandRefused)
    assert failed.status == 429
    world = World(busy(503), created())
    assert isinstance(world.fails(CREATE), OutcomeUnknown)
    assert world.asked == ["POST"]


@pytest.mark.parametrize("after", ["61", "30", "soon", ""])
def test_who_would_wait_too_long_hears_of_it_at_once(after: str) -> None:
    world = World(busy(429, after))
    assert isinstance(world.fails(GET), CommandRefused)
    assert world.sim.now == 1000
    assert world.session.next_deadline() is None


def test_other_statuses_ask_for_nothing() -> None:
    world = World(busy(500))
    assert isinstance(world.fails(GET), NoAnswer)
    assert world.asked == ["GET"]


def test_waiting_has_a_limit_for_who_waits_for_ever() -> None:
    world = World(*[busy(503, "60")] * 6, invoices(), *[busy(429, "0")] * 5, invoices("a"))
    failed = world.fails(GET, timeout=float("inf"))
    assert isinstance(cause_of(failed), ApiError)
    assert world.asked == ["GET GET GET GET GET GET"]
    assert 1300 <= world.sim.now <= 1360
    world.sim.call(GET)
    assert world.sim.call(GET).invoices[0].id == "a"  # counted anew


def test_a_caller_that_leaves_meanwhile() -> None:
    world = World(busy(), created())
    call = world.sim.submit(GET)
    world.sim.abandon(call)
    assert isinstance(call.error, NoAnswer)
    assert world.session.next_deadline() is None
    create = world.sim.submit(CREATE)
    assert not create.sent
    world.sim.run_until(lambda: create.done)
    assert 1003 <= world.sim.now <= 1004


def test_closing_meanwhile() -> None:
    world = World(busy())
    call = world.sim.submit(GET)
    world.sim.close()
    assert isinstance(call.error, NoAnswer)
    assert isinstance(call.error.cause, SessionClosed)
    assert world.sim.now == 1000
    world = World(busy(503))
    world.session.submit(GET, now=world.sim.now)
    world.sim.abandon(world.sim.submit(GET))
    world.sim.close()


def test_a_key_may_be_renewed_before_or_after() -> None:
    keys = Keys("old", "new", "newest")
    world = World(error(401), busy(), error(401), invoices("a"), key=keys)
    assert world.sim.call(GET).invoices[0].id == "a"
    sent = [asked.headers["authorization"][7:] for peer in world.peers for asked in peer.asked]
    assert sent == ["old", "new", "new", "newest"]


def test_a_late_answer_asks_for_nothing() -> None:
    world = World(error(429, delay=5, headers=(("Retry-After", "3"),)), invoices())
    call = world.sim.submit(GET)
    world.sim.abandon(call)
    world.sim.run(5)
    [late] = world.sim.events
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.answer, CommandRefused)
    world.sim.call(GET)
    assert world.sim.now == 1005


# -- streams that end ------------------------------------------------------------------------------

LOST = Reaction(raw=b"", hang_up=True)


def test_a_listing_is_sent_once_more_when_its_stream_says_nothing() -> None:
    world = World(invoices(), LOST, invoices("a"))
    world.sim.call(GET)
    assert world.sim.call(GET).invoices[0].id == "a"
    assert world.asked == ["GET GET", "GET"]


def test_it_is_sent_no_third_time() -> None:
    world = World(LOST, LOST, invoices())
    assert isinstance(cause_of(world.fails(GET)), ConnectionFailed)
    assert world.asked == ["GET", "GET"]


def test_its_first_loss_is_told_when_there_is_no_second_stream() -> None:
    world = World(LOST, fates=(Fate(), Fate(failure=Failure(Why.UNREACHABLE))))
    failed = world.fails(GET)
    assert "ended the connection before its answer" in str(cause_of(failed))


def test_a_create_is_never_sent_again() -> None:
    world = World(invoices(), LOST, invoices())
    world.sim.call(GET)
    assert isinstance(world.fails(CREATE), OutcomeUnknown)
    assert world.asked == ["GET POST"]


@pytest.mark.parametrize(("idle", "asked"), [(2, ["GET POST"]), (4, ["GET", "POST"])])
def test_a_create_takes_no_stream_that_was_idle_for_long(idle: float, asked: list[str]) -> None:
    world = World(invoices(), created())
    world.sim.call(GET)
    world.sim.run(idle)
    world.sim.call(CREATE)
    assert world.asked == asked


def test_a_listing_does() -> None:
    world = World(invoices(), invoices())
    world.sim.call(GET)
    world.sim.run(1000)
    world.sim.call(GET)
    assert world.asked == ["GET GET"]


def test_an_idle_stream_that_ends_is_forgotten() -> None:
    world = World(invoices(), invoices())
    world.sim.call(GET)
    world.session.receive_data(1, b"", now=world.sim.now)
    world.sim.run(0)
    world.sim.call(GET)
    assert world.asked == ["GET", "GET"]


def test_a_broken_stream_is_like_one_that_ended() -> None:
    world = World(invoices("a"), fates=(Fate(breaks_after=0),))
    assert world.sim.call(GET).invoices[0].id == "a"
    world = World(fates=(Fate(breaks_after=0),))
    assert isinstance(world.fails(CREATE), OutcomeUnknown)


# -- callers that leave ----------------------------------------------------------------------------


def test_a_late_answer_holds_up_nobody() -> None:
    world = World(created("late", delay=40), invoices("a"), invoices("b"), call_timeout=30)
    assert isinstance(world.fails(CREATE), OutcomeUnknown)
    assert world.sim.call(GET).invoices[0].id == "a"
    world.sim.run(20)
    [late] = world.sim.events
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.command, CreateLightningInvoice)
    assert late.answer == CreatedInvoice("late", encoded_payment_request="lnbc1")
    assert world.sim.call(GET).invoices[0].id == "b"
    assert world.asked == ["POST", "GET GET"]


def test_a_stream_whose_answer_came_late_is_used_again() -> None:
    world = World(created(delay=40), invoices("a"))
    world.fails(CREATE)
    world.sim.run(20)
    assert len(world.sim.events) == 1
    assert world.session.next_deadline() is None
    assert world.sim.call(GET).invoices[0].id == "a"
    assert world.asked == ["POST GET"]


def test_late_answers_have_a_limited_time() -> None:
    world = World(Reaction(silent=True), invoices())
    world.fails(CREATE, timeout=1)
    assert world.session.next_deadline() == world.sim.now + 60
    world.sim.run(61)
    assert world.session.next_deadline() is None
    assert world.sim.events == []
    world.sim.call(GET)
    assert len(world.peers) == 2


def test_few_streams_are_kept_for_late_answers() -> None:
    world = World(react=lambda _: Reaction(silent=True))
    for _ in range(10):
        world.fails(CREATE, timeout=1)
    assert len(world.peers) == 10
    live = [stream for stream in range(1, 11) if world.session.wants_data(stream)]
    assert live == [6, 7, 8, 9, 10]


def test_who_leaves_before_the_sending_leaves_nothing() -> None:
    world = World(invoices(delay=5), created("b"))
    first, second, third = world.sim.submit(GET), world.sim.submit(CREATE), world.sim.submit(CREATE)
    world.sim.abandon(second)
    assert isinstance(second.error, NotSent)
    world.sim.run_until(lambda: third.done)
    assert first.done
    assert world.asked == ["GET POST"]
    assert world.sim.events == []


def test_who_leaves_after_the_sending_finds_the_answer_among_the_events() -> None:
    world = World(created("a", delay=5))
    call = world.sim.submit(CREATE)
    world.sim.abandon(call)
    world.sim.abandon(call)
    world.sim.run(10)
    [late] = world.sim.events
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.answer, CreatedInvoice)


def test_a_listing_that_nobody_waits_for_is_not_sent_again() -> None:
    world = World(Reaction(raw=b"", hang_up=True, delay=5))
    world.sim.abandon(world.sim.submit(GET))
    world.sim.run(10)
    assert world.asked == ["GET"]


def test_a_command_waits_for_its_turn_no_longer_than_its_caller() -> None:
    world = World(invoices(delay=20), created())
    first, second = world.sim.submit(GET), world.sim.submit(CREATE, timeout=5)
    world.sim.run(6)
    assert isinstance(second.error, NotSent)
    assert isinstance(second.error.cause, TimedOut)
    world.sim.run_until(lambda: first.done)
    assert world.asked == ["GET"]


def test_a_listing_that_is_stale_frees_the_way_for_a_create() -> None:
    world = World(invoices(), created())
    world.sim.call(GET)
    world.sim.run(10)
    listing = world.session.submit(GET, now=world.sim.now)
    create = world.session.submit(CREATE, now=world.sim.now)
    world.sim.abandon(listing)
    assert create.done
    assert world.asked == ["GET", "POST"]


def test_late_answers_wait_for_room() -> None:
    world = World(*(created(str(n), delay=5) for n in range(4)), event_limit=1)
    world.sim.listening = False
    assert world.session.next_event() is NEED_DATA
    for _ in range(3):
        world.sim.abandon(world.sim.submit(CREATE))
        world.sim.run(1)
    world.sim.run(10)
    assert [world.session.wants_data(n) for n in (1, 2, 3)] == [False, False, False]
    world.sim.listening = True
    world.sim.run(0)
    assert len(world.sim.events) == 3


# -- the end ---------------------------------------------------------------------------------------


def test_closing_is_at_once_when_nothing_is_asked() -> None:
    world = World(invoices())
    world.sim.call(GET)
    world.sim.close()
    assert world.sim.events == [Disconnected("closed")]
    assert world.session.next_deadline() is None
    with pytest.raises(SessionClosed):
        world.session.submit(GET, now=world.sim.now)
    world.sim.close()
    assert len(world.sim.events) == 1


def test_closing_before_the_start_is_the_end() -> None:
    world = World(start=False)
    call = world.session.submit(CREATE, now=0)
    world.sim.close()
    assert isinstance(world.session.ready.error, SessionClosed)
    assert isinstance(call.error, NotSent)
    assert world.sim.events == [Disconnected("closed")]


def test_closing_waits_a_moment_for_what_was_sent() -> None:
    world = World(created("a", delay=1), created("b"))
    sent, waiting = world.sim.submit(CREATE), world.sim.submit(CREATE)
    world.session.close(now=world.sim.now)
    assert isinstance(sent.error, OutcomeUnknown)
    assert isinstance(waiting.error, NotSent)
    assert not world.session.closed
    world.sim.close()
    late, last = world.sim.events
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.answer, CreatedInvoice)
    assert last == Disconnected("closed")
    assert world.sim.now == 1001


def test_closing_waits_no_longer() -> None:
    world = World(Reaction(silent=True), linger=2)
    world.sim.submit(CREATE)
    world.sim.close()
    assert world.sim.now == 1002
    assert world.sim.events == [Disconnected("closed")]


def test_closing_at_once_waits_for_nothing() -> None:
    world = World(created(delay=1))
    call = world.sim.submit(CREATE)
    world.session.close(now=world.sim.now)
    world.sim.close(at_once=True)
    assert isinstance(call.error, OutcomeUnknown)
    assert world.sim.now == 1000
    assert world.sim.events == [Disconnected("closed")]


def test_nothing_is_opened_or_sent_after_closing() -> None:
    refused = error(401, delay=1)
    world = World(refused, fates=(Fate(), Fate()), key=Keys("old", "new"))
    world.sim.submit(CREATE)
    world.sim.close()
    assert len(world.sim.opened) == 1
    world = World(fates=(Fate(opens_after=1),))
    world.sim.submit(GET)
    world.sim.close()
    assert world.asked == [""]


# -- secrets ---------------------------------------------------------------------------------------


def test_the_key_is_told_to_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    key = "k3y-in-a-log"
    echo = Reaction(400, f"who is {key}?".encode(), (("X-Key", key),))
    world = World(echo, echo, Reaction(raw=f"{key}\r\n\r\n".encode()), created(), key=key)
    failures = [world.fails(CREATE) for _ in range(3)]
    world.sim.call(CREATE)
    world.sim.close()
    told = [*caplog.messages, repr(world.session.ready), repr(RestSettings(key=key))]
    for failure in failures:
        told += [repr(failure), str(failure), repr(failure.__cause__), repr(failure.__context__)]
    assert len(caplog.messages) > 3
    assert all(key not in text for text in told)
