"""How long the simulated expert takes: modelled, not waited for.

Hearing the segment 1.2 times, then 2 s, then 0.35 s for each character edit.
"""

LISTENING = 1.2
OVERHEAD_S = 2.0
EDIT_S = 0.35


def seconds_of(duration_ms: int, edits: int) -> float:
    return LISTENING * duration_ms / 1000 + OVERHEAD_S + EDIT_S * edits
