"""Servers that are busy (`Retry-After`), for all APIs over HTTP and on virtual time: what may be
repeated waits as long as it is asked to and a little more, and no longer than is sensible."""

from __future__ import annotations

import json
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from attrs import field, frozen

from hercle_proto import ApiError, Command, CommandRefused, NoAnswer, OutcomeUnknown
from hercle_proto.client import HttpSession
from hercle_proto.hercle import CreateLightningInvoice, GetLightningInvoices, hercle_rest
from hercle_proto.reflex import FindInvoices, PushInvoice, reflex_session
from hercle_proto.testing import Simulated
from rest_peer import Asked, Reaction, RestPeer


@frozen(eq=False)
class Api:
    """An API over HTTP, with a command that may be repeated and one that may not."""

    name: str
    machine: Callable[..., HttpSession]
    repeatable: Command[object]
    once: Command[object]
    fine: dict[str, Any] = field(repr=False)
    """What answers the repeatable one."""


APIS = [
    Api(
        "rest",
        hercle_rest,
        GetLightningInvoices(),
        CreateLightningInvoice.for_sats(1, "m"),
        {"invoices": []},
    ),
    Api(
        "reflex",
        reflex_session,
        FindInvoices(),
        PushInvoice("lnbc1"),
        {"data": {"getInvoices": {"find_many": {}}}},
    ),
]

NOON = "Sun, 06 Nov 1994 12:00:00 GMT"
SOON = "Sun, 06 Nov 1994 12:00:20 GMT"
LATER = "Sun, 06 Nov 1994 12:01:01 GMT"
EARLIER = "Sun, 06 Nov 1994 11:59:59 GMT"

WAITS: dict[str, tuple[str, str | None, float]] = {
    # Retry-After, Date → seconds that it asks for
    "none": ("0", None, 0),
    "seconds": ("7", None, 7),
    "a minute": ("60", None, 60),
    "a date": (SOON, NOON, 20),
    "a date that is over": (EARLIER, NOON, 0),
}

WAITS_NOT: dict[str, tuple[str | None, str | None]] = {
    "no header": (None, None),
    "more than a minute": ("61", None),
    "a day": ("86400", None),
    "more than anybody can count": ("9" * 400, None),
    "below 0": ("-1", None),
    "a fraction": ("1.5", None),
    "no number": ("soon", NOON),
    "nothing": ("", NOON),
    "a date in more than a minute": (LATER, NOON),
    "a date without Date": (SOON, None),
    "a date with a bad Date": (SOON, "noon"),
}


def busy(status: int, after: str | None, date: str | None = None) -> Reaction:
    told = {"Retry-After": after, "Date": date}
    headers = tuple((name, value) for name, value in told.items() if value is not None)
    return Reaction(status, b'{"message": "busy"}', headers)


def world(api: Api, *reactions: Reaction, seed: int = 1) -> tuple[Simulated, list[Asked]]:
    """A session whose server reacts so, and is fine from then on."""
    asked: list[Asked] = []
    waiting = [*reactions]

    def react(request: Asked) -> Reaction:
        asked.append(request)
        return waiting.pop(0) if waiting else Reaction(200, json.dumps(api.fine).encode())

    entropy = Random(seed).randbytes
    session = api.machine("key", url="http://127.0.0.1:5000", entropy=entropy, call_timeout=100)
    sim = Simulated(session, lambda _, __: RestPeer(react))
    sim.start()
    return sim, asked


EVERY_API = pytest.mark.parametrize("api", APIS, ids=lambda api: api.name)


@EVERY_API
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("what", WAITS)
def test_what_may_be_repeated_waits(api: Api, what: str, status: int) -> None:
    after, date, seconds = WAITS[what]
    lasted: set[float] = set()
    for seed in range(5):
        sim, asked = world(api, busy(status, after, date), seed=seed)
        began = sim.now
        sim.call(api.repeatable)
        lasted.add(sim.now - began)
        assert len(asked) == 2
    assert seconds <= min(lasted)
    assert max(lasted) <= seconds + max(1, seconds / 5)
    assert len(lasted) == 5  # a fleet does not come back at one instant


@EVERY_API
@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("what", WAITS_NOT)
def test_who_asks_for_nothing_sensible_is_not_waited_for(api: Api, what: str, status: int) -> None:
    sim, asked = world(api, busy(status, *WAITS_NOT[what]))
    began = sim.now
    with pytest.raises(CommandRefused if status == 429 else NoAnswer):
        sim.call(api.repeatable)
    assert (sim.now, len(asked)) == (began, 1)


@EVERY_API
@pytest.mark.parametrize("status", [400, 404, 500, 502, 504])
def test_other_statuses_are_not_waited_for(api: Api, status: int) -> None:
    sim, asked = world(api, busy(status, "1"))
    with pytest.raises(CommandRefused if status < 500 else NoAnswer):
        sim.call(api.repeatable)
    assert len(asked) == 1


@EVERY_API
@pytest.mark.parametrize("what", WAITS)
@pytest.mark.parametrize(("status", "ending"), [(429, CommandRefused), (503, OutcomeUnknown)])
def test_what_may_not_be_repeated_never_waits(
    api: Api, what: str, status: int, ending: type[Exception]
) -> None:
    after, date, _ = WAITS[what]
    sim, asked = world(api, busy(status, after, date))
    began = sim.now
    with pytest.raises(ending):
        sim.call(api.once)
    sim.run(100)
    assert len(asked) == 1
    assert sim.now == began + 100


@EVERY_API
def test_nobody_waits_beyond_their_time(api: Api) -> None:
    sim, asked = world(api, busy(503, "7"))
    began = sim.now
    with pytest.raises(NoAnswer) as caught:
        sim.call(api.repeatable, timeout=5)
    assert isinstance(caught.value.cause, ApiError)
    assert (sim.now, len(asked)) == (began, 1)


@EVERY_API
def test_nobody_waits_for_ever(api: Api) -> None:
    sim, asked = world(api, *[busy(503, "0")] * 99)
    with pytest.raises(NoAnswer):
        sim.call(api.repeatable, timeout=float("inf"))
    assert len(asked) == 6
