"""Files are written whole or not at all."""

import hashlib

import pytest

from base import storage


@pytest.fixture(autouse=True)
def own_folder(settings, tmp_path):
    settings.DATA_DIR = tmp_path


def test_it_keeps_a_stream_under_its_hash():
    relative, digest = storage.keep([b"ab", b"c"], "kept", ".bin")
    assert digest == hashlib.sha256(b"abc").hexdigest()
    assert storage.data_path(relative).read_bytes() == b"abc"


def test_the_same_content_is_kept_once(tmp_path):
    first, _ = storage.keep([b"abc"], "kept", ".bin")
    second, _ = storage.keep([b"a", b"bc"], "kept", ".bin")
    assert first == second
    assert len([path for path in (tmp_path / "kept").rglob("*") if path.is_file()]) == 1


def test_a_broken_stream_leaves_nothing(tmp_path):
    def stream():
        yield b"half"
        raise ConnectionError

    with pytest.raises(ConnectionError):
        storage.keep(stream(), "kept", ".bin")
    assert not [path for path in (tmp_path / "kept").rglob("*") if path.is_file()]


def test_a_failed_write_leaves_the_old_file(tmp_path):
    target = tmp_path / "a.txt"
    target.write_text("old")
    with pytest.raises(ZeroDivisionError), storage.written_whole(target) as path:
        path.write_text("new")
        raise ZeroDivisionError
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


def test_a_name_cannot_leave_the_data_folder():
    with pytest.raises(ValueError, match="outside"):
        storage.data_path("../elsewhere")
