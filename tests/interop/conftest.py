"""What tests against other people's programs have: the programs, and every driver of ours.

A test here may be a coroutine; then it takes a `driver`, which runs it.
"""

from __future__ import annotations

import inspect
import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import trustme

from aspnetcore import AspNetCore, built_server
from caches import Missing
from every_driver import DRIVERS, Driver

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.interop)
            # fixtures take longer, once: what they download and build has limits of its own
            item.add_marker(pytest.mark.timeout(60, func_only=True))


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names}
    driver: Driver = pyfuncitem.funcargs["driver"]
    driver.run(partial(pyfuncitem.obj, **arguments))
    return True


@pytest.fixture(params=DRIVERS, ids=repr)
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each of our drivers."""
    made: Driver = request.param
    return made


@pytest.fixture
def key() -> str:
    """A key to the real server, and by it a user without invoices."""
    return f"user:{uuid.uuid4().hex[:12]}"


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Who vouches for the real server's https."""
    return trustme.CA()


@pytest.fixture(scope="session")
def built() -> Path:
    """The built server."""
    try:
        return built_server()
    except Missing as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def peer(
    built: Path, authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[AspNetCore]:
    """A genuine ASP.NET Core server, the same for all tests, with http and https."""
    folder = tmp_path_factory.mktemp("https")
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(folder / "certificate.pem")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    pem = f"{folder / 'certificate.pem'},{folder / 'key.pem'}"
    with AspNetCore(built, {"SIGTEST_PEM": pem}) as server:
        yield server


@pytest.fixture(scope="module")
def _one_to_end(built: Path) -> Iterator[AspNetCore]:
    hasty = {"SIGTEST_KEEPALIVE": 0.5, "SIGTEST_CLIENT_TIMEOUT": 1, "SIGTEST_DETAILED": 1}
    with AspNetCore(built, hasty) as server:
        yield server


@pytest.fixture
def mortal(_one_to_end: AspNetCore) -> AspNetCore:
    """Another, which tests may end and start again; it tells details, and waits a second only."""
    if not _one_to_end.running:
        _one_to_end.start()
    return _one_to_end
