"""A blind reading by HTTP: the same pages and forms as a first correction, and the first text nowhere."""

import json
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from annotation.models import Draft, Label, Reading, ReadingStatus, SegmentStatus
from annotation.services import reading_lots
from annotation.services.labels import label_submit
from tests.factories import make_label, make_recording, make_segment, make_user

pytestmark = pytest.mark.django_db
HEARD, SAID = "病人主訴頭通兩天", "病人主訴頭痛三天了"


@pytest.fixture(autouse=True)
def every_time(monkeypatch, settings):
    monkeypatch.setattr(reading_lots, "lot", lambda key: 0.0)
    settings.AUSCULT_GOLD_SHARE = 0.0


@pytest.fixture
def segment(cast):
    row = make_segment(make_recording(cast.site, audio=True), text=HEARD)
    label_submit(user=cast.annotator, segment=row, text=SAID, version=0, active_edit_ms=0)
    return row


@pytest.fixture
def second(cast, segment):
    user = make_user(Role.EXPERT, site=cast.site)
    make_label(make_segment(make_recording(cast.site), text="好"), author=user)
    return user


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def post(client, segment, name, **body):
    return client.post(
        reverse(f"segment_{name}", args=[segment.uuid]), json.dumps(body), content_type="application/json"
    )


def page_json(html):
    return json.loads(html.split('id="segment-data" type="application/json">')[1].split("</script>")[0])


def test_the_page_looks_like_a_first_correction(segment, second, cast):
    client = client_of(second)
    answer = client.get(reverse("correct_next"), follow=True)
    assert answer.redirect_chain == [(reverse("correct_segment", args=[segment.uuid]), 302)]
    html = answer.content.decode()
    assert SAID not in html and cast.annotator.username not in html
    assert "corrected already" not in html and "version 1" not in html
    data = page_json(html)["segment"]
    assert (data["version"], data["draft_text"], data["active_edit_ms"]) == (0, HEARD, 0)
    assert f">{HEARD}</textarea>" in html


def test_nothing_tells_it_from_a_segment_that_nobody_has_corrected(segment, second):
    """The same page but for the addresses and the text itself."""
    client = client_of(second)
    blind = client.get(reverse("correct_next"), follow=True)
    post(client, segment, "release")
    Reading.objects.all().delete()
    first = make_segment(make_recording(segment.site, audio=True), text=HEARD)
    plain = client.get(reverse("correct_segment", args=[first.uuid]))
    for answer, row in ((blind, segment), (plain, first)):
        answer.text_only = (
            answer.content.decode()
            .replace(str(row.uuid), "uuid")
            .replace(str(row.recording.uuid), "recording")
            .replace(row.recording.title, "title")
        )
    without_csrf = [
        "\n".join(line for line in answer.text_only.splitlines() if "csrf" not in line)
        for answer in (blind, plain)
    ]
    timeless = [re.sub(r'"lease": "[^"]+"', '"lease": "when"', html) for html in without_csrf]
    assert '"lease": "when"' in timeless[0]
    assert timeless[0] == timeless[1]


