"""SRT of a dictation."""

from inference.texts.flow import Said
from inference.texts.subtitles import srt


def test_each_utterance_is_a_cue_with_its_times():
    said = [
        Said(0, "血壓一百四十", 300, 1_900),
        Said(1, "", 2_000, 2_500),
        Said(2, "吃藥", 3_600_010, 3_661_002),
    ]
    assert srt(said) == (
        "1\n00:00:00,300 --> 00:00:01,900\n血壓一百四十\n\n2\n01:00:00,010 --> 01:01:01,002\n吃藥\n"
    )


def test_a_text_with_line_breaks_stays_one_cue():
    assert srt([Said(0, "一\n\n二", 0, 1000)]).endswith("\n一 二\n")


def test_nothing_said_is_an_empty_file():
    assert srt([]) == ""
