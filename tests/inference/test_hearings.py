"""A segment is heard again: asked of a real engine over HTTP, kept as a suggestion, never the draft."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from annotation.models import Hypothesis, SegmentStatus
from annotation.services.queue import segment_claim, segment_release
from inference.engine.app import create_app
from inference.engine.config import EngineConfig
from inference.selectors.ears import models_to_hear
from tests.browser.servers import serving
from tests.factories import make_live_model, make_model, make_recording, make_segment

LIVE = "fake:病人血壓一百四十"
OTHER = "fake:patient blood pressure"


@pytest.fixture(scope="module")
def engine() -> Iterator[str]:
    with serving(create_app(EngineConfig(base_model=LIVE, data_dir=Path("/nonexistent")))) as address:
        yield address


@pytest.fixture
def segment(db, cast, engine, settings):
    settings.AUSCULT_ENGINE_URL = engine
    make_live_model(LIVE)
    recording = make_recording(cast.site, audio=True, duration_ms=9000)
    return make_segment(recording, 1000, 7000, text="病人寫壓一百四")


@pytest.fixture
def cast(db):
    from tests.factories import make_cast

    return make_cast()


def url(segment) -> str:
    return f"/correct/{segment.uuid}/hear/"


def ask(client, segment, **body):
    return client.post(url(segment), {"language": "zh", **body}, content_type="application/json")


def test_the_live_model_hears_the_whole_segment_in_another_language(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    answer = ask(client, segment, language="en")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["text"], body["language"]) == ("病人血壓一百四十", "en")
    assert body["words"][0]["start_ms"] == 0 and body["words"][-1]["end_ms"] == 6000
    row = Hypothesis.objects.get(asked_by=cast.annotator)
    assert row.settings == {"language": "en", "span_ms": [0, 6000], "by": "engine"}
    assert (row.segment, row.model_ref) == (segment, LIVE)


def test_the_draft_and_its_place_in_the_queue_stay(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    segment_claim(user=cast.annotator, segment=segment)
    ask(client, segment, language="auto")
    segment_release(user=cast.annotator, segment=segment)
    segment.refresh_from_db()
    assert segment.hypothesis.text == "病人寫壓一百四"
    assert (segment.status, segment.hypotheses.count()) == (SegmentStatus.OPEN, 2)


def test_selected_words_are_heard_with_a_margin_and_keep_their_place(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    body = ask(client, segment, start_ms=2000, end_ms=2600).json()
    assert (body["words"][0]["start_ms"], body["words"][-1]["end_ms"]) == (1850, 2750)


def test_another_model_of_the_registry_can_be_asked(client, cast, segment) -> None:
    other = make_model(OTHER)
    client.force_login(cast.annotator)
    models = client.get(url(segment)).json()["models"]
    assert [one["name"] for one in models] == [LIVE, OTHER]
    body = ask(client, segment, model=str(other.uuid)).json()
    assert (body["text"], body["model"]) == ("patient blood pressure", OTHER)


def test_a_model_that_the_site_never_had_is_not_offered(cast, segment) -> None:
    stranger = make_model("fake:someone else")
    stranger.kind = "merged"
    stranger.save()
    assert stranger not in models_to_hear(cast.site)


@pytest.mark.parametrize("body", [{"language": "fr"}, {"language": ""}, {"model": "x"}, {"start_ms": -1}])
def test_a_question_that_makes_no_sense_is_refused_with_the_field(client, cast, segment, body) -> None:
    client.force_login(cast.annotator)
    answer = ask(client, segment, **body)
    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")
    assert next(iter(body)) in answer.json()["message"]


def test_a_stretch_without_length_is_refused(client, cast, segment) -> None:
    client.force_login(cast.annotator)
    answer = ask(client, segment, start_ms=9000, end_ms=8000)
    assert answer.json()["code"] == "span_too_short"


def test_an_engine_that_is_away_is_said_in_a_sentence(client, cast, segment, settings) -> None:
    settings.AUSCULT_ENGINE_URL = "http://127.0.0.1:9"
    client.force_login(cast.annotator)
    answer = ask(client, segment)
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_away")
    assert "Your text is as it was" in answer.json()["message"]
    assert not Hypothesis.objects.filter(asked_by=cast.annotator).exists()


def test_a_model_that_the_engine_may_not_load_is_refused(client, cast, segment) -> None:
    outside = make_model("/etc")
    client.force_login(cast.annotator)
    answer = ask(client, segment, model=str(outside.uuid))
    assert (answer.status_code, answer.json()["code"]) == (409, "model_refused")


def test_only_those_who_may_correct_the_segment_can_ask(client, cast, segment) -> None:
    for user in (cast.outsider, cast.engineer, cast.clinician):
        client.force_login(user)
        assert ask(client, segment).status_code == 404
        assert client.get(url(segment), headers={"accept": "application/json"}).status_code == 404
