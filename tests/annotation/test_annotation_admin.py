"""The admin: bring in a recording, retry a failed one, read the rest; each of the own sites only."""

from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from annotation.models import Recording, RecordingStatus
from base.jobs import Job
from tests.annotation.sounds import write_sound
from tests.factories import Cast, make_label, make_recording, make_segment

MODELS = ("recording", "segment", "hypothesis", "label")


def admin_of(person: User) -> Client:
    person.is_staff = True
    person.save()
    client = Client()
    client.force_login(person)
    return client


def upload(client: Client, cast: Cast, name: str, content: bytes):
    return client.post(
        reverse("admin:annotation_recording_add"),
        {"site": cast.site.pk, "speaker": "dr-lin", "file": SimpleUploadedFile(name, content)},
    )


def test_a_recording_is_brought_in_through_the_service(cast: Cast, tmp_path: Path, asked: list) -> None:
    content = write_sound(tmp_path / "a.wav").read_bytes()
    response = upload(admin_of(cast.engineer), cast, "a.wav", content)
    assert response.status_code == 302
    recording = Recording.objects.get()
    assert (recording.title, recording.speaker) == ("a.wav", "dr-lin")
    assert recording.uploaded_by == cast.engineer and recording.original_sha256


def test_a_bad_file_is_told_at_its_field(cast: Cast) -> None:
    response = upload(admin_of(cast.engineer), cast, "a.wav", b"no sound at all")
    assert response.status_code == 200
    assert "not a sound recording" in response.content.decode()
    assert not Recording.objects.exists()


def test_an_outsider_cannot_choose_the_site(cast: Cast, tmp_path: Path) -> None:
    cast.outsider.memberships.update(role="engineer")
    response = upload(admin_of(cast.outsider), cast, "a.wav", write_sound(tmp_path / "a.wav").read_bytes())
    assert response.status_code == 200 and not Recording.objects.exists()


@pytest.mark.parametrize("model", MODELS)
def test_lists_and_pages_show_the_own_sites_only(cast: Cast, model: str) -> None:
    recording = make_recording(cast.site, title="ours.wav")
    label = make_label(make_segment(recording, text="草稿"), author=cast.annotator)
    rows = {
        "recording": recording,
        "segment": label.segment,
        "hypothesis": label.segment.hypothesis,
        "label": label,
    }
    page = reverse(f"admin:annotation_{model}_change", args=[rows[model].pk])
    ours, theirs = admin_of(cast.engineer), admin_of(cast.outsider)
    listing = reverse(f"admin:annotation_{model}_changelist")
    assert ours.get(page).status_code == 200
    assert page in ours.get(listing).content.decode()
    assert theirs.get(page).status_code == 302
    assert page not in theirs.get(listing).content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_nothing_is_changed_or_deleted_there(cast: Cast, model: str) -> None:
    label = make_label(make_segment(make_recording(cast.site), text="草稿"), author=cast.annotator)
    client = admin_of(cast.engineer)
    for action in ("change", "delete"):
        url = reverse(f"admin:annotation_{model}_{action}", args=[label.pk])
        assert client.post(url, {"post": "yes"}).status_code in (302, 403, 404)
    label.refresh_from_db()
    assert label.text == "病人主訴頭痛"


def test_a_clinician_finds_nothing_in_the_admin(cast: Cast) -> None:
    assert admin_of(cast.clinician).get(reverse("admin:annotation_recording_changelist")).status_code == 403


def test_failed_recordings_are_tried_again(
    cast: Cast, asked: list, django_capture_on_commit_callbacks
) -> None:
    failed = make_recording(cast.site, status=RecordingStatus.FAILED, error="The disk was full.")
    fine = make_recording(cast.site)
    with django_capture_on_commit_callbacks(execute=True):
        response = admin_of(cast.engineer).post(
            reverse("admin:annotation_recording_changelist"),
            {"action": "retry", "_selected_action": [failed.pk, fine.pk]},
            follow=True,
        )
    assert response.status_code == 200 and fine.title in response.content.decode()
    failed.refresh_from_db()
    assert failed.status == RecordingStatus.UPLOADED
    assert asked == [(Job.RECORDING_NORMALISE, failed.pk)]
