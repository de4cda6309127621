"""When a ping is due, and when the peer has been silent for too long (K)."""

from __future__ import annotations

from hercle_proto.hub._settings import HubSettings

__all__ = ["KeepAlive"]


class KeepAlive:
    """Two clocks, `ping_at` and `silence_at`; None while one stands still."""

    __slots__ = ("_heard_at", "_paused", "_ping_interval", "_silence_timeout", "ping_at")

    def __init__(self, settings: HubSettings) -> None:
        self._ping_interval = settings.ping_interval
        self._silence_timeout = settings.silence_timeout
        self._paused = False
        self._heard_at: float | None = None  # None: silence is not counted
        self.ping_at: float | None = None

    @property
    def silence_at(self) -> float | None:
        """Not while we do not read: what we did not hear then is not the peer's silence."""
        if self._heard_at is None or self._paused:
            return None
        return self._heard_at + self._silence_timeout

    def start_pinging(self, now: float) -> None:
        """From now on the peer is owed signs of life."""
        self.ping_at = now + self._ping_interval

    def start_listening(self, now: float) -> None:
        """From now on the peer owes us signs of life."""
        self._heard_at = now

    def sent(self, now: float) -> None:
        """Bytes left, so the next ping may wait (K-02)."""
        if self.ping_at is not None:
            self.ping_at = now + self._ping_interval

    def heard(self, now: float) -> None:
        """Bytes came, whatever they were (K-04)."""
        if self._heard_at is not None:
            self._heard_at = now

    def pause(self) -> None:
        """We stop reading."""
        self._paused = True

    def resume(self, now: float) -> None:
        """We read again: silence counts from here."""
        self._paused = False
        self.heard(now)

    def stop_pinging(self) -> None:
        """Nothing is sent any more."""
        self.ping_at = None

    def stop(self) -> None:
        """Both clocks stand still for good."""
        self.ping_at = self._heard_at = None
