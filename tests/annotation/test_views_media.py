"""Sound for the browser: right length, parts on request, only for those who may hear it."""

import io

import numpy as np
import pytest
import soundfile
from django.test import Client
from django.urls import reverse

from accounts.models import Role
from annotation.views.media import thumbnail
from tests.factories import make_recording, make_segment, make_site, make_tone, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def site():
    return make_site()


@pytest.fixture
def segment(site):
    samples = np.concatenate([np.zeros(16_000, np.float32), make_tone(1000)])
    return make_segment(make_recording(site, samples=samples), 1000, 1500)


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def expert(site):
    return client_of(make_user(Role.EXPERT, site=site))


def sound(client, segment, **headers):
    return client.get(reverse("segment_audio", args=[segment.uuid]), headers=headers)


def test_the_wav_is_the_segments_part_of_the_recording(expert, segment):
    response = sound(expert, segment)
    samples, rate_hz = soundfile.read(io.BytesIO(response.content))
    assert (len(samples), rate_hz) == (8000, 16_000)
    assert np.abs(samples).max() > 0.2  # the tone, not the silence before it
    assert response["Content-Type"] == "audio/wav"
    assert response["Accept-Ranges"] == "bytes"
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize(
    ("wanted", "first", "last"),
    [("bytes=0-99", 0, 99), ("bytes=100-", 100, -1), ("bytes=-44", -44, -1), ("bytes=100-999999", 100, -1)],
)
def test_a_player_may_ask_for_a_part(expert, segment, wanted, first, last):
    whole = sound(expert, segment).content
    start, end = first % len(whole), last % len(whole)
    response = sound(expert, segment, range=wanted)
    assert response.status_code == 206
    assert response["Content-Range"] == f"bytes {start}-{end}/{len(whole)}"
    assert response.content == whole[start : end + 1]


def test_a_part_beyond_the_end_is_refused(expert, segment):
    response = sound(expert, segment, range="bytes=999999-")
    assert response.status_code == 416
    assert response["Content-Range"].startswith("bytes */")


def test_a_range_that_is_nonsense_gives_the_whole(expert, segment):
    assert sound(expert, segment, range="bytes=-").status_code == 200
    assert sound(expert, segment, range="lines=1-2").status_code == 200


def test_peaks_are_those_of_the_segment(expert, segment):
    peaks = expert.get(reverse("segment_peaks", args=[segment.uuid])).json()["peaks"]
    assert len(peaks) == 26
    assert min(peaks) > 20


def test_who_may_see_the_recording_may_hear_it(site, segment):
    assert sound(client_of(make_user(Role.ENGINEER, site=site)), segment).status_code == 200
    assert sound(client_of(make_user(Role.CLINICIAN, site=site)), segment).status_code == 404
    assert sound(client_of(make_user(Role.EXPERT)), segment).status_code == 404
    assert sound(client_of(make_user()), segment).status_code == 404
    assert sound(Client(), segment).status_code == 302


def test_a_recording_without_sound_says_so(expert, site):
    segment = make_segment(make_recording(site))
    assert sound(expert, segment).status_code == 404
    assert expert.get(reverse("segment_peaks", args=[segment.uuid])).json() == {"peaks": []}
    lost = make_segment(make_recording(site, audio_path="gone.flac"))
    assert sound(expert, lost).status_code == 404


@pytest.mark.parametrize("count", [0, 1, 79, 80, 81, 3000])
def test_a_thumbnail_has_one_bar_a_column_whatever_the_length(count):
    assert thumbnail([127] * count).count("V") == 80
