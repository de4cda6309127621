"""Sessions that were held with a genuine ASP.NET Core server, lived again from their bytes."""

from __future__ import annotations

import pytest

from transcripts import FOLDER, SESSIONS, Transcript, replay


def test_every_session_was_recorded() -> None:
    assert {path.stem for path in FOLDER.glob("*.json")} == SESSIONS.keys()


@pytest.mark.parametrize("cuts", [(2**16,), (1,), (3, 1, 700)], ids=["whole", "bytes", "pieces"])
@pytest.mark.parametrize("name", SESSIONS)
def test_it_ends_as_it_did(name: str, cuts: tuple[int, ...]) -> None:
    transcript = Transcript.read(FOLDER / f"{name}.json")
    lived, said = replay(SESSIONS[name], transcript, cuts)
    assert lived == transcript.lived
    assert said == transcript.said()
