"""When a server that is busy may be asked again (RFC 9110, sections 5.6.7 and 10.2.3)."""

from __future__ import annotations

import re
from typing import Final

from hercle_proto.http._dates import parse_date
from hercle_proto.http._messages import Response

__all__ = ["retry_after"]

_SECONDS: Final = re.compile(r"[0-9]{1,9}")


def retry_after(response: Response) -> float | None:
    """Seconds until the answer's `Retry-After`; None where there is none that can be used.

    A date there counts from the answer's own `Date`, so that nobody's clock but the server's is
    asked; without one it says nothing.
    """
    told = (response.header("Retry-After") or "").strip()
    if _SECONDS.fullmatch(told):
        return float(told)
    then, now = parse_date(told), response.date
    if then is None or now is None:
        return None
    return max(0.0, (then - now).total_seconds())
