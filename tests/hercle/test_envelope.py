"""Every documented form of an event, and whatever else may come in its place."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vendor
from hercle_proto.hercle import (
    CreatedInvoice,
    ErrorAnswer,
    InvoiceSnapshot,
    LightningInvoice,
    UnreadableAnswer,
)
from hercle_proto.hercle._envelope import Envelope, open_envelope, plain_data
from hercle_proto.hercle._json import Unreadable
from hercle_proto.hub import Raw

Form = Callable[[dict[str, Any]], object]

FORMS: dict[str, Form] = {
    "object": lambda event: event,
    "data is text": lambda event: {**event, "data": json.dumps(event["data"])},
    "all is text": json.dumps,
    "both are text": lambda event: json.dumps({**event, "data": json.dumps(event["data"])}),
    "extra keys": lambda event: {"version": 2.5, **event, "deep": [{"data": None}]},
    "data first": lambda event: {"data": event["data"], **event},
    "only what counts": lambda event: {key: event[key] for key in ("subject", "clientId", "data")},
}

DATA = {
    vendor.SNAPSHOT: [vendor.ROW, vendor.ROW],
    vendor.CREATED: vendor.CREATION,
    "preChecksError": {"message": "AmountBtc must be greater than 0"},
    "execution.invoice.error": {"statusError": "ACCOUNT", "message": "not enabled"},
}
ANSWERS = {
    vendor.SNAPSHOT: InvoiceSnapshot,
    vendor.CREATED: CreatedInvoice,
    "preChecksError": ErrorAnswer,
    "execution.invoice.error": ErrorAnswer,
}


def opened(value: object) -> Envelope:
    return open_envelope(vendor.raw(value))


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("subject", DATA)
def test_every_form_says_the_same(form: str, subject: str) -> None:
    event = vendor.envelope(subject, "my-request-123", DATA[subject])
    envelope = opened(FORMS[form](event))
    assert envelope == opened(event)
    assert (envelope.subject, envelope.client_id) == (subject, "my-request-123")
    assert isinstance(envelope.answer, ANSWERS[subject])


@pytest.mark.parametrize("missing", ["subject", "clientId"])
@pytest.mark.parametrize("instead", [..., None, "", 5, True, [], {}, ["x"]])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_missing_or_no_text_is_none(missing: str, instead: object, form: str) -> None:
    event = vendor.envelope(vendor.CREATED, "a", vendor.CREATION)
    if instead is ...:
        del event[missing]
    else:
        event[missing] = instead
    if form == "only what counts":
        form = "object"
    envelope = opened(FORMS[form](event))
    assert envelope.subject == (None if missing == "subject" else vendor.CREATED)
    assert envelope.client_id == (None if missing == "clientId" else "a")
    assert isinstance(envelope.answer, CreatedInvoice)


def test_the_command_pages_examples() -> None:
    listed = opened({"data": [vendor.ROW]})
    assert (listed.subject, listed.client_id) == (None, None)
    assert isinstance(listed.answer, InvoiceSnapshot)
    assert (
        opened({"data": vendor.CREATION}).answer
        == opened(vendor.envelope(vendor.CREATED, None, vendor.CREATION)).answer
    )


@pytest.mark.parametrize("text", ["AmountBtc is missing", "5", "nullx", "no {braces}"])
def test_an_error_may_be_a_plain_message(text: str) -> None:
    answer = opened(vendor.envelope("preChecksError", "a", text)).answer
    assert answer == ErrorAnswer(text, "preChecksError")


@pytest.mark.parametrize("text", ["[1", "{", '{"a":}', ' {"httpStatusCode": 500, "mess'])
def test_broken_json_is_no_message(text: str) -> None:
    answer = opened(vendor.envelope("execution.invoice.error", "a", text)).answer
    assert isinstance(answer, ErrorAnswer)
    assert not answer.surely_refused
    assert answer.reason.startswith("data: ")


@pytest.mark.parametrize(
    ("data", "status", "problem"),
    [
        ({"httpStatusCode": "500", "message": "gateway time-out"}, 500, "gateway time-out"),
        ({"httpStatusCode": 504, "id": 7, "message": "gateway time-out"}, None, "at $.id"),
        ({"httpStatusCode": "5xx", "message": "gateway time-out"}, None, "at $.httpStatusCode"),
        ([1, 2], None, "an object was expected"),
        ([{"id": "a"}], None, "an object was expected"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_an_error_that_is_odd_proves_nothing(
    form: str, data: object, status: int | None, problem: str
) -> None:
    event = vendor.envelope("execution.invoice.error", "a", data)
    answer = opened(FORMS[form](event)).answer
    assert isinstance(answer, ErrorAnswer)
    assert problem in answer.reason
    assert answer.status == status
    assert not answer.surely_refused


def test_a_message_may_be_json_text_in_json_text() -> None:
    wrapped = json.dumps(json.dumps({"message": "deep"}))
    answer = opened(vendor.envelope("preChecksError", "a", wrapped)).answer
    assert answer == ErrorAnswer("deep", "preChecksError")


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        ({"id": 5}, "data: Expected `str | null`, got `int` at $.id"),
        ({"httpStatusCode": "ok"}, "data: Expected `int | null`, got `str` at $.httpStatusCode"),
        ({"httpStatusCode": 201.5}, "got `decimal` at $.httpStatusCode"),
        ({"expiresAt": "soon"}, "at $.expiresAt"),
        ({"expiresAt": 5}, "at $.expiresAt"),
        ({"message": ["x"]}, "at $.message"),
        ({"encodedPaymentRequest": {}}, "at $.encodedPaymentRequest"),
        ({"statusError": 7}, "at $.statusError"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_a_wrong_type_in_a_creation_is_told(
    form: str, change: dict[str, object], problem: str
) -> None:
    data = {**vendor.CREATION, **change}
    envelope = opened(FORMS[form](vendor.envelope(vendor.CREATED, "a", data)))
    assert isinstance(envelope.answer, UnreadableAnswer)
    assert problem in envelope.answer.problem


@pytest.mark.parametrize("status", [201.0, "201"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_odd_in_a_creation_is_read(form: str, status: object) -> None:
    data = {**vendor.CREATION, "httpStatusCode": status, "expiresAt": "9999-12-31T23:59:59.9999999"}
    envelope = opened(FORMS[form](vendor.envelope(vendor.CREATED, "a", data)))
    assert isinstance(envelope.answer, CreatedInvoice)
    assert envelope.answer.http_status_code == 201
    assert envelope.answer.expires_at is not None
    assert envelope.answer.expires_at.year == 9999


@pytest.mark.parametrize("form", FORMS)
def test_odd_and_bad_rows_within_an_envelope(form: str) -> None:
    rows = [{**vendor.ROW, "expirySecs": 3600.0}, {"status": "OPEN"}, vendor.ROW]
    answer = opened(FORMS[form](vendor.envelope(vendor.SNAPSHOT, "a", rows))).answer
    assert isinstance(answer, InvoiceSnapshot)
    assert [invoice.expiry_secs for invoice in answer.invoices] == [3600, 3600]
    assert [row.index for row in answer.unreadable] == [1]


@pytest.mark.parametrize("data", [5, 1.5, True, False])
@pytest.mark.parametrize("subject", [vendor.CREATED, vendor.SNAPSHOT])
def test_data_of_another_kind_is_unreadable(subject: str, data: object) -> None:
    answer = opened(vendor.envelope(subject, "a", data)).answer
    assert isinstance(answer, UnreadableAnswer)
    assert answer.problem.startswith("data: Expected ")


def test_data_may_be_absent() -> None:
    event = vendor.envelope(vendor.CREATED, "a", None)
    del event["data"]
    assert opened({**event, "clientId": 5}).answer == opened(event).answer
    assert opened(event).answer == UnreadableAnswer("data: an object was expected")


@pytest.mark.parametrize("value", [None, 5, "text", [], [[]], [1, 2], {}, {"a": 1}, "[]", True])
def test_what_is_no_envelope_has_no_answer(value: object) -> None:
    assert opened(value) == Envelope(None, None, None)


@pytest.mark.parametrize("subject", ["execution.order.executed", "x"])
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("data", [5, {"id": 7}, [1], "text", vendor.CREATION, [vendor.ROW]])
def test_another_subject_has_no_answer(form: str, subject: str, data: object) -> None:
    envelope = opened(FORMS[form](vendor.envelope(subject, "a", data)))
    assert envelope == Envelope(subject, "a", None)


# -- what is no JSON, or too much of it ------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"nul",
        b'{"data":[}',
        b'{"subject":"\xff"}',
        b'"\\ud800"',
        b"[" * 100_000,
        b'{"data":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"subject":"execution.invoice.created","data":{"x":' + b"[" * 9999 + b"]" * 9999 + b"}}",
    ],
)
def test_what_cannot_be_read_raises_nothing(text: bytes) -> None:
    envelope = open_envelope(Raw(text))
    assert envelope.answer is None or isinstance(envelope.answer, UnreadableAnswer)


def test_json_in_json_in_json_ends() -> None:
    value: object = vendor.envelope("preChecksError", "a", "x")
    for _ in range(12):
        value = json.dumps(value)
    assert opened(value).answer == ErrorAnswer("x", "preChecksError")


@given(st.binary())
def test_any_bytes_are_opened(text: bytes) -> None:
    assert isinstance(open_envelope(Raw(text)), Envelope)


# -- events of other kinds -------------------------------------------------------------------------


def test_plain_data_is_exact() -> None:
    argument = Raw(b'{"subject":"x","data":{"price":0.10,"big":1e99,"n":7}}')
    assert plain_data(argument) == {"price": Decimal("0.10"), "big": "1e99", "n": 7}


@pytest.mark.parametrize("value", [5, "x", None, [1], {"a": 1}])
def test_without_data_all_is_plain_data(value: object) -> None:
    assert plain_data(vendor.raw(value)) == value


def test_plain_data_that_cannot_be_read() -> None:
    with pytest.raises(Unreadable):
        plain_data(Raw(b"{"))


def test_a_snapshot_keeps_nothing_of_the_payload_alive() -> None:
    payload = bytearray(
        json.dumps(vendor.envelope(vendor.SNAPSHOT, "a", [vendor.ROW, {}])).encode()
    )
    answer = open_envelope(payload).answer
    payload[:] = b""  # raises BufferError while anybody holds a view of it
    assert isinstance(answer, InvoiceSnapshot)
    assert isinstance(answer.invoices[0], LightningInvoice)
    assert answer.unreadable[0].raw == b"{}"
