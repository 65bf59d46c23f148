"""SRT and WebVTT: what players read."""

from speech.formats.cues import Cue
from speech.formats.srt import srt
from speech.formats.vtt import vtt

CUES = [
    Cue(0, 1500, "病人主訴頭痛"),
    Cue(1500, 1500, ""),
    Cue(3_723_004, 3_725_000, "a < b &\n\n--> c"),
]


def test_srt_numbers_what_is_spoken():
    assert srt(CUES) == (
        "1\n00:00:00,000 --> 00:00:01,500\n病人主訴頭痛\n\n2\n01:02:03,004 --> 01:02:05,000\na < b & --> c\n"
    )


def test_vtt_escapes_what_it_would_read_as_markup():
    assert vtt(CUES) == (
        "WEBVTT\n\n00:00:00.000 --> 00:00:01.500\n病人主訴頭痛\n\n"
        "01:02:03.004 --> 01:02:05.000\na &lt; b &amp; --&gt; c\n"
    )


def test_nothing_spoken_is_an_empty_file_of_its_kind():
    assert srt([]) == ""
    assert vtt([]) == "WEBVTT\n"


def test_a_hundred_hours_keep_their_digits():
    assert "100:00:00,000" in srt([Cue(360_000_000, 360_000_001, "late")])
