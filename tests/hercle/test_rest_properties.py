"""The REST machine on a network that does its worst: what holds whatever happens."""

from __future__ import annotations

import re
from random import Random

from attrs import frozen
from hypothesis import given, settings
from hypothesis import strategies as st

from hercle_proto import (
    AnsweredLate,
    Call,
    CommandRefused,
    Disconnected,
    Endpoint,
    Failure,
    NoAnswer,
    NotSent,
    OutcomeUnknown,
    Why,
)
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    GetLightningInvoices,
    InvoiceSnapshot,
    RestSession,
    RestSettings,
)
from hercle_proto.testing import Fate, Simulated
from rest_peer import Asked, Reaction, RestPeer, created, error, invoices

CREATE_ENDINGS = (CreatedInvoice, CommandRefused, OutcomeUnknown, NotSent)
GET_ENDINGS = (InvoiceSnapshot, CommandRefused, NoAnswer, NotSent)
MOST_STREAMS = 5

WHYS = st.sampled_from(list(Why)).map(Failure)
BYTES = st.none() | st.integers(0, 2000)
DELAYS = st.sampled_from([0.0, 0.0, 0.1, 4.0, 40.0])
CUTS = st.lists(st.integers(1, 400), min_size=1, max_size=4).map(tuple)

FATES = st.builds(
    Fate,
    opens_after=DELAYS,
    failure=st.none() | WHYS,
    latency=st.sampled_from([0.0, 0.0, 0.5]),
    cuts=CUTS,
    breaks_after=BYTES,
    swallows_after=BYTES,
    stops_reading_after=BYTES,
)

CLOSE = (("Connection", "close"),)


@frozen
class Manner:
    """How the server answers a request, whichever it is."""

    kind: str
    delay: float = 0.0
    close: bool = False

    def __call__(self, asked: Asked) -> Reaction:
        headers = CLOSE if self.close else ()
        match self.kind:
            case "fine":
                if asked.method == "POST":
                    return created(str(asked.fields["memo"]), delay=self.delay, headers=headers)
                return invoices("a", "b", delay=self.delay, headers=headers)
            case "hang up":
                return Reaction(raw=b"", hang_up=True, delay=self.delay)
            case "silent":
                return Reaction(silent=True)
            case "nonsense":
                return Reaction(raw=b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n")
            case "cut":
                return Reaction(raw=b"HTTP/1.1 201 OK\r\nContent-Length: 9\r\n\r\n{", hang_up=True)
            case "busy":
                headers += (("Retry-After", "2"),)
                return error(503, delay=self.delay, headers=headers)
            case _:
                return error(int(self.kind), delay=self.delay, headers=headers)


FINE = Manner("fine")
KINDS = [*"fine fine 400 401 408 500 302 busy silent nonsense cut".split(), "hang up"]
UNHURRIED = st.builds(Manner, st.just("fine"), st.sampled_from([0.0, 1.0]), st.booleans())
MANNERS = st.builds(Manner, st.sampled_from(KINDS), DELAYS, st.booleans())


class World:
    """A session, its server, and every call of which nobody knows yet how it will end."""

    def __init__(self, manners: list[Manner], fates: list[Fate], *, rotates: bool) -> None:
        self._manners = iter(manners)
        self._asked = 0
        keys = (f"key-{n}" for n in range(10**6))
        self.calls: list[Call[object]] = []
        self.session = RestSession(
            RestSettings(url="http://localhost", key=(lambda: next(keys)) if rotates else "key-0"),
            entropy=Random(0).randbytes,
        )
        self.sim = Simulated(
            self.session, self._serve, lambda n: fates[n - 1] if n <= len(fates) else Fate()
        )
        self.sim.start()

    def _serve(self, endpoint: Endpoint, number: int) -> RestPeer:
        return RestPeer(lambda asked: next(self._manners, FINE)(asked))

    def create(self, timeout: float | None = None) -> None:
        """Submit a create that the wire tells from all others."""
        command = CreateLightningInvoice.for_sats(1, f"m{len(self.calls)}.")
        self.calls.append(self.sim.submit(command, timeout=timeout))

    def list(self, timeout: float | None = None) -> None:
        self.calls.append(self.sim.submit(GetLightningInvoices(), timeout=timeout))

    def sendings(self, number: int) -> list[bytes]:
        """The keys with which the create of this number left, counted on the wire."""
        pattern = rb'Bearer (key-\d+)\r\nContent-Length: \d+\r\n\r\n[^}]*"m%d\."' % number
        wire = [bytes(transcript) for transcript in self.sim.transcripts.values()]
        return [key for transcript in wire for key in re.findall(pattern, transcript)]

    def check(self) -> None:
        """What must hold when all is over."""
        assert self.session.closed
        late = {
            id(event.command): event for event in self.sim.events if isinstance(event, AnsweredLate)
        }
        assert self.sim.events[-1] == Disconnected("closed")
        assert len(late) == len([e for e in self.sim.events if isinstance(e, AnsweredLate)])
        for number, call in enumerate(self.calls):
            assert call.done
            ending = call.error or call.result()
            if not isinstance(call.command, CreateLightningInvoice):
                assert isinstance(ending, GET_ENDINGS)
                continue
            assert isinstance(ending, CREATE_ENDINGS)
            keys = self.sendings(number)
            assert len(keys) == len(set(keys)) <= 2, "a create went out twice with one key"
            assert bool(keys) is call.sent
            assert isinstance(ending, NotSent) is (not keys)
            if isinstance(ending, CreatedInvoice):
                assert ending.id == f"m{number}.", "another one's answer"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["create", "list", "abandon", "run", "jump"]),
        st.sampled_from([0.0, 0.05, 1.0, 5.0, 50.0]),
    ),
    max_size=12,
)


