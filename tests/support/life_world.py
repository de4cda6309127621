"""A vendor for `Simulated`, over the hub and REST: it knows which command made which invoice, and
does with each what a test tells it to.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from math import inf
from typing import Any, Final

from attrs import define, frozen

import rest_peer
import vendor
from hercle_proto import Call, Endpoint, Entropy, Failure, Why
from hercle_proto.hercle import CreatedInvoice
from hercle_proto.hub import Invocation
from hercle_proto.testing import Fate, HubPeer, Simulated
from rest_peer import Asked, Reaction, RestPeer

__all__ = ["CREATES", "LISTINGS", "NOON", "START", "Manner", "Row", "Vendor"]

NOON: Final = datetime(2026, 5, 7, 12, tzinfo=UTC)
START: Final = 1000.0
"""What the session's clock shows at noon."""
_DOWN: Final = Fate(failure=Failure(Why.UNREACHABLE, "refused"))


@frozen
class Manner:
    """What the vendor does with a command: when it carries it out, when it answers; None: never.

    Times are seconds after it came.
    """

    acts_after: float | None = 0.0
    answers_after: float | None = 0.0
    refuses: bool = False
    hangs_up: bool = False
    says_goodbye: bool = False
    """In the same breath as its answer, over the hub."""


CREATES: Final = {
    "answered": Manner(),
    "answered late": Manner(0.0, 20.0),
    "made and answered late": Manner(9.0, 9.0),
    "silent": Manner(0.0, None),
    "made long after": Manner(40.0, None),
    "never made": Manner(None, None),
    "refused": Manner(None, 0.0, refuses=True),
    "refused late": Manner(None, 20.0, refuses=True),
    "made and dropped": Manner(0.0, None, hangs_up=True),
    "dropped": Manner(None, None, hangs_up=True),
}
"""Those whose callers wait for 5 seconds."""

LISTINGS: Final = {
    "at once": [Manner()],
    "slow": [Manner(0.0, 1.0)],
    "late": [Manner(0.0, 20.0)],
    "silent": [Manner(0.0, None)],
    "failing": [Manner(refuses=True)],
    "dropped": [Manner(hangs_up=True)],
}
"""What happens with one after the other, over and over."""


@define(eq=False)
class Row:
    """An invoice in the vendor's books. Times are seconds of the session's clock."""

    id: str
    sats: int
    memo: str | None
    maker: Call[CreatedInvoice] | None
    """The create that made it; None is somebody else's."""
    hours: float
    made_at: float = inf
    made: datetime = NOON
    closed_at: float = inf
    version: int = 0
    worth: float = 1.0

    @property
    def closed(self) -> bool:
        return self.closed_at < inf

    def change(self, *, closes: bool, now: float) -> None:
        """Something in it that matters."""
        self.version += 1
        if closes:
            self.closed_at = min(self.closed_at, now)

    @property
    def request(self) -> str:
        """The payment request; only its amount can be read."""
        return f"lnbc{self.sats * 10}n1pvjluezpp5qqqsyq"

    def written(self) -> dict[str, object]:
        """As the vendor lists it."""
        return {
            "id": self.id,
            "status": "CLOSED" if self.closed else "OPEN",
            "memo": self.memo,
            "createdAt": self.made.isoformat(),
            "updatedAt": (NOON + timedelta(seconds=self.version)).isoformat(),
            "expiresAt": (self.made + timedelta(hours=self.hours)).isoformat(),
            "encodedPaymentRequest": self.request,
            "amountPreferredCurrencyValueApprox": self.worth,
        }


