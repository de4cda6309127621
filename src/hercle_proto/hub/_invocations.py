"""Which invocations wait for their Completion, at either end (P)."""

from __future__ import annotations

from hercle_proto._errors import InvalidArgument, LocalProtocolError, RemoteProtocolError

__all__ = ["Invocations"]


class Invocations:
    """Ids of invocations without a Completion yet: ours, and the peer's, which are apart (P-03).

    The rules about ours raise `LocalProtocolError` and change nothing; the peer's faults raise
    `RemoteProtocolError`.
    """

    __slots__ = ("_ours", "_theirs")

    def __init__(self) -> None:
        self._ours: set[str] = set()
        self._theirs: set[str] = set()

    def check_new(self, key: str) -> None:
        """Whether we may invoke with this id."""
        if not key:
            raise InvalidArgument("invocation_id", "None or not empty (P-08)", "''")
        if key in self._ours:
            raise LocalProtocolError(f"invocation id {key!r} is in use (P-06)")

    def check_awaited(self, key: str) -> None:
        """Whether the peer waits for this Completion: once, for an id that it gave (P-07, P-13)."""
        if key not in self._theirs:
            raise LocalProtocolError(f"the peer waits for no Completion of {key!r}")

    def sent(self, key: str) -> None:
        """We invoked."""
        self._ours.add(key)

    def answered(self, key: str) -> None:
        """We sent the Completion."""
        self._theirs.remove(key)

    def received(self, key: str) -> None:
        """The peer invoked. .NET runs a second invocation by one id; the text forbids it (P-06)."""
        if key in self._theirs:
            raise RemoteProtocolError("an invocation id is in use already", clause="P-06")
        self._theirs.add(key)

    def completed(self, key: str) -> bool:
        """Whether a Completion ends one of ours. Reference peers drop the others (P-21, P-22)."""
        if key not in self._ours:
            return False
        self._ours.remove(key)
        return True

    def is_ours(self, key: str) -> bool:
        """Whether one of ours waits by this id."""
        return key in self._ours

    def is_theirs(self, key: str) -> bool:
        """Whether one of the peer's waits by this id."""
        return key in self._theirs
