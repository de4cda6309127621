"""Our server role behind ASGI: what HTTP, the hub and its methods answer, on two servers."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from decimal import Decimal
from typing import Any

import anyio
import pytest
from anyio.from_thread import BlockingPortal
from attrs import define

from asgi_servers import SERVERS, Serve
from hercle_adapters import _asgi_connection, asgi
from hercle_adapters.asgi import Caller, HubApp, HubError, hub_app, hub_method
from hercle_adapters.blocking import open_signalr
from hercle_proto.client import InvocationReceived, Invoke
from hercle_proto.hub import JSON, HubSettings
from raw_client import HANDSHAKE, Answer, RawClient, invocation, request

KEY = "a-key-that-nobody-may-see"
PATH = "/hub/v1"
FAILED = "Failed to invoke '{}' due to an error on the server. "
UNEXPECTED = "An unexpected error occurred invoking '{}' on the server."
BINDING = (
    "InvalidDataException: Error binding arguments. Make sure that the types of the provided "
    "values match the types of the hub method being invoked."
)


class Hub:
    """What the tests call."""

    def __init__(self, caller: Caller) -> None:
        self.caller = caller
        self.seen: list[str] = []

    @hub_method("Add")
    async def add(self, left: Decimal, right: int | None) -> Decimal:
        return left + (right or 0)

    @hub_method("Nothing")
    async def nothing(self) -> None:
        pass

    @hub_method("Refuse")
    async def refuse(self, why: str) -> None:
        raise HubError(why)

    @hub_method("Break")
    async def break_(self) -> None:
        raise RuntimeError("a secret of the server's")

    @hub_method("Unsayable")
    async def unsayable(self) -> float:
        return float("nan")

    @hub_method("Slowly")
    async def slowly(self, name: str) -> list[str]:
        self.seen.append(f"{name} begins")
        await anyio.sleep(0.02)
        self.seen.append(f"{name} ends")
        return self.seen

    @hub_method("Later")
    async def later(self, milliseconds: int) -> None:
        self.caller.start_soon(self._tell, milliseconds / 1000)

    async def _tell(self, seconds: float) -> None:
        await anyio.sleep(seconds)
        await self.caller.send("later", self.caller.query("room"), seconds)

    @hub_method("ConnectionId")
    async def connection_id(self) -> str:
        return self.caller.connection_id

    @hub_method("Flood")
    async def flood(self) -> None:
        while True:
            await self.caller.send("flood", "x" * 1_000_000)

    @hub_method("SendAfterTheEnd")
    async def send_after_the_end(self) -> None:
        self.caller._connection.close()
        await self.caller.send("too late")

    async def not_for_clients(self) -> None:
        raise AssertionError


@define
class Running:
    origin: str
    app: HubApp
    portal: BlockingPortal

    @property
    def url(self) -> str:
        return f"{self.origin}{PATH}"

    def negotiate(self, query: str = "?negotiateVersion=1", **more: Any) -> Answer:
        return request("POST", f"{self.url}/negotiate{query}", **more)


@contextmanager
def running(serve: Serve, **options: Any) -> Iterator[Running]:
    app = hub_app(Hub, path=PATH, **options)
    with serve(app) as (origin, portal):
        yield Running(origin, app, portal)


@pytest.fixture(autouse=True)
def _nothing_left() -> None:
    """Others' servers close their sockets when they see fit."""


@pytest.fixture(scope="module", params=SERVERS, ids=lambda serve: serve.__name__)
def serve(request: pytest.FixtureRequest) -> Serve:
    found: Serve = request.param
    return found


@pytest.fixture(scope="module")
def hub(serve: Serve) -> Iterator[Running]:
    with running(serve) as found:
        yield found


@pytest.fixture
def client(hub: Running) -> Iterator[RawClient]:
    with RawClient(f"{hub.url}?room=42") as found:
        yield found


# -- negotiate -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "version"),
    [
        ("", 0),
        ("?negotiateVersion=0", 0),
        ("?negotiateversion=1&x=y", 1),
        ("?negotiateVersion=7", 1),
    ],
)
def test_negotiate(hub: Running, query: str, version: int) -> None:
    """N-05, N-06, N-12, N-14, N-16, N-17, N-30."""
    answer = hub.negotiate(query)
    assert answer.status == 200
    assert answer.headers["content-type"] == "application/json"
    assert int(answer.headers["content-length"]) == len(answer.body)
    found = answer.json
    transports = found.pop("availableTransports")
    assert transports == [{"transport": "WebSockets", "transferFormats": ["Text"]}]
    assert found.pop("negotiateVersion") == version
    assert list(found) == ["connectionId", "connectionToken"][: 1 + version]
    assert all(re.fullmatch(r"[\w-]{22}", value) for value in found.values())
    assert len(set(found.values())) == len(found)


