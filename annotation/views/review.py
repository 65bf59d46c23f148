"""What waits for a reviewer: verdicts where the hospital asks for them, disputes, labels under doubt."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts.models import Role
from accounts.requests import person
from accounts.selectors import require_role
from annotation.selectors.labels import labels_for_review
from annotation.selectors.review import Sides, disputes_for_user, doubts_for_user
from annotation.services.gold import gold_declare
from annotation.services.labels import label_review
from base.loading import found
from base.paging import page_of

LABELS_A_PAGE = 20
AT_A_TIME = 10  # of each kind: what is settled makes room for the next


@require_safe
def review_list(request: HttpRequest) -> HttpResponse:
    """Disputes first: two people's minutes wait for them. Then the likely errors, then what is to approve."""
    user = person(request)
    require_role(user, Role.REVIEWER)
    page = page_of(labels_for_review(user), request.GET, LABELS_A_PAGE, key="id")
    disputes, doubts = disputes_for_user(user), doubts_for_user(user)
    context = {
        "page": page,
        "disputes": disputes[:AT_A_TIME],
        "dispute_count": disputes.count(),
        "doubts": [
            {"doubt": one, "pieces": Sides(one.label.text, one.hypothesis.text).pieces}
            for one in doubts[:AT_A_TIME]
        ],
        "doubt_count": doubts.count(),
    }
    return render(request, "annotation/review_list.html", context)


@require_POST
def review_decide(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`verdict` is approve, gold (approve and vouch for the text) or reject: back to the queue."""
    user, verdict = person(request), request.POST.get("verdict")
    decided = _("This text is not waiting for you: somebody has decided already.")
    label = found(labels_for_review(user), uuid, "label_unknown", decided)
    label_review(user=user, label=label, approve=verdict in ("approve", "gold"))
    if verdict == "gold":
        gold_declare(user=user, segment=label.segment)
    return redirect("review_list")
