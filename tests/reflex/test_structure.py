"""Plain JSON values as typed answers: everything comes back, and what does not fit is located."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints

import attrs
import pytest
import rich.pretty
from hypothesis import given, settings
from hypothesis import strategies as st

from hercle_proto import RemoteProtocolError
from hercle_proto.reflex import (
    Aggregated,
    Bucket,
    Checks,
    CountryTotal,
    DestinationChecks,
    FoundInvoices,
    InvoiceTag,
    IpLocation,
    NodeChannel,
    OpenValue,
    PushedInvoice,
    ReflexInvoice,
    RoutingHop,
    When,
)
from hercle_proto.reflex._structure import structure

LETTERS = st.text("abcxyz -", max_size=9)
MOMENTS = st.datetimes(datetime(1, 1, 2), datetime(9999, 1, 1)).map(  # noqa: DTZ001
    lambda moment: moment.replace(tzinfo=UTC)
)
WHOLES = st.integers(-(10**39), 10**39)
NUMBERS = st.integers(-(10**15), 10**15).map(lambda number: Decimal(number) / 1000)


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Anything that a field may hold."""
    if hint == OpenValue:
        return st.none() | WHOLES | LETTERS | st.lists(LETTERS, max_size=2).map(tuple)
    if hint == When:
        return st.none() | MOMENTS | LETTERS
    if get_origin(hint) is tuple:
        return st.lists(values(get_args(hint)[0]), max_size=2).map(tuple)
    if args := get_args(hint):
        return st.one_of([values(arg) for arg in args])
    if attrs.has(hint):
        hints = get_type_hints(hint)
        return st.builds(hint, **{f.name: values(hints[f.name]) for f in attrs.fields(hint)})
    simple: dict[Any, st.SearchStrategy[Any]] = {
        NoneType: st.none(),
        bool: st.booleans(),
        datetime: MOMENTS,
        Decimal: NUMBERS,
        int: WHOLES,
        str: LETTERS,
    }
    return simple[hint]


def plain(value: Any) -> Any:
    """As JSON has it."""
    match value:
        case datetime():
            return value.isoformat()
        case tuple():
            return [plain(each) for each in value]
        case _ if attrs.has(type(value)):
            return {f.name: plain(getattr(value, f.name)) for f in attrs.fields(type(value))}
        case _:
            return value


@pytest.mark.parametrize("kind", [FoundInvoices, PushedInvoice])
@settings(max_examples=60)
@given(data=st.data())
def test_every_field_comes_back(kind: type[Any], data: st.DataObject) -> None:
    answer = data.draw(values(kind))
    assert structure(plain(answer), kind, path="$") == answer


@pytest.mark.parametrize("kind", [FoundInvoices, PushedInvoice])
def test_nothing_is_needed_and_more_is_nobodys_business(kind: type[Any]) -> None:
    assert structure({}, kind, path="$") == kind()
    nulls = {field.name: None for field in attrs.fields(kind)}
    assert structure({**nulls, "new": {"a": [1]}}, kind, path="$") == kind()


NOON = datetime(2023, 10, 1, 12, tzinfo=UTC)

READ: list[tuple[type[Any], dict[str, object], Any]] = [
    (ReflexInvoice, {"amount_msats": "100000"}, ReflexInvoice(amount_msats=100_000)),
    (ReflexInvoice, {"amount_msats": Decimal("1E+5")}, ReflexInvoice(amount_msats=100_000)),
    (ReflexInvoice, {"amount_sats": "-1"}, ReflexInvoice(amount_sats=-1)),
    (ReflexInvoice, {"id": 7}, ReflexInvoice(id="7")),
    (ReflexInvoice, {"created_at": "2023-10-01T12:00:00.000Z"}, ReflexInvoice(created_at=NOON)),
    (ReflexInvoice, {"created_at": "2023-10-01T14:00:00+02:00"}, ReflexInvoice(created_at=NOON)),
    (
        ReflexInvoice,
        {"routing_info": {"pubkey": "02"}},
        ReflexInvoice(routing_info=(RoutingHop(pubkey="02"),)),
    ),
    (ReflexInvoice, {"tags": [None, {}, None]}, ReflexInvoice(tags=(InvoiceTag(),))),
    (InvoiceTag, {"number_value": "1.50"}, InvoiceTag(number_value=Decimal("1.5"))),
    (InvoiceTag, {"number_value": 1}, InvoiceTag(number_value=Decimal(1))),
    (Bucket, {"date": "2023-10-01T12:00:00Z", "count": 1}, Bucket(date=NOON, count=1)),
    (Bucket, {"date": "2023-10"}, Bucket(date="2023-10")),
    (DestinationChecks, {"report_date": "2023-10-01"}, DestinationChecks(report_date="2023-10-01")),
    (CountryTotal, {"pubkeys": 3}, CountryTotal(pubkeys=3)),
    (CountryTotal, {"pubkeys": ["a", None, 7]}, CountryTotal(pubkeys=("a", "7"))),
    (CountryTotal, {"pubkeys": "a"}, CountryTotal(pubkeys="a")),
    (NodeChannel, {"chan_id": "878742812000321537"}, NodeChannel(chan_id=878742812000321537)),
    (NodeChannel, {"chan_id": 878742812000321537}, NodeChannel(chan_id=878742812000321537)),
    (NodeChannel, {"chan_id": "799221x1x0"}, NodeChannel(chan_id="799221x1x0")),
    (FoundInvoices, {"list": [{}, None]}, FoundInvoices(list=(ReflexInvoice(), ReflexInvoice()))),
    (IpLocation, {"lat": "47.17", "lon": -8}, IpLocation(lat=Decimal("47.17"), lon=Decimal(-8))),
]


