"""Who sees what. Every `<entity>_for_user()` selector above is built on these."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from accounts.models import Role, Site, User
from base.errors import Forbidden


def sites_for_user(user: User | AnonymousUser, *roles: Role) -> QuerySet[Site]:
    """Sites where the person has one of `roles` (any role when none is named)."""
    if not user.is_authenticated or not user.is_active:
        return Site.objects.none()
    if user.is_superuser:
        return Site.objects.all()
    mine = Site.objects.filter(memberships__user=user)
    if roles:
        mine = mine.filter(memberships__user=user, memberships__role__in=roles)
    return mine.distinct()


def has_role(user: User | AnonymousUser, *roles: Role, site: Site | None = None) -> bool:
    sites = sites_for_user(user, *roles)
    return sites.filter(pk=site.pk).exists() if site else sites.exists()


def require_role(user: User | AnonymousUser, *roles: Role, site: Site | None = None) -> None:
    """Raises Forbidden with a sentence that names what is missing."""
    if not has_role(user, *roles, site=site):
        names = ", ".join(str(role.label) for role in roles)
        what = {"roles": names, "site": site.name if site else ""}
        message = (
            _("This needs the role %(roles)s at %(site)s. Ask your site administrator.")
            if site
            else _("This needs the role %(roles)s. Ask your site administrator.")
        )
        raise Forbidden("role_missing", message % what)
