"""What lies on the disk after a crash is exactly what was acknowledged."""

import wave

import pytest

from inference.services.spool import Spool, spool_remove, spool_size_ms, spool_to_wav

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
