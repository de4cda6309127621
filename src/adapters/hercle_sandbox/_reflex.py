"""Amboss Reflex in small: what its queries and its mutation do.

An invoice pushed twice is there twice: the vendor does not say otherwise. What is told of nodes is
made up (`_checks`).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from datetime import tzinfo
from typing import Final, TypeAlias

from attrs import frozen

from hercle_proto.bolt11 import InvalidInvoice, PaymentRequest
from hercle_sandbox._checks import DESTINATION, ROUTING_INFO, destinations
from hercle_sandbox._clock import Clock
from hercle_sandbox._pushed import PushedInvoice, PushedInvoices
from hercle_sandbox._reflex_inputs import (
    Input,
    bad_input,
    read_filter,
    read_order,
    read_page,
    read_tags,
)
from hercle_sandbox._rows import ACCOUNT_ID, timestamp
from hercle_sandbox._store import moment, to_ms
from hercle_sandbox._totals import totals

__all__ = ["Reflex"]

_Told: TypeAlias = Mapping[str, object]

_HELLO: Final = "Hello from a sandbox of Reflex!"


@frozen
class Reflex:
    """The account's pushed invoices. The disk takes milliseconds: call it in a thread."""

    _pushed: PushedInvoices
    _clock: Clock

    def root(self, zone: tzinfo) -> _Told:
        """What graphql-core resolves by its default: values, and functions of arguments.

        `zone` is that of the months in totals.
        """
        return {
            "getHello": _HELLO,
            "getInvoices": {"find_many": _Find(self._pushed, self._clock, zone)},
            "pushInvoice": self._push,
        }

    def _push(self, _: object, invoice: Input, options: Input | None = None) -> _Told:
        row = self._read(invoice)
        if not ((options or {}).get("invoice") or {}).get("do_not_save"):
            self._pushed.add(row)
        hops = [(hop, ROUTING_INFO) for hop in row.routing.split() if hop != row.destination]
        nodes = [(row.destination, DESTINATION), *hops]
        return {"invoice": _row(row), "checks": {"destinations": destinations(nodes)}}

    def _read(self, invoice: Input) -> PushedInvoice:
        tags = read_tags(invoice.get("tags"))
        try:
            # the vendor's own example is of before there were secrets
            request = PaymentRequest.parse(invoice["payment_request"], require_secret=False)
            destination = request.payee.hex()
        except InvalidInvoice as error:
            raise bad_input(f"payment_request: {error}") from None
        description = invoice.get("description")
        hops = (hop.node_id.hex() for hint in request.route_hints for hop in hint)
        return PushedInvoice(
            id=f"ref_{os.urandom(8).hex()}",
            payment_request=request.text,
            description=request.description if description is None else description,
            destination=destination,
            routing=" ".join(dict.fromkeys(hops)),
            payment_hash=request.payment_hash.hex(),
            amount_msat=request.amount_msat,
            created_ms=to_ms(self._clock.now()),
            invoice_created_ms=to_ms(request.created_at),
            invoice_expiry_ms=to_ms(request.expires_at),
            tags=tags,
        )


@frozen
class _Find:
    """`find_many`: looks up what is asked for, and nothing else."""

    pushed: PushedInvoices
    clock: Clock
    zone: tzinfo

    def __call__(
        self,
        _: object,
        filter: Input | None = None,
        page: Input | None = None,
        sort: Input | None = None,
    ) -> _Told:
        where, order = read_filter(filter, self.clock.now()), read_order(sort)
        limit, offset = read_page(page)

        def rows(_: object) -> list[_Told]:
            return [*map(_row, self.pushed.find(where, order, limit=limit, offset=offset))]

        def aggregated(_: object) -> _Told:
            return totals(self.pushed.payments(where), self.zone)

        return {"list": rows, "aggregated": aggregated}


def _row(invoice: PushedInvoice) -> _Told:
    msat = invoice.amount_msat
    return {
        "account_id": ACCOUNT_ID,
        "amount_msats": None if msat is None else str(msat),
        "amount_sats": None if msat is None else str(msat // 1000),
        "created_at": timestamp(moment(invoice.created_ms)),
        "description": invoice.description,
        "destination": invoice.destination,
        "id": invoice.id,
        "invoice_created_at": timestamp(moment(invoice.invoice_created_ms)),
        "invoice_expiry_at": timestamp(moment(invoice.invoice_expiry_ms)),
        "payment_hash": invoice.payment_hash,
        "payment_request": invoice.payment_request,
        "routing_info": [{"pubkey": pubkey} for pubkey in invoice.routing.split()],
        "tags": invoice.tags,
    }