@pytest.mark.parametrize(
    ("version", "error"),
    [
        ("x", "The client requested a non-integer protocol version."),
        ("1.5", "The client requested a non-integer protocol version."),
        ("", "The client requested a non-integer protocol version."),
        (
            "-1",
            "The client requested version '-1', but the server does not support this version.",
        ),
    ],
)
def test_negotiate_refuses_versions(hub: Running, version: str, error: str) -> None:
    """N-06, N-07: in .NET's words."""
    answer = hub.negotiate(f"?negotiateVersion={version}")
    assert (answer.status, answer.json) == (200, {"error": error})


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", f"{PATH}/negotiate", 405),
        ("PUT", f"{PATH}/negotiate", 405),
        ("GET", PATH, 404),
        ("POST", PATH, 404),
        ("POST", "/negotiate", 404),
        ("POST", f"{PATH}/other", 404),
    ],
)
def test_other_requests(hub: Running, method: str, path: str, status: int) -> None:
    """N-01: methods; and nothing else is here."""
    answer = request(method, f"{hub.origin}{path}")
    assert answer.status == status
    assert answer.headers["content-type"].startswith("text/plain")


# -- upgrades --------------------------------------------------------------------------------------


def test_a_token_is_good_for_one_websocket(hub: Running) -> None:
    """T-11, T-12, N-13: the token names the connection, the id does not."""
    negotiated = hub.negotiate().json
    url = f"{hub.url}?id={negotiated['connectionToken']}"
    with RawClient(f"{hub.url}?id={negotiated['connectionId']}") as by_id:
        assert (by_id.status, by_id.body) == (404, b"No Connection with that ID")
    with RawClient(url) as first:
        assert first.invoke("ConnectionId")["result"] == negotiated["connectionId"]
        with RawClient(url) as second:
            assert second.status == 409
        first.close()
    with RawClient(url) as again:
        assert again.status == 404


def test_version_0_goes_by_the_connection_id(hub: Running) -> None:
    """N-14."""
    connection_id = hub.negotiate("").json["connectionId"]
    with RawClient(f"{hub.url}?id={connection_id}") as client:
        assert client.invoke("ConnectionId")["result"] == connection_id


def test_without_negotiate(hub: Running) -> None:
    """T-10: each gets a connection of its own."""
    with RawClient(hub.url) as one, RawClient(f"{hub.url}/") as other:
        assert one.invoke("ConnectionId")["result"] != other.invoke("ConnectionId")["result"]


def test_elsewhere_is_no_hub(hub: Running) -> None:
    with RawClient(f"{hub.origin}/elsewhere") as client:
        assert client.status == 404


