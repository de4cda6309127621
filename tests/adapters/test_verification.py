"""Wrong payment requests end alike in every driver and on both roads; here from the sandbox."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from drivers import Driver
from faulty_invoices import ENDINGS, OPENERS, check_another_node, check_ending
from hercle_sandbox import Running, running_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.mark.parametrize("opener", OPENERS)
def test_every_fault(driver: Driver, sandbox: Running, opener: str) -> None:
    with driver.open(lambda by: getattr(by, opener)(sandbox.api_key, url=sandbox.url)) as session:
        for memo, check, raised in ENDINGS:
            check_ending(session, memo, check, raised=raised)


@pytest.mark.parametrize("opener", OPENERS)
def test_another_node(driver: Driver, sandbox: Running, opener: str) -> None:
    def opens(**options: Any) -> Any:
        return driver.open(
            lambda by: getattr(by, opener)(sandbox.api_key, url=sandbox.url, **options)
        )

    check_another_node(opens)
