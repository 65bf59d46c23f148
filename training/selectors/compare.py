"""Two runs side by side: what was set otherwise, what came of it, which utterances changed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from base.storage import data_path
from speech.heard import Stretch, stretches
from speech.metrics import ErrorCount, bootstrap_difference
from training.models import Evaluation, EvaluationSet, Run, SpeechModel
from training.pipeline.config import PipelineConfig
from training.pipeline.folder import read_jsonl
from training.selectors.evaluations import STATISTICS, produced_by
from training.selectors.runs import words_of

Pair = tuple[dict[str, Any], dict[str, Any]]  # what the two models made of one utterance


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is set, or known, of either run."""

    name: str
    a: str
    b: str

    @property
    def differs(self) -> bool:
        return self.a != self.b


@dataclass(frozen=True, slots=True)
class SetComparison:
    """Both models on one frozen set. `interval`: of the corpus CER of B minus A; None without utterances."""

    evaluation_set: EvaluationSet
    a: Evaluation
    b: Evaluation
    interval: tuple[float, float] | None
    pairs: list[Pair]

    @property
    def change(self) -> float:
        return self.b.corpus_cer - self.a.corpus_cer

    @property
    def figures(self) -> list[tuple[str, float | None, float | None, float | None]]:
        """(statistic, A, B, B minus A), the mixed error rate last."""
        rows: list[tuple[str, float | None, float | None]] = [
            (name, getattr(self.a, name), getattr(self.b, name)) for name in ("corpus_cer", *STATISTICS)
        ]
        rows.append(("mer", self.a.settings.get("mer"), self.b.settings.get("mer")))
        return [(name, a, b, None if a is None or b is None else b - a) for name, a, b in rows]


@dataclass(frozen=True, slots=True)
class UtteranceChange:
    """An utterance that one model hears better than the other."""

    evaluation_set: EvaluationSet
    a: dict[str, Any]
    b: dict[str, Any]

    @property
    def id(self) -> str:
        return self.a["id"]

    @property
    def change(self) -> float:
        return self.b["rate"] - self.a["rate"]

    @property
    def stretches_a(self) -> list[Stretch]:
        return stretches(self.a["reference"], self.a["hypothesis"])

    @property
    def stretches_b(self) -> list[Stretch]:
        return stretches(self.b["reference"], self.b["hypothesis"])


def knob_differences(a: Run, b: Run) -> list[Difference]:
    """Only what differs. A knob that did not exist yet at the time of a run counts as at its default."""
    defaults = PipelineConfig().as_dict()
    of_a, of_b = {**defaults, **a.config}, {**defaults, **b.config}
    names = dict.fromkeys((*of_a, *of_b))
    rows = [Difference(name, words_of(of_a.get(name, "")), words_of(of_b.get(name, ""))) for name in names]
    return [row for row in rows if row.differs]


def set_comparisons(a: Run, b: Run) -> list[SetComparison]:
    """Of every set that the models of both runs were scored on by one normaliser, medical sets first."""
    of_a, of_b = _newest(produced_by(a)), _newest(produced_by(b))
    shared = [
        (of_a[key], of_b[key])
        for key in of_a
        if key in of_b and of_a[key].normaliser_version == of_b[key].normaliser_version
    ]
    shared.sort(key=lambda two: (two[0].evaluation_set.kind != "medical", two[0].evaluation_set.pk))
    return [_compared(one, other) for one, other in shared]


def changes_of(comparisons: Sequence[SetComparison]) -> tuple[list[UtteranceChange], list[UtteranceChange]]:
    """(heard worse by B, heard better by B), each with the largest change first; the same are left out."""
    every = [UtteranceChange(one.evaluation_set, a, b) for one in comparisons for a, b in one.pairs]
    worse = sorted((row for row in every if row.change > 0), key=lambda row: (-row.change, row.id))
    better = sorted((row for row in every if row.change < 0), key=lambda row: (row.change, row.id))
    return worse, better


def _newest(model: SpeechModel | None) -> dict[int, Evaluation]:
    if model is None:
        return {}
    scores = model.evaluations.select_related("evaluation_set").order_by("id")
    return {score.evaluation_set_id: score for score in scores}


def _compared(a: Evaluation, b: Evaluation) -> SetComparison:
    pairs = _pairs(a, b)
    return SetComparison(a.evaluation_set, a, b, _interval(pairs) if pairs else None, pairs)


def _pairs(a: Evaluation, b: Evaluation) -> list[Pair]:
    of_b = {row["id"]: row for row in _results(b)}
    return [(row, of_b[row["id"]]) for row in _results(a) if row["id"] in of_b]


def _results(evaluation: Evaluation) -> list[dict[str, Any]]:
    """Empty where an old run's files were cleared away."""
    path = data_path(evaluation.results_path)
    return read_jsonl(path) if path.exists() else []


def _interval(pairs: Sequence[Pair]) -> tuple[float, float]:
    """Paired by utterance, whole speakers drawn together; a single speaker leaves only the utterances."""
    before, after = zip(*((_count(a), _count(b)) for a, b in pairs), strict=True)
    speakers = [a["speaker"] for a, _ in pairs]
    return bootstrap_difference(before, after, groups=speakers if len(set(speakers)) > 1 else None)


def _count(row: dict[str, Any]) -> ErrorCount:
    """Their kinds are not stored, and the rate does not ask for them."""
    return ErrorCount(substitutions=row["errors"], reference_length=row["length"])
