"""Runs, snapshots, models and promotions for an engineer, by their uuid."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import Site, User
from accounts.selectors import require_role, sites_for_user
from base.errors import NotFound
from base.loading import found
from training.models import Canary, DatasetSnapshot, EvaluationSet, Promotion, Run, Search, SpeechModel
from training.selectors.access import (
    TRAINERS,
    canaries_for_user,
    evaluation_sets_for_user,
    models_for_user,
    promotions_for_user,
    runs_for_user,
    searches_for_user,
    snapshots_for_user,
)

Person = User | AnonymousUser


def require_trainer_somewhere(user: Person) -> None:
    require_role(user, *TRAINERS)


def run_of(user: Person, uuid: UUID) -> Run:
    return found(runs_for_user(user), uuid, "run_unknown", _("There is no such run at your sites."))


def search_of(user: Person, uuid: UUID) -> Search:
    return found(searches_for_user(user), uuid, "search_unknown", _("There is no such search at your sites."))


def snapshot_of(user: Person, uuid: UUID) -> DatasetSnapshot:
    return found(
        snapshots_for_user(user),
        uuid,
        "snapshot_unknown",
        _("There is no such dataset snapshot at your sites."),
    )


def model_of(user: Person, uuid: UUID) -> SpeechModel:
    return found(models_for_user(user), uuid, "model_unknown", _("There is no such model at your sites."))


def promotion_of(user: Person, uuid: UUID) -> Promotion:
    return found(
        promotions_for_user(user), uuid, "promotion_unknown", _("There is no such promotion at your sites.")
    )


def canary_of(user: Person, uuid: UUID) -> Canary:
    return found(canaries_for_user(user), uuid, "canary_unknown", _("There is no such trial at your sites."))


def site_or_all(user: Person, wanted: str) -> Site | None:
    """`wanted`: slug or uuid; empty: all sites. Raises NotFound."""
    if not wanted:
        return None
    site = next((s for s in sites_for_user(user, *TRAINERS) if wanted in (s.slug, str(s.uuid))), None)
    if site is None:
        raise NotFound("site_unknown", _("There is no such site among yours."))
    return site


def evaluation_set_of(user: Person, uuid: UUID) -> EvaluationSet:
    return found(
        evaluation_sets_for_user(user),
        uuid,
        "evaluation_set_unknown",
        _("There is no such evaluation set for you."),
    )
