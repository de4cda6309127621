"""Wrong payment requests from a genuine ASP.NET Core server, signed by code that is not ours."""

from __future__ import annotations

from functools import partial

import pytest

from aspnetcore import AspNetCore
from faulty_invoices import ENDINGS, check_another_node, check_ending
from interop import Opens


@pytest.fixture(params=["SignalR", "REST"])
def opens(request: pytest.FixtureRequest, open_hercle: Opens, open_hercle_rest: Opens) -> Opens:
    """Opens a session on either road."""
    return open_hercle if request.param == "SignalR" else open_hercle_rest


@pytest.mark.parametrize(("memo", "check", "raised"), ENDINGS)
def test_a_fault(
    opens: Opens, peer: AspNetCore, key: str, memo: str, check: str, raised: bool
) -> None:
    with opens(key, url=peer.url) as session:
        check_ending(session, memo, check, raised=raised)


def test_another_node(opens: Opens, peer: AspNetCore, key: str) -> None:
    check_another_node(partial(opens, key, url=peer.url))
