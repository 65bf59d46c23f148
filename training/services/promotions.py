"""A model goes live, and back: by proof, with a name to it, one current model a site."""

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from audit.services import entry_add
from base.errors import Conflict, DomainError
from base.jobs import Job, enqueue_on_commit
from training.models import Evaluation, EvaluationSetKind, Promotion, SpeechModel
from training.selectors.access import require_trainer
from training.selectors.gate import gate_verdict
from training.selectors.live import live_promotion


@transaction.atomic
def model_promote(
    *,
    user: User | None,
    model: SpeechModel,
    evaluation: Evaluation,
    site: Site | None = None,
    override: str = "",
) -> Promotion:
    """Makes `model` live at `site` (everywhere that has no own when None), by a medical evaluation of it.

    Raises DomainError `wrong_evaluation`, and `gate_failed` unless `override` gives a reason; Conflict
    `already_live`.
    """
    require_trainer(user, site)
    if evaluation.model_id != model.pk or evaluation.evaluation_set.kind != EvaluationSetKind.MEDICAL:
        message = _("A promotion names a medical evaluation of the very model that it makes live.")
        raise DomainError("wrong_evaluation", message)
    current = _lock_current(site)
    if current is not None and current.model_id == model.pk:
        raise Conflict("already_live", _("This model is live there already."))
    verdict = gate_verdict(model, site)
    if not verdict.passes and not override.strip():
        message = _("The gate says no: %(reasons)s To promote all the same, give a reason.")
        raise DomainError("gate_failed", message % {"reasons": verdict})
    replaced = current or live_promotion(site)
    promotion = _make_current(model=model, site=site, evaluation=evaluation, previous=replaced, user=user)
    entry_add(
        actor=user,
        verb="model_promoted",
        target=promotion,
        site=site,
        model=str(model.uuid),
        gate=str(verdict),
        passed=verdict.passes,
        override=override.strip(),
    )
    return promotion


@transaction.atomic
def promotion_roll_back(*, user: User | None, promotion: Promotion) -> Promotion:
    """What was live before is live again -> its new promotion. Raises Conflict when there is none."""
    require_trainer(user, promotion.site)
    current = _lock_current(promotion.site)
    if current is None or current.pk != promotion.pk:
        raise Conflict("not_current", _("Another model is live there now; look again."))
    earlier = promotion.previous
    if earlier is None:
        raise Conflict(
            "nothing_before", _("Nothing was live there before, so there is nothing to go back to.")
        )
    promotion.rolled_back_at = timezone.now()
    promotion.save(update_fields=["rolled_back_at"])
    back = _make_current(
        model=earlier.model,
        site=promotion.site,
        evaluation=earlier.evaluation,
        # One more click goes one more step back, not forth again.
        previous=earlier.previous,
        user=user,
    )
    entry_add(
        actor=user,
        verb="promotion_rolled_back",
        target=promotion,
        site=promotion.site,
        back_to=str(earlier.model.uuid),
    )
    return back


def _lock_current(site: Site | None) -> Promotion | None:
    current = Promotion.objects.select_for_update().filter(site=site, current=True)
    return current.first()


def _make_current(
    *,
    model: SpeechModel,
    site: Site | None,
    evaluation: Evaluation | None,
    previous: Promotion | None,
    user: User | None,
) -> Promotion:
    Promotion.objects.filter(site=site, current=True).update(current=False)
    promotion = Promotion.objects.create(
        model=model, site=site, evaluation=evaluation, previous=previous, actor=user
    )
    enqueue_on_commit(Job.PROMOTION_REDRAFT, promotion.pk)
    return promotion
