"""What machines around machines have in common."""

from __future__ import annotations

from hercle_proto._contract import Machine

__all__ = ["Around"]


class Around:
    """The part of a `Machine` that has nothing to do with streams: left to the machine inside.

    A subclass sees to the streams.
    """

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self.ready = machine.ready
        self.start = machine.start
        self.close = machine.close
        self.submit = machine.submit
        self.abandon = machine.abandon
        self.settled = machine.settled
        self.next_event = machine.next_event
        self.next_deadline = machine.next_deadline
        self.handle_timer = machine.handle_timer
