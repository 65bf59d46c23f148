"""Live sessions as a person may see them, and who may dictate where."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from inference.models import LiveSession, LiveUtterance
from training.models import SpeechModel

# Everybody with work at the site may dictate; a reviewer or engineer tries what clinicians use.
DICTATING_ROLES = tuple(Role)


@dataclass(frozen=True, slots=True)
class Continuation:
    """Where listening goes on, the next utterance's number, and (index, start_ms, end_ms) of what was said
    before that and has no text."""

    at_ms: int = 0
    next_index: int = 0
    unheard: Sequence[tuple[int, int, int]] = ()


def continuation_of(session: LiveSession) -> Continuation:
    rows = list(session.utterances.order_by("index").values_list("index", "start_ms", "end_ms", "heard_at"))
    unheard = tuple((index, start_ms, end_ms) for index, start_ms, end_ms, heard_at in rows if not heard_at)
    at_ms = max([session.settled_ms, *(row[2] for row in rows)])
    return Continuation(at_ms, rows[-1][0] + 1 if rows else 0, unheard)


def heard_from(session: LiveSession, first: int) -> list[LiveUtterance]:
    """What has text, from this number on."""
    return list(session.utterances.filter(index__gte=first, heard_at__isnull=False).order_by("index"))


def dictation_sites(user: User | AnonymousUser) -> QuerySet[Site]:
    return sites_for_user(user, *DICTATING_ROLES)


def sessions_for_user(user: User | AnonymousUser) -> QuerySet[LiveSession]:
    """A person's own sessions; what was said in the others' is reached through the recordings."""
    return LiveSession.objects.filter(user=user.pk).select_related("site", "recording")


def knows_demo_voices_only(model: SpeechModel) -> bool:
    """Does the model descend from the small one that comes with Auscult?"""
    root = model
    while root.parent is not None:
        root = root.parent
    bundled = Path(settings.BASE_DIR) / "models" / "auscult-base"
    return Path(root.ref).resolve() == bundled.resolve()
