"""What a command may be, and how it goes over the wire."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto import InvalidArgument
from hercle_proto.reflex import FindInvoices, GetHello, Part, PushInvoice, Tag

NOW = datetime(2023, 10, 1, tzinfo=UTC)
HUGE = 10**5000


def wire(variables: object) -> dict[str, object]:
    told: dict[str, object] = json.loads(msgspec.json.encode(variables), parse_float=Decimal)
    return told


REFUSED: list[tuple[Callable[[], object], str, str]] = [
    (lambda: Tag("user_id", string_value=""), "key", "'user_id'"),
    (lambda: Tag("-a", string_value=""), "key", "'-a'"),
    (lambda: Tag("a-", string_value=""), "key", "'a-'"),
    (lambda: Tag("a--b", string_value=""), "key", "'a--b'"),
    (lambda: Tag("user-id\n", string_value=""), "key", r"'user-id\n'"),
    (lambda: Tag("A", string_value=""), "key", "'A'"),
    (lambda: Tag("a1", string_value=""), "key", "'a1'"),
    (lambda: Tag("\u00e4", string_value=""), "key", "'\u00e4'"),
    (lambda: Tag("", string_value=""), "key", "''"),
    (lambda: Tag("A" * 1000, string_value=""), "key", "'" + "A" * 50 + "'"),
    (lambda: Tag(7, string_value=""), "key", "int"),
    (lambda: Tag("a"), "tag 'a'", "0"),
    (lambda: Tag("a", string_value="x", boolean_value=False), "tag 'a'", "2"),
    (lambda: Tag("a", string_value="x", number_value=0, boolean_value=True), "tag 'a'", "3"),
    (lambda: Tag("a", string_value=1), "string_value", "int"),
    (lambda: Tag("a", string_value="x\ud800"), "string_value", "U+D800 at place 1"),
    (lambda: Tag("a", number_value=True), "number_value", "bool"),
    (lambda: Tag("a", number_value=0.5), "number_value", "float"),
    (lambda: Tag("a", number_value="1"), "number_value", "str"),
    (lambda: Tag("a", number_value=Decimal("NaN")), "number_value", "a number that is not finite"),
    (lambda: Tag("a", number_value=HUGE), "number_value", "a number of 5001 digits, where at most"),
    (lambda: Tag("a", boolean_value=1), "boolean_value", "int"),
    (lambda: Tag.of("a", 0.5), "string_value", "float"),
    (lambda: Tag.of("a", None), "tag 'a'", "0"),
    (lambda: PushInvoice("x", tags=[Tag.of("a", n) for n in range(6)]), "tags", "6"),
    (lambda: PushInvoice("x", tags="ab"), "tags", "str"),
    (lambda: PushInvoice("x", tags=["ab"]), "tags", "str"),
    (lambda: PushInvoice(""), "payment_request", "an empty one"),
    (lambda: PushInvoice(b"lnbc"), "payment_request", "bytes"),
    (lambda: PushInvoice("x\udfff"), "payment_request", "U+DFFF at place 1"),
    (lambda: PushInvoice("x", 7), "description", "int"),
    (lambda: PushInvoice("x", do_not_save=1), "do_not_save", "int"),
    (lambda: FindInvoices(limit=0), "limit", "0"),
    (lambda: FindInvoices(limit=51), "limit", "51"),
    (lambda: FindInvoices(limit=True), "limit", "bool"),
    (lambda: FindInvoices(limit=1.0), "limit", "float"),
    (lambda: FindInvoices(offset=-1), "offset", "-1"),
    (lambda: FindInvoices(offset=2**31), "offset", "2,147,483,648"),
    (lambda: FindInvoices(offset=HUGE), "offset", "one of more than 20 digits"),
    (lambda: FindInvoices(from_=datetime(2023, 10, 1)), "from_", "one without"),  # noqa: DTZ001
    (lambda: FindInvoices(to=datetime(2023, 10, 1)), "to", "one without"),  # noqa: DTZ001
    (lambda: FindInvoices(to="2023-10-01T00:00:00Z"), "to", "str"),
    (
        lambda: FindInvoices(from_=NOW, to=NOW - timedelta(seconds=1)),
        "from_",
        "2023-10-01T00:00:00Z and 2023-09-30T23:59:59Z",
    ),
    (lambda: FindInvoices(tags=[None]), "tags", "NoneType"),
    (lambda: FindInvoices(sort_column=""), "sort_column", "an empty one"),
    (lambda: FindInvoices(sort_direction=None), "sort_direction", "NoneType"),
    (lambda: FindInvoices(parts=Part(0)), "parts", "none"),
    (lambda: FindInvoices(parts="list"), "parts", "str"),
]


@pytest.mark.parametrize(("make", "argument", "got"), REFUSED)
def test_what_breaks_a_rule_cannot_be_made(
    make: Callable[[], object], argument: str, got: str
) -> None:
    with pytest.raises(InvalidArgument) as caught:
        make()
    assert caught.value.argument == argument
    assert caught.value.got.startswith(got)
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("key", ["a", "user-id", "a-b-c", "abc"])
def test_keys(key: str) -> None:
    assert Tag.of(key, "x").key == key


@given(st.text(alphabet="ab-A1_\n \u0131", max_size=8) | st.text(max_size=8))
def test_a_key_is_taken_if_it_has_the_form(key: str) -> None:
    groups = key.split("-")
    has_form = all(group and set(group) <= set("abcdefghijklmnopqrstuvwxyz") for group in groups)
    try:
        Tag.of(key, 1)
    except InvalidArgument:
        assert not has_form
    else:
        assert has_form
        assert re.match(r"^[a-z]+(?:-[a-z]+)*$", key)


VALUES = (
    st.text()
    | st.booleans()
    | st.integers(-(10**39), 10**39)
    | st.decimals(allow_nan=False, allow_infinity=False, places=8, min_value=0, max_value=10**20)
)


@given(VALUES)
def test_a_value_goes_where_its_type_belongs(value: str | bool | int | Decimal) -> None:
    tag = Tag.of("a", value)
    assert tag.value == value
    assert type(tag.value) is type(value)
    told = wire(tag.variables)
    name = {str: "string_value", bool: "boolean_value"}.get(type(value), "number_value")
    assert told == {"key": "a", name: value}
    assert b"e" not in msgspec.json.encode(tag.variables["number_value"] if name[0] == "n" else 1)


ANYWHERE = st.datetimes(datetime(2, 1, 1), datetime(9998, 1, 1), timezones=st.timezones())  # noqa: DTZ001


@given(ANYWHERE, ANYWHERE)
def test_times_go_as_utc(one: datetime, other: datetime) -> None:
    # In UTC, for times in the gaps of summer time equal nothing.
    first, last = sorted(moment.astimezone(UTC) for moment in (one, other))
    zone = one.tzinfo
    told = wire(FindInvoices(from_=first.astimezone(zone), to=last).variables)["filter"]
    assert isinstance(told, dict)
    assert all(text.endswith("Z") for text in told.values())
    assert [datetime.fromisoformat(text) for text in told.values()] == [first, last]


def test_times_at_the_ends_of_the_calendar() -> None:
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=1)))
    told = wire(FindInvoices(from_=first).variables)
    assert told["filter"] == {"from": "0001-01-01T00:00:00Z"}


def test_nothing_is_asked_by_default() -> None:
    assert wire(FindInvoices().variables) == {
        "page": {"limit": 50, "offset": 0},
        "sort": {"column": "created_at", "direction": "DESC"},
    }
    assert wire(GetHello().variables) == {}
    assert wire(PushInvoice("lnbc1").variables) == {
        "invoice": {"payment_request": "lnbc1"},
        "options": {"invoice": {"do_not_save": False}},
    }


def test_everything_can_be_asked() -> None:
    find = FindInvoices(
        tags=(Tag.of("a", 1), Tag.of("b", Decimal("0.00000001"))),
        limit=1,
        offset=7,
        sort_column="amount",
        sort_direction="ASC",
        to=NOW,
    )
    assert wire(find.variables) == {
        "filter": {
            "tags": [
                {"key": "a", "number_value": 1},
                {"key": "b", "number_value": Decimal("0.00000001")},
            ],
            "to": "2023-10-01T00:00:00Z",
        },
        "page": {"limit": 1, "offset": 7},
        "sort": {"column": "amount", "direction": "ASC"},
    }
    push = PushInvoice("x", "", do_not_save=True)
    assert wire(push.variables) == {
        "invoice": {"payment_request": "x", "description": ""},
        "options": {"invoice": {"do_not_save": True}},
    }


def test_what_is_repeatable() -> None:
    assert FindInvoices.repeatable
    assert GetHello.repeatable
    assert not PushInvoice.repeatable
