"""Live sessions as a person may see them, and who may dictate where."""

from pathlib import Path

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from inference.models import LiveSession
from training.models import SpeechModel

# Everybody with work at the site may dictate; a reviewer or engineer tries what clinicians use.
DICTATING_ROLES = tuple(Role)


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
