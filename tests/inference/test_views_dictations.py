"""A person's own dictations: list, page, exports, corrections; nobody else's."""

import base64
import hashlib
import json

import pytest
from django.urls import reverse
from fhir.resources.R4B.documentreference import DocumentReference

from accounts.models import Role
from annotation.services.terms import term_add
from base.storage import data_path
from inference.models import LiveSession, LiveUtterance
from tests.factories import make_live_model, make_recording, make_site, make_user
from tests.inference.dictated import make_session

pytestmark = pytest.mark.django_db
TEXT = "服用 Ambuloone 五百毫克，每日兩次。\n\n下週回診。\n"


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def clinician(site):
    return make_user(Role.CLINICIAN, site=site)


@pytest.fixture
def session(clinician, site):
    make_live_model()
    return make_session(clinician, site)


@pytest.fixture
def page(client, clinician):
    client.force_login(clinician)
    return client


def export(page, session, ending: str, query: str = ""):
    return page.get(reverse(f"live_export_{ending}", args=[session.uuid]) + query)


def put_right(page, session, index: int, text: str):
    address = reverse("live_utterance", args=[session.uuid, index])
    return page.post(address, json.dumps({"text": text}), content_type="application/json")


def test_the_list_shows_what_was_said_and_leads_to_it(page, session):
    shown = page.get(reverse("live_sessions")).content.decode()
    assert "服用 Ambuloone 五百毫克，每日兩次。" in shown
    assert reverse("live_session", args=[session.uuid]) in shown


def test_an_empty_list_says_what_it_is_for(page):
    shown = page.get(reverse("live_sessions"), headers={"Accept-Language": "en"}).content.decode()
    assert "is found here again" in shown


def test_the_page_of_a_dictation_has_its_text_and_its_exports(page, session):
    shown = page.get(reverse("live_session", args=[session.uuid]), headers={"Accept": "text/html"})
    assert shown.context["data"]["utterances"][0]["text"] == "服用 Ambuloone 五百毫克"
    assert "export.srt" in shown.content.decode()


def test_a_page_that_was_reloaded_gets_the_text_so_far(page, session):
    LiveUtterance.objects.filter(index=2).update(heard_at=None)  # still being listened to
    put_right(page, session, 1, "每日三次")
    answer = page.get(reverse("live_session", args=[session.uuid]), headers={"Accept": "application/json"})
    said = answer.json()["utterances"]
    assert [(one["text"], one["corrected_text"]) for one in said] == [
        ("服用 Ambuloone 五百毫克", None),
        ("每日兩次", "每日三次"),
    ]


def test_it_is_exported_as_running_text(page, session):
    answer = export(page, session, "txt")
    assert answer.content.decode() == TEXT
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert answer["Content-Disposition"].startswith("attachment; filename=")


def test_marks_that_nobody_wrote_can_be_left_out(page, session):
    assert export(page, session, "txt", "?marks=0").content.decode() == (
        "服用 Ambuloone 五百毫克每日兩次\n\n下週回診\n"
    )
    assert LiveUtterance.objects.get(index=0).text == "服用 Ambuloone 五百毫克"


def test_it_is_exported_as_subtitles(page, session):
    cues = export(page, session, "srt").content.decode()
    assert cues.startswith("1\n00:00:00,300 --> 00:00:02,000\n服用 Ambuloone 五百毫克\n")
    assert cues.count("-->") == 3


def test_it_is_exported_as_a_fhir_document(page, session, clinician, site):
    answer = export(page, session, "json")
    document = DocumentReference.model_validate_json(answer.content)
    assert answer["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert document.author[0].display == clinician.username
    assert document.custodian.display == site.name
    note = answer.json()["content"][0]["attachment"]
    assert base64.b64decode(note["data"]).decode() == TEXT.strip()
    assert note["language"] == "zh-TW"
    assert len(document.content) == 1, "no sound is named before it is stored"
    LiveSession.objects.update(language="en")
    assert export(page, session, "json").json()["content"][0]["attachment"]["language"] == "en"


def test_the_document_names_the_stored_sound_with_its_hash(page, clinician, site, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    recording = make_recording(site)
    recording.original_path = "recordings/x.wav"
    recording.save()
    path = data_path(recording.original_path)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"RIFF....WAVE" + bytes(3_200))
    session = make_session(clinician, site, recording)
    sound = export(page, session, "json").json()["content"][1]["attachment"]
    assert sound["size"] == path.stat().st_size
    assert base64.b64decode(sound["hash"]) == hashlib.sha1(path.read_bytes()).digest()
    assert b"".join(page.get(sound["url"]).streaming_content) == path.read_bytes()


def test_a_corrected_sentence_counts_everywhere(page, session):
    assert put_right(page, session, 1, "每日三次").json() == {"text": "每日三次", "index": 1}
    for ending in ("txt", "srt"):
        assert "每日三次" in export(page, session, ending).content.decode()
    assert LiveUtterance.objects.get(index=1).text == "每日兩次"


def test_a_sentence_that_is_not_there_is_refused(page, session):
    answer = put_right(page, session, 9, "每日三次")
    assert (answer.status_code, answer.json()["code"]) == (404, "utterance_unknown")


@pytest.mark.parametrize("ending", ["txt", "srt", "json"])
def test_nobody_else_gets_it(client, session, site, ending):
    client.force_login(make_user(Role.SITE_ADMIN, site=site))
    asked = {"headers": {"Accept": "application/json"}}
    assert client.get(reverse(f"live_export_{ending}", args=[session.uuid]), **asked).status_code == 404
    assert client.get(reverse("live_session", args=[session.uuid]), **asked).status_code == 404
    assert client.get(reverse("live_audio", args=[session.uuid]), **asked).status_code == 404
    assert put_right(client, session, 0, "別人寫的").status_code == 404


def test_the_terms_of_the_site_come_with_their_kind_in_words(page, site):
    term_add(user=None, site=site, text="Amlodipine", aliases="脈優", kind="drug")
    term_add(user=None, site=make_site(), text="Elsewhere")
    answer = page.get(reverse("live_terms"), {"site": site.uuid}, headers={"Accept-Language": "en"})
    assert answer.json() == {"terms": [{"text": "Amlodipine", "kind": "drug", "aliases": ["脈優"]}]}


def test_terms_can_be_chosen_only_where_the_model_gains_by_them(page, site, settings):
    make_live_model()
    asked = {"headers": {"Accept-Language": "en"}}
    assert "gains nothing" in page.get(reverse("live"), **asked).content.decode()
    settings.AUSCULT_PROMPT_TERMS = 20
    shown = page.get(reverse("live"), **asked)
    assert "(20 at most)" in shown.content.decode()
    assert shown.context["config"]["most_terms"] == 20
