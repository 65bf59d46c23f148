"""Rows for an engineer: found and allowed, or a 404 that does not tell which of the two it was."""

from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.selectors import require_role
from base.errors import NotFound
from training.models import DatasetSnapshot, Promotion, Run, SpeechModel
from training.selectors.access import (
    TRAINERS,
    models_for_user,
    promotions_for_user,
    runs_for_user,
    snapshots_for_user,
)

Person = User | AnonymousUser


def require_trainer_somewhere(user: Person) -> None:
    require_role(user, *TRAINERS)


def run_of(user: Person, uuid: UUID) -> Run:
    run = runs_for_user(user).filter(uuid=uuid).first()
    if run is None:
        raise NotFound("run_unknown", _("There is no such run at your sites."))
    return run


def snapshot_of(user: Person, uuid: UUID) -> DatasetSnapshot:
    snapshot = snapshots_for_user(user).filter(uuid=uuid).first()
    if snapshot is None:
        raise NotFound("snapshot_unknown", _("There is no such dataset snapshot at your sites."))
    return snapshot


def model_of(user: Person, uuid: UUID) -> SpeechModel:
    model = models_for_user(user).filter(uuid=uuid).first()
    if model is None:
        raise NotFound("model_unknown", _("There is no such model at your sites."))
    return model


def promotion_of(user: Person, uuid: UUID) -> Promotion:
    promotion = promotions_for_user(user).filter(uuid=uuid).first()
    if promotion is None:
        raise NotFound("promotion_unknown", _("There is no such promotion at your sites."))
    return promotion
