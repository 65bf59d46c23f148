"""WebVTT (https://www.w3.org/TR/webvtt1/): a header, a point before the milliseconds, escaped text."""

from collections.abc import Iterable

from speech.formats.cues import Cue, clock, spoken


def vtt(cues: Iterable[Cue]) -> str:
    blocks = [
        f"{clock(cue.start_ms, '.')} --> {clock(cue.end_ms, '.')}\n{_escaped(cue.text)}\n"
        for cue in spoken(cues)
    ]
    return "\n".join(["WEBVTT\n", *blocks])


def _escaped(text: str) -> str:
    """`-->` within a text would be read as times: its > is escaped with all others."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
