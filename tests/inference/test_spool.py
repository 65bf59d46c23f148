"""What lies on the disk after a crash is exactly what was acknowledged."""

import os
import subprocess
import sys
import threading
import wave

import pytest

from base.encryption import WrongStorageKey
from inference.services.spool import (
    Spool,
    SpoolDamagedError,
    SpoolHeldError,
    spool_is_held,
    spool_read,
    spool_rekey,
    spool_remove,
    spool_size_ms,
    spool_to_wav,
)

FRAMES = [bytes([n]) * 320 for n in range(1, 6)]


@pytest.fixture
def name(settings, tmp_path):
    settings.DATA_DIR = tmp_path
    return "live/session.pcm"


def test_it_goes_on_where_it_stopped(name):
    first = Spool(name)
    first.append(FRAMES[:2])
    first.close()
    again = Spool(name)
    assert (again.next_seq, again.saved_ms) == (2, 20)
    again.append(FRAMES[2:])
    assert b"".join(again.read()) == b"".join(FRAMES)
    assert b"".join(again.read(start_ms=30)) == b"".join(FRAMES[3:])


def test_sound_that_the_index_does_not_name_is_cut_off(name, tmp_path):
    spool = Spool(name)
    spool.append(FRAMES[:3])
    spool.close()
    with (tmp_path / "live/session.pcm").open("ab") as torn:
        torn.write(b"half a frame")
    with (tmp_path / "live/session.idx").open("ab") as torn:
        torn.write(b"\x01\x02")
    again = Spool(name)
    again.append(FRAMES[3:])
    assert again.next_seq == 5
    assert b"".join(again.read()) == b"".join(FRAMES)


def test_a_refused_write_keeps_nothing(name, monkeypatch):
    spool = Spool(name)
    spool.append(FRAMES[:1])

    def full(*_):
        raise OSError("no space left")

    with monkeypatch.context() as patched, pytest.raises(OSError, match="no space"):
        patched.setattr("os.fdatasync", full)
        spool.append(FRAMES[1:])
    assert (spool.next_seq, b"".join(spool.read())) == (1, FRAMES[0])
    spool.append(FRAMES[1:])
    assert b"".join(spool.read()) == b"".join(FRAMES)


def test_what_could_not_be_taken_back_at_once_is_taken_back_before_the_next_frame(name, monkeypatch):
    spool = Spool(name)
    spool.append(FRAMES[:1])

    def broken(*_):
        raise OSError("the disk is away")

    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", broken)
        patched.setattr(spool, "_cut_back", broken)
        for _ in range(2):
            with pytest.raises(OSError, match="away"):
                spool.append(FRAMES[1:2])
    spool.append(FRAMES[2:])
    assert b"".join(spool_read(name)) == FRAMES[0] + b"".join(FRAMES[2:])


def test_a_frame_that_comes_again_is_sealed_under_another_nonce(name, tmp_path):
    """Its number is the same and its sound may not be: the number as nonce would give both away."""
    path = tmp_path / "live/session.pcm"
    spool = Spool(name)
    spool.append(FRAMES[:1])
    first = path.read_bytes()
    spool.close()
    (tmp_path / "live/session.idx").open("r+b").truncate(152)  # as if killed before the index was written
    again = Spool(name)
    again.append(FRAMES[:1])
    second = path.read_bytes()
    assert len(first) == len(second)
    assert first[:12] != second[:12]
    assert b"".join(again.read()) == FRAMES[0]


def test_neither_sound_nor_key_lies_open_on_the_disk(name, tmp_path):
    spool = Spool(name)
    spool.append(FRAMES)
    on_disk = b"".join(path.read_bytes() for path in (tmp_path / "live").iterdir())
    assert not any(frame[:16] in on_disk for frame in FRAMES)


