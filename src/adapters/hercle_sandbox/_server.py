"""Serving the sandbox on 127.0.0.1: uvicorn with wsproto, the real port number, an orderly stop."""

from __future__ import annotations

import asyncio
import secrets
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, cast

import anyio
import uvicorn
from anyio.abc import TaskStatus
from anyio.from_thread import start_blocking_portal
from attrs import field, frozen
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.wsproto_impl import WSProtocol

from hercle_adapters.asgi import HubApp
from hercle_sandbox._app import sandbox_app
from hercle_sandbox._faults import ABORT_EXTENSION
from hercle_sandbox._guard import Key
from hercle_sandbox._sandbox import Sandbox
from hercle_sandbox._store import Store

__all__ = ["Running", "running_sandbox", "serve_sandbox"]


@frozen(eq=False)
class Running:
    """Where a sandbox listens, the key that opens it, and what may be done to it.

    The same can be done over HTTP (see `_control_api`).
    """

    url: str
    api_key: str = field(repr=False)
    _sandbox: Sandbox = field(repr=False)

    def close_invoice(self, invoice_id: str) -> None:
        """As if it were paid or cancelled: the vendor's CLOSED does not tell which.

        Raises `KeyError` for one that is not there, and `AlreadyClosed`, also for one that is over.
        """
        self._sandbox.book.close(invoice_id)

    def set_clock_offset(self, offset: timedelta) -> None:
        """Be that far ahead of this machine's clock, or behind it; answers' `Date` headers too.

        Invoices are over by that clock, also ones made before. Raises `ValueError` for more than 20
        years.
        """
        self._sandbox.clock.set_offset(offset)

    def arm(self, fault: str, *, path: str, times: int = 1) -> None:
        """Let the next requests for a path end with a fault, such as `cut` (`_http_faults`).

        Raises `ValueError` for a fault or a path that there is not, and beyond 1000 times.
        """
        self._sandbox.faults.arm(fault, path=path, times=times)


@contextmanager
def running_sandbox(
    *, port: int = 0, db: Path | None = None, api_key: str | None = None
) -> Iterator[Running]:
    """A sandbox in a thread of its own, stopped at the end of the block.

    Port 0 is any free one; without `db` everything is forgotten; without `api_key` one is made.
    Raises `OSError` (port, file), `NotADatabase` and `InvalidArgument` (key).
    """
    with _prepared(port, db, api_key) as (server, running), start_blocking_portal() as portal:
        done, _ = portal.start_task(server.run_once_started)
        try:
            yield running
        finally:
            server.should_exit = True
            done.result()


async def serve_sandbox(
    *, port: int, db: Path | None, api_key: str | None, ready: Callable[[Running], None]
) -> None:
    """Serve until SIGTERM or Ctrl-C; `ready` is called when it listens. Raises like the above."""
    with (
        _prepared(port, db, api_key) as (server, running),
        anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals,
    ):
        async with anyio.create_task_group() as tasks:
            await tasks.start(server.run_once_started)
            ready(running)
            async for _ in signals:
                break
            server.should_exit = True


@contextmanager
def _prepared(port: int, db: Path | None, api_key: str | None) -> Iterator[tuple[_Server, Running]]:
    key = Key(secrets.token_urlsafe(24) if api_key is None else api_key)
    store = Store(db)
    try:
        # asyncio turns Nagle off only where the protocol is named; else each answer waits 40 ms.
        with socket.socket(proto=socket.IPPROTO_TCP) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(("127.0.0.1", port))
            sandbox = Sandbox(store)
            app, hub = sandbox_app(sandbox, key)
            config = uvicorn.Config(
                app,
                loop="asyncio",
                http=_Http,
                ws=_WebSocket,
                ws_max_size=64 * 1024,
                ws_ping_interval=None,  # the hub has pings of its own
                ws_per_message_deflate=False,
                lifespan="off",
                log_config=None,
                log_level="warning",  # below it, uvicorn logs queries: tokens
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,  # the sandbox's clock is its own
                timeout_graceful_shutdown=2,
            )
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
            yield _Server(config, hub, listener), Running(url, key.text, sandbox)
    finally:
        store.close()


class _Server(uvicorn.Server):
    """uvicorn's, with signals left to others, and a goodbye before connections are cut."""

    def __init__(self, config: uvicorn.Config, hub: HubApp, listener: socket.socket) -> None:
        super().__init__(config)
        self._hub = hub
        self._listener = listener
        self._task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED

    async def run_once_started(
        self, *, task_status: TaskStatus[None] = anyio.TASK_STATUS_IGNORED
    ) -> None:
        """Serve until `should_exit` is set; the task has started when connections are taken."""
        self._task_status = task_status
        await self.serve([self._listener])

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._task_status.started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await self._hub.aclose()
        await super().shutdown(sockets)


class _Http(H11Protocol):
    """h11's, telling the application how to kill the connection (the fault `cut`)."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as theirs
        super().connection_made(transport)
        app = self.app

        async def told(scope: Any, receive: Any, send: Any) -> None:
            extensions = {**scope.get("extensions", {}), ABORT_EXTENSION: transport.abort}
            await app({**scope, "extensions": extensions}, receive, send)

        self.app = told


class _WebSocket(WSProtocol):
    """wsproto's, telling the application how to kill the connection (`fault:drop`)."""

    async def run_asgi(self) -> None:
        scope = cast("dict[str, Any]", self.scope)
        scope["extensions"][ABORT_EXTENSION] = self.transport.abort
        await super().run_asgi()
