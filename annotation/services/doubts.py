"""Labels that the newest model contradicts: judged once for each model, kept for a reviewer when in doubt."""

from django.db.models import QuerySet

from accounts.models import Site
from annotation.models import DoubtState, Hypothesis, Label, LabelDoubt
from annotation.ranking.calibration import Calibration
from annotation.ranking.label_errors import COMES_BACK_FROM, label_wrong
from annotation.selectors.calibrations import heard_of, newest_fit
from annotation.selectors.doubts import unjudged_labels
from annotation.selectors.terms import lexicon_of
from speech.lexicon import Lexicon


def label_doubts_find(*, site: Site, model_ref: str, most: int) -> int:
    """Judges up to `most` labels by what this model heard -> how many come back for a look.

    Without a fit nobody knows how far the model can be trusted: nothing is judged. What a person has
    confirmed against a model before does not come back.
    """
    fit = newest_fit(site.pk, model_ref)
    calibration = fit.calibration if fit else None
    if calibration is None:
        return 0
    labels = list(unjudged_labels(site, model_ref).select_related("segment")[:most])
    heard = _newest_of(
        Hypothesis.objects.filter(segment__in=[label.segment_id for label in labels]), model_ref
    )
    confirmed = set(
        LabelDoubt.objects.filter(label__in=labels, state=DoubtState.KEPT).values_list("label", flat=True)
    )
    lexicon = lexicon_of(site.pk)
    rows = [
        _judged(label, heard[label.segment_id], calibration, lexicon, label.pk in confirmed)
        for label in labels
        if label.segment_id in heard
    ]
    # Two workers may judge at once: each label has one row for each model.
    LabelDoubt.objects.bulk_create(rows, batch_size=500, ignore_conflicts=True)
    return sum(row.state == DoubtState.OPEN for row in rows)


def _newest_of(hypotheses: QuerySet[Hypothesis], model_ref: str) -> dict[int, Hypothesis]:
    return {
        row.segment_id: row for row in hypotheses.filter(model_ref=model_ref, asked_by=None).order_by("id")
    }


def _judged(
    label: Label, heard: Hypothesis, calibration: Calibration, lexicon: Lexicon, confirmed: bool
) -> LabelDoubt:
    segment = label.segment
    segment.hypothesis = heard  # what this model heard, whatever the author saw
    score = label_wrong(label.text, heard_of(segment, lexicon), calibration)
    doubted = score >= COMES_BACK_FROM and not confirmed
    return LabelDoubt(
        label=label,
        site_id=segment.site_id,
        hypothesis=heard,
        model_ref=heard.model_ref,
        score=score,
        state=DoubtState.OPEN if doubted else DoubtState.CLEAR,
    )
