"""ASGI servers that other people wrote, each with an application of ours, on loopback sockets."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from typing import Any

import anyio
import hypercorn
import hypercorn.trio
import uvicorn
from anyio.from_thread import BlockingPortal, start_blocking_portal

__all__ = ["SERVERS", "Serve"]

Serve = Callable[[Any], AbstractContextManager[tuple[str, BlockingPortal]]]
"""Given an application: its origin, and a portal into the loop that it runs on."""


@contextmanager
def uvicorn_on_asyncio(app: Any) -> Iterator[tuple[str, BlockingPortal]]:
    with socket.create_server(("127.0.0.1", 0)) as listener, start_blocking_portal() as portal:
        config = uvicorn.Config(
            app, ws="wsproto", lifespan="off", log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        done = portal.start_task_soon(server.serve, [listener])
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}", portal
        finally:
            server.should_exit = True
            done.result()


@contextmanager
def hypercorn_on_trio(app: Any) -> Iterator[tuple[str, BlockingPortal]]:
    config = hypercorn.Config()
    config.bind = ["127.0.0.1:0"]
    config.errorlog = None
    config.graceful_timeout = 0.5
    with start_blocking_portal("trio") as portal:
        stop = portal.call(anyio.Event)
        serve = partial(hypercorn.trio.serve, app, config, shutdown_trigger=stop.wait)
        done, (origin,) = portal.start_task(serve)
        try:
            yield origin, portal
        finally:
            portal.call(stop.set)
            done.result()


SERVERS: list[Serve] = [uvicorn_on_asyncio, hypercorn_on_trio]
