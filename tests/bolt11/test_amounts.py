from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.bolt11 import InvalidInvoice, Network, Prefix, unverified_amount

BTC = 100_000_000_000

READ = [
    ("lnbc", Network.BITCOIN, None),
    ("lntb", Network.TESTNET, None),
    ("lntbs", Network.SIGNET, None),
    ("lnbcrt", Network.REGTEST, None),
    ("lnbc1", Network.BITCOIN, BTC),
    ("lnbc21000000", Network.BITCOIN, 21_000_000 * BTC),
    ("lnbc20m", Network.BITCOIN, BTC // 50),
    ("lntb2500u", Network.TESTNET, 250_000_000),
    ("lntbs1n", Network.SIGNET, 100),
    ("lnbcrt10p", Network.REGTEST, 1),
    ("lnbc9678785340p", Network.BITCOIN, 967_878_534),
    ("lnbc1000u", Network.BITCOIN, BTC // 1000),
    ("lnbc21000000000000000000p", Network.BITCOIN, 21_000_000 * BTC),
]

REFUSED = [
    ("bc1", 0, "it does not begin with 'ln'"),
    ("ln", 2, "the network is none of bc, tb, tbs and bcrt"),
    ("lnsb20m", 2, "the network is none of bc, tb, tbs and bcrt"),
    ("lnbcm", 2, "the network is none of bc, tb, tbs and bcrt"),
    ("lnbc20x", 6, "the amount's multiplier is none of m, u, n and p"),
    ("lnbc20mm", 6, "the amount's multiplier is none of m, u, n and p"),
    ("lnbc2m5", 5, "the amount's multiplier is none of m, u, n and p"),
    ("lnbc0", 4, "the amount is zero or has leading zeros"),
    ("lnbc020m", 4, "the amount is zero or has leading zeros"),
    ("lnbc1p", 4, "the amount is not a whole number of millisatoshi"),
    ("lnbc21000001", 4, "the amount is more than 21,000,000 bitcoin"),
    ("lnbc" + "9" * 5000, 4, "the amount is more than 21,000,000 bitcoin"),
]


@pytest.mark.parametrize(("text", "network", "amount_msat"), READ)
def test_read(text: str, network: Network, amount_msat: int | None) -> None:
    assert Prefix.parse(text) == Prefix(network, amount_msat)


@pytest.mark.parametrize(("text", "position", "reason"), REFUSED)
def test_refused(text: str, position: int, reason: str) -> None:
    with pytest.raises(InvalidInvoice) as caught:
        Prefix.parse(text)
    assert (caught.value.position, caught.value.reason) == (position, reason)


@given(st.sampled_from(Network), st.none() | st.integers(1, 21_000_000 * BTC))
def test_written_and_read(network: Network, amount_msat: int | None) -> None:
    prefix = Prefix(network, amount_msat)
    assert Prefix.parse(str(prefix)) == prefix


@pytest.mark.parametrize(
    ("amount_msat", "text"),
    [(BTC, "lnbc1"), (BTC // 1000, "lnbc1m"), (250_000_000, "lnbc2500u"), (1, "lnbc10p")],
)
def test_written_with_the_largest_multiplier(amount_msat: int, text: str) -> None:
    assert str(Prefix(Network.BITCOIN, amount_msat)) == text


CUT = [
    ("lnbc10u1p3xnhl2pp5jmxtqn235tkjzf...", "lnbc10u"),
    ("lnbc10u1p3xnhl2pp5jmxtqn235tkjzf…", "lnbc10u"),
    (" LIGHTNING:LNBCRT1M1P3XNHL2PP5", "lnbcrt1m"),
    ("lnbc1pvjluezpp5qqq", "lnbc"),
    ("lnbc111pvjluezpp5", "lnbc11"),
    ("lntbs25m1pvjluez...and more", "lntbs25m"),
]

IN_DOUBT = [
    "",
    "...",
    "nonsense",
    "lnbc",
    "lnbc10u",
    "lnbc10u1",
    "lnbc10u1p3xnhl",
    "lnbc1000000000",  # the amount may go on
    "lnbc1000000000u",
    "lnbc1000000000u...",
    "lnbc1000000000u1pvj",  # that is no request without an amount
    "lnbc10u1p3xnhl2b",  # no character of bech32
    "lnbc0u1p3xnhl2pp5",
    "lnsb10u1p3xnhl2pp5",
    "x lnbc10u1p3xnhl2pp5",
    "lnbc" + "1" * 100_000,
]


@pytest.mark.parametrize(("text", "prefix"), CUT)
def test_amount_of_a_cut_text(text: str, prefix: str) -> None:
    assert unverified_amount(text) == Prefix.parse(prefix)


@pytest.mark.parametrize("text", IN_DOUBT, ids=lambda text: text[:24])
def test_amount_in_doubt(text: str) -> None:
    assert unverified_amount(text) is None


@given(st.text())
def test_any_text_has_an_amount_or_none(text: str) -> None:
    found = unverified_amount(text)
    assert found is None or isinstance(found, Prefix)
