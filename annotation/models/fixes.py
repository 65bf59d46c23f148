"""One wrong word put right in many drafts at once. The hypotheses stay as they were heard: a page computes
the text that it opens with, so that taking a fix back is one date."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Site
from annotation.models.segments import Segment
from base.models import PublicModel

LONGEST = 80  # characters of either side


class WordFix(PublicModel):
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    wrong = models.CharField(max_length=LONGEST)
    right = models.CharField(max_length=LONGEST)
    segments = models.ManyToManyField(Segment, related_name="word_fixes")
    undone_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        verbose_name = _("fix of a word")
        verbose_name_plural = _("fixes of words")

    def __str__(self) -> str:
        return f"{self.wrong} → {self.right}"
