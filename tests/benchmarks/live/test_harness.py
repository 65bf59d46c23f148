"""People who speak at their own pace to servers that may refuse them."""

import asyncio

import numpy as np

from benchmarks.live.gold import Dictation
from benchmarks.live.harness import together
from benchmarks.live.microphone import Microphone
from benchmarks.live.screen import Change, Screen
from benchmarks.live_client import LiveRefusedError

SILENCE = Dictation("silence", np.zeros(16_000, np.float32), (), ())


class Listener:
    async def dictate(self, microphone: Microphone, screen: Screen) -> None:
        async for packet in microphone.packets():
            screen.show(microphone.now_ms, Change(0, str(len(packet))))
        screen.sent_ms = microphone.sent_ms


class Refuser:
    async def dictate(self, microphone: Microphone, screen: Screen) -> None:
        raise LiveRefusedError("full")


def test_no_packet_leaves_before_its_last_sample_is_spoken():
    async def early() -> list[float]:
        microphone = Microphone(SILENCE.pcm[:-100], pace=20)
        found = []
        async for packet in microphone.packets():
            found.append(microphone.now_ms - microphone.sent_ms - len(packet) / 32)
        assert microphone.sent_ms == microphone.duration_ms
        return found

    waits_ms = asyncio.run(early())
    assert len(waits_ms) == 10
    assert min(waits_ms) >= -1


def test_everybody_has_a_screen_also_who_was_refused():
    clients = iter([Listener(), Refuser(), Listener()])
    takes = asyncio.run(together(3, lambda: next(clients), [SILENCE], pace=20))
    assert [take.screen.problem for take in takes] == ["", "full", ""]
    assert [take.screen.sent_ms for take in takes] == [1000, 0, 1000]
