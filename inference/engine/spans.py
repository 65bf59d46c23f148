"""An utterance's way through the engine as spans: how long it was queued, how long decoded. No text."""

import time
from pathlib import PurePath

from base import traces
from inference.engine.asks import Answer, Ask


def tell_heard(ask: Ask, answer: Answer) -> None:
    """Called when the answer is there: both stretches are over, and the current span is the request's."""
    span = traces.current()
    span.note(
        lane=str(ask.lane),
        audio_ms=round(ask.duration_s * 1000),
        model=PurePath(answer.model).name,
        adapter=PurePath(answer.adapter).name,
        backend=answer.backend,
        pressure=answer.pressure,
        flags=",".join(answer.checked.flags),
        rejected=answer.checked.rejected,
    )
    ended_s = time.monotonic()
    began_s = ended_s - answer.decode_s
    span.past("queue", began_s - answer.queue_s, began_s)
    span.past("decode", began_s, ended_s)
