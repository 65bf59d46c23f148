"""A dataset snapshot by HTTP: who sees it, what it tells, what its utterances sound like."""

import io
import re

import numpy as np
import pytest
import soundfile
from django.urls import reverse

from accounts.models import Role
from base.storage import data_path
from speech.audio import write_flac
from speech.manifest import each
from tests.factories import PASSWORD, make_cast, make_site, make_user
from tests.training.rows import make_approved, make_snapshot
from training.models import DatasetSnapshot
from training.pipeline.augment import PERTURBATIONS

pytestmark = pytest.mark.django_db
NAMES = [one.name for one in PERTURBATIONS]


@pytest.fixture(autouse=True)
def english(settings):
    settings.LANGUAGE_CODE = "en"


@pytest.fixture
def cast():
    return make_cast()


@pytest.fixture
def snapshot(cast):
    for _ in range(2):
        make_approved(cast.site, speaker="陳醫師")
    return make_snapshot(cast.site)


def log_in(client, user):
    assert client.login(username=user.username, password=PASSWORD)
    return client


def detail(snapshot):
    return reverse("snapshot_detail", args=[snapshot.uuid])


def copies(snapshot, number=1):
    return reverse("utterance_copies", args=[snapshot.uuid, number])


def sound(snapshot, number=1):
    return reverse("utterance_sound", args=[snapshot.uuid, number])


def body_of(response):
    assert response.status_code == 200, response.content.decode()[:2000]
    return response.content.decode()


def samples_of(response):
    assert response.status_code == 200 and response["Content-Type"] == "audio/wav"
    return soundfile.read(io.BytesIO(response.content), dtype="float32")[0]


def test_engineers_and_site_administrators_see_and_hear_nobody_else_does(client, cast, snapshot):
    addresses = [detail(snapshot), copies(snapshot), sound(snapshot)]
    for address in addresses:
        assert client.get(address).status_code == 302
    for user in (cast.engineer, make_user(Role.SITE_ADMIN, site=cast.site)):
        log_in(client, user)
        assert [client.get(address).status_code for address in addresses] == [200] * 3
    elsewhere = make_user(Role.ENGINEER, site=make_site())
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider, elsewhere):
        log_in(client, user)
        assert [client.get(address).status_code for address in addresses] == [404] * 3


def test_the_page_tells_what_is_in_it_and_what_was_left_out(client, cast, snapshot):
    DatasetSnapshot.objects.update(excluded={"no_text": 7})
    page = body_of(log_in(client, cast.engineer).get(detail(snapshot)))
    texts = [one.text for one in each(data_path(snapshot.manifest_path))]
    assert len(texts) == snapshot.utterances == 3
    assert all(text in page for text in texts)
    flat = " ".join(page.split())
    facts = dict(re.findall(r'<th scope="row">(.*?) ?</th><td class="number">(.*?)</td>', flat))
    assert facts["utterances"] == "3" and facts["speech"] == "0:03.0" and facts["speakers"] == "2"
    assert facts["left out: no text"] == "7"
    assert {facts[name] for name in ("shortest utterance", "median", "longest utterance")} == {"0:01.0"}


def test_long_snapshots_come_in_pages(client, cast, snapshot, monkeypatch):
    monkeypatch.setattr("training.views.snapshots.PAGE_SIZE", 2)
    log_in(client, cast.engineer)
    first, last = body_of(client.get(detail(snapshot))), body_of(client.get(detail(snapshot) + "?from=3"))
    assert "?from=3" in first and copies(snapshot, 2) in first and copies(snapshot, 3) not in first
    assert "?from=1" in last and copies(snapshot, 3) in last and copies(snapshot, 2) not in last
    assert copies(snapshot, 3) in body_of(client.get(detail(snapshot) + "?from=99"))


def test_the_utterance_is_heard_as_recorded_and_as_each_perturbation_makes_it(client, cast, snapshot):
    log_in(client, cast.engineer)
    recorded = samples_of(client.get(sound(snapshot)))
    assert len(recorded) == 16_000
    for name in [*NAMES, "copy"]:
        heard = samples_of(client.get(sound(snapshot), {"perturbation": name, "seed": 4}))
        again = samples_of(client.get(sound(snapshot), {"perturbation": name, "seed": 4}))
        other = samples_of(client.get(sound(snapshot), {"perturbation": name, "seed": 5}))
        assert np.array_equal(heard, again), name
        assert not np.array_equal(heard, recorded), name
        # A tone has few levels: clipped a little more or less, it is the same.
        assert name == "clipping" or not np.array_equal(heard, other), name
        assert (len(heard) == len(recorded)) == (name not in ("speed", "copy")), name


