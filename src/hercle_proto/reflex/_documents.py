"""The GraphQL documents, as the vendor's page on invoices has them.

A part that was not chosen is cut out; nothing else ever differs.
"""

from __future__ import annotations

from enum import Flag, auto
from typing import Final

__all__ = ["GET_HELLO", "PUSH_INVOICE", "Part", "get_invoices"]


class Part(Flag):
    """What `FindInvoices` asks for; join them with `|`."""

    LIST = auto()
    """The invoices of the page."""
    AGGREGATED = auto()
    """Totals, of all that the filter lets through and by interval."""
    STATS = auto()
    """Totals by country and by destination."""
    ALL = LIST | AGGREGATED | STATS


_AGGREGATED: Final = """\
aggregation_interval
list {
amount_msat
count
date
}
"""

_STATS: Final = """\
stats {
countries {
amount_msat
count
country
pubkeys
}
destinations {
amount_msat
count
pubkey
}
}
"""

_TOTAL: Final = """\
total {
amount_msat
count
}
"""

_INVOICE: Final = """\
account_id
amount_msats
amount_sats
created_at
description
destination
id
invoice_created_at
invoice_expiry_at
payment_hash
payment_request
routing_info {
pubkey
}
tags {
boolean_value
key
number_value
string_value
}
"""


def get_invoices(parts: Part) -> str:
    """The query `GetInvoices`, cut down to some parts."""
    totals = Part.AGGREGATED in parts
    aggregated = (
        (_AGGREGATED if totals else "")
        + (_STATS if Part.STATS in parts else "")
        + (_TOTAL if totals else "")
    )
    chosen = (f"aggregated {{\n{aggregated}}}\n" if aggregated else "") + (
        f"list {{\n{_INVOICE}}}\n" if Part.LIST in parts else ""
    )
    return f"""\
query GetInvoices(
$filter: GetInvoicesFilter
$page: PageInput
$sort: GetInvoicesSort
) {{
getInvoices {{
find_many(filter: $filter, page: $page, sort: $sort) {{
{chosen}}}
}}
}}
"""


PUSH_INVOICE: Final = f"""\
mutation PushInvoice($invoice: CreateInvoice!, $options: ExtraOptions) {{
pushInvoice(invoice: $invoice, options: $options) {{
invoice {{
{_INVOICE}}}
checks {{
destinations {{
checks {{
report_date
channels {{
list {{
addresses {{
address
id
flags
}}
chan_id
id
}}
}}
ips {{
list {{
created_at
id
ip_address
ip_type
is_current
is_hosting
is_proxy
is_residential_proxy
is_smartdns
is_tor
is_vpn
is_vpn_datacenter
isp
locations {{
city
country
country_code
id
lat
lon
}}
org
port
pubkey
flags
vpn_service_name
}}
statistics {{
country {{
amount
cities {{
city
}}
country
country_code
percent
}}
types {{
amount
percent
type
}}
}}
}}
}}
id
pubkey
field_location
}}
}}
}}
}}
"""

GET_HELLO: Final = """\
query GetHello {
getHello
}
"""
