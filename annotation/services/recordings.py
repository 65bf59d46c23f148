"""Recordings come in: the file is checked and kept, the row made, the work behind it asked for.

What happens to the sound afterwards stands in `annotation.services.sound`.
"""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import has_role
from annotation.models import Recording, RecordingSource, RecordingStatus, Segment
from annotation.services.refusals import why_refused
from annotation.services.sound import recording_fail, recording_normalise, recording_segment
from audit.services import entry_add
from base.errors import Conflict, DomainError, Forbidden
from base.jobs import Job, enqueue_on_commit
from base.storage import place, staged
from speech.audio import AudioDecodeError, probe

__all__ = [
    "recording_fail",
    "recording_ingest",
    "recording_normalise",
    "recording_retry",
    "recording_segment",
    "recordings_resume",
]

FOLDER = "originals"
_CHUNK_BYTES = 1 << 20


def recording_ingest(
    *,
    site: Site,
    filename: str,
    stream: BinaryIO | None = None,
    path: Path | None = None,
    user: User | None = None,
    source: str = RecordingSource.UPLOAD,
    speaker: str = "",
    department: str = "",
) -> Recording:
    """Keeps the original as it is and asks for the rest. Give `stream` or `path`; the path is only read.

    Raises Forbidden (no role at the site), DomainError (`file_too_large`, `not_audio`: empty, damaged, no
    sound, too long) and Conflict `duplicate_recording` with `first` (uuid) and `title`. A refused file
    leaves nothing on the disk.
    """
    if user is not None:
        _require_membership(user, site)
    title = _title(filename)
    with staged(_chunks(stream, path), FOLDER, _suffix(title)) as (temporary, digest):
        _refuse_duplicate(site, digest)
        try:
            probe(temporary, max_duration_s=settings.AUSCULT_MAX_RECORDING_S)
        except AudioDecodeError as error:
            raise DomainError("not_audio", why_refused(error)) from error
        try:
            with transaction.atomic():
                recording = Recording.objects.create(
                    site=site,
                    source=source,
                    title=title,
                    speaker=speaker[:80],
                    department=department[:80],
                    uploaded_by=user,
                    original_sha256=digest,
                )
                # Only now that the row is sure to be the first: a loser must not leave a file.
                recording.original_path = place(temporary, digest, FOLDER, _suffix(title))
                recording.save(update_fields=["original_path"])
                if user is not None:
                    entry_add(actor=user, verb="recording_ingested", target=recording, site=site)
                enqueue_on_commit(Job.RECORDING_NORMALISE, recording.pk)
        except IntegrityError:
            # Two uploads of one file at the same moment.
            _refuse_duplicate(site, digest)
            raise
    return recording


# What to ask for again, by how far the recording has come.
_NEXT_JOB = {
    RecordingStatus.FAILED: Job.RECORDING_NORMALISE,
    RecordingStatus.UPLOADED: Job.RECORDING_NORMALISE,
    RecordingStatus.NORMALISED: Job.RECORDING_SEGMENT,
    RecordingStatus.SEGMENTED: Job.RECORDING_DRAFT,
}


def recording_retry(*, user: User, recording: Recording) -> None:
    """FAILED starts again from the original; a recording whose job was lost goes on where it stopped.

    Segments that exist are kept. Raises Conflict `not_failed` for a recording that is drafted.
    """
    _require_membership(user, recording.site)
    with transaction.atomic():
        current = Recording.objects.select_for_update(of=("self",)).get(pk=recording.pk)
        job = _NEXT_JOB.get(RecordingStatus(current.status))
        if job is None:
            raise Conflict("not_failed", _("“%(title)s” is finished already.") % {"title": current.title})
        if current.status == RecordingStatus.FAILED:
            current.status, current.error = RecordingStatus.UPLOADED, ""
            current.save(update_fields=["status", "error", "updated_at"])
        entry_add(actor=user, verb="recording_retried", target=recording, site=recording.site)
        enqueue_on_commit(job, recording.pk)


def recordings_resume() -> int:
    """Asks for the next step of every recording that is on its way -> how many. See `jobs_are_lost`."""
    steps = set(_NEXT_JOB) - {RecordingStatus.FAILED}
    without_speech = Q(status=RecordingStatus.SEGMENTED) & ~Exists(
        Segment.objects.filter(recording=OuterRef("pk"))
    )
    on_its_way = Recording.objects.filter(status__in=steps).exclude(without_speech)
    for pk, status in on_its_way.order_by("pk").values_list("pk", "status"):
        enqueue_on_commit(_NEXT_JOB[RecordingStatus(status)], pk)
    return on_its_way.count()


def _require_membership(user: User, site: Site) -> None:
    if not has_role(user, site=site):
        raise Forbidden("not_your_site", _("You have no role at %(site)s.") % {"site": site.name})


def _chunks(stream: BinaryIO | None, path: Path | None) -> Iterator[bytes]:
    """The file piece by piece; stops with a DomainError where the size limit is passed."""
    if (stream is None) == (path is None):
        raise TypeError("give either stream or path")
    if path is not None:
        with path.open("rb") as opened:
            yield from _limited(opened)
    elif stream is not None:
        yield from _limited(stream)


def _limited(stream: BinaryIO) -> Iterator[bytes]:
    limit_mb = settings.AUSCULT_MAX_UPLOAD_MB
    size_bytes = 0
    while chunk := stream.read(_CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > limit_mb << 20:
            message = _("The file is larger than the %(limit)s MB that are allowed.") % {"limit": limit_mb}
            raise DomainError("file_too_large", message)
        yield chunk


def _refuse_duplicate(site: Site, digest: str) -> None:
    first = Recording.objects.filter(site=site, original_sha256=digest).first()
    if first is not None:
        message = _("This file is here already, as “%(title)s”.") % {"title": first.title}
        raise Conflict("duplicate_recording", message, first=str(first.uuid), title=first.title)


def _title(filename: str) -> str:
    """The last part of the name, as far as a database and a page can show it."""
    name = Path(filename.replace("\\", "/")).name
    return "".join(character for character in name if character.isprintable())[:255] or _("recording")


def _suffix(filename: str) -> str:
    """The file's own ending where it is a plain one; a name of a file must not steer where it is stored."""
    suffix = Path(filename).suffix.lower()
    return suffix if re.fullmatch(r"\.[a-z0-9]{1,8}", suffix) else ".bin"