def test_unused_connections_are_forgotten(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """N-32."""
    with running(serve) as hub:
        monkeypatch.setattr(asgi, "UNUSED_LIFETIME", 0.0)
        short = hub.negotiate().json["connectionToken"]
        monkeypatch.undo()
        token = hub.negotiate().json["connectionToken"]
        with RawClient(f"{hub.url}?id={token}") as client:
            assert client.status == 101
        with RawClient(f"{hub.url}?id={short}") as client:
            assert client.status == 404


def test_connections_are_bounded(serve: Serve) -> None:
    with running(serve, most_connections=1) as hub:
        token = hub.negotiate().json["connectionToken"]
        assert hub.negotiate().status == 503
        with RawClient(f"{hub.url}?id={token}"):
            with RawClient(hub.url) as second:
                assert second.status == 503
            assert hub.negotiate().status == 200


# -- keys ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("authorization", "query", "admitted"),
    [
        (f"Bearer {KEY}", "", True),
        (f"bearer  {KEY}", "", True),
        (None, f"?access_token={KEY}", True),
        ("Bearer other", f"?access_token={KEY}", False),
        (f"Basic {KEY}", f"?access_token={KEY}", False),
        (KEY, "", False),
        (None, "?access_token=", False),
        (None, "", False),
    ],
)
def test_keys(
    serve: Serve,
    authorization: str | None,
    query: str,
    admitted: bool,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """A-01, A-02, A-04."""
    logger = logging.getLogger("hercle_proto")
    caplog.set_level(logging.DEBUG, logger.name)
    headers = {} if authorization is None else {"Authorization": authorization}
    with running(serve, authenticate=lambda token: token == KEY) as hub:
        answer = hub.negotiate(query, headers=headers)
        with RawClient(f"{hub.url}{query}", headers=list(headers.items())) as client:
            status = client.status
    if admitted:
        assert (answer.status, status) == (200, 101)
    else:
        assert (answer.status, status) == (401, 401)
        assert answer.headers["www-authenticate"] == "Bearer"
    assert KEY not in " ".join(
        record.getMessage() for record in caplog.records if record.name.startswith("hercle")
    )


# -- methods ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("target", "arguments", "outcome"),
    [
        ("Add", (0.1, 2), {"result": 2.1}),
        ("ADD", (1, None), {"result": 1}),
        ("Nothing", (), {"result": None}),
        ("Refuse", ("no",), {"error": f"{UNEXPECTED} HubException: no"}),
        ("Break", (), {"error": UNEXPECTED}),
        ("Unsayable", (), {"error": UNEXPECTED}),
        ("Nope", (), {"error": f"{FAILED}HubException: Method does not exist."}),
        ("not_for_clients", (), {"error": f"{FAILED}HubException: Method does not exist."}),
        ("__init__", (), {"error": f"{FAILED}HubException: Method does not exist."}),
        (
            "Add",
            (1,),
            {
                "error": f"{FAILED}InvalidDataException: "
                "Invocation provides 1 argument(s) but target expects 2."
            },
        ),
        (
            "Nothing",
            (None,),
            {
                "error": f"{FAILED}InvalidDataException: "
                "Invocation provides 1 argument(s) but target expects 0."
            },
        ),
        ("Add", ("1", 2), {"error": f"{FAILED}{BINDING}"}),
        ("Add", (1, 1.5), {"error": f"{FAILED}{BINDING}"}),
        ("Add", (True, 1), {"error": f"{FAILED}{BINDING}"}),
        ("Add", (None, 1), {"error": f"{FAILED}{BINDING}"}),
        ("Refuse", (["no"],), {"error": f"{FAILED}{BINDING}"}),
    ],
)
def test_methods(
    client: RawClient, target: str, arguments: tuple[object, ...], outcome: dict[str, Any]
) -> None:
    """P-09, P-10, P-11, P-42, P-43: as .NET answers, and the connection stays."""
    if "error" in outcome:
        outcome = {"error": outcome["error"].format(target)}
    expected = {"type": 3, "invocationId": "1", **outcome}
    assert client.invoke(target, *arguments) == expected
    assert client.invoke(target, *arguments) == expected


def test_streams_are_refused(client: RawClient) -> None:
    """P-18, P-32."""
    client.send({**invocation("Nothing"), "streamIds": ["2"]})
    error = "HubException: Client sent 1 stream(s), Hub method expects 0."
    assert client.receive()["error"] == f"{FAILED.format('Nothing')}{error}"
    client.send({**invocation("Nothing"), "type": 4})
    assert "error" in client.receive()


def test_nobody_wants_to_know(client: RawClient) -> None:
    """P-07: no answer, whatever comes of it."""
    client.send(
        *(invocation(target, key=None) for target in ("Nothing", "Nope", "Break", "Add")),
        invocation("Nothing", key="7"),
    )
    assert client.receive()["invocationId"] == "7"


def test_one_at_a_time_in_order(client: RawClient) -> None:
    """P-41."""
    client.send(*(invocation("Slowly", name, key=name) for name in "abc"))
    answers = [client.receive() for _ in "abc"]
    assert [answer["invocationId"] for answer in answers] == list("abc")
    assert answers[-1]["result"] == [
        f"{name} {what}" for name in "abc" for what in ("begins", "ends")
    ]


def test_records_in_pieces(client: RawClient) -> None:
    """T-02, H-14: any split is read."""
    client.send_text('{"type":1,"target":"Nothing","invo')
    client.send_text('cationId":"1","arguments":[]}\x1e{"type":6}\x1e')
    assert client.receive()["result"] is None


def test_the_handshake_may_bring_company(hub: Running) -> None:
    """H-14."""
    with RawClient(hub.url, handshake=False) as client:
        client.send(HANDSHAKE, invocation("Nothing"))
        assert client.receive() == {}
        assert client.receive()["result"] is None


