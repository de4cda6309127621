"""Drivers: the machines of `hercle_proto` on trio, asyncio, blocking sockets and anyio.

Each module has the same names: `open_hercle`, `open_hercle_rest`, `open_reflex`, `open_signalr`,
for any machine `drive`, and `iter_invoices` for searches at Reflex that take several pages. No
driver is imported here: a library is needed only by who asks for its driver. `Tls` is for any
driver, yours too: a machine around a machine.
"""

from hercle_adapters._tls import Tls

__all__ = ["Tls"]
