"""Times and limits of a hub connection."""

from __future__ import annotations

from attrs import field, frozen

from hercle_proto._bounds import positive

__all__ = ["HubSettings"]


@frozen(kw_only=True)
class HubSettings:
    """Times in seconds, sizes in bytes. The times are the official peers' (K-03, K-04, H-16).

    `ping_interval`: a ping goes out when nothing was sent for so long (K-02).
    `silence_timeout`: the peer is given up when nothing came for so long; at least twice the peer's
    ping interval (K-08). A server counts only from the client's first ping on (K-05).
    `handshake_timeout`: from `start` to the peer's handshake message.
    `max_message_bytes`: of one received message with its framing (L-02). Microsoft's clients have
    no such limit (L-03), its servers one of 32 KiB (L-01).
    """

    ping_interval: float = field(default=15.0, validator=positive)
    silence_timeout: float = field(default=30.0, validator=positive)
    handshake_timeout: float = field(default=15.0, validator=positive)
    max_message_bytes: int = field(default=16 * 2**20, validator=positive)
