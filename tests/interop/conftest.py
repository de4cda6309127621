"""What tests against other people's programs have: the programs, and every driver of ours."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from aspnetcore import AspNetCore, built_server
from caches import Missing
from drivers import DRIVERS, Driver
from interop import Opens

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(HERE):
            item.add_marker(pytest.mark.interop)
            # fixtures take longer, once: what they download and build has limits of its own
            item.add_marker(pytest.mark.timeout(60, func_only=True))


@pytest.fixture(params=DRIVERS, ids=lambda driver: driver.name)
def driver(request: pytest.FixtureRequest) -> Driver:
    """Each of our drivers."""
    made: Driver = request.param
    return made


@pytest.fixture
def open_signalr(driver: Driver) -> Opens:
    """Opens a session with any hub, by each driver."""
    return lambda *args, **options: driver.open(lambda by: by.open_signalr(*args, **options))


@pytest.fixture
def open_hercle(driver: Driver) -> Opens:
    """Opens a session with Hercle's hub, by each driver."""
    return lambda *args, **options: driver.open(lambda by: by.open_hercle(*args, **options))


@pytest.fixture
def open_hercle_rest(driver: Driver) -> Opens:
    """Opens a session with Hercle's REST API, by each driver."""
    return lambda *args, **options: driver.open(lambda by: by.open_hercle_rest(*args, **options))


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


@pytest.fixture(scope="session")
def _one_to_end(built: Path) -> Iterator[AspNetCore]:
    with AspNetCore(built, {"SIGTEST_DETAILED": 1}) as server:
        yield server


@pytest.fixture
def mortal(_one_to_end: AspNetCore) -> AspNetCore:
    """One more, which tests may end and start again; it tells details of errors."""
    if not _one_to_end.running:
        _one_to_end.start()
    return _one_to_end


@pytest.fixture(scope="session")
def impatient(built: Path) -> Iterator[AspNetCore]:
    """One more, which gives clients up after half a second of silence. It looks once a second."""
    with AspNetCore(built, {"SIGTEST_CLIENT_TIMEOUT": 0.5}) as server:
        yield server
