"""Recordings: the list with its drop zone, and one recording with its segments."""

from uuid import UUID

from django import forms
from django.contrib import messages
from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role, Site
from accounts.requests import person
from accounts.selectors import has_role, sites_for_user
from annotation.models import (
    CalibrationFit,
    Label,
    Reading,
    Recording,
    RecordingSource,
    RecordingStatus,
    Segment,
)
from annotation.selectors.calibrations import newest_fit, words_to_mark
from annotation.selectors.pages import with_progress
from annotation.selectors.readings import as_first_seen, blind_segments
from annotation.selectors.recordings import recordings_for_user
from annotation.selectors.review import gold_items_for_user
from annotation.services.exports import EXPORTERS
from annotation.services.recordings import recording_ingest, recording_retry
from annotation.views.doubt import marked_pieces
from annotation.views.loading import CORRECTORS, recording_of
from base.errors import DomainError, wants_json
from base.paging import page_of

PAGE_SIZE = 50
SEGMENTS_A_PAGE = 100
# States in which a worker is busy: the page looks again by itself.
UNDER_WAY = (
    RecordingStatus.GROWING,
    RecordingStatus.UPLOADED,
    RecordingStatus.NORMALISED,
    RecordingStatus.SEGMENTED,
)


class FilterForm(forms.Form):
    """The filters, as they stand in the address."""

    q = forms.CharField(label=gettext_lazy("title"), required=False)
    site = forms.ModelChoiceField(Site.objects.none(), to_field_name="slug", required=False)
    status = forms.ChoiceField(choices=[("", ""), *RecordingStatus.choices], required=False)
    source = forms.ChoiceField(choices=[("", ""), *RecordingSource.choices], required=False)

    def __init__(self, data: QueryDict, sites: QuerySet[Site]) -> None:
        super().__init__(data)
        self.fields["site"].queryset = sites  # type: ignore[attr-defined]

    def narrow(self, recordings: QuerySet[Recording]) -> QuerySet[Recording]:
        """A filter that makes no sense is left out."""
        self.is_valid()
        wanted = {name: value for name, value in self.cleaned_data.items() if value}
        title = wanted.pop("q", "")
        return recordings.filter(**wanted, **({"title__icontains": title} if title else {}))


@require_safe
def recording_list(request: HttpRequest) -> HttpResponse:
    sites = sites_for_user(person(request))
    filters = FilterForm(request.GET, sites=sites)
    recordings = with_progress(filters.narrow(recordings_for_user(person(request))))
    page = page_of(recordings, request.GET, PAGE_SIZE)
    context = {
        "page": page,
        "sites": sites,
        "filters": filters,
        "filtered": any(request.GET.get(name) for name in filters.fields),
        "under_way": any(recording.status in UNDER_WAY and not recording.error for recording in page),
        "upload_url": reverse("recording_upload"),
    }
    return render(request, "annotation/recording_list.html", context)


@require_POST
def recording_upload(request: HttpRequest) -> HttpResponse:
    """Several files; each has its own result, and one that is refused does not stop the others."""
    site = sites_for_user(person(request)).filter(slug=request.POST.get("site", "")).first()
    if site is None:
        raise DomainError("site_missing", _("Choose one of your sites for these files."))
    results = [ingest_one(request, site, upload) for upload in request.FILES.getlist("files")]
    if not results:
        raise DomainError("no_files", _("Choose at least one sound file."))
    if wants_json(request):
        return JsonResponse({"results": results})
    for result in results:
        level = messages.SUCCESS if result["ok"] else messages.ERROR
        messages.add_message(request, level, f"{result['filename']}: {result['message']}")
    return redirect("recording_list")


def ingest_one(request: HttpRequest, site: Site, upload) -> dict[str, object]:  # type: ignore[no-untyped-def]
    """`url` leads to the recording; for a duplicate to the first of its kind."""
    name = upload.name
    try:
        recording = recording_ingest(
            site=site,
            stream=upload,
            filename=name,
            user=person(request),
            speaker=request.POST.get("speaker", "").strip(),
            department=request.POST.get("department", "").strip(),
        )
    except DomainError as error:
        first = error.detail.get("first")
        url = reverse("recording_detail", args=[first]) if first else None
        return {"filename": name, "ok": False, "message": _(str(error.message)), "url": url}
    url = reverse("recording_detail", args=[recording.uuid])
    return {"filename": name, "ok": True, "message": _("Stored; being prepared."), "url": url}


@require_safe
def recording_detail(request: HttpRequest, uuid: UUID) -> HttpResponse:
    recording = recording_of(person(request), uuid)
    labels = Prefetch("labels", Label.objects.select_related("author").order_by("-version"))
    segments = recording.segments.current().select_related("hypothesis").prefetch_related(labels)
    page = page_of(segments, request.GET, SEGMENTS_A_PAGE, key="start_ms")
    drafted = next((s.hypothesis for s in page if s.hypothesis), None)
    fit = newest_fit(recording.site_id, drafted.model_ref) if drafted else None
    blind = blind_segments(person(request), recording)
    context = {
        "recording": with_progress(Recording.objects.filter(pk=recording.pk)).get(),
        "page": page,
        "rows": [segment_row(segment, fit, blind.get(segment.pk)) for segment in page],
        "under_way": recording.status in UNDER_WAY and not recording.error,
        "may_export": has_role(person(request), *EXPORTERS, site=recording.site),
        "may_correct": has_role(person(request), *CORRECTORS, site=recording.site),
        "may_declare_gold": has_role(person(request), Role.REVIEWER, site=recording.site),
        "gold": set(
            gold_items_for_user(person(request))
            .filter(segment__recording=recording)
            .values_list("segment", flat=True)
        ),
    }
    return render(request, "annotation/recording_detail.html", context)


def segment_row(segment: Segment, fit: CalibrationFit | None, blind: Reading | None) -> dict[str, object]:
    """The newest label if there is one, else what the model heard, with its doubtful words marked.

    Whoever reads the segment blind sees it as if nobody had corrected it.
    """
    label = next(iter(segment.labels.all()), None)
    if blind:
        segment, label = as_first_seen(blind), None
    heard = segment.hypothesis
    pieces = marked_pieces(heard.text, words_to_mark(segment, fit)) if heard and not label else []
    return {"segment": segment, "label": label, "pieces": pieces}


@require_POST
def recording_try_again(request: HttpRequest, uuid: UUID) -> HttpResponse:
    recording_retry(user=person(request), recording=recording_of(person(request), uuid))
    return redirect("recording_detail", uuid)
