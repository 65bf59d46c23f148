"""Annotation in the admin: recordings can be brought in and retried; everything else is only read."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy, ngettext

from accounts.models import Site, User
from accounts.read_only import ReadOnlyAdmin
from accounts.selectors import sites_for_user
from annotation.models import Hypothesis, Label, Recording, Segment
from annotation.selectors.recordings import VIEWERS
from annotation.services.recordings import recording_ingest, recording_retry
from base.errors import DomainError


class RecordingUploadForm(forms.ModelForm):
    """Brings the file in while the form is checked, so that a refused file is told at the field."""

    file = forms.FileField(label=gettext_lazy("sound file"))
    user: User

    class Meta:
        model = Recording
        fields = ["site", "speaker", "department"]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if self.errors:
            return values
        upload = values["file"]
        try:
            self.taken = recording_ingest(
                site=values["site"],
                stream=upload,
                filename=upload.name,
                user=self.user,
                speaker=values["speaker"],
                department=values["department"],
            )
        except DomainError as error:
            self.add_error("file", error.message)
        return values

    def save(self, commit: bool = True) -> Recording:
        return self.taken

    def save_m2m(self) -> None:
        """There is nothing many-to-many here; the admin asks for it after `save`."""


class SiteAdmin(ReadOnlyAdmin):
    """Rows of the person's own sites; `site_path` leads from the row there."""

    viewers = VIEWERS
    site_path = "segment__recording__site"

    def rows_for(self, request: HttpRequest) -> QuerySet[Any]:
        sites = sites_for_user(request.user, *VIEWERS)
        return self.model._default_manager.filter(**{f"{self.site_path}__in": sites})


@admin.register(Recording)
class RecordingAdmin(SiteAdmin):
    site_path = "site"
    list_display = [
        "title",
        "site",
        "source",
        "status",
        "duration_ms",
        "speaker",
        "department",
        "error",
        "created_at",
    ]
    list_filter = ["status", "site", "source"]
    search_fields = ["title", "speaker", "uuid"]
    actions = ["retry"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_view_permission(request)

    def get_form(
        self, request: HttpRequest, obj: Recording | None = None, change: bool = False, **kwargs: Any
    ) -> Any:
        if obj is not None:
            return super().get_form(request, obj, change, **kwargs)
        bound = type("BoundUploadForm", (RecordingUploadForm,), {"user": request.user})
        return super().get_form(
            request, obj, change, form=bound, fields=["site", "speaker", "department", "file"]
        )

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.related_model is Site:
            kwargs["queryset"] = sites_for_user(request.user)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: Recording, form: Any, change: bool) -> None:
        """The service has stored the row already."""

    @admin.action(description=gettext_lazy("Try failed or stuck recordings again"), permissions=["view"])
    def retry(self, request: HttpRequest, recordings: QuerySet[Recording]) -> None:
        retried = 0
        for recording in recordings.select_related("site"):
            try:
                recording_retry(user=request.user, recording=recording)  # type: ignore[arg-type]
                retried += 1
            except DomainError as error:
                self.message_user(request, error.message, messages.WARNING)
        if retried:
            text = ngettext(
                "%(count)s recording is tried again.", "%(count)s recordings are tried again.", retried
            )
            self.message_user(request, text % {"count": retried})


@admin.register(Segment)
class SegmentAdmin(SiteAdmin):
    site_path = "recording__site"
    list_display = ["__str__", "recording", "status", "priority", "expected_errors", "claimed_by", "version"]
    list_filter = ["status", "recording__site"]
    list_select_related = ["recording", "claimed_by"]
    search_fields = ["uuid", "recording__title"]


@admin.register(Hypothesis)
class HypothesisAdmin(SiteAdmin):
    list_display = ["text", "segment", "model_ref", "avg_logprob", "flags", "created_at"]
    list_filter = ["model_ref"]
    list_select_related = ["segment"]
    search_fields = ["text", "segment__uuid"]


@admin.register(Label)
class LabelAdmin(SiteAdmin):
    list_display = [
        "text",
        "segment",
        "version",
        "author",
        "status",
        "origin",
        "errors_removed",
        "created_at",
    ]
    list_filter = ["status", "segment__recording__site"]
    list_select_related = ["segment", "author", "hypothesis"]
    search_fields = ["text", "segment__uuid"]