def test_frames_that_were_exchanged_or_changed_are_not_opened(name, tmp_path):
    spool = Spool(name)
    spool.append(FRAMES)
    path = tmp_path / "live/session.pcm"
    sealed = path.read_bytes()
    size = len(sealed) // len(FRAMES)
    for forged in (sealed[size : 2 * size] + sealed[:size] + sealed[2 * size :], b"x" + sealed[1:]):
        path.write_bytes(forged)
        with pytest.raises(WrongStorageKey, match="AUSCULT_STORAGE_KEY"):
            list(spool.read())


def test_another_storage_key_opens_nothing_and_an_old_one_behind_it_everything(name, settings):
    settings.AUSCULT_STORAGE_KEYS = ["the first key of this hospital"]
    spool = Spool(name)
    spool.append(FRAMES)
    spool.close()
    settings.AUSCULT_STORAGE_KEYS = ["the second key of this hospital"]
    with pytest.raises(WrongStorageKey, match="another key"):
        Spool(name)
    settings.AUSCULT_STORAGE_KEYS += ["the first key of this hospital"]
    assert b"".join(spool_read(name)) == b"".join(FRAMES)
    spool_rekey(name)
    settings.AUSCULT_STORAGE_KEYS = ["the second key of this hospital"]
    assert b"".join(spool_read(name)) == b"".join(FRAMES)


def test_what_is_no_spool_is_said_to_be_none(name, tmp_path):
    Spool(name).close()
    (tmp_path / "live/session.idx").write_bytes(b"x" * 200)
    with pytest.raises(SpoolDamagedError):
        Spool(name)
    assert not spool_is_held(name)


def test_a_stretch_of_it_is_read_to_the_sample(name):
    spool = Spool(name)
    spool.append(FRAMES)
    assert b"".join(spool.read(5, 25)) == b"".join(FRAMES)[160:800]


def test_two_never_write_one_session(name):
    first = Spool(name)
    assert spool_is_held(name)
    with pytest.raises(SpoolHeldError):
        Spool(name, wait_s=0.0)
    assert first.is_wanted


def test_who_is_asked_lets_go_and_the_other_goes_on(name):
    first = Spool(name)
    first.append(FRAMES[:2])
    taken: list[Spool] = []
    waiting = threading.Thread(target=lambda: taken.append(Spool(name)))
    waiting.start()
    while not first.is_wanted:
        assert waiting.is_alive()
    first.close()
    waiting.join()
    with pytest.raises(OSError, match="another process"):
        first.append(FRAMES[2:3])
    taken[0].append(FRAMES[2:])
    assert b"".join(spool_read(name)) == b"".join(FRAMES)
    assert not taken[0].is_wanted


def test_a_killed_process_holds_nothing(name, tmp_path):
    script = (
        "import django, os, signal; django.setup()\n"
        "from inference.services.spool import Spool\n"
        f"spool = Spool({name!r}); spool.append([b'ab' * 160]); os.kill(os.getpid(), signal.SIGKILL)"
    )
    env = os.environ | {"AUSCULT_DATA_DIR": str(tmp_path), "DJANGO_SETTINGS_MODULE": "config.settings.test"}
    subprocess.run([sys.executable, "-c", script], env=env, check=False, timeout=60)
    assert not spool_is_held(name)
    assert (Spool(name).next_seq, spool_size_ms(name)) == (1, 10)


def test_it_becomes_a_wav(name, tmp_path):
    spool = Spool(name)
    spool.append(FRAMES)
    spool.close()
    spool_to_wav(name, tmp_path / "out.wav")
    with wave.open(str(tmp_path / "out.wav")) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getsampwidth()) == (16_000, 1, 2)
        assert sound.readframes(10_000) == b"".join(FRAMES)


def test_nothing_is_left_behind(name, tmp_path):
    spool = Spool(name)
    spool.append(FRAMES)
    spool.close()
    assert spool_size_ms(name) == 50
    spool_remove(name)
    assert list((tmp_path / "live").iterdir()) == []
    assert spool_size_ms(name) == 0
