"""The recordings' pages: upload of several files, filters in the address, who sees what."""

import io

import pytest
import soundfile
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from annotation.models import Recording, RecordingStatus, SegmentStatus
from base import jobs
from tests.factories import make_label, make_recording, make_segment, make_site, make_tone, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def expert(site):
    client = Client()
    client.force_login(make_user(Role.EXPERT, site=site))
    return client


@pytest.fixture(autouse=True)
def no_work_behind_it(monkeypatch):
    monkeypatch.setattr(jobs, "_enqueue", lambda job, pk: None)


def wav(name, frequency_hz=220.0):
    buffer = io.BytesIO()
    soundfile.write(buffer, make_tone(500, frequency_hz), 16_000, format="WAV")
    return SimpleUploadedFile(name, buffer.getvalue(), content_type="audio/wav")


def upload(client, site, *files, spoken=(), **headers):
    data = {"site": site.slug, "files": list(files), **dict(spoken)}
    return client.post(reverse("recording_upload"), data, headers=headers)


def test_each_file_has_its_own_result_and_one_refusal_stops_nothing(expert, site):
    text = SimpleUploadedFile("notes.wav", b"this is no sound at all")
    files = [wav("a.wav"), text, wav("same.wav"), wav("b.wav", 330)]
    results = upload(expert, site, *files, accept="application/json").json()["results"]
    assert [result["ok"] for result in results] == [True, False, False, True]
    assert all(result["message"] for result in results)
    assert results[2]["url"] == results[0]["url"]  # the duplicate points to the first
    assert set(Recording.objects.values_list("title", flat=True)) == {"a.wav", "b.wav"}


def test_who_spoke_and_where_is_kept_and_shown(expert, site):
    upload(expert, site, wav("a.wav"), spoken={"speaker": " dr-lin ", "department": "急診"})
    recording = Recording.objects.get()
    assert (recording.speaker, recording.department) == ("dr-lin", "急診")
    assert "dr-lin · 急診" in expert.get(reverse("recording_list")).content.decode()


def test_without_javascript_the_results_are_messages(expert, site):
    response = expert.post(
        reverse("recording_upload"), {"site": site.slug, "files": [wav("a.wav")]}, follow=True
    )
    assert response.redirect_chain[-1][0] == reverse("recording_list")
    assert response.content.decode().count("a.wav") >= 2  # the message and the row


def test_no_file_and_no_site_are_refused_in_words(expert, site):
    assert expert.post(reverse("recording_upload"), {"site": site.slug}).status_code == 400
    assert upload(expert, make_site(), wav("a.wav")).status_code == 400
    assert not Recording.objects.exists()


def test_a_person_sees_the_recordings_of_their_sites_only(expert, site):
    make_recording(site, title="ours.wav")
    foreign = make_recording(title="theirs.wav")
    page = expert.get(reverse("recording_list")).content.decode()
    assert "ours.wav" in page
    assert "theirs.wav" not in page
    assert expert.get(reverse("recording_detail", args=[foreign.uuid])).status_code == 404
    assert expert.get(reverse("recording_waveform", args=[foreign.uuid])).status_code == 404


def test_filters_stand_in_the_address(expert, site):
    make_recording(site, title="ward round.wav")
    make_recording(site, title="broken.wav", status=RecordingStatus.FAILED, error="No sound.")

    def titles(**query):
        return [row.title for row in expert.get(reverse("recording_list"), query).context["page"]]

    assert titles(q="WARD") == ["ward round.wav"]
    assert titles(status="failed") == ["broken.wav"]
    assert titles(site=site.slug, source="upload") == ["broken.wav", "ward round.wav"]
    assert len(titles(site="nowhere", status="nonsense", page="x")) == 2


def test_the_list_shows_progress_and_needs_few_queries(expert, site, django_assert_max_num_queries):
    recording = make_recording(site)
    make_label(make_segment(recording, 0, 1000, text="一"))
    make_segment(recording, 1000, 2000, text="二", status=SegmentStatus.UNUSABLE)
    make_segment(recording, 2000, 3000, text="三")
    for _ in range(5):
        make_recording(site)
    with django_assert_max_num_queries(10):
        response = expert.get(reverse("recording_list"), headers={"accept-language": "en"})
    assert "2 of 3 corrected" in response.content.decode()


def test_one_recording_shows_the_newest_text_of_each_segment(expert, site):
    recording = make_recording(site)
    make_label(make_segment(recording, 0, 1000, text="草稿甲"), "改好的甲")
    doubtful = make_segment(recording, 1000, 2000, text="草稿乙")
    doubtful.hypothesis.words[0]["probability"] = 0.1
    doubtful.hypothesis.save()
    page = expert.get(reverse("recording_detail", args=[recording.uuid])).content.decode()
    assert "改好的甲" in page
    assert "草稿甲" not in page
    assert 'data-doubt="4" title="10 %">草</span>稿乙' in page
    assert reverse("correct_segment", args=[doubtful.uuid]) in page


def test_an_engineer_reads_but_is_not_offered_to_correct(site):
    client = Client()
    client.force_login(make_user(Role.ENGINEER, site=site))
    segment = make_segment(make_recording(site), text="草稿")
    page = client.get(reverse("recording_detail", args=[segment.recording.uuid])).content.decode()
    assert "草稿" in page
    assert reverse("correct_segment", args=[segment.uuid]) not in page


def test_a_failed_recording_can_be_tried_again(expert, site):
    recording = make_recording(site, status=RecordingStatus.FAILED, error="The disk was full.")
    url = reverse("recording_detail", args=[recording.uuid])
    assert "The disk was full." in expert.get(url).content.decode()
    assert expert.post(reverse("recording_retry", args=[recording.uuid])).url == url
    recording.refresh_from_db()
    assert recording.status == RecordingStatus.UPLOADED


def test_an_empty_list_says_what_it_is_for(expert):
    page = expert.get(reverse("recording_list"), headers={"accept-language": "en"}).content.decode()
    assert "No recordings yet" in page
    page = expert.get(
        reverse("recording_list"), {"q": "x"}, headers={"accept-language": "en"}
    ).content.decode()
    assert "No recording fits these filters." in page
