"""One model scored on one frozen set."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from base.models import PublicModel
from training.models.datasets import EvaluationSet
from training.models.speech_models import SpeechModel


class Evaluation(PublicModel):
    model = models.ForeignKey(SpeechModel, on_delete=models.PROTECT, related_name="evaluations")
    evaluation_set = models.ForeignKey(EvaluationSet, on_delete=models.PROTECT, related_name="evaluations")
    run = models.ForeignKey(
        "training.Run", null=True, blank=True, on_delete=models.PROTECT, related_name="evaluations"
    )
    # Rates as fractions (0.08 is 8 %): corpus, and {mean, median} x {all, trimmed}.
    corpus_cer = models.FloatField()
    mean_cer = models.FloatField()
    median_cer = models.FloatField()
    mean_cer_trimmed = models.FloatField(help_text=_("worst hundredth left out"))
    median_cer_trimmed = models.FloatField(help_text=_("worst hundredth left out"))
    interval = models.JSONField(default=list, help_text=_("95 % bootstrap interval of the corpus CER"))
    utterances = models.PositiveIntegerField()
    results_path = models.CharField(max_length=255, help_text=_("JSON Lines, one utterance a line"))
    settings = models.JSONField(default=dict, help_text=_("decode settings"))
    normaliser_version = models.CharField(max_length=20)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("evaluation")
        verbose_name_plural = _("evaluations")

    def __str__(self) -> str:
        return f"{self.model} on {self.evaluation_set}: {self.corpus_cer:.1%}"
