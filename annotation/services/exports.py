"""Exports without what tells who a patient is.

Only what a person has corrected and nobody contradicts goes out. Of the sound everything else is silent:
nobody has listened to it. Marked words are beeped in the sound and named by their kind in the text; a mark
whose time is not known beeps its whole segment. File names are numbers: no title, no speaker, no author.
"""

import json
import zipfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO

from django.conf import settings
from django.db.models import F
from django.utils.translation import gettext as _

from accounts.models import Role, Site, User
from accounts.selectors import require_role
from annotation.models import Label, Recording
from annotation.selectors.labels import approved_labels
from annotation.texts.phi import PhiSpan, masked, repeated, spans_of
from annotation.texts.phi_times import times_of
from audit.services import entry_add
from base.errors import DomainError
from base.storage import data_path
from speech.audio import AudioDecodeError
from speech.redaction import Kept, write_redacted
from speech.types import Span, Word

EXPORTERS = (Role.REVIEWER, Role.ENGINEER, Role.SITE_ADMIN)


@dataclass(frozen=True, slots=True)
class Part:
    """One segment of an export: what is heard of it, what is read."""

    kept: Kept
    text: str
    marks: int
    beeped_whole: bool


@dataclass(slots=True)
class Counts:
    """What went out; for the audit and for the person."""

    recordings: int = 0
    segments: int = 0
    marks: int = 0
    beeped_whole: int = 0


def recording_export(*, user: User, recording: Recording, target: Path | IO[bytes]) -> Counts:
    """Writes the zip. Raises Forbidden, DomainError `nothing_corrected` or `no_audio`."""
    require_role(user, *EXPORTERS, site=recording.site)
    counts = _write(target, [recording])
    entry_add(actor=user, verb="recording_exported", target=recording, site=recording.site, **asdict(counts))
    return counts


def site_export(*, user: User | None, site: Site, target: Path | IO[bytes]) -> Counts:
    """Every recording of the site. Without a user (the command line) nobody is asked for a role."""
    if user is not None:
        require_role(user, *EXPORTERS, site=site)
    counts = _write(target, Recording.objects.filter(site=site).exclude(audio_path="").order_by("pk"))
    entry_add(actor=user, verb="site_exported", target=site, site=site, **asdict(counts))
    return counts


def _write(target: Path | IO[bytes], recordings: Iterable[Recording]) -> Counts:
    counts, lines = Counts(), []
    # FLAC does not get smaller.
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive, _working_folder() as folder:
        for recording in recordings:
            parts = list(_parts(recording))
            if not parts:
                continue
            counts.recordings += 1
            name = f"audio/{counts.recordings:05}.flac"
            sound = folder / "sound.flac"
            kept = [part.kept for part in parts]
            try:
                write_redacted(data_path(recording.audio_path), sound, kept, recording.duration_ms or 0)
            except AudioDecodeError as error:
                raise DomainError("no_audio", _("The sound of a recording cannot be read.")) from error
            archive.write(sound, name)
            lines += [_line(name, part) for part in parts]
            _count(counts, parts)
        archive.writestr("manifest.jsonl", "".join(lines))
    if not counts.segments:
        raise DomainError("nothing_corrected", _("Nothing here is corrected yet, so nothing can go out."))
    return counts


def _parts(recording: Recording) -> Iterator[Part]:
    """In order. A version that a newer one has replaced is left out: the newer one may have had a reason."""
    labels = approved_labels(recording.site).filter(segment__recording=recording)
    standing = list(labels.filter(version=F("segment__version")))
    known = {
        label.text[span.start : span.end]: span.kind for label in standing for span in spans_of(label.phi)
    }
    for label in standing:
        yield _part(label, repeated(label.text, spans_of(label.phi), known))


def _part(label: Label, spans: list[PhiSpan]) -> Part:
    segment = label.segment
    whole = Span(segment.start_ms, segment.end_ms)
    words = tuple(Word(**word) for word in label.hypothesis.words) if label.hypothesis else ()
    times = times_of(label.text, spans, words, segment.duration_ms)
    known = [time for time in times if time is not None]
    beeped_whole = len(known) < len(times)
    beeps = [Span(segment.start_ms + time.start_ms, segment.start_ms + time.end_ms) for time in known]
    kept = Kept(whole, (whole,) if beeped_whole else tuple(beeps))
    return Part(kept, masked(label.text, spans), len(spans), beeped_whole)


def _line(name: str, part: Part) -> str:
    """NeMo's manifest: seconds, one utterance a line."""
    span = part.kept.span
    row = {
        "audio_filepath": name,
        "offset": span.start_ms / 1000,
        "duration": span.duration_ms / 1000,
        "text": part.text,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _count(counts: Counts, parts: list[Part]) -> None:
    counts.segments += len(parts)
    counts.marks += sum(part.marks for part in parts)
    counts.beeped_whole += sum(part.beeped_whole for part in parts)


@contextmanager
def _working_folder() -> Iterator[Path]:
    """A folder of our own under DATA_DIR, gone afterwards: a patient's voice is not left in /tmp."""
    with TemporaryDirectory(prefix=".export-", dir=settings.DATA_DIR) as folder:
        yield Path(folder)
