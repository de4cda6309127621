"""What an answer says: each subject with each kind of data, and each shape without a subject."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.hercle import (
    CreatedInvoice,
    ErrorAnswer,
    InvoiceSnapshot,
    LightningInvoice,
    UnreadableAnswer,
)
from hercle_proto.hercle._answers import (
    CREATED,
    PRE_CHECKS,
    SNAPSHOT,
    Answer,
    Data,
    Details,
    answer_from,
    is_known,
)

MOMENT = datetime(2024, 3, 28, tzinfo=UTC)
ERROR = "execution.invoice.error"
NO_REASON = "no reason was given"

ROWS = InvoiceSnapshot((LightningInvoice(id="a"),))
MADE = Details(http_status_code=201, id="inv_1", encoded_payment_request="lnbc1")
BROKEN = UnreadableAnswer("data: Expected `str`, got `int` at $.id")
NO_LIST = UnreadableAnswer("data: a list of invoices was expected")
NO_OBJECT = UnreadableAnswer("data: an object was expected")
NO_ID = UnreadableAnswer("data: an id was expected")


def refused(
    reason: str, code: str | None = None, status: int | None = None, *, surely: bool = True
) -> ErrorAnswer:
    return ErrorAnswer(reason, code, status, surely)


CASES: list[tuple[str | None, Data, Answer | None]] = [
    # A list, by its subject and by its shape.
    (SNAPSHOT, ROWS, ROWS),
    (None, ROWS, ROWS),
    (SNAPSHOT, None, NO_LIST),
    (SNAPSHOT, "text", NO_LIST),
    (SNAPSHOT, MADE, NO_LIST),
    (SNAPSHOT, Details(), NO_LIST),
    (SNAPSHOT, BROKEN, BROKEN),
    (SNAPSHOT, Details(http_status_code=403, message="no"), refused("no", None, 403)),
    (SNAPSHOT, Details(status_error="E", message="no"), refused("no", "E")),
    # A creation.
    (CREATED, MADE, CreatedInvoice("inv_1", None, None, "lnbc1", 201)),
    (None, MADE, CreatedInvoice("inv_1", None, None, "lnbc1", 201)),
    (CREATED, Details(id="a", expires_at=MOMENT), CreatedInvoice("a", MOMENT)),
    (CREATED, Details(id="a", expires_at=MOMENT.replace(tzinfo=None)), CreatedInvoice("a", MOMENT)),
    (CREATED, Details(id="a", http_status_code=0), CreatedInvoice("a", http_status_code=0)),
    (CREATED, Details(id="a", status_error="odd"), CreatedInvoice("a")),
    (CREATED, Details(), NO_ID),
    (CREATED, Details(id="", http_status_code=201), NO_ID),
    (CREATED, Details(message="made, but which?"), NO_ID),
    (CREATED, None, NO_OBJECT),
    (CREATED, "text", NO_OBJECT),
    (CREATED, ROWS, NO_OBJECT),
    (CREATED, BROKEN, BROKEN),
    # A failure under the subject of success: only a 4xx without an invoice is sure.
    (CREATED, Details(http_status_code=422, message="m"), refused("m", None, 422)),
    (CREATED, Details(http_status_code=400, status_error="E"), refused("E", "E", 400)),
    (CREATED, Details(http_status_code=429), refused(NO_REASON, None, 429)),
    (CREATED, Details(http_status_code=499), refused(NO_REASON, None, 499)),
    (
        CREATED,
        Details(http_status_code=409, id="a", message="exists already"),
        refused("exists already", None, 409, surely=False),
    ),
    (CREATED, Details(http_status_code=408), refused(NO_REASON, None, 408, surely=False)),
    (CREATED, Details(http_status_code=500), refused(NO_REASON, None, 500, surely=False)),
    (CREATED, Details(http_status_code=503), refused(NO_REASON, None, 503, surely=False)),
    (CREATED, Details(http_status_code=302), refused(NO_REASON, None, 302, surely=False)),
    (CREATED, Details(http_status_code=999), refused(NO_REASON, None, 999, surely=False)),
    (CREATED, Details(status_error="E"), refused("E", "E")),
    (
        CREATED,
        Details(http_status_code=201, status_error="E"),
        refused("E", "E", 201, surely=False),
    ),
    (
        CREATED,
        Details(http_status_code=422, id="a", encoded_payment_request="lnbc1"),
        refused(NO_REASON, None, 422, surely=False),
    ),
    # Subjects of errors.
    (PRE_CHECKS, Details(message="AmountBtc"), refused("AmountBtc", PRE_CHECKS)),
    (PRE_CHECKS, "AmountBtc is missing", refused("AmountBtc is missing", PRE_CHECKS)),
    (PRE_CHECKS, None, refused(NO_REASON, PRE_CHECKS)),
    (PRE_CHECKS, "", refused(NO_REASON, PRE_CHECKS)),
    (PRE_CHECKS, ROWS, refused(NO_OBJECT.problem, PRE_CHECKS)),
    (PRE_CHECKS, BROKEN, refused(BROKEN.problem, PRE_CHECKS)),
    (PRE_CHECKS, Details(), refused(NO_REASON, PRE_CHECKS)),
    (PRE_CHECKS, Details(http_status_code=200), refused(NO_REASON, PRE_CHECKS, 200)),
    (PRE_CHECKS, Details(http_status_code=500), refused(NO_REASON, PRE_CHECKS, 500, surely=False)),
    (PRE_CHECKS, Details(id="a"), refused(NO_REASON, PRE_CHECKS, surely=False)),
    (ERROR, "not enabled", refused("not enabled", ERROR)),
    (ERROR, Details(status_error="E", message="m"), refused("m", "E")),
    (ERROR, Details(status_error="E"), refused("E", "E")),
    (ERROR, Details(message="m", http_status_code=200), refused("m", ERROR, 200)),
    (ERROR, Details(message="m", http_status_code=404), refused("m", ERROR, 404)),
    (ERROR, Details(http_status_code=500), refused(NO_REASON, ERROR, 500, surely=False)),
    (ERROR, Details(http_status_code=408), refused(NO_REASON, ERROR, 408, surely=False)),
    (ERROR, MADE, refused(NO_REASON, ERROR, 201, surely=False)),
    (
        ERROR,
        Details(http_status_code=201, id="a", message="made, but nobody was told"),
        refused("made, but nobody was told", ERROR, 201, surely=False),
    ),
    (ERROR, Details(status_error="E", id="a"), refused("E", "E", surely=False)),
    (ERROR, ROWS, refused(NO_OBJECT.problem, ERROR, surely=False)),
    (ERROR, BROKEN, refused(BROKEN.problem, ERROR, surely=False)),
    (ERROR, Details(), refused(NO_REASON, ERROR, surely=False)),
    (ERROR, "", refused(NO_REASON, ERROR, surely=False)),
    ("anything.error", None, refused(NO_REASON, "anything.error", surely=False)),
    # Without a subject.
    (None, Details(status_error="E", message="m"), refused("m", "E")),
    (None, Details(message="m"), refused("m")),
    (None, Details(message="m", id=""), refused("m")),
    (None, Details(status_error="E", id="a"), refused("E", "E", surely=False)),
    (
        None,
        Details(status_error="E", http_status_code=409, id="a"),
        refused("E", "E", 409, surely=False),
    ),
    (None, Details(message="m", http_status_code=422), refused("m", None, 422)),
    (None, Details(message="m", http_status_code=500), refused("m", None, 500, surely=False)),
    (None, Details(message="m", http_status_code=201), None),
    (None, Details(message="m", id="a"), None),
    (None, Details(id="a"), None),
    (None, Details(encoded_payment_request="lnbc1"), None),
    (
        None,
        Details(encoded_payment_request="lnbc1", message="m"),
        refused("m", None, None, surely=False),
    ),
    (None, Details(), None),
    (None, None, None),
    (None, "text", None),
    (None, BROKEN, None),
    # Others.
    ("execution.order.executed", Details(status_error="E"), None),
    ("execution.feeds.priceUpdate", ROWS, None),
    ("precheckserror", "text", None),
    ("error", "text", None),
]


@pytest.mark.parametrize(("subject", "data", "answer"), CASES)
def test_what_it_says(subject: str | None, data: Data, answer: Answer | None) -> None:
    assert answer_from(subject, data) == answer


@pytest.mark.parametrize(("subject", "data", "answer"), CASES)
def test_a_subject_that_is_not_known_has_no_answers(
    subject: str | None, data: Data, answer: Answer | None
) -> None:
    assert is_known(subject) or answer is None


def test_a_servers_texts_are_made_presentable() -> None:
    data = Details(status_error="E\x1b[2J", message="no\r\n\tway\x07")
    assert answer_from(ERROR, data) == refused("no way\ufffd", "E\ufffd[2J")
    told = refused("no", "execution.\ufffd.error")
    assert answer_from("execution.\x1b.error", Details(message="no")) == told


def test_a_servers_text_is_kept_up_to_a_length() -> None:
    answer = answer_from(PRE_CHECKS, "x" * 1_000_000)
    assert answer == refused("x" * 1000 + "…", PRE_CHECKS)


@given(
    st.sampled_from([None, CREATED, SNAPSHOT, PRE_CHECKS, ERROR]),
    st.builds(
        Details,
        http_status_code=st.none() | st.integers(0, 999),
        id=st.none() | st.text(max_size=1),
        message=st.none() | st.text(max_size=1),
        encoded_payment_request=st.none() | st.text(max_size=1),
        status_error=st.none() | st.text(max_size=1),
    ),
)
def test_only_a_plain_no_is_a_refusal(subject: str | None, data: Details) -> None:
    answer = answer_from(subject, data)
    if isinstance(answer, ErrorAnswer) and answer.surely_refused:
        status = data.http_status_code
        assert not data.encoded_payment_request
        assert not data.id
        assert status is None or status < 300 or (400 <= status < 500 and status != 408)
    if isinstance(answer, CreatedInvoice):
        assert data.id
        assert (data.http_status_code or 0) < 300
