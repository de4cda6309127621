"""Reflex in small, on graphql-core: keeps what is pushed, and finds all of it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from attrs import Factory, define
from graphql import graphql_sync

from hercle_sandbox._graphql import SCHEMA
from rest_peer import Asked, Reaction

__all__ = ["DATA", "GraphQLServer"]

DATA = Path(__file__).parents[1] / "data" / "reflex"

CHECKS = {
    "destinations": [
        {
            "id": "d1",
            "pubkey": "02aa",
            "field_location": "DESTINATION",
            "checks": {
                "report_date": "2023-10-01T14:18:33.000Z",
                "channels": {
                    "list": [
                        {
                            "id": "c1",
                            "chan_id": "878742812000321537",
                            "addresses": [{"id": "a1", "address": "bc1q", "flags": ["OFAC"]}],
                        }
                    ]
                },
                "ips": {
                    "list": [
                        {
                            "id": "i1",
                            "created_at": "2023-09-01T00:00:00Z",
                            "ip_address": "192.0.2.1",
                            "is_tor": False,
                            "port": 9735,
                            "locations": [{"id": "l1", "city": "Zug", "lat": 47.17, "lon": 8.5}],
                        }
                    ],
                    "statistics": {
                        "country": [{"amount": 1, "cities": [{"city": "Zug"}], "percent": 100}],
                        "types": [{"amount": 1, "percent": 100, "type": "ipv4"}],
                    },
                },
            },
        }
    ]
}


@define
class GraphQLServer:
    """What it does about a request, for `RestPeer` and `serving`."""

    key: str = "s3cret"
    asked: list[Asked] = Factory(list)
    invoices: list[dict[str, Any]] = Factory(list)

    def __call__(self, asked: Asked) -> Reaction:
        self.asked.append(asked)
        if asked.headers.get("authorization") != f"Bearer {self.key}":
            return Reaction(401, b"who are you?")
        root = {"getHello": "Hello!", "getInvoices": {"find_many": self._find}}
        document, variables = asked.fields["query"], asked.fields["variables"]
        told = graphql_sync(
            SCHEMA, document, {**root, "pushInvoice": self._push}, variable_values=variables
        )
        headers = (("Content-Type", "application/json"),)
        return Reaction(200, json.dumps(told.formatted).encode(), headers)

    def _find(self, _: object, page: dict[str, int], **__: object) -> dict[str, object]:
        rows = self.invoices[page["offset"] :][: page["limit"]]
        total = {"amount_msat": str(100_000 * len(self.invoices)), "count": len(self.invoices)}
        return {"list": rows, "aggregated": {"aggregation_interval": "MONTH", "total": total}}

    def _push(
        self, _: object, invoice: dict[str, Any], options: dict[str, Any]
    ) -> dict[str, object]:
        number = len(self.invoices) + 1
        row = {**invoice, "id": f"r{number}", "amount_msats": "100000", "amount_sats": "100"}
        if not options["invoice"]["do_not_save"]:
            self.invoices.append(row)
        return {"invoice": row, "checks": CHECKS}
