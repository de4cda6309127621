"""What is checked of a created invoice: every check, what follows, and whose word counts."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from typing import Any

import attrs
import pytest

import vendor
from hercle_proto import (
    AnsweredLate,
    CommandError,
    CommandRefused,
    InvalidArgument,
    InvoiceMismatch,
    MissingExtra,
    OutcomeUnknown,
)
from hercle_proto.bolt11 import Network, encode, node_id
from hercle_proto.client import Answered, HubClient, Rejected, ServerClock, Settlement
from hercle_proto.hercle import (
    PRODUCTION_URL,
    Agrees,
    CheckResult,
    CreatedInvoice,
    CreateLightningInvoice,
    Disagrees,
    HercleDialect,
    NotChecked,
    Reaction,
    RestSession,
    Verification,
    VerificationPolicy,
    Verifier,
    hercle_rest,
    hercle_session,
    rest_exchange,
)
from hercle_proto.http import Response
from hercle_proto.hub import Invocation
from hercle_proto.testing import HubPeer, Simulated
from payment_requests import OFF_THE_CURVE, high_s, resigned

KEY = bytes(31) + b"\x01"
OTHER = bytes(31) + b"\x02"
NODE, ANOTHER = node_id(KEY), node_id(OTHER)
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
COMMAND = CreateLightningInvoice.for_sats(1000, "caf\u00e9")
CUT = "lnbc10u1p3xnhl2pp5jmxtqn235tkjzf..."

HONEST: Mapping[str, Any] = {
    "network": Network.REGTEST,
    "amount_msat": 1_000_000,
    "created_at": NOON,
    "payment_hash": bytes(32),
    "payment_secret": bytes(32),
    "description": "caf\u00e9",
    "expiry_seconds": 24 * 3600,
}


def request(key: bytes = KEY, **changes: Any) -> str:
    return encode(key, **{**HONEST, **changes})


def verifier(**options: Any) -> Verifier:
    """At noon, by the server's clock; its policy is made of what is no option of its own."""
    clock = options.pop("clock", None)
    if clock is None:
        clock = ServerClock()
        clock.heed(NOON, now=0.0)
    production = options.pop("production", False)
    return Verifier(VerificationPolicy(**options), clock=clock, production=production)


def judged(
    text: str | None,
    command: CreateLightningInvoice = COMMAND,
    *,
    by: Verifier | None = None,
    now: float = 0.0,
    **options: Any,
) -> CreatedInvoice | InvoiceMismatch:
    created = CreatedInvoice("inv_1", encoded_payment_request=text)
    outcome = (by or verifier(**options)).judge(command, created, now=now)
    match outcome:
        case Answered(CreatedInvoice() as verified):
            assert verified == created
            return verified
        case Rejected(InvoiceMismatch() as mismatch):
            assert mismatch.created == created
            return mismatch
        case _:
            pytest.fail(f"{outcome}")


def verifier_of(session: Any) -> Verifier:
    rest = isinstance(session, RestSession)
    found: Verifier = session._api.verifier if rest else session._desk._dialect._verifier
    return found


def verification(of: CreatedInvoice | InvoiceMismatch) -> Verification:
    return of.verification if isinstance(of, CreatedInvoice) else of.created.verification


def results(of: CreatedInvoice | InvoiceMismatch) -> dict[str, CheckResult]:
    return attrs.asdict(verification(of), recurse=False)


# -- each check ------------------------------------------------------------------------------------


def test_an_honest_request() -> None:
    created = judged(request(), expected_payee=NODE, expected_network=Network.REGTEST)
    assert isinstance(created, CreatedInvoice)
    agrees = dict.fromkeys(results(created), Agrees())
    assert results(created) == {**agrees, "same_payee": NotChecked("it is the session's first")}
    assert created.verification.disagreements == {}


def test_without_expectations_less_is_checked() -> None:
    created = judged(request(), CreateLightningInvoice.for_sats(1000), clock=ServerClock())
    assert {
        name for name, result in results(created).items() if isinstance(result, NotChecked)
    } == {
        "payee",
        "same_payee",
        "network",
        "unexpired",
        "memo",
    }


def off_the_curve(signature: bytes) -> bytes:
    return OFF_THE_CURVE + signature[32:]