def test_a_part_of_the_sound_may_be_asked_for(client, cast, snapshot):
    log_in(client, cast.engineer)
    response = client.get(sound(snapshot), {"perturbation": "noise"}, headers={"Range": "bytes=0-3"})
    assert (response.status_code, response.content) == (206, b"RIFF")


def test_the_page_of_an_utterance_shows_level_and_duration_of_each(client, cast, snapshot):
    page = body_of(log_in(client, cast.engineer).get(copies(snapshot), {"seed": 4}))
    rows = re.findall(r"<tr>\s*<td><button.*?</tr>", page, re.S)
    assert len(rows) == 2 + len(NAMES)
    for row, name in zip(rows, ["", "copy", *NAMES], strict=True):
        assert f"perturbation={name}&amp;seed=4" in row or f"seed=4&amp;perturbation={name}" in row
    cells = [re.findall(r'<td class="number">(.*?)</td>', row) for row in rows]
    recorded = samples_of(client.get(sound(snapshot)))
    level = 10 * np.log10(np.mean(recorded**2))
    assert cells[0][:2] == ["1.00 s", f"{level:.1f}"]
    assert cells[2][0] != "1.00 s" and cells[3][0] == "1.00 s"  # speed; pitch
    assert cells[2][3] == "100.0 %" and cells[0][3] == "–"


def test_noise_of_the_hospital_is_listened_to_at_the_asked_ratio(client, cast, snapshot):
    data_path("ward-noise").mkdir(exist_ok=True)
    write_flac(data_path("ward-noise/pump.flac"), 0.1 * np.ones(8000, np.float32))
    log_in(client, cast.engineer)
    asked = {"noise_folder": "ward-noise", "noise_snr_min_db": 20, "noise_snr_max_db": 20}
    assert "ward-noise" in body_of(client.get(copies(snapshot), asked))
    added = samples_of(client.get(sound(snapshot), {**asked, "perturbation": "noise"})) - samples_of(
        client.get(sound(snapshot))
    )
    assert added.std() < 1e-4 < added.mean()


@pytest.mark.parametrize(
    ("asked", "status", "words"),
    [
        ({"perturbation": "echo"}, 404, "There is no perturbation named echo; there are copy, speed, pitch"),
        ({"seed": "many"}, 400, "Seed: Enter a whole number."),
        ({"seed": "-1"}, 400, "Seed"),
        ({"noise_snr_min_db": "30"}, 400, "noise_snr_min_db must not be greater than noise_snr_max_db."),
        ({"noise_folder": "nowhere"}, 400, "noise_folder names nowhere"),
        ({"rir_folder": "../.."}, 400, "outside"),
    ],
)
def test_what_cannot_be_made_is_refused_with_a_sentence(client, cast, snapshot, asked, status, words):
    log_in(client, cast.engineer)
    response = client.get(sound(snapshot), asked, headers={"Accept": "application/json"})
    assert response.status_code == status
    assert words in response.json()["message"]
    if "perturbation" not in asked:
        page = body_of(client.get(copies(snapshot), asked))
        assert words.removeprefix("Seed: ") in page and "data-audio" not in page


def test_an_utterance_that_is_not_there_is_said_so(client, cast, snapshot):
    log_in(client, cast.engineer)
    for number in (0, 4):
        response = client.get(copies(snapshot, number), headers={"Accept": "application/json"})
        assert response.status_code == 404 and "it holds 3" in response.json()["message"]


def test_sound_that_is_gone_is_said_so(client, cast, snapshot):
    utterance = next(each(data_path(snapshot.manifest_path)))
    data_path(utterance.audio_path).unlink()
    log_in(client, cast.engineer)
    response = client.get(sound(snapshot), headers={"Accept": "application/json"})
    assert response.status_code == 404 and "not on this machine" in response.json()["message"]
    assert "not on this machine" in body_of(client.get(copies(snapshot)))


def test_a_run_with_a_folder_that_is_not_there_is_refused_in_the_form(client, cast, snapshot):
    log_in(client, cast.engineer)
    page = body_of(client.post(reverse("run_new", args=[snapshot.uuid]), {"noise_folder": "nowhere"}))
    assert "noise_folder names nowhere" in page
    assert detail(snapshot) in page
