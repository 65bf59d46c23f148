"""Which labels a model has not been asked about yet."""

from django.db.models import Exists, F, OuterRef, QuerySet

from accounts.models import Site
from annotation.models import Hypothesis, Label, LabelDoubt, LabelStatus, Segment, SegmentStatus


def unjudged_labels(site: Site, model_ref: str) -> QuerySet[Label]:
    """The newest version of each corrected segment, the newest first; each once for each model."""
    judged = LabelDoubt.objects.filter(label=OuterRef("pk"), model_ref=model_ref)
    return (
        Label.objects.filter(
            ~Exists(judged),
            segment__site=site,
            segment__status=SegmentStatus.DONE,
            version=F("segment__version"),
        )
        .exclude(status=LabelStatus.REJECTED)
        .order_by("-id")
    )


def segments_to_hear_again(site: Site, model_ref: str, most: int) -> list[int]:
    """Keys of corrected segments that this model has not heard, of the labels that it is to judge next."""
    keys = list(unjudged_labels(site, model_ref).values_list("segment", flat=True)[:most])
    heard = Hypothesis.objects.filter(segment=OuterRef("pk"), model_ref=model_ref)
    return list(Segment.objects.filter(~Exists(heard), pk__in=keys).values_list("pk", flat=True))
