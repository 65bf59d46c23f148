"""Searches are asked for, stopped and taken up again, and a trial becomes a run."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from audit.services import entry_add
from base.errors import Conflict, DomainError
from base.jobs import Job, enqueue_on_commit
from training.models import DatasetSnapshot, Run, RunStatus, Search, SpeechModel
from training.pipeline.config import ConfigError
from training.pipeline.search.request import Budget
from training.pipeline.search.space import SearchSpace, draw
from training.selectors.access import require_trainer
from training.selectors.live import live_model
from training.selectors.runs import RESUMABLE
from training.selectors.searches import overrides_of_trial
from training.services.leaks import refuse_leaks
from training.services.runs import (
    default_name,
    git_commit,
    mark_interrupted,
    resolved_config,
    run_create,
)

FOLDER = "searches"


def search_create(
    *,
    user: User | None,
    snapshot: DatasetSnapshot,
    base_model: SpeechModel | None = None,
    overrides: Mapping[str, Any] | None = None,
    space: Mapping[str, Any] | None = None,
    budget: Mapping[str, Any] | None = None,
    name: str = "",
) -> Search:
    """Asks for a search around the configuration that `overrides` make.

    Raises DomainError `bad_config`, `bad_space` (some point of it would be no configuration) and
    `snapshot_leaks`.
    """
    require_trainer(user, snapshot.site)
    values, config = resolved_config(overrides)
    base_model = base_model or live_model(snapshot.site)
    refuse_leaks(snapshot, base_model)
    try:
        checked_space = SearchSpace.from_dict(space or {}, config)
        checked_budget = Budget.from_dict(budget or {})
    except ConfigError as error:
        raise DomainError("bad_space", str(error)) from error
    with transaction.atomic():
        search = Search.objects.create(
            name=name or default_name(),
            snapshot=snapshot,
            base_model=base_model,
            created_by=user,
            config=config.as_dict(),
            space=checked_space.model_dump(),
            budget=checked_budget.model_dump(),
            points=draw(checked_space, config, checked_budget.trials, checked_budget.seed),
            git_commit=git_commit(),
            total_steps=checked_budget.trials,
        )
        search.folder = f"{FOLDER}/{search.uuid}"
        search.save(update_fields=["folder"])
        told = {"overrides": values, "budget": search.budget, "space": search.space}
        entry_add(actor=user, verb="search_created", target=search, site=snapshot.site, **told)
        enqueue_on_commit(Job.SEARCH_EXECUTE, search.pk)
    return search


@transaction.atomic
def search_cancel(*, user: User | None, search: Search) -> None:
    """A waiting search ends at once, a running one within seconds. Raises Conflict when it has ended."""
    require_trainer(user, search.snapshot.site)
    searches_mark_interrupted()
    rows = Search.objects.filter(pk=search.pk)
    waiting, running = rows.filter(status=RunStatus.QUEUED), rows.filter(status=RunStatus.RUNNING)
    if not waiting.update(status=RunStatus.CANCELLED, finished_at=timezone.now()) and not running.update(
        status=RunStatus.CANCELLING
    ):
        message = _("This search is not running, so there is nothing to cancel.")
        raise Conflict("search_not_running", message)
    entry_add(actor=user, verb="search_cancelled", target=search, site=search.snapshot.site)


@transaction.atomic
def search_resume(*, user: User | None, search: Search) -> None:
    """Ended trials stay as they are, the others go on from their checkpoints. Raises Conflict, and
    DomainError `snapshot_leaks`."""
    require_trainer(user, search.snapshot.site)
    searches_mark_interrupted()
    resumable = Search.objects.filter(pk=search.pk, status__in=RESUMABLE)
    if not resumable.update(status=RunStatus.QUEUED, error="", finished_at=None, eta_s=None):
        message = _("Only a search that was stopped or has failed can be resumed.")
        raise Conflict("search_not_resumable", message)
    refuse_leaks(search.snapshot, search.base_model)
    entry_add(actor=user, verb="search_resumed", target=search, site=search.snapshot.site)
    enqueue_on_commit(Job.SEARCH_EXECUTE, search.pk)


@transaction.atomic
def search_promote_trial(*, user: User | None, search: Search, number: int) -> Run:
    """An ordinary run with the knobs of a trial: trained to its end, merged, scored on the frozen sets.

    A second call gives the run that was made. Raises DomainError `trial_unknown`.
    """
    require_trainer(user, search.snapshot.site)
    search = Search.objects.select_for_update(of=("self",)).get(pk=search.pk)
    if made := Run.objects.filter(uuid=search.promoted.get(str(number))).first():
        return made
    overrides = overrides_of_trial(search, number)
    if overrides is None:
        raise DomainError("trial_unknown", _("This search has no trial %(number)s.") % {"number": number})
    run = run_create(
        user=user,
        snapshot=search.snapshot,
        base_model=search.base_model,
        overrides={**search.config, **overrides},
        name=_("%(search)s, trial %(number)s") % {"search": search, "number": number},
    )
    search.promoted = {**search.promoted, str(number): str(run.uuid)}
    search.save(update_fields=["promoted"])
    told = {"trial": number, "run": str(run.uuid)}
    entry_add(actor=user, verb="search_trial_promoted", target=search, site=search.snapshot.site, **told)
    return run


def searches_mark_interrupted() -> int:
    """A running search without a heartbeat for a minute has lost its worker -> how many there were."""
    return mark_interrupted(Search.objects.all())
