"""When to try again: the delays between connections, and when to give up."""

from __future__ import annotations

from attrs import field, frozen, validators

from hercle_proto._bounds import at_least, within
from hercle_proto._contract import Entropy, Why
from hercle_proto._errors import (
    ConnectionFailed,
    GaveUp,
    HercleProtoError,
    LocalProtocolError,
    MessageTooLarge,
    NegotiationFailed,
    ServerClosed,
    Unauthorized,
)

__all__ = ["Backoff", "ReconnectPolicy", "may_try_again"]

_NEWEST_CAUSES = 16
"""How many failures `GaveUp.causes` remembers."""


@frozen(kw_only=True)
class ReconnectPolicy:
    """How a session that stood once comes back.

    The first delay is drawn between 0 and `first_delay` seconds, so that a fleet does not come back
    at one instant; the next ones are `delays`, the last of them for ever, each ± `jitter` (a
    fraction). There is no limit unless `max_attempts` or `max_elapsed` (seconds since the
    connection was lost) is set; then the session ends in `GaveUp`. A connection that ends within
    `stable_after` seconds of its handshake counts as one more failed attempt.
    """

    first_delay: float = field(default=2.0, validator=at_least(0))
    delays: tuple[float, ...] = field(
        default=(2.0, 10.0, 30.0),
        validator=[validators.min_len(1), validators.deep_iterable(at_least(0))],
    )
    jitter: float = field(default=0.2, validator=within(0, 1))
    max_attempts: int | None = field(default=None, validator=validators.optional(at_least(1)))
    max_elapsed: float | None = field(default=None, validator=validators.optional(at_least(0)))
    stable_after: float = field(default=5.0, validator=at_least(0))


_NEVER = ReconnectPolicy(max_attempts=1)
"""Stands for no policy."""


class Backoff:
    """The attempts since the last connection that lasted."""

    def __init__(self, policy: ReconnectPolicy | None, *, entropy: Entropy) -> None:
        self._policy = policy or _NEVER
        self._entropy = entropy
        self._since: float | None = None
        self.attempt = 0
        self._causes: list[Exception] = []

    def lasted(self, seconds: float) -> None:
        """A connection stood for so long after its handshake; one that lasted wipes the slate."""
        if seconds >= self._policy.stable_after:
            self.attempt = 0
            self._since = None
            self._causes.clear()

    def verdict(self, cause: HercleProtoError, *, now: float) -> float | HercleProtoError:
        """Seconds until the next attempt, or what to end with."""
        policy = self._policy
        if policy is _NEVER or not may_try_again(cause):
            return cause
        self._causes = [*self._causes[1 - _NEWEST_CAUSES :], cause]
        self._since = now if self._since is None else self._since
        delay = self._draw(gently=isinstance(cause, ServerClosed))
        if policy.max_attempts is not None and self.attempt >= policy.max_attempts:
            return GaveUp(self._causes)
        if policy.max_elapsed is not None and now + delay - self._since > policy.max_elapsed:
            return GaveUp(self._causes)
        self.attempt += 1
        return delay

    def _draw(self, *, gently: bool) -> float:
        """A server that said it is going away has the first half of the first range to itself."""
        chance = int.from_bytes(self._entropy(4)) / 2**32
        if self.attempt == 0:
            return self._policy.first_delay * ((1 + chance) / 2 if gently else chance)
        delays = self._policy.delays
        base = delays[min(self.attempt - 1, len(delays) - 1)]
        return base * (1 + self._policy.jitter * (2 * chance - 1))


def may_try_again(cause: HercleProtoError) -> bool:
    """Whether another connection may end better. What the peer or we would only repeat is final."""
    match cause:
        case Unauthorized() | MessageTooLarge() | LocalProtocolError():
            return False
        case ServerClosed():
            return cause.allow_reconnect  # C-03
        case NegotiationFailed():
            return cause.retriable
        case ConnectionFailed():
            return cause.failure.why is not Why.UNTRUSTED
        case _:
            return True
