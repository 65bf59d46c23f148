"""WhisperLive's client from PyPI: streaming, a played file with subtitles, a refusal."""

from collections.abc import Callable

import pytest

from tests.annotation.sounds import SENTENCES
from tests.inference.sdks.conftest import Said
from tests.inference.sdks.environments import WHISPERLIVE, Environment
from tests.inference.sdks.heard import is_like


@pytest.fixture(scope="module")
def said(said_by: Callable[[Environment], Said]) -> Said:
    return said_by(WHISPERLIVE)


def test_segments_are_committed_once_and_in_order(said):
    committed = said["streamed"]["committed"]
    assert is_like("".join(text for text, *_ in committed), "".join(SENTENCES))
    segments = [segment for _, segment in committed]
    assert len(segments) == 2 and float(segments[0]["end"]) <= float(segments[1]["start"])


def test_the_last_segment_comes_though_the_sound_was_cut_off(said):
    assert [text for text, *_ in said["cut"]["committed"] if text]


def test_a_played_file_has_a_subtitle_for_each_utterance(said):
    assert is_like(said["played"]["text"], "".join(SENTENCES))
    assert said["played"]["srt"].count("-->") == 2


def test_who_is_not_let_in_is_told(said):
    assert said["refused"]
