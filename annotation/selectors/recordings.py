"""Recordings as a person may see them."""

from django.db.models import Q, QuerySet

from accounts.models import Role, User
from accounts.selectors import sites_for_user
from annotation.models import Recording

# Who may see every recording of a site. Others see what they brought themselves.
VIEWERS = (Role.EXPERT, Role.REVIEWER, Role.ENGINEER, Role.SITE_ADMIN)


def recordings_for_user(user: User) -> QuerySet[Recording]:
    """Newest first. `annotation.selectors.pages.with_progress` adds the counts of segments."""
    mine = Q(site__in=sites_for_user(user, *VIEWERS)) | Q(site__in=sites_for_user(user), uploaded_by=user.pk)
    return Recording.objects.filter(mine).select_related("site", "uploaded_by").order_by("-id")
