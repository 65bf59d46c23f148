"""What else the words of a draft may be, from everything that is known at the site."""

from collections import Counter

from django.core.cache import cache

from annotation.models import Segment
from annotation.selectors.labels import approved_labels
from annotation.texts.alternatives import Alternative, Proposals, corrections
from speech.lexicon import Lexicon

OTHER_HYPOTHESES = 5
NEWEST_LABELS = 500
KEPT_S = 600

NO_TERMS = Lexicon([])


def alternatives_of(
    segment: Segment, lexicon: Lexicon = NO_TERMS, *, blind: bool = False
) -> list[list[Alternative]]:
    """For each word of the draft, in order; empty where nothing is known.

    For a `blind` reader what people have made of such words is left out, and what models have heard since:
    they may have it from this very segment.
    """
    draft = segment.hypothesis
    if draft is None:
        return []
    proposals = Proposals([word["text"] for word in draft.words])
    proposals.add_heard([word.get("alternatives") or [] for word in draft.words])
    if not blind:
        proposals.add_corrections(corrections_at(segment.site_id))
    proposals.add_terms(lexicon)
    others = segment.hypotheses.exclude(pk=draft.pk).exclude(text=draft.text).order_by("-id")
    if blind:
        others = others.filter(pk__lt=draft.pk)
    for rank, other in enumerate(others[:OTHER_HYPOTHESES], start=1):
        proposals.add_other(other.text, other.model_ref.rstrip("/").rpartition("/")[2], rank)
    return proposals.by_word()


def corrections_at(site_id: int) -> dict[str, Counter[str]]:
    """What people at the site have made of wrong words lately. Kept until somebody corrects another."""
    labels = (
        approved_labels()
        .filter(segment__site=site_id, hypothesis__isnull=False, errors_removed__gt=0)
        .order_by("-id")
    )
    newest = labels.values_list("uuid", flat=True).first()
    key = f"corrections:{site_id}:{newest}"
    known = cache.get(key)
    if known is None:
        known = corrections(labels.values_list("hypothesis__text", "text")[:NEWEST_LABELS])
        cache.set(key, known, KEPT_S)
    return known
