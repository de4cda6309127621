"""Commands become invocations; what the hub says becomes settlements and events."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import vendor
from hercle_proto import (
    ApiError,
    Call,
    Command,
    CommandRefused,
    LocalProtocolError,
    RemoteProtocolError,
)
from hercle_proto.client import Answered, Dialect, Refused, Settlement, Unclear
from hercle_proto.hercle import (
    CreatedInvoice,
    CreateLightningInvoice,
    ErrorAnswer,
    ExecutionEvent,
    GetLightningInvoices,
    HercleDialect,
    InvoiceSnapshot,
    UnmatchedAnswer,
    UnreadableAnswer,
)
from hercle_proto.hub import Completion, Invocation, Raw

GET = GetLightningInvoices("g")
CREATE = CreateLightningInvoice(Decimal("0.001"), client_id="c")


def dialect() -> HercleDialect:
    return HercleDialect(entropy=Random(7).randbytes)


def settled(value: object, *commands: Command[Any]) -> Settlement:
    (what,) = dialect().received(vendor.event(value), vendor.InFlight(*commands), now=0.0)
    assert isinstance(what, Settlement)
    return what


def told(value: object, *commands: Command[Any], target: str = "executionEvents") -> object:
    (what,) = dialect().received(vendor.event(value, target), vendor.InFlight(*commands), now=0.0)
    return what


def test_it_is_a_dialect() -> None:
    fulfils: Dialect = dialect()
    assert fulfils is not None


# -- outwards --------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [GetLightningInvoices(), CreateLightningInvoice(Decimal(1))])
def test_a_fresh_uuid_is_the_client_id_of_who_gave_none(command: Command[Any]) -> None:
    hercle = dialect()
    first, second = hercle.admit(command), hercle.admit(command)
    assert first.correlation_id is not None
    assert UUID(first.correlation_id).version == 4
    assert len(first.correlation_id) == 36
    assert first.correlation_id != second.correlation_id
    assert type(first) is type(command)


def test_a_given_client_id_is_kept() -> None:
    assert dialect().admit(GET) is GET


def test_another_hubs_command_is_refused() -> None:
    class Ping(Command[None]):
        pass

    with pytest.raises(LocalProtocolError, match="Ping is no command of Hercle's hub"):
        dialect().admit(Ping())


def test_arguments_are_positional_and_null_is_sent() -> None:
    assert dialect().invocation(GET) == ("GetLightningInvoices", ("g",))
    assert dialect().invocation(CREATE) == (
        "CreateLightningInvoice",
        ("c", Decimal("0.001"), None, None),
    )


# -- completions -----------------------------------------------------------------------------------


@pytest.mark.parametrize("command", [GET, CREATE])
def test_a_completion_means_taken_and_no_more(command: Command[Any]) -> None:
    for completion in (Completion("1"), Completion("1", result=Raw(b"null"))):
        assert dialect().completed(Call(command, 1), completion) is None


def test_a_completion_that_proves_that_nothing_ran_is_a_refusal() -> None:
    error = "Failed to invoke 'CreateLightningInvoice' because user is unauthorized"
    outcome = dialect().completed(Call(CREATE, 1), Completion("1", error=error))
    assert isinstance(outcome, Refused)
    assert isinstance(outcome.error, CommandRefused)
    assert (outcome.error.command, outcome.error.code) == (CREATE, "unauthorized")
    assert outcome.error.reason == error


@pytest.mark.parametrize("command", [GET, CREATE])
def test_any_other_error_of_a_completion_tells_nothing(command: Command[Any]) -> None:
    error = f"An unexpected error occurred invoking '{command.name}' on the server."
    outcome = dialect().completed(Call(command, 1), Completion("1", error=error))
    assert isinstance(outcome, Unclear)
    assert isinstance(outcome.cause, ApiError)
    assert outcome.cause.message == error


def test_a_completions_text_has_a_length() -> None:
    outcome = dialect().completed(Call(GET, 1), Completion("1", error="x" * 10**6))
    assert isinstance(outcome, Unclear)
    assert len(str(outcome.cause)) < 1100


# -- answers ---------------------------------------------------------------------------------------


def test_a_snapshot_is_the_answer_of_who_asked() -> None:
    settlement = settled(vendor.envelope(vendor.SNAPSHOT, "g", [vendor.ROW]), CREATE, GET)
    assert settlement.call.command is GET
    assert isinstance(settlement.outcome, Answered)
    assert isinstance(settlement.outcome.value, InvoiceSnapshot)
    assert len(settlement.outcome.value.invoices) == 1


def test_a_creation_is_the_answer_of_who_asked() -> None:
    settlement = settled(vendor.envelope(vendor.CREATED, "c", vendor.CREATION), CREATE, GET)
    assert settlement.call.command is CREATE
    assert isinstance(settlement.outcome, Answered)
    assert isinstance(settlement.outcome.value, CreatedInvoice)
    assert settlement.outcome.value.id == "inv_abc123def456"


def test_a_refusal_carries_reason_code_and_status() -> None:
    data = {"statusError": "LIMIT", "message": "too much", "httpStatusCode": 422}
    outcome = settled(vendor.envelope("execution.invoice.error", "c", data), CREATE).outcome
    assert isinstance(outcome, Refused)
    error = outcome.error
    assert (error.reason, error.code, error.status) == ("too much", "LIMIT", 422)
    assert str(error) == "CreateLightningInvoice was refused: too much (LIMIT, HTTP 422)"


@pytest.mark.parametrize("status", [408, 500, 502, 503])
def test_a_failure_under_the_subject_of_success_tells_nothing(status: int) -> None:
    data = {"httpStatusCode": status, "message": "try later"}
    outcome = settled(vendor.envelope(vendor.CREATED, "c", data), CREATE).outcome
    assert isinstance(outcome, Unclear)
    assert isinstance(outcome.cause, ApiError)
    assert (outcome.cause.status, outcome.cause.message) == (status, "try later")


def test_an_unreadable_answer_tells_nothing() -> None:
    outcome = settled(vendor.envelope(vendor.CREATED, "c", {"id": 5}), CREATE).outcome
    assert isinstance(outcome, Unclear)
    assert isinstance(outcome.cause, RemoteProtocolError)
    assert "$.id" in str(outcome.cause)
    assert outcome.cause.__context__ is None


@pytest.mark.parametrize("target", ["executionEvents", "executionevents", "ExecutionEvents"])
def test_the_target_is_compared_without_case(target: str) -> None:
    event = vendor.event(vendor.envelope(vendor.SNAPSHOT, "g", []), target)
    (what,) = dialect().received(event, vendor.InFlight(GET), now=0.0)
    assert isinstance(what, Settlement)


# -- events ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("subject", "data", "kind"),
    [
        (vendor.CREATED, vendor.CREATION, CreatedInvoice),
        (vendor.SNAPSHOT, [vendor.ROW], InvoiceSnapshot),
        ("preChecksError", "no", ErrorAnswer),
        (vendor.CREATED, None, UnreadableAnswer),
    ],
)
def test_an_answer_for_nobody_is_an_event(subject: str, data: object, kind: type) -> None:
    what = told(vendor.envelope(subject, "somebody-else", data), GET, CREATE)
    assert isinstance(what, UnmatchedAnswer)
    assert (what.subject, what.client_id, type(what.answer)) == (subject, "somebody-else", kind)
    assert [secret for secret in vendor.SECRETS if secret in repr(what)] == []


def test_a_second_answer_is_an_event() -> None:
    event = vendor.event(vendor.envelope(vendor.CREATED, "c", vendor.CREATION))
    in_flight = vendor.InFlight(CREATE)
    hercle = dialect()
    assert isinstance(hercle.received(event, in_flight, now=0.0)[0], Settlement)
    in_flight.calls.clear()  # as the machine does with what is settled
    assert isinstance(hercle.received(event, in_flight, now=0.0)[0], UnmatchedAnswer)


def test_an_event_of_another_kind_is_told_with_its_data() -> None:
    value = vendor.envelope("execution.order.executed", "c", {"price": 0.5, "email": "a@b"})
    assert told(value, CREATE) == ExecutionEvent(
        "executionEvents",
        "execution.order.executed",
        "c",
        {"price": Decimal("0.5"), "email": "a@b"},
    )
    assert "a@b" not in repr(told(value))


def test_another_targets_events_answer_nothing() -> None:
    value = vendor.envelope(vendor.CREATED, "c", vendor.CREATION)
    what = told(value, CREATE, target="subscriptions")
    assert isinstance(what, ExecutionEvent)
    assert what.target == "subscriptions"
    assert what.data == vendor.CREATION


@pytest.mark.parametrize("value", [None, 5, "x", [], [1], {"a": 1}])
def test_what_is_no_envelope_is_told_as_it_is(value: object) -> None:
    assert told(value, GET, CREATE) == ExecutionEvent("executionEvents", None, None, value)


def test_an_event_without_arguments() -> None:
    (what,) = dialect().received(Invocation("executionEvents"), vendor.InFlight(GET), now=0.0)
    assert what == ExecutionEvent("executionEvents", None, None, None)


def test_what_cannot_be_read_is_told() -> None:
    for text in (b"{", b'{"x":"\xff"}', b"[" * 9999):
        what = told(Raw(text), GET, CREATE)
        assert isinstance(what, UnmatchedAnswer)
        assert isinstance(what.answer, UnreadableAnswer)


@given(st.binary() | st.sampled_from([vendor.SNAPSHOT, vendor.CREATED]).map(str.encode), st.text())
def test_any_bytes_are_one_settlement_or_event(text: bytes, target: str) -> None:
    event = Invocation(target, (Raw(text),))
    assert len(dialect().received(event, vendor.InFlight(GET, CREATE), now=0.0)) == 1
