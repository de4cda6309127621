"""`hercle reflex`: against the sandbox, and against servers that err or mean harm."""

from __future__ import annotations

import io
import json
import os
import re
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from graphql_peer import DATA
from hercle_cli._exits import Exit, Failed
from hercle_cli._tags import parse_tags
from hercle_proto.reflex import Tag
from hercle_sandbox import Running, running_sandbox
from http_servers import serving
from programs import Program
from rest_peer import Asked, Reaction

Hercle = Callable[..., Any]

EXAMPLE: dict[str, Any] = json.loads((DATA / "push-invoice.json").read_text("utf-8"))
REQUEST: str = EXAMPLE["invoice"]["payment_request"]
USER = "61274095-7828-45dd-98e8-2daabdb39386"

EVIL = "\x1b]0;owned\x07\u202e[red]\r\n:boom:"
SHOWN = r"\u001b]0;owned\u0007\u202e[red]\u000d\u000a:boom:"


# -- tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("k=true", True),
        ("k=false", False),
        ("k=True", "True"),
        ("k=5", Decimal(5)),
        ("k=-0.50", Decimal("-0.50")),
        ("k=0", Decimal(0)),
        ("k=007", "007"),
        ("k=1e5", "1e5"),
        ("k=.5", ".5"),
        ("k=5\n", "5\n"),
        ("k=\u0665", "\u0665"),
        ("k=NaN", "NaN"),
        ("k=", ""),
        ("k=a=b", "a=b"),
    ],
)
def test_tags(text: str, value: str | Decimal | bool) -> None:
    assert parse_tags([text], []) == [Tag.of("k", value)]
    assert parse_tags([], [text]) == [Tag.of("k", text[2:])]


@pytest.mark.parametrize("text", ["", "key", "user_id=1", "-a=1", "a--b=1", "user-id\n=1", "=1"])
def test_tags_that_are_none(text: str) -> None:
    for typed, texts in (([text], []), ([], [text])):
        with pytest.raises(Failed, match="^--(text-)?tag") as caught:
            parse_tags(typed, texts)
        assert caught.value.code is Exit.USAGE


# -- against the sandbox ---------------------------------------------------------------------------


def test_hello(hercle: Hercle) -> None:
    ended = hercle("reflex", "hello")
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("Hello")


TAGS = (
    *("--tag", "product-id=534271"),
    *("--tag", f"user-id={USER}"),
    *("--tag", "is-withdrawal=true"),
    *("--text-tag", "code=5"),
)


def test_push(hercle: Hercle) -> None:
    ended = hercle("reflex", "push", REQUEST, "--description", EVIL, *TAGS)
    assert (ended.code, ended.err) == (0, "")
    assert re.match(r"Invoice \S+ was pushed\.\n", ended.out)
    assert re.search(r"Amount +100 sat\n", ended.out)
    assert f" {SHOWN}\n" in ended.out
    assert f"product-id=534271, user-id={USER}, is-withdrawal=true, code=5\n" in ended.out
    assert "Checks of 0203b0c0" in ended.out
    assert "account" not in ended.out

    ended = hercle("reflex", "push", REQUEST, "--do-not-save")
    assert (ended.code, ended.err) == (0, "")
    assert "was looked at, and not saved." in ended.out


def test_push_as_json(hercle: Hercle) -> None:
    for options, masked in (((), True), (("--show-secrets",), False)):
        ended = hercle(
            *("reflex", "push", REQUEST, "--description", EVIL, *TAGS, "--json", *options)
        )
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.isascii()
        told = json.loads(ended.out)
        invoice = told["invoice"]
        assert invoice["payment_request"] == REQUEST
        assert invoice["description"] == EVIL
        assert invoice["amount_msats"] == 100_000
        assert invoice["invoice_created_at"] == "2018-12-31T15:54:47Z"
        assert (invoice["account_id"] == "***") is masked
        assert [tag["key"] for tag in invoice["tags"]] == [
            *("product-id", "user-id", "is-withdrawal", "code"),
        ]
        assert invoice["tags"][3]["string_value"] == "5"
        assert told["checks"]["destinations"][0]["checks"]["ips"]["list"]


