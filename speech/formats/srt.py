"""SubRip: numbered cues, a comma before the milliseconds."""

from collections.abc import Iterable

from speech.formats.cues import Cue, clock, spoken


def srt(cues: Iterable[Cue]) -> str:
    blocks = [
        f"{number}\n{clock(cue.start_ms, ',')} --> {clock(cue.end_ms, ',')}\n{cue.text}\n"
        for number, cue in enumerate(spoken(cues), start=1)
    ]
    return "\n".join(blocks)
