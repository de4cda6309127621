"""Payment requests after BOLT 11: a strict reader and a writer. It knows nothing of Hercle.

`PaymentRequest.parse` is the door in and `encode` the door out. Only signatures need the extra
`bolt11`.
"""

from hercle_proto._errors import InvalidInvoice, MissingExtra
from hercle_proto.bolt11._amounts import Network, Prefix, unverified_amount
from hercle_proto.bolt11._encode import DEFAULT_FEATURES, encode
from hercle_proto.bolt11._fields import Hop, RouteHint, TaggedField
from hercle_proto.bolt11._payment_request import PaymentRequest
from hercle_proto.bolt11._signature import node_id

__all__ = [
    "DEFAULT_FEATURES",
    "Hop",
    "InvalidInvoice",
    "MissingExtra",
    "Network",
    "PaymentRequest",
    "Prefix",
    "RouteHint",
    "TaggedField",
    "encode",
    "node_id",
    "unverified_amount",
]
