"""A whole recording to read and correct, line by line."""

from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.requests import person
from accounts.selectors import has_role
from annotation.models import SegmentStatus
from annotation.selectors.transcript import transcript_lines
from annotation.views.correction import BEATS_PER_LEASE
from annotation.views.loading import CORRECTORS, recording_of
from annotation.views.strings import page_strings

ENDPOINTS = ("audio", "draft", "heartbeat", "submit", "claim")
LINES_A_GROUP = 20  # what the browser lays out at once; a screen shows about fifteen
ANY = UUID(int=0)  # the browser puts a segment's own in its place: a thousand addresses need not be sent


@require_safe
@never_cache
def recording_transcript(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """Whoever may see the recording may read it; experts and reviewers write in it."""
    user = person(request)
    recording = recording_of(user, uuid)
    lines = transcript_lines(recording, user)
    context = {
        "recording": recording,
        "lines": lines,
        "groups": [lines[at : at + LINES_A_GROUP] for at in range(0, len(lines), LINES_A_GROUP)],
        "done": sum(line.status == SegmentStatus.DONE for line in lines),
        "may_correct": has_role(user, *CORRECTORS, site=recording.site),
        "page": {
            "duration_ms": recording.duration_ms,
            "heartbeat_ms": settings.AUSCULT_LEASE_S * 1000 // BEATS_PER_LEASE,
            "any": str(ANY),
            "urls": {name: reverse(f"segment_{name}", args=[ANY]) for name in ENDPOINTS}
            | {"page": reverse("correct_segment", args=[ANY])},
            "strings": page_strings() | line_strings(),
        },
    }
    return render(request, "annotation/transcript.html", context)


def line_strings() -> dict[str, str]:
    return {
        "line_done": _("corrected"),
        "line_saving": _("saving…"),
        "line_saved": _("draft saved"),
        "line_kept": _("Your text is kept as your draft."),
        "line_changed": _("Somebody saved this line meanwhile."),
        "line_compare": _("Compare the texts"),
    }
