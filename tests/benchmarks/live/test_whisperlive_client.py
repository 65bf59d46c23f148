"""WhisperLive's rows of segments on our screen."""

from benchmarks.live.screen import Screen
from benchmarks.live.whisperlive_client import WhisperLiveClient


def segment(start: float, end: float, text: str, completed: bool) -> dict:
    return {"start": f"{start:.3f}", "end": f"{end:.3f}", "text": text, "completed": completed}


def test_completed_segments_that_come_again_are_one():
    client, screen = WhisperLiveClient("ws://nowhere"), Screen()
    client.note([segment(0, 2, "病人 發", False)], 10, screen)
    client.note([segment(0, 1, "病人", True), segment(1, 2, "發燒", False)], 20, screen)
    client.note([segment(0, 1, "病人", True), segment(1, 2, "發燒", True)], 30, screen)
    assert screen.segments == {0: "病人", 1: "發燒"}
    assert [[change.final for change in update.changes] for update in screen.updates] == [
        [False],
        [True, False],
        [True],
    ]


def test_it_waits_for_the_last_words_but_not_for_ever():
    client, screen = WhisperLiveClient("ws://nowhere"), Screen()
    for _ in range(4):
        assert not client._is_settled(4.0)
        client.note([segment(0, 2, "病人", False)], 10, screen)
    assert client._is_settled(4.0)
    client.note([segment(0, 2, "病人發燒", False)], 20, screen)
    assert not client._is_settled(4.0)
    assert client._is_settled(16.0)