def test_drafts_heartbeat_and_submit_go_to_the_reading(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    typed = {"text": "病人主訴", "base_version": 0, "active_edit_ms": 100}
    assert post(client, segment, "draft", **typed).status_code == 200
    page = client.get(reverse("correct_segment", args=[segment.uuid])).content.decode()
    assert "病人主訴</textarea>" in page
    assert post(client, segment, "heartbeat").status_code == 200
    answer = post(client, segment, "submit", text=HEARD, version=0, active_edit_ms=2000)
    assert answer.status_code == 200
    reading = Reading.objects.get()
    assert (reading.status, reading.text) == (ReadingStatus.DONE, HEARD)
    assert Label.objects.filter(segment=segment).count() == 1 and not Draft.objects.exists()
    # The answer was lost: sent again it is the same. A late autosave does not bring the draft back.
    assert post(client, segment, "submit", text=HEARD, version=0, active_edit_ms=2000).status_code == 200
    assert post(client, segment, "draft", **typed).json()["code"] == "stale_draft"
    other = post(client, segment, "submit", text="別的", version=0, active_edit_ms=0)
    assert other.status_code == 409
    assert (other.json()["theirs"], other.json()["version"]) == (HEARD, 1)


TOLD = {"yours", "theirs", "base", "pieces", "version", "start", "stamp", "author"}  # what conflict.js reads


def test_who_goes_on_from_a_blind_reading_is_shown_the_label_before_it_changes(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    first = {"text": HEARD, "version": 0, "base_text": HEARD, "active_edit_ms": 9, "stay": True}
    answer = post(client, segment, "submit", **first).json()
    assert answer["version"] == 1
    again = {**first, "text": HEARD + "了", "version": 1, "base_text": HEARD}
    told = post(client, segment, "submit", **again)
    assert (told.status_code, told.json()["code"]) == (409, "stale_version")
    assert told.json().keys() >= TOLD and told.json()["pieces"]
    assert (told.json()["theirs"], told.json()["version"], told.json()["start"]) == (SAID, 1, SAID)
    assert Label.objects.get(segment=segment).text == SAID
    # Both are known now: what is made of them is the next version.
    merged = {**again, "base_text": told.json()["start"]}
    assert post(client, segment, "submit", **merged).json()["version"] == 2


def test_whoever_read_it_blind_and_opens_it_later_corrects_it_as_anybody_does(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    first = {"text": HEARD, "version": 0, "base_text": HEARD, "active_edit_ms": 9, "stay": True}
    post(client, segment, "submit", **first)
    opened = page_json(client.get(reverse("correct_segment", args=[segment.uuid])).content.decode())[
        "segment"
    ]
    assert opened["base_text"] == SAID
    again = {**first, "text": HEARD, "version": 1, "base_text": SAID}
    assert post(client, segment, "submit", **again).json()["version"] == 2


def test_what_comes_after_a_blind_reading_was_given_is_told_all_that_a_conflict_shows(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    body = {"text": HEARD, "version": 0, "base_text": HEARD, "active_edit_ms": 9, "stay": True}
    post(client, segment, "submit", **body)
    for what, code in (("submit", "stale_version"), ("draft", "stale_draft")):
        told = post(client, segment, what, **{**body, "text": HEARD + "了", "base_version": 0}).json()
        assert (told["code"], told["theirs"], told["start"], told["version"]) == (code, HEARD, HEARD, 1)
        assert told.keys() >= TOLD and told["pieces"]


def test_skip_unusable_and_release_work_as_everywhere(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    assert post(client, segment, "release").status_code == 302
    assert Reading.objects.get().status == ReadingStatus.OPEN
    client.get(reverse("correct_next"))
    assert post(client, segment, "unusable", reason="no_speech").status_code == 200
    assert Reading.objects.get().unusable_reason == "no_speech"
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.DONE


def test_a_skipped_reading_does_not_come_back(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    assert post(client, segment, "skip").json() == {"next": None}


def test_the_recording_does_not_give_the_text_away(segment, second, cast):
    client = client_of(second)
    address = reverse("recording_detail", args=[segment.recording.uuid])
    client.get(reverse("correct_next"))
    assert SAID not in client.get(address).content.decode()
    assert SAID in client_of(cast.reviewer).get(address).content.decode()
    post(client, segment, "submit", text=HEARD, version=0, active_edit_ms=0)
    assert SAID in client.get(address).content.decode()


def test_whoever_opens_a_corrected_segment_from_its_recording_corrects_it_again(segment, second):
    client = client_of(second)
    assert SAID in client.get(reverse("correct_segment", args=[segment.uuid])).content.decode()
    post(client, segment, "submit", text="改了", version=1, active_edit_ms=0)
    assert Label.objects.filter(segment=segment).count() == 2


def test_home_counts_a_reading_like_a_correction(segment, second):
    client = client_of(second)
    client.get(reverse("correct_next"))
    post(client, segment, "submit", text=SAID, version=0, active_edit_ms=180_000)
    assert "3 min" in client.get(reverse("home")).content.decode()


def test_only_a_reviewer_sees_gold_and_makes_it(segment, cast, second):
    address = reverse("recording_detail", args=[segment.recording.uuid])
    declare = reverse("gold_declare", args=[segment.uuid])
    assert declare not in client_of(cast.annotator).get(address).content.decode()
    assert client_of(cast.annotator).post(declare).status_code == 404
    reviewer = client_of(cast.reviewer)
    assert reviewer.post(declare).url == address
    retire = reverse("gold_retire", args=[segment.uuid])
    assert retire in reviewer.get(address).content.decode()
    assert retire not in client_of(cast.annotator).get(address).content.decode()
    assert client_of(cast.annotator).post(retire).status_code == 404
    assert reviewer.post(retire).url == address
    assert reviewer.post(retire).status_code == 404
