"""Which texts carry marks that tell who a patient is."""

from django.db.models import OuterRef, Subquery

from annotation.models import Label


def tagged_segments() -> set[int]:
    """Segments whose newest version carries marks, whatever became of that version in review: an older,
    approved one without them says the same words."""
    newest = Label.objects.filter(segment=OuterRef("segment")).order_by("-version").values("pk")[:1]
    labels = Label.objects.filter(pk=Subquery(newest)).exclude(phi=[])
    return set(labels.values_list("segment_id", flat=True))
