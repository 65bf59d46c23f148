"""Scores beside each other: the newest of a model on a set, before and after, what got worse."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from base.storage import data_path
from speech.heard import Stretch, stretches
from speech.text import NORMALISER_VERSION
from training.models import Evaluation, EvaluationSet, EvaluationSetKind, Run, SpeechModel
from training.pipeline.folder import read_jsonl

STATISTICS = ("mean_cer", "median_cer", "mean_cer_trimmed", "median_cer_trimmed")
# Set for each run. The window is not among these: whether it may be short is proven for each model.
_DECODED_BY = ("language", "max_new_tokens")


@dataclass(frozen=True, slots=True)
class Comparison:
    """One frozen set: the base's evaluation and the new model's; either may be missing."""

    evaluation_set: EvaluationSet
    before: Evaluation | None
    after: Evaluation | None

    @property
    def change(self) -> float | None:
        return self.after.corpus_cer - self.before.corpus_cer if self.before and self.after else None

    @property
    def relative_improvement(self) -> float | None:
        if self.change is None or self.before is None or not self.before.corpus_cer:
            return None
        return -self.change / self.before.corpus_cer


@dataclass(frozen=True, slots=True)
class Regression:
    """An utterance that the new model hears worse than its base."""

    evaluation_set: EvaluationSet
    id: str
    before: str
    rate_before: float
    rate_after: float
    stretches: list[Stretch]  # of what was said and what the new model heard


def decoded_alike(a: Mapping[str, Any], b: Mapping[str, Any]) -> bool:
    """Of settings of evaluations, or configurations of runs: may scores made with them be compared?"""
    return all(a.get(name) == b.get(name) for name in _DECODED_BY)


def evaluation_of(
    model: SpeechModel, evaluation_set: EvaluationSet, like: Mapping[str, Any] | None = None
) -> Evaluation | None:
    """The newest by the normaliser in use and of these very weights; with `like` of those decoded alike."""
    found = Evaluation.objects.filter(
        model=model,
        evaluation_set=evaluation_set,
        normaliser_version=NORMALISER_VERSION,
        settings__weights_sha256=model.sha256,
    ).order_by("-id")
    return next((one for one in found if like is None or decoded_alike(one.settings, like)), None)


def evaluations_of(model: SpeechModel) -> list[Evaluation]:
    """The newest on each active set."""
    medical_first = EvaluationSet.objects.filter(active=True).order_by("-kind", "name")
    found = (evaluation_of(model, one) for one in medical_first)
    return [evaluation for evaluation in found if evaluation]


def medical_evaluations(model: SpeechModel) -> list[Evaluation]:
    """Of those, what can be the proof of a promotion or a trial."""
    return [one for one in evaluations_of(model) if one.evaluation_set.kind == EvaluationSetKind.MEDICAL]


def comparisons_of(run: Run) -> list[Comparison]:
    """Every set that the run's model was scored on, with the base's score on the same set."""
    model = produced_by(run)
    if model is None:
        return []
    after = {
        one.evaluation_set: one for one in model.evaluations.select_related("evaluation_set").order_by("id")
    }
    return [
        Comparison(
            evaluation_set, evaluation_of(run.base_model, evaluation_set, evaluation.settings), evaluation
        )
        for evaluation_set, evaluation in sorted(
            after.items(), key=lambda pair: (pair[0].kind != "medical", pair[0].pk)
        )
    ]


def produced_by(run: Run) -> SpeechModel | None:
    """A run that was repeated made the weights, so the model, of an earlier one: its scores tell which."""
    own = SpeechModel.objects.filter(run=run).first()
    scored = SpeechModel.objects.filter(evaluations__run=run).exclude(pk=run.base_model_id)
    return own or scored.first()


def regressions_of(comparison: Comparison, most: int = 10) -> list[Regression]:
    """The utterances with the largest rise of CER, worst first; empty without both scores."""
    if comparison.before is None or comparison.after is None:
        return []
    before = {row["id"]: row for row in read_jsonl(data_path(comparison.before.results_path))}
    worse = [
        (before[row["id"]], row)
        for row in read_jsonl(data_path(comparison.after.results_path))
        if row["id"] in before and row["rate"] > before[row["id"]]["rate"]
    ]
    worse.sort(key=lambda pair: pair[0]["rate"] - pair[1]["rate"])
    return [_regression(comparison.evaluation_set, old, new) for old, new in worse[:most]]


def _regression(evaluation_set: EvaluationSet, old: dict[str, Any], new: dict[str, Any]) -> Regression:
    return Regression(
        evaluation_set=evaluation_set,
        id=new["id"],
        before=old["hypothesis"],
        rate_before=old["rate"],
        rate_after=new["rate"],
        stretches=stretches(new["reference"], new["hypothesis"]),
    )


def worst_first(comparisons: Sequence[Comparison], most: int = 8) -> list[Regression]:
    """Over all sets."""
    every = [row for comparison in comparisons for row in regressions_of(comparison, most)]
    return sorted(every, key=lambda row: row.rate_before - row.rate_after)[:most]
