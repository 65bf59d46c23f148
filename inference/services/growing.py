"""A live session's sound and texts go to the queue: the uncertain ones at once, the rest when it has ended.

Runs in a worker. One process at a time works on one session; whatever is run twice changes nothing.
"""

import tempfile
from contextlib import AbstractContextManager
from pathlib import Path

import numpy as np
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from accounts.models import LiveConsent
from annotation.models import Recording, Segment
from annotation.services.corrections import correction_add
from annotation.services.labels import submitted_text
from annotation.services.live import (
    Spoken,
    recording_begin,
    recording_close,
    recording_complete,
    recording_grow,
)
from base.jobs import Job, enqueue_on_commit
from base.locks import held
from base.storage import data_path
from inference.models import LiveSession, LiveSessionStatus, LiveUtterance
from inference.services.spool import spool_exists, spool_read, spool_remove, spool_to_wav
from inference.services.utterances import heard_in
from speech.types import Span

WAIT_S = 600.0  # for another run on the same session


def session_grow(*, session: LiveSession) -> int:
    """What is uncertain or corrected in a session that is under way -> segments that are new in the queue."""
    if session.consent != LiveConsent.QUEUE or session.status != LiveSessionStatus.ACTIVE:
        return 0
    with _alone(session):
        waiting = _to_look_at(session)
        if not waiting:
            return 0
        recording = _recording(session)
        new = recording_grow(
            recording=recording, samples=_samples(session), spoken=[_spoken(row) for row in waiting]
        )
        _corrections_hand_over(session, session.utterances.filter(pk__in=[row.pk for row in waiting]))
    return new


def session_store(*, session: LiveSession) -> Recording | None:
    """ENDED -> STORED: the whole session is a recording to correct. Without consent it is PRIVATE instead."""
    if session.status == LiveSessionStatus.STORED:
        spool_remove(session.spool_path)  # the worker before may have died just before it did
    if session.status != LiveSessionStatus.ENDED:
        return session.recording
    ended = LiveSession.objects.filter(pk=session.pk, status=LiveSessionStatus.ENDED)
    if session.consent != LiveConsent.QUEUE:
        ended.update(status=LiveSessionStatus.PRIVATE)
        return None
    with _alone(session), tempfile.TemporaryDirectory(prefix="auscult-") as folder:
        if not ended.exists():
            return LiveSession.objects.get(pk=session.pk).recording
        recording = _recording(session)
        if spool_exists(session.spool_path):
            wav = Path(folder) / "live.wav"
            spool_to_wav(session.spool_path, wav)
            recording_complete(
                recording=recording,
                original=wav,
                samples=_samples(session),
                spoken=[_spoken(row) for row in session.utterances.order_by("index")],
            )
        else:
            recording_close(recording=recording)
        _corrections_hand_over(session, session.utterances.all())
        ended.update(status=LiveSessionStatus.STORED, recording=recording)
    spool_remove(session.spool_path)
    return recording


def sessions_resume() -> int:
    """Asks again for the storing of every session that has ended -> how many. See `jobs_are_lost`."""
    ended = LiveSession.objects.filter(status=LiveSessionStatus.ENDED).order_by("pk")
    for pk in ended.values_list("pk", flat=True):
        enqueue_on_commit(Job.SESSION_STORE, pk)
    return ended.count()


def correction_hand_over(utterance: LiveUtterance) -> bool:
    """To the segment that the utterance became. False: it is none yet, and will be asked for again."""
    rows = Segment.objects.select_related("recording__site", "hypothesis")
    segment = rows.filter(uuid=utterance.uuid).first()
    if segment is None:
        return False
    correction_add(
        user=utterance.session.user, segment=segment, text=submitted_text(utterance.corrected_text)
    )
    return True


def _corrections_hand_over(session: LiveSession, utterances: QuerySet[LiveUtterance]) -> None:
    """Those from before there was a segment; later ones have gone there by themselves. What their speaker
    has written in the queue since stands."""
    written = Segment.objects.filter(recording__uuid=session.uuid, labels__author=session.user)
    with transaction.atomic():
        # All are locked, not only the corrected ones: a correction that is being written now, by somebody
        # who cannot see the new segments yet, is waited for.
        rows = list(utterances.select_for_update())
        known = set(written.values_list("uuid", flat=True))
        for row in rows:
            if row.is_corrected and row.uuid not in known:
                correction_hand_over(row)


def _to_look_at(session: LiveSession) -> list[LiveUtterance]:
    there = Segment.objects.filter(recording__uuid=session.uuid).values("uuid")
    rows = session.utterances.filter(Q(is_uncertain=True) | Q(is_corrected=True), heard_at__isnull=False)
    return list(rows.exclude(uuid__in=there).order_by("index"))


def _recording(session: LiveSession) -> Recording:
    title = f"{timezone.localtime(session.created_at):%Y-%m-%d %H.%M.%S} {session.user}"
    recording = recording_begin(uuid=session.uuid, site=session.site, user=session.user, title=title)
    LiveSession.objects.filter(pk=session.pk, recording=None).update(recording=recording)
    return recording


def _spoken(row: LiveUtterance) -> Spoken:
    return Spoken(
        uuid=row.uuid,
        index=row.index,
        span=Span(row.start_ms, row.end_ms),
        heard=heard_in(row) if row.heard_at else None,
        model_ref=row.model,
        adapter_ref=row.adapter,
        language=row.language,
    )


def _samples(session: LiveSession) -> np.ndarray:
    """The sound so far: float32 (samples,)."""
    pieces = [np.frombuffer(piece, dtype="<i2") for piece in spool_read(session.spool_path)]
    whole = np.concatenate(pieces) if pieces else np.zeros(0, dtype="<i2")
    return whole.astype(np.float32) / 32768.0


def _alone(session: LiveSession) -> AbstractContextManager[None]:
    return held(data_path(session.spool_path).with_suffix(".grow"), WAIT_S)
