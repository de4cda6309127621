"""What Hercle sends: the documents' examples, and every form that they may take."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from hercle_proto import Call, Command
from hercle_proto.hub import Invocation, Raw

SNAPSHOT = "lightspark.invoices.snapshot"
CREATED = "execution.invoice.created"

ROW: dict[str, Any] = {
    "id": "inv_abc123def456",
    "userId": "user_789xyz",
    "email": "user@example.com",
    "encodedPaymentRequest": "lnbc10u1p3xnhl2pp5jmxtqn235tkjzf...",
    "expiresAt": "2024-03-28T17:03:12.456Z",
    "status": "OPEN",
    "createdAt": "2024-03-28T16:03:12.456Z",
    "updatedAt": None,
    "memo": "Payment for services",
    "paymentHash": "a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2",
    "paymentPreimage": "b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2c3",
    "nodeId": "02a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2e3f4a5b6c7d8e9f0a1b2",
    "invoiceType": "STANDARD",
    "expirySecs": 3600,
    "metadata": "{}",
    "umaPostTransactionData": "",
    "bitcoinNetwork": "mainnet",
    "amountOriginalValue": 1000,
    "amountOriginalUnit": "satoshi",
    "amountPreferredCurrencyUnit": "USD",
    "amountPreferredCurrencyValueRounded": 1,
    "amountPreferredCurrencyValueApprox": 0.65,
}
"""A row of "Get Lightning Invoices", as documented."""

CREATION: dict[str, Any] = {
    "httpStatusCode": 201,
    "id": "inv_abc123def456",
    "expiresAt": "2024-03-28T16:03:12.456Z",
    "message": "Lightning invoice created successfully",
    "encodedPaymentRequest": "lnbc10u1p3xnhl2pp5jmxtqn235tkjzf...",
}
"""The data of "Create Lightning Invoice", as documented; its payment request is cut short there."""

SECRETS = (ROW["paymentPreimage"], ROW["email"], ROW["userId"])


def envelope(subject: str | None, client_id: str | None, data: object) -> dict[str, object]:
    """The envelope of the vendor's page on errors."""
    return {
        "channel": "executionEvents",
        "topic": (subject or "").partition(".")[0],
        "subject": subject,
        "type": "message",
        "clientId": client_id,
        "data": data,
    }


def raw(value: object) -> Raw:
    """JSON as it comes."""
    return Raw(json.dumps(value).encode())


def event(value: object, target: str = "executionEvents") -> Invocation:
    """What the hub invokes on its client."""
    return Invocation(target, (value if isinstance(value, Raw) else raw(value),))


class InFlight:
    """The calls of a connection that were sent and are unanswered."""

    def __init__(self, *commands: Command[Any]) -> None:
        self.calls = [Call(command, number) for number, command in enumerate(commands, 1)]

    def __iter__(self) -> Iterator[Call[Any]]:
        return iter(self.calls)

    def __len__(self) -> int:
        return len(self.calls)

    def correlated(self, correlation_id: str) -> Call[Any] | None:
        """The call with this ClientId."""
        named: Mapping[str | None, Call[Any]] = {
            call.command.correlation_id: call for call in self.calls
        }
        return named.get(correlation_id)