RAISED: list[tuple[str, str, dict[str, Any], Disagrees]] = [
    (
        "amount",
        request(amount_msat=10_000_000),
        {},
        Disagrees("1,000,000 msat", "10,000,000 msat"),
    ),
    ("amount", request(amount_msat=1_000_001), {}, Disagrees("1,000,000 msat", "1,000,001 msat")),
    ("amount", request(amount_msat=None), {}, Disagrees("1,000,000 msat", "no amount")),
    ("payee", request(OTHER), {"expected_payee": NODE}, Disagrees(NODE.hex(), ANOTHER.hex())),
    ("payee", request(), {"expected_payee": ANOTHER.hex()}, Disagrees(ANOTHER.hex(), NODE.hex())),
    ("network", request(), {"production": True}, Disagrees("bc", "bcrt")),
    ("network", request(), {"expected_network": Network.SIGNET}, Disagrees("tbs", "bcrt")),
    (
        "network",  # in production nothing else will do, whatever is expected
        request(),
        {"production": True, "expected_network": Network.REGTEST},
        Disagrees("bc", "bcrt"),
    ),
    (
        "unexpired",
        request(created_at=NOON - timedelta(hours=24, seconds=1)),
        {},
        Disagrees("what ends after 2026-05-01 12:00:00 UTC", "what ended 2026-05-01 11:59:59 UTC"),
    ),
    (
        "signature",
        resigned(request(), off_the_curve),
        {},
        Disagrees("a signature by its payee", "none: no key can have made its signature"),
    ),
    (
        "signature",
        resigned(request(), lambda signature: signature[:64] + b"\x07"),
        {},
        Disagrees("a signature by its payee", "none: the recovery id is 7, not 0 to 3"),
    ),
    (
        "signature",
        resigned(request(name_payee=True), high_s),
        {},
        Disagrees(
            "a signature by its payee",
            "none: the signature is not canonical (high S) though a node is named",
        ),
    ),
    (
        "signature",
        resigned(request(name_payee=True), off_the_curve),
        {},
        Disagrees(
            "a signature by its payee", "none: its signature is not by the node that it names"
        ),
    ),
]


@pytest.mark.parametrize(("check", "text", "options", "found"), RAISED)
def test_what_is_raised(check: str, text: str, options: dict[str, Any], found: Disagrees) -> None:
    mismatch = judged(text, **options)
    assert isinstance(mismatch, InvoiceMismatch)
    assert mismatch.disagreements == {check: found}
    assert mismatch.command is COMMAND
    assert mismatch.payment_request is not None
    assert str(mismatch) == (
        f"Invoice inv_1 exists; do not create it again: {check}: asked for {found.asked}, "
        f"got {found.got}"
    )


REPORTED: list[tuple[str, str | None, Disagrees]] = [
    ("memo", request(description="tea"), Disagrees("'caf\u00e9'", "'tea'")),
    ("memo", request(description="caf\u202e"), Disagrees("'caf\u00e9'", "'caf\\u202e'")),
    (
        "memo",
        request(description=None, description_hash=sha256(b"tea").digest()),
        Disagrees("'caf\u00e9'", "another text's hash"),
    ),
    ("duration", request(expiry_seconds=24 * 60), Disagrees("86,400 s", "1,440 s")),
    ("duration", request(expiry_seconds=86_461), Disagrees("86,400 s", "86,461 s")),
    ("duration", request(expiry_seconds=None), Disagrees("86,400 s", "3,600 s")),
    (
        "readable",
        CUT,
        Disagrees(
            "a payment request",
            "none: '.' is no character of its data (at character 32); "
            "it begins as 1,000,000 msat on bc",
        ),
    ),
    (
        "readable",
        "lnbc1p3xnhl2pp5jmxtqn235tkjzf...",
        Disagrees(
            "a payment request",
            "none: '.' is no character of its data (at character 29); it begins as no amount on bc",
        ),
    ),
    (
        "readable",
        "nonsense",
        Disagrees("a payment request", "none: there is no separator '1' (at character 0)"),
    ),
    ("readable", "", Disagrees("a payment request", "none")),
    ("readable", None, Disagrees("a payment request", "none")),
]


@pytest.mark.parametrize(("check", "text", "found"), REPORTED)
def test_what_is_reported(check: str, text: str | None, found: Disagrees) -> None:
    created = judged(text)
    assert isinstance(created, CreatedInvoice)
    assert created.verification.disagreements == {check: found}


AGREE: list[tuple[str, dict[str, Any], CreateLightningInvoice]] = [
    ("memo", {"description": " cafe\u0301 "}, COMMAND),
    (
        "memo",
        {"description": None, "description_hash": sha256("caf\u00e9".encode()).digest()},
        COMMAND,
    ),
    ("duration", {"expiry_seconds": 86_400 + 60}, COMMAND),
    ("duration", {"expiry_seconds": 86_400 - 60}, COMMAND),
    (
        "duration",
        {"expiry_seconds": None},
        CreateLightningInvoice.for_sats(1000, "caf\u00e9", 1),
    ),
    ("unexpired", {"created_at": NOON - timedelta(hours=24)}, COMMAND),
    ("signature", {"name_payee": True}, COMMAND),
]


