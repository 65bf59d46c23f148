"""What every template knows of a person: their roles. Decides what is shown, never what is allowed."""

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts.models import Membership, Role, User
from accounts.requests import person_key


def roles(request: HttpRequest) -> dict[str, object]:
    """`{% if "expert" in roles %}`; asked of the database only when a template looks."""
    user = getattr(request, "user", None)
    return {
        "roles": SimpleLazyObject(lambda: roles_of(request)),
        "person_key": person_key(user) if isinstance(user, User) else "",
    }


def roles_of(request: HttpRequest) -> frozenset[str]:
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return frozenset()
    if user.is_superuser:
        return frozenset(Role.values)
    return frozenset(Membership.objects.filter(user=user).values_list("role", flat=True))
