"""Hold the sessions of `transcripts` with a genuine server, and keep them for tests without one.

Run it when what clients say has changed on purpose:

    PYTHONPATH=tests/support .venv/bin/python tests/interop/record.py
"""

from __future__ import annotations

from aspnetcore import AspNetCore, built_server
from transcripts import FOLDER, SESSIONS, record

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, session in SESSIONS.items():
        with AspNetCore(built_server()) as server:  # one that knows of nothing yet
            record(session, server.url).write(FOLDER / f"{name}.json")