@pytest.mark.parametrize(("check", "changes", "command"), AGREE)
def test_what_agrees(check: str, changes: dict[str, Any], command: CreateLightningInvoice) -> None:
    created = judged(request(**changes), command)
    assert isinstance(created, CreatedInvoice)
    assert results(created)[check] == Agrees()
    assert created.verification.disagreements == {}


def test_bitcoins_own_network_in_production() -> None:
    created = judged(request(network=Network.BITCOIN), production=True)
    assert verification(created).network == Agrees()


def test_a_request_that_nobody_signed_is_not_the_expected_nodes() -> None:
    mismatch = judged(resigned(request(), off_the_curve), expected_payee=NODE)
    assert isinstance(mismatch, InvoiceMismatch)
    assert set(mismatch.disagreements) == {"signature", "payee"}
    assert mismatch.disagreements["payee"] == Disagrees(NODE.hex(), "nobody")
    assert verification(mismatch).same_payee == NotChecked("it is not known who signed it")


def test_another_s_is_another_nodes_signature() -> None:
    """It recovers, so that only a pinned payee tells."""
    text = resigned(request(), high_s)
    assert isinstance(judged(text), CreatedInvoice)
    assert isinstance(judged(text, expected_payee=NODE), InvoiceMismatch)


def test_a_payee_that_changes_is_reported() -> None:
    session = verifier()
    assert verification(judged(request(), by=session)).same_payee == NotChecked(
        "it is the session's first"
    )
    assert verification(judged(CUT, by=session)).same_payee != Agrees()
    for _ in range(2):  # and stays another one
        created = judged(request(OTHER), by=session)
        assert isinstance(created, CreatedInvoice)
        assert created.verification.same_payee == Disagrees(NODE.hex(), ANOTHER.hex())
    assert verification(judged(request(), by=session)).same_payee == Agrees()


# -- the time --------------------------------------------------------------------------------------

OVER = request(created_at=NOON - timedelta(hours=24), expiry_seconds=24 * 3600)  # at noon


@pytest.mark.parametrize(("late", "over"), [(0, False), (299, False), (300, False), (301, True)])
def test_our_own_calendar_is_good_to_five_minutes(late: int, over: bool) -> None:
    clock = ServerClock(NOON)
    clock.start(now=1000.0)
    outcome = judged(OVER, clock=clock, now=1000.0 + late)
    assert isinstance(outcome, InvoiceMismatch) is over


@pytest.mark.parametrize(("late", "over"), [(0, False), (1, True)])
def test_the_servers_clock_is_good(late: int, over: bool) -> None:
    clock = ServerClock(NOON - timedelta(days=9))
    clock.start(now=0.0)
    clock.heed(NOON, now=1000.0)
    outcome = judged(OVER, clock=clock, now=1000.0 + late)
    assert isinstance(outcome, InvoiceMismatch) is over


# -- reactions -------------------------------------------------------------------------------------

CHECKS = [check.name for check in attrs.fields(Verification)]


def test_the_policy_has_a_reaction_for_every_check() -> None:
    defaults = attrs.asdict(VerificationPolicy())
    assert {check: defaults[check] for check in CHECKS} == {
        "amount": Reaction.RAISE,
        "payee": Reaction.RAISE,
        "same_payee": Reaction.REPORT,
        "network": Reaction.RAISE,
        "unexpired": Reaction.RAISE,
        "signature": Reaction.RAISE,
        "memo": Reaction.REPORT,
        "duration": Reaction.REPORT,
        "readable": Reaction.REPORT,
    }
    assert set(defaults) == {*CHECKS, "expected_payee", "expected_network"}


@pytest.mark.parametrize(("check", "text"), [(case[0], case[1]) for case in [*RAISED, *REPORTED]])
@pytest.mark.parametrize("reaction", Reaction)
def test_every_reaction(check: str, text: str | None, reaction: Reaction) -> None:
    options = {check: reaction, "expected_network": Network.BITCOIN, "expected_payee": NODE}
    others = dict.fromkeys(CHECKS, Reaction.REPORT)
    outcome = judged(text, **{**others, **options})
    result = results(outcome)[check]
    if reaction is Reaction.IGNORE:
        assert result == NotChecked("the policy ignores it")
    if isinstance(result, Disagrees):
        assert isinstance(outcome, InvoiceMismatch) is (reaction is Reaction.RAISE)


