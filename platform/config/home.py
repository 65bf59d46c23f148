"""The first page: what each person came for, by role."""

from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from accounts.models import Role, Site, User
from accounts.requests import person
from accounts.selectors import has_role, sites_for_user
from annotation.selectors.labels import approved_labels, labels_for_review
from annotation.selectors.review import disputes_for_user, doubts_for_user
from annotation.selectors.segments import EDITORS
from annotation.selectors.summary import queue_summary
from training.models import EvaluationSetKind, Run
from training.selectors.access import TRAINERS, runs_for_user
from training.selectors.evaluations import evaluations_of
from training.selectors.live import live_promotion
from training.selectors.runs import UNDER_WAY

MEDICAL = EvaluationSetKind.MEDICAL


def home(request: HttpRequest) -> HttpResponse:
    user = person(request)
    context: dict[str, object] = {"dictates": has_role(user, Role.CLINICIAN)}
    if has_role(user, *EDITORS):
        context["queue"] = queue_summary(user)
        context["waiting_for_review"] = sum(
            rows(user).count() for rows in (labels_for_review, disputes_for_user, doubts_for_user)
        )
    if has_role(user, *TRAINERS):
        context |= engineering(user)
    return render(request, "home.html", context)


def engineering(user: User) -> dict[str, object]:
    sites = sites_for_user(user, *TRAINERS)
    runs = runs_for_user(user).order_by("-id")
    newest = runs.first()
    return {
        "sites": [site_line(site) for site in sites],
        "runs": runs.filter(status__in=UNDER_WAY),
        "corrected_ms": corrected_since(newest, sites),
        "newest_run": newest,
    }


def site_line(site: Site) -> dict[str, object]:
    """What is live there, since when, and how good it is on the medical sets."""
    promotion = live_promotion(site)
    if promotion is None:
        return {"site": site, "model": None}
    scores = evaluations_of(promotion.model)
    return {
        "site": site,
        "model": promotion.model,
        "medical": next((score for score in scores if score.evaluation_set.kind == MEDICAL), None),
        "age_days": (timezone.now() - promotion.created_at).days,
    }


def corrected_since(run: Run | None, sites: QuerySet[Site]) -> int:
    """Milliseconds of sound whose text was approved after `run` was asked for; all of it without one."""
    labels = approved_labels().filter(segment__recording__site__in=sites)
    if run:
        labels = labels.filter(created_at__gt=run.created_at)
    spans = labels.values_list("segment__start_ms", "segment__end_ms")
    return sum(end_ms - start_ms for start_ms, end_ms in spans)
