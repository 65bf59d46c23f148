"""A second person's verdict on what was written, where the hospital asks for one."""

from uuid import UUID

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role
from accounts.requests import person
from accounts.selectors import require_role
from annotation.selectors.labels import labels_for_review
from annotation.services.labels import label_review
from base.errors import NotFound

LABELS_A_PAGE = 20


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """Oldest first, with the model's draft beside each."""
    require_role(person(request), Role.REVIEWER)
    page = Paginator(labels_for_review(person(request)), LABELS_A_PAGE).get_page(request.GET.get("page"))
    return render(request, "annotation/review_list.html", {"page": page})


@require_POST
def review_decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`verdict` is approve or reject; a rejected segment goes back to the queue."""
    label = labels_for_review(person(request)).filter(uuid=uuid).first()
    if label is None:
        raise NotFound("label_unknown", _("This text is not waiting for you: somebody has decided already."))
    label_review(user=person(request), label=label, approve=request.POST.get("verdict") == "approve")
    return redirect("review_list")