def test_a_mismatch_tells_what_alone_would_not_raise_too() -> None:
    mismatch = judged(request(amount_msat=1, description="tea"))
    assert isinstance(mismatch, InvoiceMismatch)
    assert list(mismatch.disagreements) == ["amount", "memo"]
    assert "memo: asked for 'caf\u00e9', got 'tea'" in str(mismatch)


def test_an_unreadable_request_that_is_raised() -> None:
    mismatch = judged(CUT, readable=Reaction.RAISE)
    assert isinstance(mismatch, InvoiceMismatch)
    assert mismatch.payment_request is None


def test_a_mismatch_is_no_refusal() -> None:
    assert issubclass(InvoiceMismatch, CommandError)
    assert not issubclass(InvoiceMismatch, CommandRefused)


@pytest.mark.parametrize("opens", [hercle_rest, hercle_session])
def test_the_policy_is_the_sessions_own(opens: Callable[..., HubClient | RestSession]) -> None:
    policy = VerificationPolicy(expected_payee=NODE)
    session = opens("key", entropy=Random(1).randbytes, verification=policy)
    assert verifier_of(session)._policy is policy


def test_a_mismatch_in_an_exchange_of_ones_own() -> None:
    """The answer's own Date tells the time."""
    policy = VerificationPolicy(expected_payee=ANOTHER)
    exchange = rest_exchange(COMMAND, "key", verification=policy)
    body = json.dumps({"id": "inv_1", "encodedPaymentRequest": request()}).encode()
    answer = Response(201, [("Date", "Thu, 07 May 2026 12:00:00 GMT")], body)
    with pytest.raises(InvoiceMismatch) as mismatch:
        exchange.answer(answer, sent_at=1.0, now=2.0)
    assert set(mismatch.value.disagreements) == {"payee", "unexpired"}


def test_a_mismatch_that_comes_late_is_an_event() -> None:
    def behave(peer: HubPeer, invocation: Invocation) -> None:
        client_id = peer.argument(invocation, 0, str)
        data = {"id": "inv_1", "encodedPaymentRequest": request(amount_msat=1)}
        event = vendor.envelope(vendor.CREATED, client_id, data)
        peer.later(9.0, lambda: peer.send(Invocation("executionEvents", (event,))))

    chance = Random(1).randbytes
    session = hercle_session("key", url="http://127.0.0.1:5000", entropy=chance)
    sim = Simulated(session, lambda _, __: HubPeer(behave, entropy=chance))
    sim.start()
    with pytest.raises(OutcomeUnknown):
        sim.call(COMMAND, timeout=5.0)
    sim.run(10.0)
    late = sim.events[-1]
    assert isinstance(late, AnsweredLate)
    assert isinstance(late.answer, InvoiceMismatch)
    assert late.answer.created.id == "inv_1"


# -- what is expected ------------------------------------------------------------------------------


def test_a_payee_in_bytes_or_hex() -> None:
    by_bytes, by_hex = (
        VerificationPolicy(expected_payee=NODE),
        VerificationPolicy(expected_payee=NODE.hex().upper()),
    )
    assert by_bytes == by_hex
    assert NODE.hex() in repr(by_bytes)
    assert "expected_payee=None" in repr(VerificationPolicy())


@pytest.mark.parametrize("wrong", ["", "0g", "02" * 32, b"", NODE[1:], b"\x04" + NODE[1:]])
def test_what_is_no_payee(wrong: bytes | str) -> None:
    with pytest.raises(InvalidArgument, match="expected_payee"):
        VerificationPolicy(expected_payee=wrong)


def test_without_the_extra_all_else_is_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    text = request(amount_msat=1)
    monkeypatch.setitem(sys.modules, "btclib_secp256k1.recovery", None)
    mismatch = judged(text)
    assert isinstance(mismatch, InvoiceMismatch)
    assert set(mismatch.disagreements) == {"amount"}
    found = verification(mismatch)
    assert isinstance(found.signature, NotChecked)
    assert "hercle-proto[bolt11]" in found.signature.why
    assert isinstance(found.same_payee, NotChecked)


