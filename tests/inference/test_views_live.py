"""The live page: who may open it, what it says, and what it hands out."""

from pathlib import Path
from uuid import uuid4

import pytest
from django.urls import reverse

from accounts.models import Role
from inference.models import LiveSession, LiveSessionStatus
from inference.selectors.sessions import knows_demo_voices_only
from tests.factories import (
    PASSWORD,
    make_live_model,
    make_model,
    make_recording,
    make_site,
    make_user,
)

pytestmark = pytest.mark.django_db
DEMO_NOTICE = "understands the synthetic demo voices only"


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def clinician(site):
    return make_user(Role.CLINICIAN, site=site)


def page_of(client, user, query: str = ""):
    client.login(username=user.username, password=PASSWORD)
    return client.get(f"/live/{query}", headers={"Accept-Language": "en"})


def make_dictation(root: Path) -> None:
    folder = root / "demo/dictations"
    folder.mkdir(parents=True)
    (folder / "a.wav").write_bytes(b"RIFF....WAVE")
    (folder / "a.txt").write_text("血壓一百四十\n")


def test_nobody_comes_in_without_a_login(client):
    assert client.get("/live/").status_code == 302


def test_a_clinician_finds_the_button_and_their_site(client, clinician, site):
    make_live_model()
    page = page_of(client, clinician).content.decode()
    assert f'data-site="{site.uuid}"' in page
    assert "Start dictation" in page
    assert DEMO_NOTICE not in page


def test_the_site_of_the_address_is_taken_only_if_it_is_theirs(client, clinician, site):
    make_live_model()
    other = make_site()
    for query in (f"?site={other.uuid}", "?site=nonsense"):
        assert f'data-site="{site.uuid}"' in page_of(client, clinician, query).content.decode()


def test_an_outsider_is_told_what_is_missing(client):
    page = page_of(client, make_user())
    assert "ask your site administrator" in page.content.decode()
    assert b"data-live=" not in page.content


def test_without_a_live_model_the_page_says_so(client, clinician):
    assert "No speech model is live" in page_of(client, clinician).content.decode()


def test_the_bundled_model_is_told_and_demo_dictations_are_offered(client, clinician, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    make_dictation(tmp_path)
    make_live_model(str(settings.BASE_DIR / "models" / "auscult-base"))
    page = page_of(client, clinician).content.decode()
    assert DEMO_NOTICE in page
    assert 'value="/live/demo/1.wav" data-text="血壓一百四十"' in page


def test_a_model_that_descends_from_the_bundled_one_knows_no_other_voices(settings):
    base = make_model(str(settings.BASE_DIR / "models" / "auscult-base"))
    assert knows_demo_voices_only(make_model("/data/merged", parent=base))
    assert not knows_demo_voices_only(make_model("openai/whisper-large-v3-turbo"))


def test_a_demo_dictation_is_handed_out_to_people_with_a_role(client, clinician, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    make_dictation(tmp_path)
    client.force_login(clinician)
    answer = client.get("/live/demo/1.wav")
    assert (answer.status_code, answer["Content-Type"]) == (200, "audio/wav")
    assert client.get("/live/demo/2.wav").status_code == 404
    client.force_login(make_user())
    assert client.get("/live/demo/1.wav").status_code == 403


def test_a_session_says_where_its_recording_is_to_its_own_person_only(client, clinician, site):
    recording = make_recording(site)
    session = LiveSession.objects.create(
        uuid=uuid4(),
        user=clinician,
        site=site,
        model=make_model(),
        status=LiveSessionStatus.STORED,
        spool_path="live/x.pcm",
        recording=recording,
    )
    address = reverse("live_session", args=[session.uuid])
    client.force_login(clinician)
    answer = client.get(address, headers={"Accept": "application/json"}).json()
    assert answer == {
        "session": str(session.uuid),
        "status": "stored",
        "recording": reverse("recording_detail", args=[recording.uuid]),
        "utterances": [],
    }
    client.force_login(make_user(Role.CLINICIAN, site=site))
    assert client.get(address, headers={"Accept": "application/json"}).status_code == 404


def test_sessions_are_shown_in_the_admin_and_not_changed_there(client, clinician, site):
    LiveSession.objects.create(user=clinician, site=site, model=make_model(), spool_path="live/x.pcm")
    client.force_login(make_user(superuser=True))
    assert client.get("/admin/inference/livesession/").status_code == 200
    assert client.get("/admin/inference/livesession/add/").status_code == 403
