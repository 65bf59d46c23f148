"""Whether more corrections still pay: the error rate of earlier runs by how much they were trained on."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from training.models import Evaluation, EvaluationSet, Run
from training.selectors.evaluations import Comparison


@dataclass(frozen=True, slots=True)
class LearningPoint:
    """The best run on snapshots of this size."""

    utterances: int
    cer: float
    run: Run


@dataclass(frozen=True, slots=True)
class LearningCurve:
    evaluation_set: EvaluationSet
    base_cer: float | None
    points: list[LearningPoint]


def learning_curves(
    run: Run, visible: QuerySet[Run], comparisons: Sequence[Comparison]
) -> list[LearningCurve]:
    """Of the runs from the same base that the person may see; only sets with two sizes or more."""
    curves = []
    for one in comparisons:
        if one.after is None:
            continue
        scores = Evaluation.objects.filter(
            evaluation_set=one.evaluation_set,
            normaliser_version=one.after.normaliser_version,
            model__run__in=visible.filter(base_model=run.base_model_id).values("pk"),
        ).select_related("model__run__snapshot")
        best: dict[int, LearningPoint] = {}
        for score in scores.order_by("corpus_cer", "id"):
            made_by = score.model.run
            assert made_by is not None  # by the filter
            size = made_by.snapshot.utterances
            best.setdefault(size, LearningPoint(size, score.corpus_cer, made_by))
        if len(best) > 1:
            base_cer = one.before.corpus_cer if one.before else None
            curves.append(LearningCurve(one.evaluation_set, base_cer, [best[size] for size in sorted(best)]))
    return curves