def test_without_the_extra_no_payee_can_be_expected(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing could prove it, and that is told before anything is sent."""
    monkeypatch.setitem(sys.modules, "btclib_secp256k1.recovery", None)
    policy = VerificationPolicy(expected_payee=NODE)
    for made in (hercle_session, hercle_rest):
        with pytest.raises(MissingExtra, match="bolt11"):
            made("key", entropy=Random(1).randbytes, verification=policy)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (PRODUCTION_URL, True),
        (PRODUCTION_URL.upper().replace("HTTPS", "wss") + ":443/ExecutionLiveServer/v1", True),
        ("https://publicapi.sandbox.hercle.financial", False),
        ("https://publicapi.hercle.financial.example", False),
    ],
)
def test_what_is_production(url: str, expected: bool) -> None:
    session = hercle_session("key", url=url, entropy=Random(1).randbytes)
    rest = hercle_rest("key", url=url, entropy=Random(1).randbytes)
    for each in (session, rest):
        assert (verifier_of(each)._network is Network.BITCOIN) is expected


# -- values ----------------------------------------------------------------------------------------


def test_an_invoice_that_answers_nothing_is_not_verified() -> None:
    created = CreatedInvoice("inv_1")
    assert set(results(created).values()) == {NotChecked("it is not known what was asked for")}


def test_invoices_are_equal_by_what_the_server_told() -> None:
    text = request()
    told = CreatedInvoice("inv_1", encoded_payment_request=text)
    verified = judged(text)
    assert isinstance(verified, CreatedInvoice)
    assert verified.verification != told.verification
    assert verified == told
    assert hash(verified) == hash(told)
    assert verified != CreatedInvoice("inv_2", encoded_payment_request=text)
    assert verified != "inv_1"


# -- plausible variations --------------------------------------------------------------------------

MEMOS = [None, "", "rent", " rent ", "cafe\u0301", "\u2615" * 100, "x" * 639, "a\nb"]


def plausible(chance: Random, command: CreateLightningInvoice) -> str | None:
    """A payment request as some vendor might write it: right where it counts."""
    if chance.random() < 0.05:
        return chance.choice([None, "", CUT, "pending", "lnbc1...", f"lightning:{CUT}"])
    memo = command.memo or chance.choice(["", "Invoice", "Payment to Hercle"])
    described: dict[str, Any] = {"description": memo}
    if chance.random() < 0.2:
        described = {"description": None, "description_hash": sha256(memo.encode()).digest()}
    elif chance.random() < 0.2:
        described = {"description": chance.choice([memo.strip(), f"{memo[:600]} #1", "Hercle"])}
    hours = command.expiry_hours or 24
    text = request(
        chance.choice([KEY, KEY, KEY, OTHER]),
        network=chance.choice(list(Network)),
        amount_msat=command.amount_sats * 1000,
        created_at=NOON + timedelta(seconds=chance.randrange(-3000, 3000)),
        payment_hash=chance.randbytes(32),
        payment_secret=chance.randbytes(32),
        expiry_seconds=chance.choice([hours * 3600, hours * 3600 + 59, 3600, None]),
        min_final_cltv_expiry=chance.choice([None, 18, 144]),
        name_payee=chance.random() < 0.3,
        metadata=chance.choice([None, b"\x01"]),
        features=chance.choice([frozenset({8, 14}), frozenset({8, 14, 17, 99})]),
        **described,
    )
    return chance.choice([text, text.upper(), f"lightning:{text}", f" {text}\n"])


@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_plausible_variations_raise_nothing(part: int) -> None:
    chance = Random(part)
    clock = ServerClock()
    clock.heed(NOON, now=0.0)
    dialect = HercleDialect(entropy=chance.randbytes, verifier=Verifier(clock=clock))
    for _ in range(1000):
        command = CreateLightningInvoice.for_sats(
            chance.choice([1, 1000, 123_456_789, 10**12]),
            chance.choice(MEMOS),
            chance.choice([None, 1, 24, 720]),
            client_id="c",
        )
        data = {
            "id": "inv_1",
            "httpStatusCode": chance.choice([None, 200, 201, 201.0]),
            "expiresAt": chance.choice(
                [None, "2026-05-02T12:00:00Z", "2026-05-02T12:00:00.1234567"]
            ),
            "message": chance.choice([None, "", "Lightning invoice created successfully"]),
            "encodedPaymentRequest": plausible(chance, command),
            "new": 1,
        }
        event = vendor.event(vendor.envelope(vendor.CREATED, "c", data))
        (what,) = dialect.received(event, vendor.InFlight(command), now=0.0)
        assert isinstance(what, Settlement)
        assert isinstance(what.outcome, Answered), what.outcome
        assert isinstance(what.outcome.value, CreatedInvoice)
        assert what.outcome.value.id == "inv_1"
