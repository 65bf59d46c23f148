"""Sound of clients that cannot send it again is put before the disk until it takes it, in order."""

import asyncio

import pytest

from inference.consumers import unsaved
from inference.consumers.live_run import NotSaved, Saved
from inference.consumers.unsaved import DiskRefusedError, UnsavedSound


class Disk:
    """LiveRun's side: numbers what is put; a refusal takes the number back."""

    def __init__(self) -> None:
        self.next_seq, self.saved_seq = 0, -1
        self.line: list[bytes] = []
        self.kept: list[bytes] = []

    async def put(self, pcm: bytes) -> None:
        self.next_seq += 1
        self.line.append(pcm)

    def write(self) -> Saved:
        self.kept += self.line
        self.line, self.saved_seq = [], self.next_seq - 1
        return Saved(self.saved_seq, 0)

    def refuse(self) -> NotSaved:
        self.line, self.next_seq = [], self.saved_seq + 1
        return NotSaved(self.next_seq)


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    monkeypatch.setattr(unsaved, "AGAIN_S", 0.0)


async def test_what_was_refused_comes_before_what_is_newer():
    disk = Disk()
    sound = UnsavedSound(disk)
    await sound.put(b"a")
    sound.saved(disk.write())
    await sound.put(b"b")
    await sound.put(b"c")
    disk.refuse()
    sound.refused()
    await sound.put(b"d")
    sound.saved(disk.write())
    await sound.written()
    assert disk.kept == [b"a", b"b", b"c", b"d"]


async def test_a_long_piece_is_put_in_frames_of_a_second():
    disk = Disk()
    await UnsavedSound(disk).put(bytes(70_000))
    assert [len(frame) for frame in disk.line] == [32_000, 32_000, 6_000]


async def test_a_fast_sender_waits_for_the_disk(monkeypatch):
    monkeypatch.setattr(unsaved, "MOST_FRAMES", 2)
    disk = Disk()
    sound = UnsavedSound(disk)
    sending = asyncio.create_task(sound.put(bytes(32_000 * 5)))
    while len(disk.kept) < 5:
        await asyncio.sleep(0)
        assert len(disk.line) <= 2
        if disk.line:
            sound.saved(disk.write())
    await sending


async def test_a_disk_that_never_takes_it_ends_it(monkeypatch):
    monkeypatch.setattr(unsaved, "MOST_REFUSALS", 3)
    disk = Disk()
    sound = UnsavedSound(disk)
    await sound.put(b"a")
    waiting = asyncio.create_task(sound.written())
    while not waiting.done():
        await asyncio.sleep(0)
        if disk.line:
            disk.refuse()
            sound.refused()
    with pytest.raises(DiskRefusedError):
        await waiting


async def test_who_comes_after_the_last_refusal_is_told(monkeypatch):
    monkeypatch.setattr(unsaved, "MOST_REFUSALS", 1)
    disk = Disk()
    sound = UnsavedSound(disk)
    await sound.put(b"a")
    disk.refuse()
    sound.refused()
    for late in (sound.put(b"b"), sound.written()):
        with pytest.raises(DiskRefusedError):
            await late