def test_list(hercle: Hercle) -> None:
    """Page by page, with totals, and of a tag or a time only."""
    mark = ("--tag", "test-list=1")
    pushed = [
        json.loads(hercle("reflex", "push", REQUEST, *mark, "--json").out)["invoice"]["id"]
        for _ in range(5)
    ]

    def ids(*options: str) -> list[str]:
        ended = hercle("reflex", "list", *mark, "--json", *options)
        assert (ended.code, ended.err) == (0, "")
        return [row["id"] for row in json.loads(ended.out)["list"]]

    assert sorted(ids()) == sorted(pushed)
    assert len(ids("--limit", "2")) == 2
    assert ids("--limit", "2", "--offset", "1") == ids()[1:3]
    for options in (("--all",), ("--all", "--limit", "2"), ("--all", "--limit", "5")):
        assert sorted(ids(*options)) == sorted(pushed)
    assert ids("--all", "--offset", "3") == ids()[3:]
    assert ids("--from", "1h") == ids()
    assert ids("--from", "2020-01-01", "--to", "2021-01-01T00:00Z") == []
    assert ids("--text-tag", "test-list=1") == []

    for everything in ((), ("--all",)):
        ended = hercle("reflex", "list", *mark, "--limit", "2", "--aggregates", *everything)
        assert (ended.code, ended.err) == (0, "")
        assert "All together: 5 invoices, 500 sat\n" in ended.out
        for part in ("By country:", "By destination:", "By MONTH:"):
            assert part in ended.out
        assert ended.out.count("test-list=1") == (5 if everything else 2)
        ended = hercle("reflex", "list", *mark, "--aggregates", "--json", *everything)
        totals = json.loads(ended.out)["aggregated"]
        assert totals["total"] == {"amount_msat": 500_000, "count": 5}
        assert totals["stats"]["destinations"][0]["count"] == 5
    ended = hercle("reflex", "list", "--tag", "nothing=1")
    assert (ended.code, ended.out) == (0, "No invoices were found.\n")


@pytest.mark.parametrize("options", [(), ("--from", "2999-01-01"), ("--to", "2h")])
def test_rows_and_totals_agree(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, options: Sequence[str]
) -> None:
    """Where the server's clock is ahead, too."""
    with running_sandbox() as ahead:
        ahead.set_clock_offset(timedelta(minutes=5))
        monkeypatch.setenv("REFLEX_URL", ahead.url)
        monkeypatch.setenv("REFLEX_API_KEY", ahead.api_key)
        assert hercle("reflex", "push", REQUEST).code == 0
        ended = hercle("reflex", "list", "--all", "--aggregates", "--json", *options)
    assert (ended.code, ended.err) == (0, "")
    found = json.loads(ended.out)
    assert len(found["list"]) == found["aggregated"]["total"]["count"] == (0 if options else 1)


def test_the_time_zone_of_intervals(hercle: Hercle) -> None:
    assert hercle("reflex", "list", "--timezone", "America/New_York").code == 0


