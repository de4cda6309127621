from __future__ import annotations

from collections.abc import Iterator

import pytest

from hercle_sandbox import Running, running_sandbox


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Running]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def bearer(sandbox: Running) -> dict[str, str]:
    return {"Authorization": f"Bearer {sandbox.api_key}"}
