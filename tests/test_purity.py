"""The core does no I/O, reads no clock, draws nothing at random, and keeps to its layers."""

from __future__ import annotations

from pathlib import Path

import pytest

import purity
import sources


@pytest.mark.parametrize("path", sources.modules("hercle_proto"), ids=sources.dotted_name)
def test_core_is_pure(path: Path) -> None:
    module = sources.dotted_name(path)
    assert purity.impurities(path.read_text("utf-8"), module) == []


@pytest.mark.parametrize(
    "source",
    [
        "import socket",
        "import socket as innocent",
        "from socket import create_connection",
        "import os.path",
        "import concurrent.futures",
        "import urllib.request",
        "import urllib.request as r",
        "from urllib import request",
        "from urllib.request import urlopen",
        "import urllib\nurllib.request.urlopen('u')",
        "def f():\n    import threading",
        "async def f():\n    from asyncio import sleep",
        "if TYPE_CHECKING:\n    import trio",
        "import time\ntime.monotonic()",
        "from time import monotonic as clock",
        "from datetime import datetime\nx = datetime.now()",
        "from datetime import datetime, UTC\nx = datetime.now(tz=UTC)",
        "from datetime import datetime as dt\nx = dt.utcnow()",
        "import datetime\nx = datetime.datetime.now()",
        "import datetime as d\nx = d.date.today()",
        "from datetime import date\ndefault = date.today",
        "from uuid import uuid4",
        "import uuid\nuuid.uuid1()",
        "import random\nrandom.random()",
        "from secrets import token_bytes",
        "from os import urandom",
        "import importlib\nimportlib.import_module('socket')",
        "__import__('socket')",
        "open('f')",
        "print('x')",
        "import sys\nsys.stdout.write('x')",
        "import requests",
        "import trio",
        "import hypothesis",
        "import hercle_adapters.trio",
        "from . import _codec",
        "from .._errors import ProtocolError",
        "from hercle_proto.client import HubClient",
        "from hercle_proto import transport",
        "def f():\n    from hercle_proto.hercle import hercle_session",
    ],
)
def test_impurity_is_found(source: str) -> None:
    assert len(purity.impurities(source, "hercle_proto.hub._connection")) == 1


@pytest.mark.parametrize(
    "source",
    [
        "import urllib.parse\nurllib.parse.urlsplit('u')",
        "import urllib.parse as p\np.quote('u')",
        "from urllib.parse import quote",
        "from io import BytesIO",
        "from datetime import UTC, datetime\ndatetime.fromtimestamp(0, UTC)",
        "import datetime\nprevious = datetime.datetime.min",
        "from uuid import UUID\nUUID(bytes=b'0' * 16, version=4)",
        "import attrs, cattrs, h11, msgspec, wsproto",
        "import sys\nsys.intern('x')",
        "now.time.now()",
        "self.open('f')",
        "for open in opened:\n    carry_out(open)",
        "match action:\n    case Open() as open:\n        carry_out(open)",
        "from hercle_proto import NEED_DATA",
        "from hercle_proto._errors import ProtocolError",
        "from hercle_proto.hub._messages import Ping",
        "from hercle_proto.bolt11 import decode",
        "if TYPE_CHECKING:\n    from hercle_proto.client import HubClient",
    ],
)
def test_purity_is_left_alone(source: str) -> None:
    assert purity.impurities(source, "hercle_proto.hub._connection") == []


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("from hercle_proto.http import Url", "hercle_proto.transport._websocket"),
        ("from hercle_proto.transport import WebSocket", "hercle_proto.http._connection"),
        ("from hercle_proto.reflex import x", "hercle_proto.hercle._commands"),
        ("from hercle_proto.hub import Ping", "hercle_proto._contract"),
        ("from hercle_proto.hub import Ping", "hercle_proto"),
        ("import btclib_secp256k1", "hercle_proto.hercle._verify"),
    ],
)
def test_layers_hold(source: str, module: str) -> None:
    assert len(purity.impurities(source, module)) == 1


@pytest.mark.parametrize(
    ("source", "module"),
    [
        ("import btclib_secp256k1", "hercle_proto.bolt11._curve"),
        ("import hypothesis", "hercle_proto.testing.strategies"),
        ("from hercle_proto.hercle import hercle_session", "hercle_proto.testing._simulated"),
        ("from hercle_proto._errors import ProtocolError", "hercle_proto"),
    ],
)
def test_exceptions_hold(source: str, module: str) -> None:
    assert purity.impurities(source, module) == []
