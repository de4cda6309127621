"""What is recorded with a genuine server today lives again as it was, and as it was once."""

from __future__ import annotations

from pathlib import Path

import pytest

from aspnetcore import AspNetCore
from transcripts import FOLDER, SESSIONS, Transcript, record, replay


@pytest.mark.parametrize("name", SESSIONS)
def test_recording(peer: AspNetCore, tmp_path: Path, name: str) -> None:
    session = SESSIONS[name]
    record(session, peer.url).write(tmp_path / "today.json")
    today = Transcript.read(tmp_path / "today.json")
    lived, said = replay(session, today, cuts=(1000, 1))
    assert lived == today.lived
    assert said == today.said()
    once = Transcript.read(FOLDER / f"{name}.json")
    assert kinds(today.lived.outcomes) == kinds(once.lived.outcomes)
    assert kinds(today.lived.events) == kinds(once.lived.events)


def kinds(described: list[object]) -> list[object]:
    """Of answers, errors and events: what they are, without what differs each time."""
    return [sorted(each) if isinstance(each, dict) else each for each in described]
