"""One counted run about payment requests, alone in its process: prints what it found as JSON.

    python counted.py RUN COUNT

`seconds` is this process's own CPU, `told` what else there is to say, and `wrong` what must not be:
nothing, if all is well. Or `not_run` says why there is nothing of that.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from random import Random
from typing import Any
from unittest import mock

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

import payloads

from hercle_proto.bolt11 import Hop, Network, PaymentRequest, encode

SEED = 11
SHOWN = 10
THEIRS = 200
"""Requests that the package `bolt11` decodes: it takes its time."""

Found = dict[str, Any]


def requests(count: int) -> list[str]:
    """Requests as nodes write them: amount, memo, expiry, and for every third a hop."""
    chance = Random(SEED)
    return [
        encode(
            chance.randbytes(31) + b"\1",
            network=Network.BITCOIN,
            amount_msat=chance.randint(1, 10**9) * 1000,
            created_at=datetime(2026, 5, 7, tzinfo=UTC) + timedelta(seconds=number),
            payment_hash=chance.randbytes(32),
            payment_secret=chance.randbytes(32),
            description=f"Payment for order {number}",
            expiry_seconds=86_400,
            min_final_cltv_expiry=144,
            route_hints=[(Hop(b"\2" + chance.randbytes(32), number, 1000, 100, 40),)]
            if number % 3 == 0
            else [],
            features=frozenset({8, 14, 17}),
        )
        for number in range(count)
    ]


def decoding(count: int) -> Found:
    """Every field but the signature; then, with it, beside the package `bolt11` if it is here."""
    texts = requests(count)
    begins = time.process_time()
    for text in texts:
        PaymentRequest.parse(text, check_signature=False)
    seconds = time.process_time() - begins
    told = f"{count / seconds:,.0f} a second"
    if find_spec("bolt11") is not None:
        ours = _cost(PaymentRequest.parse, texts[:THEIRS])
        theirs = _cost(import_module("bolt11").decode, texts[:THEIRS])
        told += f"; with signature {ours / theirs:.3f} of what bolt11 takes"
    return {"seconds": seconds, "told": told}


def _cost(read: Callable[[str], object], texts: list[str]) -> float:
    begins = time.process_time()
    for text in texts:
        read(text)
    return time.process_time() - begins


def listing(count: int) -> Found:
    """An answer of that many invoices, read; then each is asked for its amount."""
    from hercle_proto.hercle._rows import read_rows

    texts = requests(count)
    rows = [payloads.row(number) for number in range(count)]
    for row, text in zip(rows, texts, strict=True):
        row["encodedPaymentRequest"] = text
    data = json.dumps(rows).encode()
    with mock.patch.object(PaymentRequest, "parse", wraps=PaymentRequest.parse) as parse:
        begins = time.process_time()
        snapshot = read_rows(data)
        seconds = time.process_time() - begins
        decoded = parse.call_count
        amounts = {invoice.amount_msat for invoice in snapshot.invoices}
        wrong = [f"{decoded} payment requests were decoded for a listing"] if decoded else []
        if None in amounts or parse.call_count - decoded != len(rows):
            wrong.append("the amounts did not come from the payment requests")
    told = f"{decoded} decoded for the listing, {parse.call_count} for the amounts"
    return {"seconds": seconds, "told": told, "wrong": wrong}


def mutated(count: int) -> Found:
    """Spoilt requests, each a value or `InvalidInvoice`."""
    from mutated_requests import KINDS, value_or_invalid

    chance = Random(SEED)
    kinds = tuple(KINDS)
    values: Counter[str] = Counter()
    wrong: list[str] = []
    more = 0
    slowest = 0.0
    begins = time.process_time()
    for number in range(count):
        kind = kinds[number % len(kinds)]
        text = KINDS[kind](chance)
        starts = time.process_time()
        try:
            values[kind] += isinstance(value_or_invalid(text), PaymentRequest)
        except Exception as error:  # noqa: BLE001 -- nothing else may come out
            if len(wrong) < SHOWN:
                wrong.append(f"{kind}: {type(error).__name__}: {error}: {text!r}")
            else:
                more += 1
        slowest = max(slowest, time.process_time() - starts)
    seconds = time.process_time() - begins
    told = f"{values.total():,} still read, the slowest took {slowest * 1000:.1f} ms"
    return {"seconds": seconds, "told": told, "wrong": wrong + [f"{more} more"] * bool(more)}


def round_trips(count: int) -> Found:
    """What Hypothesis thinks of: written, read and written again."""
    if find_spec("hypothesis") is None:
        return {"not_run": "it needs hypothesis, which `make test` installs"}
    from written_requests import round_trip

    seconds = _for_each_written(count, round_trip)
    return {"seconds": seconds, "told": f"{count:,} written, read, written"}


def agreement(count: int) -> Found:
    """Two thirds are ours, read by the package `bolt11` too, one third is what it writes."""
    if find_spec("bolt11") is None or find_spec("hypothesis") is None:
        return {"not_run": "it needs the package bolt11, of Python 3.12 at most, and hypothesis"}
    import other_reader

    ours, theirs = count - count // 3, count // 3
    seconds = _for_each_written(ours, other_reader.reads_what_we_write)
    seconds += _for_each_written(theirs, other_reader.writes_what_we_read)
    return {"seconds": seconds, "told": f"{ours:,} of ours, {theirs:,} of its own"}


def _for_each_written(count: int, holds: Callable[[Any], None]) -> float:
    """Seconds of CPU; an exception if it does not hold."""
    from hypothesis import HealthCheck, given, settings

    import written_requests

    done = 0

    @settings(
        max_examples=count,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow],
    )
    @given(written_requests.written())
    def all_of_them(written: written_requests.Written) -> None:
        nonlocal done
        holds(written)
        done += 1

    begins = time.process_time()
    all_of_them()
    assert done >= count, f"Hypothesis thought of {done} only"
    return time.process_time() - begins


RUNS: dict[str, Callable[[int], Found]] = {
    run.__name__: run for run in (agreement, decoding, listing, mutated, round_trips)
}

if __name__ == "__main__":
    name, number = sys.argv[1:]
    print(json.dumps({"wrong": []} | RUNS[name](int(number))))
