"""Sound and waveforms: a segment's WAV cut from the FLAC, its peaks, a recording's thumbnail."""

import json
from uuid import UUID

from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from accounts.requests import person
from annotation.models import Recording
from annotation.selectors.strips import strips_of
from annotation.services.refusals import why_refused
from annotation.views.loading import heard_segment_of, recording_of
from base.errors import NotFound
from base.jobs import Job, enqueue_on_commit
from base.ranges import ranged
from base.storage import data_path
from speech.audio import AudioDecodeError, read_flac, wav_bytes

PEAKS_PER_SECOND = 50
THUMBNAIL_BARS, MOST_BARS = 80, 1200
LISTEN_AGAIN_S = 600
# A segment's sound never changes; "private": no proxy may keep a patient's voice.
_kept_by_the_browser = cache_control(private=True, max_age=3600)


@require_safe
@_kept_by_the_browser
def segment_audio(request: HttpRequest, uuid: UUID) -> HttpResponse:
    segment = heard_segment_of(person(request), uuid)
    if not segment.recording.audio_path:
        raise NotFound("no_audio", _("This recording has no sound yet."))
    try:
        samples = read_flac(data_path(segment.recording.audio_path), segment.start_ms, segment.end_ms)
    except AudioDecodeError as error:
        raise NotFound("no_audio", why_refused(error)) from error
    return ranged(request, wav_bytes(samples), "audio/wav")


@require_safe
@_kept_by_the_browser
def segment_peaks(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """`peaks`: greatest loudness of each 20 ms, 0 to 127."""
    segment = heard_segment_of(person(request), uuid)
    first, last = (ms * PEAKS_PER_SECOND // 1000 for ms in (segment.start_ms, segment.end_ms))
    return JsonResponse({"peaks": read_peaks(segment.recording)[first : last + 1]})


@require_safe
def segment_strips(request: HttpRequest, uuid: UUID) -> JsonResponse:
    """`strips` are null while a worker still has to look where speech is: asked for by the first question."""
    segment = heard_segment_of(person(request), uuid)
    if segment.speech_spans is None and cache.add(f"listen-{segment.recording_id}", True, LISTEN_AGAIN_S):
        enqueue_on_commit(Job.RECORDING_LISTEN, segment.recording_id)
        segment.refresh_from_db()
    return JsonResponse({"strips": strips_of(segment), "pending": segment.speech_spans is None})


@require_safe
@_kept_by_the_browser
def recording_waveform(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`?bars=` draws more than the thumbnail's 80, for a page that is as wide as the recording."""
    peaks = read_peaks(recording_of(person(request), uuid))
    wanted = request.GET.get("bars", "")
    bars = min(MOST_BARS, max(1, int(wanted))) if wanted.isdecimal() else THUMBNAIL_BARS
    return HttpResponse(thumbnail(peaks, bars), content_type="image/svg+xml")


def read_peaks(recording: Recording) -> list[int]:
    return json.loads(data_path(recording.peaks_path).read_text()) if recording.peaks_path else []


def thumbnail(peaks: list[int], bars: int = THUMBNAIL_BARS) -> str:
    """SVG of 2 x 32 px a bar, in a grey that is seen on light and on dark; may be stretched."""
    size = max(1, len(peaks) / bars)
    heights = [
        max(peaks[int(i * size) : max(int((i + 1) * size), int(i * size) + 1)] or [0]) for i in range(bars)
    ]
    lines = "".join(f"M{2 * i + 1} {16 - h / 8:.1f}V{16.5 + h / 8:.1f}" for i, h in enumerate(heights))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * bars} 32" width="{2 * bars}" height="32"'
        ' preserveAspectRatio="none">'
        f'<path d="{lines}" stroke="#84918d" stroke-width="1.2" fill="none"/></svg>'
    )