class Vendor:
    """Keeps the books; `serve` and `fate` are for `Simulated`, which it must know as `sim`."""

    sim: Simulated

    def __init__(self, *, rest: bool, entropy: Entropy) -> None:
        self.rows: dict[str, Row] = {}
        self.creates: list[Call[Any]] = []
        """Every create of the session. One that comes and is not among them is an error."""
        self.came: list[Call[Any]] = []
        self.manner = CREATES["answered"]
        self.lists = LISTINGS["at once"]
        self.listed = 0
        self.down = False
        self.skew = timedelta()
        """How far its clock has jumped."""
        self._rest = rest
        self._entropy = entropy
        self._drafted = 0
        self._peers: list[HubPeer | RestPeer] = []

    # -- what happens there ------------------------------------------------------------------------

    def make(self, sats: int, memo: str | None, *, hours: float = 1.0) -> Row:
        """Somebody else's invoice."""
        row = self._draft(sats, memo, None, hours)
        self._enter(row)
        return row

    def hang_up(self) -> None:
        """On everybody."""
        for peer in self._peers:
            if isinstance(peer, HubPeer):
                peer.hang_up()
            else:
                peer.hung_up = True
        self.sim.run(0)

    def _draft(
        self, sats: int, memo: str | None, maker: Call[CreatedInvoice] | None, hours: float
    ) -> Row:
        self._drafted += 1
        return Row(f"inv_{self._drafted}", sats, memo, maker, hours)

    def _enter(self, row: Row) -> None:
        row.made_at, row.made = self.sim.now, self._calendar()
        self.rows[row.id] = row

    def _calendar(self) -> datetime:
        return NOON + timedelta(seconds=self.sim.now - START) + self.skew

    def _next_listing(self) -> Manner:
        self.listed += 1
        return self.lists[self.listed % len(self.lists)]

    def _create(self, call: Call[Any]) -> Row:
        """Carry a create out in the present manner."""
        assert call not in self.came, "a create was sent twice"
        self.came.append(call)
        row = self._draft(call.command.amount_sats, call.command.memo, call, 1.0)
        match self.manner.acts_after:
            case None:
                pass
            case 0.0:
                self._enter(row)
            case delay:
                self.sim._clock.after(delay, partial(self._enter, row))
        return row

    # -- the network -------------------------------------------------------------------------------

    def serve(self, _endpoint: Endpoint, _number: int) -> HubPeer | RestPeer:
        peer = RestPeer(self._react) if self._rest else HubPeer(self._behave, entropy=self._entropy)
        self._peers.append(peer)
        return peer

    def fate(self, _number: int) -> Fate:
        return _DOWN if self.down else Fate()

    def _behave(self, peer: HubPeer, invocation: Invocation) -> None:
        client_id = peer.argument(invocation, 0, str)
        answer: Callable[[], object]
        if invocation.target == "GetLightningInvoices":
            manner = self._next_listing()
            rows = self._listing() if manner.acts_after == 0.0 else None
            subject, answer = vendor.SNAPSHOT, lambda: self._listing() if rows is None else rows
        else:
            (call,) = [each for each in self.creates if each.command.client_id == client_id]
            manner, row = self.manner, self._create(call)
            if manner.refuses:
                no = {"message": "no", "statusError": "ACCOUNT_NOT_ENABLED"}
                subject, answer = "preChecksError", lambda: no
            else:
                created = {"id": row.id, "encodedPaymentRequest": row.request}
                subject, answer = vendor.CREATED, lambda: created
        if manner.hangs_up:
            peer.hang_up()
        elif manner.refuses and subject == vendor.SNAPSHOT:
            peer.complete(invocation, error="An unexpected error occurred.")
        elif manner.answers_after is not None:
            send = partial(_send, peer, subject, client_id, answer)
            peer.later(manner.answers_after, send) if manner.answers_after else send()
            if manner.says_goodbye:
                peer.close()

    def _listing(self) -> list[dict[str, object]]:
        return [row.written() for row in self.rows.values()]

    def _react(self, asked: Asked) -> Reaction:
        dated = (("Date", format_datetime(self._calendar(), usegmt=True)),)
        if asked.method == "GET":
            manner, status = self._next_listing(), 200
            body: dict[str, object] = {"invoices": self._listing()}
        else:
            call = next(each for each in self.creates if each.sent and each not in self.came)
            manner, row, status = self.manner, self._create(call), 201
            body = {"id": row.id, "encodedPaymentRequest": row.request}
        if manner.hangs_up:
            return Reaction(raw=b"", hang_up=True)
        if manner.answers_after is None:
            return Reaction(silent=True)
        delay = manner.answers_after
        if manner.refuses:
            return rest_peer.error(500 if asked.method == "GET" else 400, delay=delay)
        return Reaction(status, json.dumps(body).encode(), dated, delay)


def _send(peer: HubPeer, subject: str, client_id: str, answer: Callable[[], object]) -> None:
    event = vendor.envelope(subject, client_id, answer())
    peer.send(Invocation("executionEvents", (event,)))
