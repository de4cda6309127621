"""What Reflex's sandbox tells about nodes. It is made up, and says so.

Nobody is asked and nothing is known here: everything is drawn from the SHA-256 of the node's key,
so that the same node always has the same answer. IP addresses are of the ranges for documentation
(RFC 5737, RFC 3849); `isp`, `org`, ids, flags and on-chain addresses say "synthetic".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, TypeAlias

from attrs import frozen

from hercle_sandbox._rows import timestamp

__all__ = ["DESTINATION", "ROUTING_INFO", "country_of", "destinations"]

DESTINATION: Final = "DESTINATION"
ROUTING_INFO: Final = "ROUTING_INFO"

_Told: TypeAlias = Mapping[str, object]

_FIRST_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
_FLAGS: Final = ("synthetic",)


@frozen
class _Place:
    country: str
    code: str
    city: str
    lat: float
    lon: float


_PLACES: Final = (
    _Place("Switzerland", "CH", "Zug", 47.17, 8.52),
    _Place("Germany", "DE", "Falkenstein", 50.48, 12.37),
    _Place("Finland", "FI", "Helsinki", 60.17, 24.94),
    _Place("Canada", "CA", "Montreal", 45.5, -73.57),
    _Place("United States", "US", "Ashburn", 39.04, -77.49),
    _Place("Brazil", "BR", "Sao Paulo", -23.55, -46.63),
    _Place("Japan", "JP", "Tokyo", 35.68, 139.69),
    _Place("Kenya", "KE", "Nairobi", -1.29, 36.82),
)


def country_of(pubkey: str) -> str:
    """Where the node's present address is."""
    return _Node(pubkey).place(0).country


def destinations(nodes: Iterable[tuple[str, str]]) -> list[_Told]:
    """What is told of nodes, each given by its key in hex and its place in the payment request."""
    return [
        {
            "id": _Node(pubkey).id("destination"),
            "pubkey": pubkey,
            "field_location": location,
            "checks": _Node(pubkey).checks(),
        }
        for pubkey, location in nodes
    ]


@frozen
class _Node:
    pubkey: str

    def draw(self, what: str) -> bytes:
        """32 octets, the same for the same node and purpose."""
        return sha256(bytes.fromhex(self.pubkey) + what.encode()).digest()

    def id(self, what: str) -> str:
        return f"synthetic-{self.draw(f'id {what}').hex()[:16]}"

    def day(self, what: str) -> str:
        return timestamp(_FIRST_DAY + timedelta(days=self.draw(f"day {what}")[0]))

    def place(self, number: int) -> _Place:
        return _PLACES[self.draw(f"place {number}")[0] % len(_PLACES)]

    def checks(self) -> _Told:
        return {
            "report_date": self.day("report"),
            "channels": {
                "list": [self._channel(n) for n in range(1 + self.draw("channels")[0] % 3)]
            },
            "ips": {
                "list": [self._ip(0), self._ip(1)],
                "statistics": {"country": self._countries(), "types": self._types()},
            },
        }

    def _channel(self, number: int) -> _Told:
        drawn = self.draw(f"channel {number}")
        height = 700_000 + int.from_bytes(drawn[:2])
        return {
            "id": self.id(f"channel {number}"),
            "chan_id": str(height << 40 | drawn[2] << 16 | drawn[3] % 2),
            "addresses": [
                {
                    "id": self.id(f"address {number}"),
                    "address": f"synthetic-{drawn[4:24].hex()}",
                    "flags": _FLAGS,
                }
            ],
        }

    def _ip(self, number: int) -> _Told:
        """The first is the present one, IPv4; the second a former one, IPv6 and behind a VPN."""
        drawn, former = self.draw(f"ip {number}"), number > 0
        v4, v6 = f"203.0.113.{drawn[0]}", f"2001:db8::{int.from_bytes(drawn[1:3]):x}"
        place = self.place(number)
        return {
            "id": self.id(f"ip {number}"),
            "created_at": self.day(f"ip {number}"),
            "ip_address": v6 if former else v4,
            "ip_type": "ipv6" if former else "ipv4",
            "is_current": not former,
            "is_hosting": bool(drawn[3] & 1),
            "is_proxy": bool(drawn[3] & 2),
            "is_residential_proxy": bool(drawn[3] & 4),
            "is_smartdns": bool(drawn[3] & 8),
            "is_tor": bool(drawn[3] & 16),
            "is_vpn": former,
            "is_vpn_datacenter": former,
            "isp": f"Synthetic Networks {drawn[4]}",
            "locations": [
                {
                    "id": self.id(f"location {number}"),
                    "city": place.city,
                    "country": place.country,
                    "country_code": place.code,
                    "lat": place.lat,
                    "lon": place.lon,
                }
            ],
            "org": f"Synthetic Organisation {drawn[5]}",
            "port": 9735,
            "pubkey": self.pubkey,
            "flags": _FLAGS,
            "vpn_service_name": f"Synthetic VPN {drawn[6]}" if former else None,
        }

    def _countries(self) -> list[_Told]:
        places = [self.place(0), self.place(1)]
        return [
            {
                "amount": places.count(place),
                "cities": [{"city": place.city}],
                "country": place.country,
                "country_code": place.code,
                "percent": 100 * places.count(place) / len(places),
            }
            for place in dict.fromkeys(places)
        ]

    def _types(self) -> list[_Told]:
        return [{"amount": 1, "percent": 50.0, "type": name} for name in ("ipv4", "ipv6")]
