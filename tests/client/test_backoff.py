"""When to try again."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import _errors as errors
from hercle_proto._contract import Failure, Why
from hercle_proto.client import ReconnectPolicy
from hercle_proto.client._backoff import Backoff, may_try_again

CAUSE = errors.SessionClosed("lost")
GENTLE = errors.ServerClosed("going away", allow_reconnect=True)


def chance(fraction):
    return lambda n: int(fraction * 2 ** (8 * n)).to_bytes(n)


@pytest.mark.parametrize(
    ("fraction", "gently", "delays"),
    [
        (0.0, False, [0.0, 1.6, 8.0, 24.0, 24.0]),
        (0.5, False, [1.0, 2.0, 10.0, 30.0, 30.0]),
        (0.0, True, [1.0, 1.6, 8.0, 24.0, 24.0]),
        (0.5, True, [1.5, 2.0, 10.0, 30.0, 30.0]),
    ],
)
def test_the_delays(fraction, gently, delays):
    backoff = Backoff(ReconnectPolicy(), entropy=chance(fraction))
    got = [backoff.verdict(GENTLE if gently else CAUSE, now=0.0) for _ in delays]
    assert got == pytest.approx(delays)


@given(st.integers(0, 2**32), st.booleans())
def test_each_delay_is_within_its_bounds(seed, gently):
    backoff = Backoff(ReconnectPolicy(), entropy=random.Random(seed).randbytes)
    delays = [backoff.verdict(GENTLE if gently else CAUSE, now=0.0) for _ in range(6)]
    for delay, base in zip(delays[1:], [2, 10, 30, 30, 30], strict=True):
        assert 0.8 * base <= delay <= 1.2 * base
    assert (1 if gently else 0) <= delays[0] <= 2


def test_attempts_are_limited_when_asked():
    backoff = Backoff(ReconnectPolicy(max_attempts=2), entropy=chance(0.5))
    delays = [backoff.verdict(CAUSE, now=0.0) for _ in range(3)]
    assert delays[:2] == [1.0, 2.0]
    assert isinstance(delays[2], errors.GaveUp)
    assert delays[2].causes == (CAUSE,) * 3


def test_time_is_limited_when_asked():
    backoff = Backoff(ReconnectPolicy(max_elapsed=12.0), entropy=chance(0.5))
    assert backoff.verdict(CAUSE, now=0.0) == 1.0
    assert backoff.verdict(CAUSE, now=5.0) == 2.0
    assert isinstance(backoff.verdict(CAUSE, now=8.0), errors.GaveUp)


def test_only_a_connection_that_lasted_wipes_the_slate():
    backoff = Backoff(ReconnectPolicy(max_elapsed=60.0), entropy=chance(0.5))
    backoff.verdict(CAUSE, now=0.0)
    backoff.lasted(4.9)
    assert backoff.verdict(CAUSE, now=50.0) == 2.0
    backoff.lasted(5.0)
    assert backoff.attempt == 0
    assert backoff.verdict(CAUSE, now=100.0) == 1.0, "the clock began anew"


def test_without_a_policy_the_cause_is_the_end():
    assert Backoff(None, entropy=chance(0.5)).verdict(CAUSE, now=0.0) is CAUSE


def test_the_newest_causes_are_kept():
    backoff = Backoff(ReconnectPolicy(max_attempts=39), entropy=chance(0.5))
    causes = [errors.SessionClosed(str(n)) for n in range(40)]
    for cause in causes:
        end = backoff.verdict(cause, now=0.0)
    assert isinstance(end, errors.GaveUp)
    assert end.causes == tuple(causes[-16:])


@pytest.mark.parametrize(
    ("cause", "again"),
    [
        (errors.Unauthorized(401, "negotiate"), False),
        (errors.Unauthorized(403, "negotiate"), False),
        (errors.MessageTooLarge(size=2, limit=1, parameter="p"), False),
        (errors.InvalidArgument("url", "rule", "got"), False),
        (errors.ServerClosed(None, allow_reconnect=False), False),
        (errors.ServerClosed(None, allow_reconnect=True), True),
        (errors.NegotiationFailed("version", retriable=False), False),
        (errors.NegotiationFailed("busy", status=503), True),
        (errors.ConnectionFailed(Failure(Why.UNTRUSTED)), False),
        (errors.ConnectionFailed(Failure(Why.LOST)), True),
        (errors.ConnectionFailed(Failure(Why.UNRESOLVED)), True),
        (errors.TimedOut("connecting", 15), True),
        (errors.RemoteProtocolError("garbage"), True),
        (errors.KeyUnavailable("OSError"), True),
    ],
)
def test_what_is_worth_another_try(cause, again):
    assert may_try_again(cause) is again


@pytest.mark.parametrize(
    "wrong",
    [
        {"first_delay": -1.0},
        {"delays": ()},
        {"delays": (-1.0,)},
        {"jitter": 1.5},
        {"max_attempts": 0},
        {"max_elapsed": -1.0},
        {"stable_after": -1.0},
    ],
)
def test_a_policy_is_checked(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ReconnectPolicy(**wrong)
