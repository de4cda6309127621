from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hercle_proto.bolt11 import Network
from hercle_proto.bolt11._addresses import read_address, write_address
from hercle_proto.bolt11._bech32 import BECH32, CHARSET, checksum, from_bytes, words

programs = st.one_of(
    st.tuples(st.just(0), st.sampled_from([20, 32])),
    st.tuples(st.integers(1, 16), st.integers(2, 40)),
    st.tuples(st.sampled_from([17, 18]), st.just(20)),
).flatmap(lambda kind: st.tuples(st.just(kind[0]), st.binary(min_size=kind[1], max_size=kind[1])))


SEGWIT = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
OLD = "1RustyRX2oai4EYYDpQGWvEL62BBGqN9T"
TEST_OLD = "mk2QpYatsKicvFVuTAQLBryyccRXMUaGHP"

KNOWN = [
    (Network.BITCOIN, SEGWIT, OLD),
    (Network.TESTNET, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", TEST_OLD),
    (Network.SIGNET, "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", TEST_OLD),
    (Network.REGTEST, "bcrt1qw508d6qejxtdg4y5r3zarvary0c5xw7kygt080", TEST_OLD),
]


@pytest.mark.parametrize(("network", "segwit", "old"), KNOWN)
def test_each_network_writes_them_in_its_way(network: Network, segwit: str, old: str) -> None:
    program = write_address(Network.BITCOIN, SEGWIT)
    assert read_address(network, program) == segwit
    assert write_address(network, segwit) == program
    hashed = write_address(Network.TESTNET, TEST_OLD)
    if network is Network.BITCOIN:
        hashed = write_address(network, OLD)
    assert read_address(network, hashed) == old


@given(st.sampled_from(Network), programs)
def test_read_and_written(network: Network, program: tuple[int, bytes]) -> None:
    data = words(program[0], 1) + from_bytes(program[1])
    address = read_address(network, data)
    assert address is not None
    assert write_address(network, address) == data
    if program[0] <= 16:
        assert write_address(network, address.upper()) == data


@given(st.sampled_from(Network), st.text(CHARSET, max_size=80))
def test_any_data(network: Network, data: str) -> None:
    try:
        address = read_address(network, data)
    except ValueError:
        return
    assert address is None or write_address(network, address) == data


@given(st.sampled_from(Network), st.text() | st.text(CHARSET).map("bc1".__add__))
def test_any_address(network: Network, address: str) -> None:
    try:
        data = write_address(network, address)
    except ValueError:
        return
    assert read_address(network, data) == address.lower()


@pytest.mark.parametrize("version", range(19, 32))
def test_unknown_versions_are_skipped(version: int) -> None:
    assert read_address(Network.BITCOIN, words(version, 1) + "zzz") is None


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("", "no version"),
        ("q", "holds 0 bytes, which no program of version 0 has"),
        ("q" + from_bytes(bytes(21)), "21 bytes, which no program of version 0 has"),
        ("p" + from_bytes(bytes(1)), "1 bytes, which no program of version 1 has"),
        ("p" + from_bytes(bytes(41)), "41 bytes, which no program of version 1 has"),
        (words(17, 1) + from_bytes(bytes(32)), "32 bytes where a hash of 20 belongs"),
        (words(18, 1) + "q", "not the zeros"),
    ],
)
def test_bad_data(data: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        read_address(Network.BITCOIN, data)


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("", "longer|neither|checksum"),
        ("1" * 91, "longer than any address"),
        ("z" * 90, "longer than any address"),
        (SEGWIT[:-1] + "5", "checksum is wrong"),
        (SEGWIT[:-1] + "b", "not bech32"),
        ("bc1", "not bech32"),
        ("bc1" + checksum("bc", "", BECH32), "not bech32"),
        (SEGWIT.replace("q", "Q"), "neither bech32 of this network nor base 58"),
        (SEGWIT.replace("bc", "tb"), "neither bech32 of this network nor base 58"),
        ("bc1" + "3" + SEGWIT[4:], "witness version is above 16"),
        ("bc1qqq" + checksum("bc", "qqq", BECH32), "which no program of version 0 has"),
        (OLD[:-1] + "S", "checksum is wrong"),
        ("1" + OLD, "checksum is wrong"),
        (OLD + "0", "neither bech32 of this network nor base 58"),
        ("mk2QpYatsKicvFVuTAQLBryyccRXMUaGHP", "not an address of the network bc"),
    ],
)
def test_bad_address(address: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        write_address(Network.BITCOIN, address)
