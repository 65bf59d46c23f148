"""The one write of this app."""

from accounts.models import Site, User
from audit.models import Entry
from base.models import PublicModel


def entry_add(
    *, actor: User | None, verb: str, target: PublicModel, site: Site | None = None, **detail: object
) -> Entry:
    """`verb` is `<entity>_<past tense>`; `detail` must be JSON. Call it inside the change's transaction."""
    name = f"{target._meta.label_lower}:{target.uuid}"
    return Entry.objects.create(actor=actor, site=site, verb=verb, target=name, detail=detail)
