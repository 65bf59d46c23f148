"""Utterances -> SubRip (SRT): one cue an utterance, times from the beginning of the dictation."""

from collections.abc import Iterable

from inference.texts.flow import Said


def srt(utterances: Iterable[Said]) -> str:
    """An utterance without text has no cue; a line break in a text would end its cue."""
    cues = [
        f"{number}\n{_time(one.start_ms)} --> {_time(one.end_ms)}\n{' '.join(one.text.split())}\n"
        for number, one in enumerate((one for one in utterances if one.text.strip()), start=1)
    ]
    return "\n".join(cues)


def _time(ms: int) -> str:
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{ms:03}"