@settings(max_examples=200)
@given(
    st.lists(MANNERS, max_size=8), st.lists(FATES, max_size=4), STEPS, st.booleans(), st.booleans()
)
def test_whatever_happens(
    manners: list[Manner],
    fates: list[Fate],
    steps: list[tuple[str, float]],
    rotates: bool,
    at_once: bool,
) -> None:
    world = World(manners, fates, rotates=rotates)
    for step, seconds in steps:
        match step:
            case "create":
                world.create(seconds or None)
            case "list":
                world.list(seconds or None)
            case "abandon":
                for call in world.calls[-1:]:
                    world.sim.abandon(call)
            case "run":
                world.sim.run(seconds)
            case _:
                world.sim.jump(seconds)
        live = [n for _, n in world.sim.opened if world.session.wants_data(n)]
        assert len(live) <= MOST_STREAMS
    opened = len(world.sim.opened)
    world.sim.close(at_once=at_once)
    assert len(world.sim.opened) == opened
    world.check()


@settings(max_examples=100)
@given(
    st.lists(
        st.builds(Manner, st.just("fine"), st.sampled_from([0.0, 1.0]), st.booleans()), max_size=9
    ),
    st.lists(st.builds(Fate, latency=st.sampled_from([0.0, 0.1]), cuts=CUTS), max_size=9),
    st.lists(st.sampled_from(["create", "list"]), min_size=1, max_size=8),
)
def test_without_faults_every_call_is_answered(
    manners: list[Manner], fates: list[Fate], commands: list[str]
) -> None:
    world = World(manners, fates, rotates=False)
    for command in commands:
        getattr(world, command)()
    world.sim.run_until(lambda: all(call.done for call in world.calls))
    assert [call.error for call in world.calls] == [None] * len(commands)
    world.sim.close()
    world.check()


@given(st.lists(st.sampled_from(["create", "list"]), min_size=1, max_size=6), st.integers(0, 5))
def test_a_stream_that_ends_between_exchanges_costs_no_listing(
    commands: list[str], lost: int
) -> None:
    manners = [FINE] * lost + [Manner("hang up")]
    world = World(manners, [], rotates=False)
    for command in commands:
        getattr(world, command)()
        world.sim.run(0)
    for call in world.calls:
        if isinstance(call.command, GetLightningInvoices):
            assert isinstance(call.result(), InvoiceSnapshot)
    world.sim.close()
    world.check()