@pytest.mark.parametrize(("kind", "told", "answer"), READ)
def test_values_are_read_tolerantly(kind: type[Any], told: dict[str, object], answer: Any) -> None:
    assert structure(told, kind, path="$") == answer


def test_whose_an_invoice_is_stands_in_no_repr() -> None:
    invoice = ReflexInvoice(account_id="s3cret", id="r1")
    for value in (invoice, FoundInvoices(list=(invoice,)), PushedInvoice(invoice=invoice)):
        assert "s3cret" not in f"{value!r} {value} {rich.pretty.pretty_repr(value)}"
    assert "id='r1'" in repr(invoice)


INVOICE = "$.data.list[1]"
UNFIT: list[tuple[dict[str, object], str]] = [
    ({"amount_msats": "1.5"}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"amount_msats": Decimal("1.5")}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"amount_msats": True}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"amount_msats": "\u0661"}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"amount_msats": "1" * 41}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"amount_msats": []}, f"a whole number was expected at {INVOICE}.amount_msats"),
    ({"created_at": "yesterday"}, f"a timestamp was expected at {INVOICE}.created_at"),
    ({"created_at": 1696168713}, f"a timestamp was expected at {INVOICE}.created_at"),
    ({"description": True}, f"text was expected at {INVOICE}.description"),
    ({"description": {}}, f"text was expected at {INVOICE}.description"),
    ({"tags": 1}, f"a list was expected at {INVOICE}.tags"),
    ({"tags": [None, "x"]}, f"an object was expected at {INVOICE}.tags[1]"),
    ({"tags": [{"boolean_value": 1}]}, f"true or false was expected at {INVOICE}.tags[0].boolean"),
    ({"tags": [{"number_value": "x"}]}, f"a number was expected at {INVOICE}.tags[0].number_value"),
    ({"tags": [{"number_value": True}]}, f"a number was expected at {INVOICE}.tags[0].number"),
]


@pytest.mark.parametrize(("told", "why"), UNFIT)
def test_what_does_not_fit_is_located(told: dict[str, object], why: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        structure({"list": [{}, {"payment_hash": "s3cret", **told}]}, FoundInvoices, path="$.data")
    assert why in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


OTHERS: list[tuple[type[Any], object, str]] = [
    (Checks, {"destinations": [{"checks": []}]}, "an object was expected at $.destinations[0]"),
    (Checks, None, "an object was expected at $"),
    (str, None, "text was expected at $"),
    (Aggregated, {"list": [{"date": True}]}, "text was expected at $.list[0].date"),
    (CountryTotal, {"pubkeys": Decimal("0.5")}, "a whole number was expected at $.pubkeys"),
    (NodeChannel, {"chan_id": {}}, "a whole number was expected at $.chan_id"),
]


@pytest.mark.parametrize(("kind", "told", "why"), OTHERS)
def test_what_does_not_fit_elsewhere(kind: type[Any], told: object, why: str) -> None:
    with pytest.raises(RemoteProtocolError) as caught:
        structure(told, kind, path="$")
    assert why in str(caught.value)


JSON = st.recursive(
    st.none() | st.booleans() | WHOLES | NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=9,
)


@given(st.data())
def test_any_field_may_hold_anything(data: st.DataObject) -> None:
    answer = plain(data.draw(values(ReflexInvoice)))
    for name in data.draw(st.lists(st.sampled_from(sorted(answer)), min_size=1, unique=True)):
        answer[name] = data.draw(JSON)
    told = ""
    try:
        structure(answer, ReflexInvoice, path="$")
    except RemoteProtocolError as error:
        told = str(error)
    assert not told or "expected at $." in told


class Broken(dict[str, object]):
    """What no JSON makes."""

    def __contains__(self, key: object) -> bool:
        raise ZeroDivisionError


def test_a_bug_of_ours_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        structure(Broken(), NodeChannel, path="$")
