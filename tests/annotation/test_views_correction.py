"""The correction page by HTTP: who may open it, what a submit does, what a stale one does."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from annotation.models import Draft, Label, Segment, SegmentStatus, Skip
from tests.factories import make_recording, make_segment, make_site, make_user

pytestmark = pytest.mark.django_db
EVERY_ENDPOINT = ("draft", "discard", "heartbeat", "submit", "skip", "unusable")


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def segment(site):
    recording = make_recording(site, audio=True)
    make_segment(recording, 0, 2000, text="血壓正常", status=SegmentStatus.DONE)
    return make_segment(recording, 2000, 4000, text="服用 Metformin 五百毫克")


def client_of(*roles, site):
    client = Client()
    client.force_login(make_user(*roles, site=site))
    return client


def post(client, segment, name, **payload):
    url = reverse(f"segment_{name}", args=[segment.uuid])
    return client.post(url, payload, content_type="application/json")


def submit(client, segment, text="服用 Metformin 500 毫克", version=0):
    return post(client, segment, "submit", text=text, version=version, active_edit_ms=4200)


def test_the_queue_leads_to_the_claimed_segment(site, segment):
    client = client_of(Role.EXPERT, site=site)
    response = client.get(reverse("correct_next"), follow=True)
    page = response.content.decode()
    assert response.redirect_chain[-1][0] == reverse("correct_segment", args=[segment.uuid])
    assert "服用 Metformin 五百毫克</textarea>" in page
    assert "血壓正常" in page  # the sentence before it
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.CLAIMED


def test_an_empty_queue_says_so(site):
    response = client_of(Role.EXPERT, site=site).get(reverse("correct_next"))
    assert response.status_code == 200
    assert reverse("recording_list") in response.content.decode()


def test_skipped_segments_come_back_on_request(site, segment):
    client = client_of(Role.EXPERT, site=site)
    client.get(reverse("correct_next"))
    assert post(client, segment, "skip").json() == {"next": None}
    assert reverse("skipped_bring_back") in client.get(reverse("correct_next")).content.decode()
    response = client.post(reverse("skipped_bring_back"), follow=True)
    assert response.redirect_chain[-1][0] == reverse("correct_segment", args=[segment.uuid])
    assert not Skip.objects.exists()


@pytest.mark.parametrize("role", [Role.ENGINEER, Role.CLINICIAN, Role.SITE_ADMIN])
def test_it_is_for_experts_and_reviewers_only(site, segment, role):
    client = client_of(role, site=site)
    assert client.get(reverse("correct_next")).status_code == 403
    assert client.get(reverse("correct_segment", args=[segment.uuid])).status_code == 404
    for name in EVERY_ENDPOINT:
        assert post(client, segment, name).status_code in (400, 404), name
    assert Segment.objects.get(pk=segment.pk).status == SegmentStatus.OPEN
    assert not Draft.objects.exists()


def test_an_expert_of_another_hospital_does_not_learn_that_it_exists(segment):
    outsider = client_of(Role.EXPERT, site=make_site())
    assert outsider.get(reverse("correct_segment", args=[segment.uuid])).status_code == 404
    assert submit(outsider, segment).status_code == 404
    assert not Label.objects.exists()


def test_nobody_gets_in_without_logging_in(segment):
    response = Client().get(reverse("correct_segment", args=[segment.uuid]))
    assert response.status_code == 302
    assert response.url.startswith(reverse("login"))


@pytest.mark.parametrize("role", [Role.EXPERT, Role.REVIEWER])
def test_a_submit_stores_the_label_and_claims_the_next(site, segment, role):
    following = make_segment(segment.recording, 4000, 5000, text="再回診")
    client = client_of(role, site=site)
    client.get(reverse("correct_segment", args=[segment.uuid]))
    response = submit(client, segment)
    answer = response.json()
    assert (answer["version"], answer["next"]) == (1, reverse("correct_segment", args=[following.uuid]))
    assert answer["mark"] and answer["lease"]
    label = Label.objects.get(segment=segment)
    assert (label.version, label.active_edit_ms, label.origin) == (1, 4200, "edited")


def test_a_stale_submit_gets_both_texts_and_changes_nothing(site, segment):
    first, second = client_of(Role.EXPERT, site=site), client_of(Role.EXPERT, site=site)
    first.get(reverse("correct_segment", args=[segment.uuid]))
    submit(first, segment, "第一位寫的")
    response = submit(second, segment, "第二位寫的")
    answer = response.json()
    assert response.status_code == 409
    assert (answer["code"], answer["yours"], answer["theirs"]) == (
        "stale_version",
        "第二位寫的",
        "第一位寫的",
    )
    assert [label.text for label in Label.objects.all()] == ["第一位寫的"]
    # Having seen both, the second may still decide for their own.
    assert submit(second, segment, "第二位寫的", version=answer["version"]).status_code == 200
    assert Label.objects.count() == 2


def test_somebody_elses_segment_is_refused_with_a_sentence(site, segment):
    client_of(Role.EXPERT, site=site).get(reverse("correct_segment", args=[segment.uuid]))
    response = client_of(Role.EXPERT, site=site).get(reverse("correct_segment", args=[segment.uuid]))
    assert response.status_code == 409
    assert "held_by_other" in response.content.decode()


def test_a_draft_is_there_again_after_a_reload(site, segment):
    client = client_of(Role.EXPERT, site=site)
    post(client, segment, "draft", text="打到一半", base_version=0, active_edit_ms=900)
    page = client.get(reverse("correct_segment", args=[segment.uuid]))
    assert "打到一半</textarea>" in page.content.decode()
    assert page.context["page"]["segment"]["active_edit_ms"] == 900


def test_a_discarded_draft_does_not_come_back(site, segment):
    client = client_of(Role.EXPERT, site=site)
    post(client, segment, "draft", text="不要了", base_version=0, active_edit_ms=0)
    assert post(client, segment, "discard").status_code == 200
    assert not Draft.objects.exists()


def test_unusable_needs_one_of_the_reasons(site, segment):
    client = client_of(Role.EXPERT, site=site)
    client.get(reverse("correct_segment", args=[segment.uuid]))
    assert post(client, segment, "unusable", reason="boring").status_code == 400
    assert post(client, segment, "unusable", reason="overlap").json() == {"next": None}
    segment.refresh_from_db()
    assert (segment.status, segment.unusable_reason) == (SegmentStatus.UNUSABLE, "overlap")
    client.post(reverse("segment_reopen", args=[segment.uuid]))
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.OPEN


def test_stopping_gives_the_segment_back(site, segment):
    client = client_of(Role.EXPERT, site=site)
    client.get(reverse("correct_segment", args=[segment.uuid]))
    assert client.post(reverse("segment_release", args=[segment.uuid])).url == reverse("home")
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.OPEN


def test_a_lost_lease_is_told_to_the_page(site, segment):
    first, second = client_of(Role.EXPERT, site=site), client_of(Role.EXPERT, site=site)
    first.get(reverse("correct_segment", args=[segment.uuid]))
    assert post(first, segment, "heartbeat").status_code == 200
    response = post(second, segment, "heartbeat")
    assert (response.status_code, response.json()["code"]) == (409, "lease_lost")


@pytest.mark.parametrize(
    "body", [b"null", b"[]", b"{", b'{"text": "a"}', b'{"text": "a", "version": -1, "active_edit_ms": 0}']
)
def test_nonsense_is_refused_in_words(site, segment, body):
    client = client_of(Role.EXPERT, site=site)
    url = reverse("segment_submit", args=[segment.uuid])
    response = client.post(url, body, content_type="application/json")
    assert (response.status_code, response.json()["code"]) == (400, "bad_request")
    assert response.json()["message"]


def test_why_it_is_served_stands_in_words(site, segment):
    segment.reasons = [{"code": "likely_errors", "count": 3}, {"code": "invented_tomorrow"}]
    segment.save()
    client = client_of(Role.EXPERT, site=site)
    response = client.get(reverse("correct_segment", args=[segment.uuid]), headers={"accept-language": "en"})
    assert response.context["why"] == ["about 3 likely errors"]


def test_what_one_person_typed_is_never_stored_as_anothers(site, segment):
    """One has logged out in another tab, the next has logged in, the first one's page is still open."""
    client = client_of(Role.EXPERT, site=site)
    url = reverse("segment_draft", args=[segment.uuid])
    typed = {"text": "前一位打的", "base_version": 0, "active_edit_ms": 0}
    response = client.post(url, typed, content_type="application/json", headers={"X-Auscult-Person": "1-1"})
    assert (response.status_code, response.json()["code"]) == (403, "other_person")
    assert not Draft.objects.exists()
    page = client.get(reverse("correct_segment", args=[segment.uuid]))
    own = {"X-Auscult-Person": page.context["person_key"]}
    assert client.post(url, typed, content_type="application/json", headers=own).status_code == 200


def test_a_text_sent_later_claims_no_next_segment(site, segment):
    make_segment(segment.recording, 4000, 5000, text="再回診")
    client = client_of(Role.EXPERT, site=site)
    response = post(
        client, segment, "submit", text="遲到的", version=0, active_edit_ms=0, stay=True, stamp="a:1"
    )
    assert response.json() == {"version": 1, "text": "遲到的", "next": None}
    assert not Segment.objects.filter(status=SegmentStatus.CLAIMED).exists()