# -- what goes wrong -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ((), "Missing command"),
        (("push",), "PAYMENT_REQUEST"),
        (("push", ""), "payment_request"),
        (("push", REQUEST, "--tag", "product"), "--tag must be KEY=VALUE; got 'product'"),
        (("push", REQUEST, "--text-tag", "x"), "--text-tag must be KEY=VALUE"),
        (("push", REQUEST, "--tag", "user_id=1"), "user_id"),
        (("push", REQUEST, "--tag", f"n={'9' * 50}"), "number_value"),
        (("push", REQUEST, *(("--tag", "a=b") * 6)), "at most 5"),
        (("push", REQUEST, "--description", "\ud800"), "description"),
        (("list", "--limit", "0"), "limit"),
        (("list", "--limit", "51"), "limit"),
        (("list", "--offset", "-1"), "offset"),
        (("list", "--from", "soon"), "--from must be a date"),
        (("list", "--to", "2024-01-01T00:00"), "--to must be a date"),
        (("list", "--from", "2024-01-02", "--to", "2024-01-01"), "--from must not be after --to"),
        (("list", "--from", "1h", "--to", "2h"), "--from must not be after --to; got 1h and 2h"),
        (("list", "--timezone", "x; y=z"), "timezone"),
        (("list", "--key", "x"), "No such option"),
    ],
    ids=lambda value: " ".join(value)[-40:].encode("ascii", "replace").decode(),
)
def test_usage(hercle: Hercle, arguments: Sequence[str], text: str) -> None:
    ended = hercle("reflex", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert text in ended.line


@pytest.mark.parametrize("url", ["nonsense", "http://reflex.example"])
def test_urls(hercle: Hercle, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("REFLEX_URL", url)
    ended = hercle("reflex", "hello")
    assert (ended.code, ended.out) == (2, "")
    assert ended.line.startswith("REFLEX_URL: ")
    assert "allow_insecure" not in ended.err


COMMANDS = [("hello",), ("push", REQUEST), ("list",), ("list", "--all")]


@pytest.mark.parametrize("arguments", COMMANDS)
@pytest.mark.parametrize("key", ["wrong", "", "with space", "new\nline"])
def test_keys(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, key: str, arguments: Sequence[str]
) -> None:
    monkeypatch.setenv("REFLEX_API_KEY", key)
    ended = hercle("reflex", *arguments)
    assert (ended.code, ended.out) == (6, "")
    assert "key" in ended.line
    assert not key or key not in ended.err


@pytest.mark.parametrize("arguments", COMMANDS)
def test_nobody_listens(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str]
) -> None:
    monkeypatch.setenv("REFLEX_URL", "http://127.0.0.1:1")
    ended = hercle("reflex", *arguments)
    assert (ended.code, ended.out) == (6, "")


def answer(told: object, status: int = 200) -> Reaction:
    return Reaction(status, json.dumps(told).encode())


def error(code: str | None = None, **more: object) -> dict[str, object]:
    path = ["pushInvoice", EVIL] if code is None and more else []
    told = {"message": EVIL, "path": path, "extensions": {"code": code}}
    return {"errors": [told], **more}


PART = {"pushInvoice": {"invoice": {"id": EVIL, "account_id": "acct_1"}, "checks": None}}


@pytest.mark.parametrize(
    ("reaction", "code", "part"),
    [
        (answer(error()), 3, None),
        (answer(error("BAD_USER_INPUT", data=None)), 3, None),
        (answer(error("BAD_USER_INPUT", data={"pushInvoice": None})), 3, None),
        (answer(error("BAD_USER_INPUT", data={"pushInvoice": [None, {}]})), 4, None),
        (answer(error(data=None)), 4, None),
        (answer(error(data=PART)), 4, PART),
        (answer(error("INTERNAL_SERVER_ERROR", data=PART)), 4, PART),
        (answer(error("INTERNAL_SERVER_ERROR", data={"pushInvoice": None})), 4, None),
        (answer(error("UNAUTHENTICATED", data=None)), 6, None),
        (answer(error("UNAUTHENTICATED"), 401), 6, None),
        (Reaction(401, b"who are you?"), 6, None),
        (Reaction(200, b"<html>"), 4, None),
        (Reaction(200), 4, None),
        (Reaction(500, EVIL.encode()), 4, None),
        (Reaction(422, EVIL.encode()), 3, None),
    ],
)
@pytest.mark.parametrize("options", [(), ("--json",)])
def test_endings_of_a_push(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    options: Sequence[str],
    reaction: Reaction,
    code: int,
    part: Mapping[str, Any] | None,
) -> None:
    """A part of an answer is told, and one line says what went wrong."""
    with serving(lambda _: reaction) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        ended = hercle("reflex", "push", REQUEST, *options)
        assert ended.code == code
        assert ended.line.isprintable()
        if part is None:
            assert ended.out == ""
            return
        assert ended.out.isascii()
        told = json.loads(ended.out)["data"]["pushInvoice"]["invoice"]
        assert told == {"id": EVIL, "account_id": "***"}
        ended = hercle("reflex", "push", REQUEST, "--show-secrets", *options)
        assert json.loads(ended.out) == {"data": part}


@pytest.mark.parametrize(
    ("reaction", "code"),
    [
        (answer(error("INTERNAL_SERVER_ERROR", data={"getInvoices": None})), 3),
        (answer(error("UNAUTHENTICATED")), 6),
        (Reaction(404, b"nothing here"), 6),
        (Reaction(200, b"<html>"), 6),
    ],
)
@pytest.mark.parametrize("arguments", [("hello",), ("list",), ("list", "--all")])
def test_endings_of_what_changes_nothing(
    hercle: Hercle,
    monkeypatch: pytest.MonkeyPatch,
    arguments: Sequence[str],
    reaction: Reaction,
    code: int,
) -> None:
    with serving(lambda _: reaction) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        ended = hercle("reflex", *arguments)
    assert (ended.code, ended.out) == (code, "")
    assert ended.line.isprintable()


@pytest.mark.parametrize("ending", [KeyboardInterrupt(), OSError("full"), ValueError("closed")])
def test_a_part_that_cannot_be_shown(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, ending: BaseException
) -> None:
    """How the push ended is told all the same."""

    def write(_: str) -> int:
        raise ending

    with serving(lambda _: answer(error(data=PART))) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        monkeypatch.setattr(sys, "stdout", io.StringIO())
        monkeypatch.setattr(sys.stdout, "write", write)
        ended = hercle("reflex", "push", REQUEST)
    assert ended.code == 4
    assert ended.line.startswith("the outcome of PushInvoice is unknown")


def test_a_part_of_a_listing(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    data = {"getInvoices": {"find_many": {"list": [{"account_id": "acct_1"}], "aggregated": None}}}
    with serving(lambda _: answer(error(data=data))) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        for options in ((), ("--all",), ("--json",)):
            ended = hercle("reflex", "list", *options)
            assert ended.code == 3
            assert "FindInvoices ended with an error" in ended.line
            (row,) = json.loads(ended.out)["data"]["getInvoices"]["find_many"]["list"]
            assert row == {"account_id": "***"}


def test_data_without_end(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    """Is shown whole, where Python goes so deep, or not at all; the ending is told all the same."""
    nested = b'{"a":' * 900 + b"1" + b"}" * 900
    body = b'{"errors": [{"message": "no"}], "data": ' + nested + b"}"
    with serving(lambda _: Reaction(200, body)) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        ended = hercle("reflex", "push", REQUEST)
    assert ended.code == 4
    assert ended.out.count("{") == ended.out.count("}")
    assert ended.line


# -- a stranger's text -----------------------------------------------------------------------------

HOSTILE = {
    "id": EVIL,
    "account_id": "acct_1",
    "amount_msats": 10**30 + 1,
    "description": EVIL,
    "destination": EVIL,
    "payment_hash": EVIL,
    "tags": [{"key": EVIL, "string_value": EVIL}, {"key": "n", "number_value": 2**70}],
}
CHECKED = {
    "pubkey": EVIL,
    "field_location": EVIL,
    "checks": {
        "report_date": EVIL,
        "channels": {"list": [{"addresses": [{"address": EVIL, "flags": [EVIL, "OFAC"]}]}]},
        "ips": {
            "statistics": {
                "country": [{"country": EVIL, "percent": 50.0}, {"country_code": "CH"}],
                "types": [{"type": EVIL}, {}],
            }
        },
    },
}
TOTALS = {
    "aggregation_interval": EVIL,
    "list": [{"date": EVIL, "count": 1, "amount_msat": 1}, {"date": "2023-10-01T00:00:00Z"}],
    "stats": {
        "countries": [{"country": EVIL, "count": 1}, {}],
        "destinations": [{"pubkey": EVIL, "amount_msat": 1}],
    },
    "total": {"count": 1, "amount_msat": -1},
}
ANSWERS = {
    "hello": {"getHello": EVIL},
    "push": {"pushInvoice": {"invoice": HOSTILE, "checks": {"destinations": [CHECKED, {}]}}},
    "list": {"getInvoices": {"find_many": {"list": [HOSTILE], "aggregated": TOTALS}}},
}


@pytest.mark.parametrize(
    ("arguments", "times"),
    [(("hello",), 1), (("push", REQUEST), 13), (("list", "--aggregates"), 9)],
)
def test_a_stranger_s_text(
    hercle: Hercle, monkeypatch: pytest.MonkeyPatch, arguments: Sequence[str], times: int
) -> None:
    """Escapes, bidi and markup are shown, not obeyed."""
    with serving(lambda _: answer({"data": ANSWERS[arguments[0]]})) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        ended = hercle("reflex", *arguments)
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.count(SHOWN) == times
        assert ended.out.replace("\n", "").isprintable()
        assert "acct_1" not in ended.out
        if arguments == ("hello",):
            return
        ended = hercle("reflex", *arguments, "--json")
        assert (ended.code, ended.err) == (0, "")
        assert ended.out.isascii()
        assert ended.out.count('"***"') == 1
        assert f'"amount_msats": {10**30 + 1}' in ended.out
        assert f'"number_value": {2**70}' in ended.out


def test_nothing_but_nulls(hercle: Hercle, monkeypatch: pytest.MonkeyPatch) -> None:
    nulls = {"pushInvoice": {}, "getInvoices": {"find_many": {}}}
    with serving(lambda _: answer({"data": nulls})) as url:
        monkeypatch.setenv("REFLEX_URL", url)
        assert hercle("reflex", "push", REQUEST).out == "The invoice was pushed.\n"
        ended = hercle("reflex", "list", "--aggregates")
        assert (ended.code, ended.out) == (0, "No invoices were found.\n")


# -- interrupts ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (("push", REQUEST), r"interrupted: the outcome of PushInvoice is unknown, .+"),
        (("list", "--all"), "interrupted"),
    ],
)
def test_interrupted(arguments: Sequence[str], line: str) -> None:
    """130, and what is known of a push."""
    asked, over = threading.Event(), threading.Event()

    def react(_: Asked) -> Reaction:
        asked.set()
        over.wait(10)
        return Reaction(503)

    with (
        serving(react) as url,
        Program(
            *(sys.executable, "-m", "hercle_cli", "reflex", *arguments),
            environment={"REFLEX_URL": url, "REFLEX_API_KEY": "k"},
        ) as program,
    ):
        assert asked.wait(10)
        program.signal(signal.SIGINT)
        assert program.end() == 130
        over.set()
        assert re.fullmatch(f"hercle: {line}", program.output)


def test_a_reader_that_has_gone(sandbox: Running) -> None:
    """A push that cannot be shown is told."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        done = subprocess.run(
            [sys.executable, "-m", "hercle_cli", "reflex", "push", REQUEST],
            env={**os.environ, "REFLEX_URL": sandbox.url, "REFLEX_API_KEY": sandbox.api_key},
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    finally:
        os.close(writing)
    assert done.returncode == 1
    assert "the invoice was pushed, but could not be shown" in done.stderr
