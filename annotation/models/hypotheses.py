"""A hypothesis: what one model with one setting heard in one segment. Rows are added, never changed."""

from django.conf import settings as django_settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from annotation.models.segments import Segment
from base.models import PublicModel
from speech import types


class Hypothesis(PublicModel):
    segment = models.ForeignKey(Segment, on_delete=models.CASCADE, related_name="hypotheses")
    text = models.TextField(blank=True)
    words = models.JSONField(
        default=list, help_text=_("[{text, start_ms, end_ms, probability, entropy, margin, alternatives}]")
    )
    tokens = models.JSONField(default=list, help_text=_("[[text, logprob]]"))
    avg_logprob = models.FloatField()
    no_speech_prob = models.FloatField()
    compression_ratio = models.FloatField()
    language = models.CharField(max_length=8)
    speech_rates_cps = models.JSONField(default=dict, help_text=_("characters per second by language"))
    flags = models.JSONField(default=list, help_text=_("hallucination signals, as codes"))

    # What made it.
    model_ref = models.CharField(max_length=255)
    adapter_ref = models.CharField(max_length=255, blank=True)
    settings = models.JSONField(default=dict)
    normaliser_version = models.CharField(max_length=20)
    asked_by = models.ForeignKey(
        django_settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text=_("who had the sound heard again; such a row is a suggestion, never the segment's draft"),
    )

    class Meta:
        ordering = ["-id"]
        verbose_name = _("hypothesis")
        verbose_name_plural = _("hypotheses")

    def __str__(self) -> str:
        return self.text[:60]

    def as_heard(self) -> types.Hypothesis:
        """The value that the pure code ranks."""
        return types.Hypothesis(
            text=self.text,
            tokens=tuple(types.Token(text, logprob) for text, logprob in self.tokens),
            words=tuple(types.Word(**word) for word in self.words),
            avg_logprob=self.avg_logprob,
            no_speech_prob=self.no_speech_prob,
            compression_ratio=self.compression_ratio,
            language=self.language,
        )
