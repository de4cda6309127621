"""Microsoft's own client, on Node, against the sandbox: the vendor's code samples as they stand."""

from __future__ import annotations

import re
from contextlib import ExitStack
from pathlib import Path

import pytest

import caches
from hercle_sandbox import running_sandbox
from programs import Program

PACKAGE = Path(__file__).parent / "microsoft" / "package.json"
VENDOR_URL = "https://publicapi.sandbox.hercle.financial"
VENDOR_KEY = "YOUR_API_KEY_HERE"

RECONNECTING = """
const signalR = require('@microsoft/signalr');
const connection = new signalR.HubConnectionBuilder()
  .withUrl('%s/ExecutionLiveServer/v1', { accessTokenFactory: () => '%s' })
  .withAutomaticReconnect([50, 50, 100, 100, 200, 200, 500, 500, 1000])
  .configureLogging(signalR.LogLevel.None)
  .build();
const id = 'my-request';
connection.on('executionEvents', e => console.log('event', e.subject, e.clientId));
connection.onreconnecting(() => console.log('reconnecting'));
connection.onreconnected(async () => {
  console.log('reconnected');
  console.log('returned', await connection.invoke('GetLightningInvoices', id));
  await connection.invoke('Nope').catch(e => console.log(e.message));
  await connection.invoke('GetLightningInvoices').catch(e => console.log(e.message));
  await connection.stop();
});
connection.onclose(e => console.log('closed', e));
connection.start().then(() => console.log('connected'));
"""


@pytest.fixture(scope="module")
def client() -> Path:
    """The folder of Node's modules that the client is in."""

    def install(folder: Path) -> None:
        caches.needs("node", "npm")
        (folder / "package.json").write_bytes(PACKAGE.read_bytes())
        caches.run("npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)

    try:
        return caches.built("microsoft-signalr", [PACKAGE], install) / "node_modules"
    except caches.Missing as missing:
        pytest.skip(str(missing))


def samples() -> list[str]:
    """The JavaScript of the vendor's pages."""
    texts = [path.read_text("utf-8") for path in sorted((caches.SHARED / "seeds").glob("*.txt"))]
    found = [
        re.search(r"Code Examples\n(.*?)SignalR API Tester", text, re.DOTALL) for text in texts
    ]
    return [match[1] for match in found if match]


def node(client: Path, script: str) -> Program:
    return Program("node", "-e", script, environment={"NODE_PATH": client})


def test_the_vendor_s_samples(client: Path) -> None:
    """Unchanged but for URL and key. They create an invoice, and list it."""
    scripts = samples()
    if not scripts:
        pytest.skip("no seeds in the shared folder (HERCLE_PROTO_SHARED)")
    subjects = set()
    with running_sandbox() as sandbox:
        for script in scripts:
            assert VENDOR_URL in script
            assert VENDOR_KEY in script
            here = script.replace(VENDOR_URL, sandbox.url).replace(VENDOR_KEY, sandbox.api_key)
            with node(client, here) as program:
                program.expect("^Connected to WebSocket$")
                program.expect("^Received event: ")
                subjects.add(program.expect("subject: '(.*)'")[1])
                program.expect("^Command sent successfully$")
    assert subjects == {"execution.invoice.created", "lightspark.invoices.snapshot"}


def test_it_comes_back(client: Path) -> None:
    """After a goodbye with allowReconnect (C-03); errors read as a genuine server's do."""
    with ExitStack() as stack:
        with running_sandbox() as sandbox:
            script = RECONNECTING % (sandbox.url, sandbox.api_key)
            program = stack.enter_context(node(client, script))
            program.expect("^connected$")
        port = int(sandbox.url.rpartition(":")[2])
        stack.enter_context(running_sandbox(port=port, api_key=sandbox.api_key))
        program.expect("^reconnecting$")
        program.expect("^reconnected$")
        program.expect("^event lightspark.invoices.snapshot my-request$")
        program.expect("^returned null$")
        program.expect("HubException: Method does not exist.$")
        program.expect(r"Invocation provides 0 argument\(s\) but target expects 1.$")
        program.expect("^closed undefined$")
        assert program.end() == 0
