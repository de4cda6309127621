"""HTTP/1.1 without I/O: requests and responses as values, a kept-alive client connection, URLs."""

from hercle_proto.http._body import ACCEPT_GZIP
from hercle_proto.http._connection import (
    DEFAULT_MAX_BODY_BYTES,
    ExchangeFailed,
    HttpConnection,
    HttpEvent,
)
from hercle_proto.http._dates import parse_date
from hercle_proto.http._messages import USER_AGENT, Headers, Request, Response
from hercle_proto.http._retry_after import retry_after
from hercle_proto.http._url import Origin, Url, check_key_transport, without_query

__all__ = [
    "ACCEPT_GZIP",
    "DEFAULT_MAX_BODY_BYTES",
    "USER_AGENT",
    "ExchangeFailed",
    "Headers",
    "HttpConnection",
    "HttpEvent",
    "Origin",
    "Request",
    "Response",
    "Url",
    "check_key_transport",
    "parse_date",
    "retry_after",
    "without_query",
]
