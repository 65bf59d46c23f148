"""Drafts by the live model: of a new recording, and again when another model goes live."""

import pytest

from annotation.models import Hypothesis, SegmentStatus
from annotation.services.calibrations import newest_hypothesis_adopt
from base.jobs import Job
from inference.services import drafts, recognizers
from inference.services.drafts import promotion_redraft, recording_draft
from tests.factories import make_live_model, make_recording, make_segment, make_site, make_term
from training.models import Promotion
from training.selectors import live_model
from training.services.promotions import promotion_roll_back

pytestmark = pytest.mark.django_db
OLD, NEW = "fake:舊的模型聽到這個", "fake:新的模型聽到那個"


@pytest.fixture(autouse=True)
def forget_models():
    recognizers.recognizer.cache_clear()


def make_spoken(site=None, status=SegmentStatus.WAITING, segments: int = 3):
    recording = make_recording(site, audio=True, duration_ms=9000, status="segmented")
    for index in range(segments):
        make_segment(recording, index * 3000, index * 3000 + 2500, status=status)
    return recording


def test_a_recording_gets_drafts_with_all_that_made_them():
    recording = make_spoken()
    model = make_live_model(OLD)
    assert recording_draft(recording=recording) == 3
    first = recording.segments.select_related("hypothesis").first()
    assert first.status == SegmentStatus.OPEN
    assert first.hypothesis.text == OLD.removeprefix("fake:")
    assert first.hypothesis.model_ref == model.ref
    assert first.hypothesis.settings["word_times"] is True
    recording.refresh_from_db()
    assert recording.status == "drafted"


def test_a_second_run_adds_nothing():
    recording = make_spoken()
    make_live_model(OLD)
    recording_draft(recording=recording)
    assert recording_draft(recording=recording) == 0
    assert Hypothesis.objects.count() == 3


def test_a_promotion_drafts_again_what_nobody_corrected():
    recording = make_spoken()
    make_live_model(OLD)
    recording_draft(recording=recording)
    done, claimed, _open = recording.segments.all()
    type(done).objects.filter(pk=done.pk).update(status=SegmentStatus.DONE)
    type(claimed).objects.filter(pk=claimed.pk).update(status=SegmentStatus.CLAIMED)
    make_live_model(NEW)
    assert promotion_redraft(promotion=Promotion.objects.get(current=True)) == 2
    assert claimed.hypotheses.count() == 2  # heard, but not changed under the hands of who corrects it
    texts = [s.hypothesis.text for s in recording.segments.select_related("hypothesis")]
    assert texts == [OLD[5:], OLD[5:], NEW[5:]]


def test_a_default_model_leaves_a_site_with_its_own_model_alone():
    own_site = make_site()
    make_live_model(OLD)
    make_live_model(OLD + "站", own_site)
    here, there = make_spoken(own_site), make_spoken()
    for recording in (here, there):
        recording_draft(recording=recording)
    make_live_model(NEW)
    assert promotion_redraft(promotion=Promotion.objects.get(current=True, site=None)) == 3
    assert here.segments.first().hypothesis.text == OLD[5:] + "站"
    assert there.segments.first().hypothesis.text == NEW[5:]


def promoted(ref):
    """Live, with a way back to what was live before."""
    before = Promotion.objects.get(current=True)
    make_live_model(ref)
    promotion = Promotion.objects.get(current=True)
    promotion.previous = before
    promotion.save()
    return promotion


def refs_of(recording):
    return {s.hypothesis.model_ref for s in recording.segments.select_related("hypothesis")}


def test_after_a_roll_back_a_segment_in_hand_does_not_come_back_with_the_draft_of_the_other_model():
    recording = make_spoken()
    make_live_model(OLD)
    recording_draft(recording=recording)
    held = recording.segments.filter(pk=recording.segments.first().pk)
    held.update(status=SegmentStatus.CLAIMED)
    promotion = promoted(NEW)
    promotion_redraft(promotion=promotion)
    back = promotion_roll_back(user=None, promotion=promotion)
    assert promotion_redraft(promotion=back) == 3
    held.update(status=SegmentStatus.OPEN)
    newest_hypothesis_adopt(segment=held.get())
    assert refs_of(recording) == {live_model(recording.site).ref} == {OLD}


def test_a_roll_back_while_a_promotion_drafts_again_is_gone_on_with(monkeypatch):
    recording = make_spoken(segments=4)
    make_live_model(OLD)
    recording_draft(recording=recording)
    promotion = promoted(NEW)
    really, chunks = drafts._draft_chunk, []

    def with_a_roll_back_after_the_first(segments, drafting):
        really(segments, drafting)
        chunks.append(drafting.model.ref)
        if len(chunks) == 1:
            promotion_redraft(promotion=promotion_roll_back(user=None, promotion=promotion))

    monkeypatch.setattr(drafts, "_draft_chunk", with_a_roll_back_after_the_first)
    monkeypatch.setattr(drafts, "CHUNK", 1)
    promotion_redraft(promotion=promotion)
    assert refs_of(recording) == {live_model(recording.site).ref} == {OLD}
    assert chunks.count(NEW) == 1


def test_what_a_slow_job_stores_after_the_roll_back_is_heard_again(monkeypatch):
    recording = make_spoken()
    make_live_model(OLD)
    recording_draft(recording=recording)
    promotion = promoted(NEW)
    really = drafts._draft_chunk

    def slow(segments, drafting):
        monkeypatch.setattr(drafts, "_draft_chunk", really)
        promotion_redraft(promotion=promotion_roll_back(user=None, promotion=promotion))
        really(segments, drafting)

    monkeypatch.setattr(drafts, "_draft_chunk", slow)
    promotion_redraft(promotion=promotion)
    assert refs_of(recording) == {live_model(recording.site).ref} == {OLD}


def test_the_jobs_are_registered_under_their_names():
    from config.celery import app

    app.loader.import_default_modules()
    assert {Job.RECORDING_DRAFT, Job.PROMOTION_REDRAFT, Job.SESSION_STORE} <= set(app.tasks)


def test_the_recogniser_is_told_the_sites_terms_where_that_is_asked_for(settings):
    recording = make_spoken()
    make_live_model(OLD)
    make_term("Metformin", site=recording.site)
    make_term("Elsewhere")
    settings.AUSCULT_PROMPT_TERMS = 5
    recording_draft(recording=recording)
    assert recording.segments.first().hypothesis.settings["prompt_terms"] == ["Metformin"]
