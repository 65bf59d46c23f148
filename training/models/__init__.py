"""Rows of training."""

from training.models.canaries import Canary, CanaryStatus
from training.models.datasets import DatasetSnapshot, EvaluationSet, EvaluationSetKind
from training.models.evaluations import Evaluation
from training.models.promotions import Promotion
from training.models.runs import Run, RunStatus
from training.models.searches import Search
from training.models.speech_models import SpeechModel, SpeechModelKind

__all__ = [
    "Canary",
    "CanaryStatus",
    "DatasetSnapshot",
    "Evaluation",
    "EvaluationSet",
    "EvaluationSetKind",
    "Promotion",
    "Run",
    "RunStatus",
    "Search",
    "SpeechModel",
    "SpeechModelKind",
]
