"""What the browser fetches ahead: reserved, not claimed, and only for who may correct there."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from annotation.models import Segment, SegmentStatus
from tests.factories import make_hypothesis, make_recording, make_segment, make_site, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def segments(site):
    recording = make_recording(site, audio=True)
    texts = ("第一", "第二", "第三", "第四", "第五")
    return [
        make_segment(recording, 1000 * at, 1000 * (at + 1), text=text, priority=9 - at)
        for at, text in enumerate(texts)
    ]


def client_of(*roles, site):
    client = Client()
    client.force_login(make_user(*roles, site=site))
    return client


def ahead_of(client):
    return client.post(reverse("correct_ahead"), content_type="application/json").json()["ahead"]


def confirm(client, segment):
    payload = {"text": "改正", "version": 0, "active_edit_ms": 100}
    return client.post(
        reverse("segment_submit", args=[segment.uuid]), payload, content_type="application/json"
    ).json()


def test_what_was_fetched_ahead_is_what_the_submit_leads_to(site, segments):
    client = client_of(Role.EXPERT, site=site)
    client.get(reverse("correct_next"), follow=True)
    ahead = ahead_of(client)
    assert [one["page"] for one in ahead] == [
        reverse("correct_segment", args=[s.uuid]) for s in segments[1:4]
    ]
    page = client.get(ahead[0]["peek"])
    assert page.status_code == 200 and "第二</textarea>" in page.content.decode()
    assert client.get(ahead[0]["peaks"]).status_code == client.get(ahead[0]["audio"]).status_code == 200
    assert Segment.objects.get(pk=segments[1].pk).status == SegmentStatus.OPEN  # looked at, not claimed
    answer = confirm(client, segments[0])
    assert (answer["next"], answer["mark"]) == (ahead[0]["page"], ahead[0]["mark"])
    assert answer["lease"]


def test_the_mark_changes_with_what_the_page_shows(site, segments):
    client = client_of(Role.EXPERT, site=site)
    client.get(reverse("correct_next"), follow=True)
    before = ahead_of(client)[0]["mark"]
    make_hypothesis(segments[1], "別的草稿")
    assert confirm(client, segments[0])["mark"] != before


def test_a_segment_that_somebody_holds_is_not_shown_ahead(site, segments):
    client_of(Role.EXPERT, site=site).get(reverse("correct_next"), follow=True)
    response = client_of(Role.EXPERT, site=site).get(reverse("segment_ahead", args=[segments[0].uuid]))
    assert response.status_code == 409
    assert "第一</textarea>" not in response.content.decode()


def test_a_closed_page_says_so_with_the_lease_that_it_knows(site, segments):
    client = client_of(Role.EXPERT, site=site)
    page = client.get(reverse("correct_next"), follow=True).context["page"]
    beat = client.post(page["urls"]["heartbeat"], content_type="application/json").json()
    leave = lambda lease: client.post(  # noqa: E731
        page["urls"]["leave"], {"lease": lease}, content_type="application/json"
    )
    assert leave("2001-01-01T00:00:00Z").json() == {"left": False}
    assert leave(beat["lease"]).json() == {"left": True}
    assert leave("soon").status_code == 400


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.CLINICIAN])
def test_it_is_for_who_corrects(site, segments, role):
    client = client_of(role, site=site)
    assert client.post(reverse("correct_ahead"), content_type="application/json").status_code == 403
    for name in ("segment_ahead", "segment_leave"):
        url = reverse(name, args=[segments[0].uuid])
        assert client.get(url).status_code in (404, 405)
    assert not Segment.objects.exclude(reserved_for=None).exists()


def test_an_expert_of_another_hospital_does_not_learn_that_it_exists(segments):
    outsider = client_of(Role.EXPERT, site=make_site())
    assert outsider.get(reverse("segment_ahead", args=[segments[0].uuid])).status_code == 404
    assert ahead_of(outsider) == []
