"""Training in the admin: build a snapshot, train on it, promote, roll back. All by the services."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from accounts.read_only import ReadOnlyAdmin
from accounts.selectors import sites_for_user
from base.errors import DomainError
from training.forms import TrainForm
from training.models import (
    Canary,
    DatasetSnapshot,
    Evaluation,
    EvaluationSet,
    Promotion,
    Run,
    Search,
    SpeechModel,
)
from training.search_form import SearchForm
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
from training.services.canaries import canary_roll_back
from training.services.datasets import snapshot_build
from training.services.promotions import promotion_roll_back
from training.services.runs import run_create
from training.services.searches import search_create


class TrainingAdmin(ReadOnlyAdmin):
    viewers = TRAINERS


@admin.register(DatasetSnapshot)
class DatasetSnapshotAdmin(TrainingAdmin):
    list_display = [
        "__str__",
        "site",
        "utterances",
        "minutes",
        "excluded",
        "created_by",
        "created_at",
        "train",
        "search",
    ]

    def rows_for(self, request: HttpRequest) -> QuerySet[DatasetSnapshot]:
        return snapshots_for_user(request.user)

    def get_urls(self) -> list[URLPattern]:
        build = self.admin_site.admin_view(require_POST(self.build))
        train = self.admin_site.admin_view(self.train_on)
        search = self.admin_site.admin_view(self.search_on)
        name = "training_datasetsnapshot"
        own = [
            path("build/", build, name=f"{name}_build"),
            path("<int:pk>/train/", train, name=f"{name}_train"),
            path("<int:pk>/search/", search, name=f"{name}_search"),
        ]
        return own + super().get_urls()

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> Any:
        sites = sites_for_user(request.user, *TRAINERS)
        return super().changelist_view(request, {**(extra_context or {}), "sites": sites})

    def build(self, request: HttpRequest) -> HttpResponse:
        """POST `site` (a slug; empty for all sites)."""
        slug = request.POST.get("site")
        site = sites_for_user(request.user, *TRAINERS).filter(slug=slug).first() if slug else None
        try:
            snapshot = snapshot_build(user=request.user, site=site)  # type: ignore[arg-type]
        except DomainError as error:
            self.message_user(request, error.message, messages.ERROR)
        else:
            words = _("Snapshot %(snapshot)s holds %(count)s utterances.")
            self.message_user(request, words % {"snapshot": snapshot, "count": snapshot.utterances})
        return redirect("admin:training_datasetsnapshot_changelist")

    def train_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows the knobs, POST starts the run and leads to its page."""
        snapshot = snapshots_for_user(request.user).filter(pk=pk).first()
        if snapshot is None:
            self.message_user(request, _("There is no such dataset snapshot at your sites."), messages.ERROR)
            return redirect("admin:training_datasetsnapshot_changelist")
        form = TrainForm(
            request.POST if request.method == "POST" else None, models=models_for_user(request.user)
        )
        if request.method == "POST" and form.is_valid():
            values = form.cleaned_data
            try:
                run = run_create(
                    user=request.user,  # type: ignore[arg-type]
                    snapshot=snapshot,
                    base_model=values["base_model"],
                    overrides=values["overrides"],
                    name=values["name"],
                )
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect("run_detail", uuid=run.uuid)
        context = {**self.admin_site.each_context(request), "form": form, "snapshot": snapshot}
        return render(request, "admin/training/datasetsnapshot/train.html", {**context, "opts": self.opts})

    def search_on(self, request: HttpRequest, pk: int) -> HttpResponse:
        """GET shows the budget and the ranges, POST starts the search and leads to its page."""
        snapshot = snapshots_for_user(request.user).filter(pk=pk).first()
        if snapshot is None:
            self.message_user(request, _("There is no such dataset snapshot at your sites."), messages.ERROR)
            return redirect("admin:training_datasetsnapshot_changelist")
        form = SearchForm(
            request.POST if request.method == "POST" else None, models=models_for_user(request.user)
        )
        if form.is_valid():
            user = request.user
            try:
                search = search_create(user=user, snapshot=snapshot, **form.asked())  # type: ignore[arg-type]
            except DomainError as error:
                form.add_error(None, error.message)
            else:
                return redirect("search_detail", uuid=search.uuid)
        context = {**self.admin_site.each_context(request), "form": form, "snapshot": snapshot}
        return render(request, "admin/training/datasetsnapshot/search.html", {**context, "opts": self.opts})

    @admin.display(description=gettext_lazy("minutes"))
    def minutes(self, snapshot: DatasetSnapshot) -> str:
        return f"{snapshot.duration_ms / 60_000:.1f}"

    @admin.display(description="")
    def train(self, snapshot: DatasetSnapshot) -> str:
        url = reverse("admin:training_datasetsnapshot_train", args=[snapshot.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, _("Train"))

    @admin.display(description="")
    def search(self, snapshot: DatasetSnapshot) -> str:
        url = reverse("admin:training_datasetsnapshot_search", args=[snapshot.pk])
        return format_html('<a class="button" href="{}">{}</a>', url, _("Search for good knobs"))


@admin.register(Search)
class SearchAdmin(TrainingAdmin):
    list_display = [
        "__str__",
        "status",
        "step",
        "total_steps",
        "snapshot",
        "base_model",
        "created_at",
        "page",
    ]
    list_filter = ["status"]

    def rows_for(self, request: HttpRequest) -> QuerySet[Search]:
        return searches_for_user(request.user)

    @admin.display(description=gettext_lazy("page"))
    def page(self, search: Search) -> str:
        return format_html('<a href="{}">{}</a>', reverse("search_detail", args=[search.uuid]), _("open"))


@admin.register(Run)
class RunAdmin(TrainingAdmin):
    list_display = ["__str__", "status", "stage", "step", "snapshot", "base_model", "created_at", "page"]
    list_filter = ["status"]

    def rows_for(self, request: HttpRequest) -> QuerySet[Run]:
        return runs_for_user(request.user)

    @admin.display(description=gettext_lazy("page"))
    def page(self, run: Run) -> str:
        return format_html('<a href="{}">{}</a>', reverse("run_detail", args=[run.uuid]), _("open"))


@admin.register(SpeechModel)
class SpeechModelAdmin(TrainingAdmin):
    list_display = ["name", "kind", "parent", "variable_window", "sha256", "created_at", "page"]

    def rows_for(self, request: HttpRequest) -> QuerySet[SpeechModel]:
        return models_for_user(request.user)

    @admin.display(description=gettext_lazy("promote"))
    def page(self, model: SpeechModel) -> str:
        url = reverse("model_list")
        return format_html('<a href="{}#{}">{}</a>', url, model.uuid, _("gate and promotion"))


@admin.register(Promotion)
class PromotionAdmin(TrainingAdmin):
    list_display = ["model", "site", "current", "evaluation", "actor", "created_at", "rolled_back_at"]
    list_filter = ["current", "site"]
    actions = ["roll_back"]

    def rows_for(self, request: HttpRequest) -> QuerySet[Promotion]:
        return promotions_for_user(request.user)

    @admin.action(description=gettext_lazy("Roll back to what was live before"), permissions=["view"])
    def roll_back(self, request: HttpRequest, promotions: QuerySet[Promotion]) -> None:
        for promotion in promotions:
            try:
                back = promotion_roll_back(user=request.user, promotion=promotion)  # type: ignore[arg-type]
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, _("%(model)s is live again.") % {"model": back.model})


