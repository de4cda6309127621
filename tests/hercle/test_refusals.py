"""Completion errors: those that prove that nothing ran, and all others."""

from __future__ import annotations

import pytest

from hercle_proto.hercle._refusals import PROOFS, proof_of_refusal

CREATE = "CreateLightningInvoice"
FAILED = f"Failed to invoke '{CREATE}' due to an error on the server."

MEASURED = [
    # ASP.NET Core 9.0.1, without and with EnableDetailedErrors, word for word.
    (f"{FAILED} HubException: Method does not exist.", "unknown method"),
    (FAILED, "arguments"),
    (
        f"{FAILED} InvalidDataException: Invocation provides 1 argument(s) but target expects 4.",
        "arguments",
    ),
    (
        (
            f"{FAILED} InvalidDataException: Error binding arguments. Make sure that the types of "
            "the provided values match the types of the hub method being invoked."
        ),
        "arguments",
    ),
    (f"Failed to invoke '{CREATE}' because user is unauthorized", "unauthorized"),
    # Before 9.
    (f"Unknown hub method '{CREATE}'", "unknown method"),
]

PROVE_NOTHING = [
    # The method ran, and threw: word for word too.
    f"An unexpected error occurred invoking '{CREATE}' on the server.",
    (
        f"An unexpected error occurred invoking '{CREATE}' on the server. "
        "InvalidOperationException: out of money"
    ),
    (
        f"An unexpected error occurred invoking '{CREATE}' on the server. "
        "HubException: Method does not exist."
    ),
    f"An unexpected error occurred invoking '{CREATE}' on the server. HubException: {FAILED}",
    # Not .NET's words.
    "",
    "error",
    "unauthorized",
    f"{FAILED} SqlException: timeout",
    f"{FAILED} HubException: Method does not exist. Or does it?",
    f"{FAILED} HubException: InvalidDataException: x",
    FAILED.replace(CREATE, "GetLightningInvoices"),
    FAILED.replace(CREATE, "{target}"),
    FAILED.lower(),
    f" {FAILED}",
    f"Unknown hub method '{CREATE}'!",
    f"Failed to invoke '{CREATE}' because user is unauthorized, I think",
]


@pytest.mark.parametrize(("error", "proof"), MEASURED)
def test_what_proves_that_nothing_ran(error: str, proof: str) -> None:
    assert proof_of_refusal(CREATE, error) == proof


@pytest.mark.parametrize("error", PROVE_NOTHING)
def test_what_proves_nothing(error: str) -> None:
    assert proof_of_refusal(CREATE, error) is None


def test_every_row_of_the_table_is_tested() -> None:
    assert {proof for _, proof in MEASURED} == set(PROOFS.values())