def test_the_client_is_called(hub: Running) -> None:
    """With our own client; `start_soon` outlives the method."""
    with open_signalr(f"{hub.url}?room=42") as session:
        session.call(Invoke("Later", (1,), returns=type(None)))
        received = next(event for event in session if isinstance(event, InvocationReceived))
    assert received.target == "later"
    assert [JSON.decode_value(raw, object) for raw in received.arguments] == ["42", 0.001]


# -- endings ---------------------------------------------------------------------------------------


def test_the_client_says_goodbye(client: RawClient) -> None:
    """C-02, T-18: a Close, answered by the end."""
    client.send({"type": 7})
    while client.receive() is not None:
        pass
    assert client.closed == 1000


@pytest.mark.parametrize("text", ["{}\x1e", "x\x1e", '{"type":1}\x1e', "x" * 40_000])
def test_a_broken_rule_ends_the_connection(client: RawClient, text: str) -> None:
    """C-04, L-01: with a Close."""
    client.send_text(text)
    close = client.receive()
    assert close["type"] == 7
    assert close["error"]
    assert client.receive() is None
    assert client.closed == 1000


def test_no_handshake(serve: Serve) -> None:
    """H-16."""
    with (
        running(serve, settings=HubSettings(handshake_timeout=0.05)) as hub,
        RawClient(hub.url, handshake=False) as client,
    ):
        assert client.receive() == {"error": "Handshake was canceled."}
        assert client.receive() is None


def test_silence(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """K-02, K-05: pings go out, and a client that pinged once must go on."""
    monkeypatch.setattr(_asgi_connection, "TICK", 0.01)
    settings = HubSettings(ping_interval=0.02, silence_timeout=0.1)
    with running(serve, settings=settings) as hub, RawClient(hub.url) as client:
        client.send({"type": 6})
        close = client.receive()
        assert (close["type"], close["allowReconnect"]) == (7, True)
        assert client.frames > 2


def test_the_client_is_gone(hub: Running) -> None:
    """In the middle of a method; others are served on."""
    with RawClient(hub.url) as client:
        client.send(invocation("Later", 20), invocation("Slowly", "a"))
        client.drop()
    with RawClient(hub.url) as client:
        assert client.invoke("Nothing")["result"] is None


def test_goodbye_to_all(serve: Serve) -> None:
    """C-04: clients may come back; a running method is not waited for, and nobody is let in."""
    with running(serve) as hub, RawClient(hub.url) as one, RawClient(hub.url) as other:
        assert other.invoke("Later", 60_000)["result"] is None
        hub.portal.call(hub.app.aclose)
        for client in (one, other):
            assert client.receive() == {"type": 7, "allowReconnect": True}
            assert client.receive() is None
        assert hub.negotiate().status == 503
        with RawClient(hub.url) as late:
            assert late.status == 503
        hub.portal.call(hub.app.aclose)


def test_a_client_that_does_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """K-10: it is dropped, by a server that lets go of what it cannot send; hypercorn does not."""
    monkeypatch.setattr(_asgi_connection, "SEND_TIMEOUT", 0.05)
    uvicorn_on_asyncio = SERVERS[0]
    with running(uvicorn_on_asyncio) as hub, RawClient(hub.url) as client:
        client.send(invocation("Flood", key=None))
        hub.portal.call(_emptied, hub.app)


async def _emptied(app: HubApp) -> None:
    while app._live:  # noqa: ASYNC110 - nothing tells
        await anyio.sleep(0.01)


def test_sending_after_the_end(hub: Running) -> None:
    """Does nothing, as in .NET."""
    with RawClient(hub.url) as client:
        assert client.invoke("SendAfterTheEnd") == {"type": 7, "allowReconnect": True}
        assert client.receive() is None


# -- other servers -------------------------------------------------------------------------------


def test_other_protocols() -> None:
    """Which tells a server that the application has no use for them."""
    with pytest.raises(NotImplementedError, match="lifespan"):
        anyio.run(hub_app(Hub), {"type": "lifespan", "path": "/"}, None, None)


def test_a_server_that_cannot_send_a_response_for_an_upgrade() -> None:
    """It is told to close, and makes that a 403."""
    scope = {"type": "websocket", "path": "/elsewhere", "query_string": b"", "headers": []}
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    anyio.run(hub_app(Hub), scope, receive, send)
    assert sent == [{"type": "websocket.close"}]
