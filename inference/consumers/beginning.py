"""Where a live session begins or goes on: its sound is opened, its place found, its ears are as they were.

The sound comes first: whoever held it has written its last texts when it lets go of that. Knows no socket.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from channels.db import database_sync_to_async
from django.utils.translation import gettext as _
from pydantic import TypeAdapter

from base.errors import NotFound
from inference.consumers.notices import Unavailable
from inference.models import LiveSession
from inference.selectors.sessions import continuation_of
from inference.services.spool import Spool, SpoolHeldError
from inference.streaming.session import SessionOptions, StreamingSession
from speech.audio import pcm16_to_float
from speech.vad import FRAME_MS, FRAME_SAMPLES, StreamingVad

WARM_MS = 64 * FRAME_MS  # what the voice detector hears again, to be in the state that it was in


@dataclass(frozen=True, slots=True)
class Beginning:
    """`at_ms`: listening goes on here; `unheard`: (index, start_ms, end_ms) of what has no text yet."""

    spool: Spool
    streaming: StreamingSession
    at_ms: int
    unheard: Sequence[tuple[int, int, int]]


async def begin(session: LiveSession) -> Beginning:
    """Raises Unavailable (code session_held) while another process does not let go."""
    try:
        spool = await asyncio.to_thread(Spool, session.spool_path)
    except SpoolHeldError as error:
        message = _("This session is still open elsewhere. Try again in a moment.")
        raise Unavailable("session_held", message) from error
    try:
        place = await database_sync_to_async(continuation_of)(session)
        at_ms = place.at_ms - place.at_ms % FRAME_MS
        vad = await asyncio.to_thread(_vad_at, spool, at_ms)
    except BaseException:
        await asyncio.to_thread(spool.close)
        raise
    streaming = StreamingSession(
        vad,
        TypeAdapter(SessionOptions).validate_python(session.options),
        start_ms=at_ms,
        first_utterance=place.next_index,
    )
    return Beginning(spool, streaming, at_ms, place.unheard)


def _vad_at(spool: Spool, at_ms: int) -> StreamingVad:
    """On the same frames as if nothing had happened, so that it finds the same utterances."""
    vad = StreamingVad()
    before = b"".join(spool.read(max(0, at_ms - WARM_MS), at_ms))
    samples = pcm16_to_float(before)
    frames = samples[: len(samples) // FRAME_SAMPLES * FRAME_SAMPLES].reshape(-1, FRAME_SAMPLES)
    if len(frames):
        vad.push_all(frames)
    return vad


def session_over() -> NotFound:
    return NotFound("session_over", _("This session has ended; what was said in it is kept."))


def database_away() -> Unavailable:
    return Unavailable("database_away", _("The server cannot reach its database now. Try again in a moment."))
