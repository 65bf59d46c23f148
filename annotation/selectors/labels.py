"""Labels: the newest of a segment, and those that training may read."""

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import Role, Site, User
from accounts.selectors import sites_for_user
from annotation.models import Draft, Label, LabelStatus, Segment, SegmentStatus


def newest_label(segment: Segment) -> Label | None:
    return segment.labels.order_by("-version").first()


def draft_of(segment: Segment, user: User) -> Draft | None:
    """What this person has typed and not submitted."""
    return Draft.objects.filter(segment=segment, author=user).first()


def approved_labels(site: Site | None = None) -> QuerySet[Label]:
    """The newest approved version of every corrected segment, in the order of the recordings."""
    approved = Label.objects.filter(status=LabelStatus.APPROVED)
    newer = approved.filter(segment=OuterRef("segment"), version__gt=OuterRef("version"))
    labels = (
        approved.filter(~Exists(newer), segment__status=SegmentStatus.DONE)
        .select_related("segment__recording__site", "hypothesis", "author")
        .order_by("segment__recording_id", "segment__start_ms")
    )
    return labels if site is None else labels.filter(segment__site=site)


def labels_for_review(user: User) -> QuerySet[Label]:
    """Waiting for this reviewer, oldest first."""
    return (
        Label.objects.filter(
            status=LabelStatus.SUBMITTED,
            segment__site__in=sites_for_user(user, Role.REVIEWER),
        )
        .select_related("segment__recording__site", "hypothesis", "author")
        .order_by("id")
    )
