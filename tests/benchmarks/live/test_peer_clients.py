"""What the peers send, on our screen: WhisperLive's segments, WhisperLiveKit's lines and tail."""

from benchmarks.live.peers.whisperlive_client import WhisperLiveClient
from benchmarks.live.peers.whisperlivekit_client import WhisperLiveKitClient
from benchmarks.live.screen import Screen


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


def lines(*texts: str | None, tail: str = "") -> dict:
    return {"lines": [{"text": text} for text in texts], "buffer_transcription": tail}


def test_a_tail_stands_behind_its_line_and_a_silence_is_a_line_without_text():
    client, screen = WhisperLiveKitClient("ws://nowhere"), Screen()
    client.note(lines(tail="病"), 10, screen)
    client.note(lines("病人", tail="發"), 20, screen)
    assert screen.segments == {0: "病人發"}
    client.note(lines("病人發燒", None, tail="給"), 30, screen)
    assert screen.text == "病人發燒 給"
    client.note(lines("病人發燒", None, "給予"), 40, screen)
    assert screen.segments == {0: "病人發燒", 1: "", 2: "給予"}


def test_a_tail_that_is_taken_back_leaves_the_screen():
    client, screen = WhisperLiveKitClient("ws://nowhere"), Screen()
    client.note(lines("病人", None, tail="嗯"), 10, screen)
    client.note(lines("病人", None), 20, screen)
    assert screen.text == "病人"
