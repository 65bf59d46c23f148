"""A person's own keys."""

from accounts.models import User
from annotation.models import PersonalKeys


def keys_of(user: User) -> dict[str, str]:
    """{action: chord}, only what differs from the page's own keys."""
    row = PersonalKeys.objects.filter(user=user).first()
    return row.chords if row else {}
