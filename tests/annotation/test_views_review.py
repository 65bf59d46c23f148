"""Review by HTTP: who may decide, and what a verdict does."""

import pytest
from django.test import Client
from django.urls import reverse

from annotation.models import LabelStatus, SegmentStatus
from tests.factories import make_label, make_recording, make_segment

pytestmark = pytest.mark.django_db


@pytest.fixture
def label(cast):
    segment = make_segment(make_recording(cast.site), text="草稿")
    return make_label(segment, "改好的", author=cast.annotator, status=LabelStatus.SUBMITTED)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def decide(client, label, verdict):
    return client.post(reverse("review_decide", args=[label.uuid]), {"verdict": verdict})


def test_a_reviewer_sees_draft_and_text_and_approves(cast, label):
    client = client_of(cast.reviewer)
    assert reverse("review_list") in client.get(reverse("home")).content.decode()
    page = client.get(reverse("review_list")).content.decode()
    assert "草稿" in page
    assert "改好的" in page
    assert decide(client, label, "approve").url == reverse("review_list")
    label.refresh_from_db()
    assert (label.status, label.reviewed_by) == (LabelStatus.APPROVED, cast.reviewer)
    assert decide(client, label, "reject").status_code == 404  # decided already


def test_a_rejected_segment_goes_back_to_the_queue(cast, label):
    decide(client_of(cast.reviewer), label, "reject")
    label.segment.refresh_from_db()
    assert label.segment.status == SegmentStatus.OPEN


@pytest.mark.parametrize("name", ["annotator", "engineer", "clinician", "outsider"])
def test_nobody_else_may_decide(cast, label, name):
    client = client_of(getattr(cast, name))
    assert client.get(reverse("review_list")).status_code == 403
    assert decide(client, label, "approve").status_code == 404
    label.refresh_from_db()
    assert label.status == LabelStatus.SUBMITTED