@admin.register(Canary)
class CanaryAdmin(TrainingAdmin):
    list_display = ["model", "site", "share", "status", "evaluation", "actor", "created_at", "ended_at"]
    list_filter = ["status", "site"]
    actions = ["roll_back"]

    def rows_for(self, request: HttpRequest) -> QuerySet[Canary]:
        return canaries_for_user(request.user)

    @admin.action(description=gettext_lazy("No new session for this model"), permissions=["view"])
    def roll_back(self, request: HttpRequest, canaries: QuerySet[Canary]) -> None:
        for canary in canaries:
            try:
                canary_roll_back(user=request.user, canary=canary)  # type: ignore[arg-type]
            except DomainError as error:
                self.message_user(request, error.message, messages.ERROR)
            else:
                self.message_user(request, _("%(model)s hears no new session.") % {"model": canary.model})


@admin.register(EvaluationSet)
class EvaluationSetAdmin(TrainingAdmin):
    list_display = ["name", "kind", "utterances", "active", "sha256", "created_at"]

    def rows_for(self, request: HttpRequest) -> QuerySet[EvaluationSet]:
        return evaluation_sets_for_user(request.user)


@admin.register(Evaluation)
class EvaluationAdmin(TrainingAdmin):
    list_display = ["model", "evaluation_set", "corpus_cer", "interval", "utterances", "created_at"]
    list_filter = ["evaluation_set"]

    def rows_for(self, request: HttpRequest) -> QuerySet[Evaluation]:
        return Evaluation.objects.filter(model__in=models_for_user(request.user))
