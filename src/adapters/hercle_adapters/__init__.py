"""Drivers: the machines of `hercle_proto` on trio, asyncio, blocking sockets and anyio.

Each module has the same names: `open_hercle`, `open_hercle_rest`, `open_signalr` and, for any
machine, `drive`. Nothing is imported here: a library is needed only by who asks for its driver.
"""
