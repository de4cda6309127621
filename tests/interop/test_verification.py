"""Wrong payment requests from a genuine ASP.NET Core server, signed by code that is not ours."""

from __future__ import annotations

import json
from functools import partial

import pytest

from aspnetcore import AspNetCore
from faulty_invoices import ENDINGS, check_another_node, check_ending
from hercle_cli import main
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


@pytest.mark.parametrize(("memo", "check", "raised"), ENDINGS)
def test_a_fault_on_the_command_line(
    peer: AspNetCore,
    key: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    memo: str,
    check: str,
    raised: bool,
) -> None:
    """Raised or reported: the invoice is printed, and the exit code is 5."""
    monkeypatch.setenv("HERCLE_URL", peer.url)
    monkeypatch.setenv("HERCLE_API_KEY", key)
    assert main(["invoice", "create", "0.001", "--memo", memo, "--json"]) == 5
    captured = capsys.readouterr()
    created = json.loads(captured.out)
    assert captured.err.startswith(
        f"hercle: Invoice {created['id']} exists; do not create it again: {check}: "
    )
    assert len(captured.err.splitlines()) == 1


def test_another_node(opens: Opens, peer: AspNetCore, key: str) -> None:
    check_another_node(partial(opens, key, url=peer.url))
