"""Who asks. LoginRequiredMiddleware lets nobody else through; here it is said to the type checker too.

A page sends along whose page it is: what one person typed is never stored as another's, though they share
a computer and one of them has logged in while the other's page was still open.
"""

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts.models import User
from base.errors import Forbidden

PERSON_HEADER = "X-Auscult-Person"


def person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise PermissionDenied
    meant = request.headers.get(PERSON_HEADER)
    if meant and meant != person_key(user):
        message = _("Somebody else has logged in on this computer. Log in as yourself again.")
        raise Forbidden("other_person", message)
    return user


def person_key(user: User) -> str:
    """How a browser tells people apart. Not the number alone: in another database it is another person."""
    return f"{user.pk}-{user.date_joined.timestamp():.0f}"
