"""Who sees which runs, models and snapshots: engineers and site administrators, at their own sites."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from accounts.models import Role, Site, User
from accounts.selectors import require_role, sites_for_user
from base.errors import Forbidden
from training.models import (
    Canary,
    DatasetSnapshot,
    EvaluationSet,
    Promotion,
    Run,
    Search,
    SpeechModel,
    SpeechModelKind,
)

TRAINERS = (Role.ENGINEER, Role.SITE_ADMIN)


def trains_everywhere(user: User | AnonymousUser) -> bool:
    """At every site: what belongs to all sites is theirs too."""
    mine = sites_for_user(user, *TRAINERS).count()
    return mine > 0 and mine == Site.objects.count()


def require_trainer(user: User | AnonymousUser | None, site: Site | None) -> None:
    """Raises Forbidden. `user` None is the system itself (the demo, a command); `site` None is all sites."""
    if user is None:
        return
    require_role(user, *TRAINERS, site=site)
    if site is None and not trains_everywhere(user):
        raise Forbidden("not_every_site", "This concerns every site, and you work at some of them only.")


def snapshots_for_user(user: User | AnonymousUser) -> QuerySet[DatasetSnapshot]:
    return DatasetSnapshot.objects.filter(_of_sites(user, "site")).select_related("site", "created_by")


def runs_for_user(user: User | AnonymousUser) -> QuerySet[Run]:
    runs = Run.objects.filter(_of_sites(user, "snapshot__site"))
    return runs.select_related("snapshot__site", "base_model", "created_by", "produced")


def searches_for_user(user: User | AnonymousUser) -> QuerySet[Search]:
    searches = Search.objects.filter(_of_sites(user, "snapshot__site"))
    return searches.select_related("snapshot__site", "base_model", "created_by")


def models_for_user(user: User | AnonymousUser) -> QuerySet[SpeechModel]:
    """Bases, what their runs made, and whatever is or was live where they work."""
    sites = sites_for_user(user, *TRAINERS)
    if not sites.exists():
        return SpeechModel.objects.none()
    promoted = Promotion.objects.filter(Q(site=None) | Q(site__in=sites))
    seen = (
        Q(kind=SpeechModelKind.BASE)
        | Q(run__in=runs_for_user(user).values("pk"))
        | Q(pk__in=promoted.values("model"))
    )
    return SpeechModel.objects.filter(seen).select_related("parent", "run")


def promotions_for_user(user: User | AnonymousUser) -> QuerySet[Promotion]:
    return Promotion.objects.filter(_of_sites(user, "site")).select_related(
        "model", "site", "actor", "previous__model", "evaluation"
    )


def canaries_for_user(user: User | AnonymousUser) -> QuerySet[Canary]:
    return Canary.objects.filter(_of_sites(user, "site")).select_related("model", "site", "actor")


def evaluation_sets_for_user(user: User | AnonymousUser) -> QuerySet[EvaluationSet]:
    everybody = EvaluationSet.objects.all()
    return everybody if sites_for_user(user, *TRAINERS).exists() else everybody.none()


def _of_sites(user: User | AnonymousUser, field: str) -> Q:
    own = Q(**{f"{field}__in": sites_for_user(user, *TRAINERS)})
    return own | Q(**{f"{field}__isnull": True}) if trains_everywhere(user) else own
