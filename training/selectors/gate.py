"""The gate: may this model replace what is live? Medical better, general at most a point worse."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from accounts.models import Site
from training.models import EvaluationSet, EvaluationSetKind, SpeechModel
from training.selectors.evaluations import evaluation_of
from training.selectors.live import live_promotion

GENERAL_MARGIN = 0.01  # one point of CER


@dataclass(frozen=True, slots=True)
class Verdict:
    """`passes` and why, in sentences: one for each set."""

    passes: bool
    reasons: tuple[str, ...]

    def __str__(self) -> str:
        return " ".join(self.reasons)


def gate_verdict(model: SpeechModel, site: Site | None = None) -> Verdict:
    """Against the model that is live at the site (the default when `site` is None), on every active set."""
    live = live_promotion(site)
    champion = live.model if live else None
    sets = list(EvaluationSet.objects.filter(active=True).order_by("-kind", "name"))
    if not any(one.kind == EvaluationSetKind.MEDICAL for one in sets):
        return Verdict(False, (_("There is no medical evaluation set, so nothing is proven."),))
    judged = [_judge(model, champion, one) for one in sets]
    return Verdict(all(passes for passes, _reason in judged), tuple(reason for _passes, reason in judged))


def _judge(model: SpeechModel, champion: SpeechModel | None, one: EvaluationSet) -> tuple[bool, str]:
    new = evaluation_of(model, one)
    words: dict[str, object] = {"set": one.name, "live": champion}
    if new is None:
        return False, _("%(set)s: this model has not been scored on it.") % words
    words["new"] = f"{new.corpus_cer:.1%}"
    if champion is None:
        return True, _("%(set)s: CER %(new)s; nothing is live to compare with.") % words
    old = evaluation_of(champion, one, like=new.settings)
    if old is None and evaluation_of(champion, one):
        return False, _("%(set)s: the live model %(live)s was scored with other decode settings.") % words
    if old is None:
        return False, _("%(set)s: CER %(new)s, but the live model %(live)s has no score on it.") % words
    words |= {"old": f"{old.corpus_cer:.1%}", "change": f"{100 * (new.corpus_cer - old.corpus_cer):+.1f}"}
    if one.kind == EvaluationSetKind.MEDICAL:
        if new.corpus_cer < old.corpus_cer:
            return True, _("%(set)s: better, CER %(old)s → %(new)s (%(change)s points).") % words
        return False, _("%(set)s: not better, CER %(old)s → %(new)s (%(change)s points).") % words
    if new.corpus_cer <= old.corpus_cer + GENERAL_MARGIN:
        return True, _("%(set)s: kept, CER %(old)s → %(new)s (%(change)s points).") % words
    return False, _("%(set)s: worse by more than a point, CER %(old)s → %(new)s (%(change)s points).") % words
