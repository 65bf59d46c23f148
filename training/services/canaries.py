"""A challenger is tried on some live sessions, then goes live or back. A session keeps what it began with."""

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import Site, User
from audit.services import entry_add
from base.errors import Conflict, DomainError
from training.models import Canary, CanaryStatus, Evaluation, EvaluationSetKind, Promotion, SpeechModel
from training.selectors.access import require_trainer
from training.selectors.gate import gate_verdict
from training.selectors.live import live_model
from training.services.promotions import model_promote


@transaction.atomic
def canary_start(
    *,
    user: User | None,
    model: SpeechModel,
    evaluation: Evaluation,
    share: float,
    site: Site | None = None,
    override: str = "",
) -> Canary:
    """The gate holds as for a promotion. Raises DomainError `bad_share`, `wrong_evaluation`, `gate_failed`;
    Conflict `already_live`, `canary_running`."""
    require_trainer(user, site)
    if not 0 < share <= 1:
        raise DomainError("bad_share", _("The share of sessions must be above 0 and at most 1."))
    if evaluation.model_id != model.pk or evaluation.evaluation_set.kind != EvaluationSetKind.MEDICAL:
        message = _("A canary names a medical evaluation of the very model that it tries.")
        raise DomainError("wrong_evaluation", message)
    if live_model(site) == model:
        raise Conflict("already_live", _("This model is live there already."))
    running = Conflict("canary_running", _("Another model is being tried there; end that first."))
    if Canary.objects.filter(site=site, status=CanaryStatus.RUNNING).exists():
        raise running
    verdict = gate_verdict(model, site)
    if not verdict.passes and not override.strip():
        message = _("The gate says no: %(reasons)s To try it all the same, give a reason.")
        raise DomainError("gate_failed", message % {"reasons": verdict})
    try:
        with transaction.atomic():
            canary = Canary.objects.create(
                model=model, evaluation=evaluation, share=share, site=site, actor=user
            )
    except IntegrityError as error:  # somebody else has begun one since we looked
        raise running from error
    entry_add(
        actor=user,
        verb="canary_started",
        target=canary,
        site=site,
        model=str(model.uuid),
        share=share,
        gate=str(verdict),
        override=override.strip(),
    )
    return canary


@transaction.atomic
def canary_promote(*, user: User | None, canary: Canary, override: str = "") -> Promotion:
    """All new sessions there are the challenger's from now on. Raises Conflict `canary_over` and what
    model_promote raises."""
    _end(user, canary, CanaryStatus.PROMOTED)
    return model_promote(
        user=user, model=canary.model, evaluation=canary.evaluation, site=canary.site, override=override
    )


@transaction.atomic
def canary_roll_back(*, user: User | None, canary: Canary) -> None:
    """No new session is the challenger's. Raises Conflict `canary_over`."""
    _end(user, canary, CanaryStatus.ROLLED_BACK)


def _end(user: User | None, canary: Canary, status: CanaryStatus) -> None:
    require_trainer(user, canary.site)
    running = Canary.objects.filter(pk=canary.pk, status=CanaryStatus.RUNNING)
    if not running.update(status=status, ended_at=timezone.now()):
        raise Conflict("canary_over", _("This trial has ended already."))
    entry_add(actor=user, verb=f"canary_{status}", target=canary, site=canary.site)


def canary_running(site: Site | None) -> Canary:
    """The trial of this very site, or of the default: who ends one at a site must not end everybody's.
    Raises Conflict `no_canary`."""
    canary = Canary.objects.filter(site=site, status=CanaryStatus.RUNNING).first()
    if canary is None:
        raise Conflict("no_canary", _("No model is being tried there."))
    return canary
