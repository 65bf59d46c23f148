"""A clinician puts their own words right; what was heard stays, and the queue hears of it."""

from uuid import uuid4

import pytest

from accounts.models import LiveConsent, Role
from annotation.models import Hypothesis, Label, Segment
from annotation.selectors.labels import newest_label
from annotation.services import live
from annotation.services.labels import label_submit
from annotation.services.queue import segment_claim
from audit.models import Entry
from base.errors import Conflict, DomainError, NotFound
from base.jobs import Job
from inference.models import LiveSession
from inference.services import growing
from inference.services.corrections import utterance_correct
from inference.services.growing import session_grow, session_store
from inference.services.sessions import session_open
from inference.services.utterances import Entry as UtteranceEntry
from inference.services.utterances import utterances_keep
from tests.factories import make_live_model, make_site, make_user
from tests.inference.finals import heard
from tests.inference.test_growing import SOUND, doubtful, ended, loud_spans, speak, sure

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked(monkeypatch) -> list:
    jobs: list = []
    for module in ("sessions", "growing", "corrections"):
        monkeypatch.setattr(
            f"inference.services.{module}.enqueue_on_commit", lambda job, pk: jobs.append((job, pk))
        )
    monkeypatch.setattr("annotation.services.live.enqueue_on_commit", lambda job, pk: None)
    monkeypatch.setattr(live, "speech_spans", loud_spans)
    return jobs


def dictated(*roles: Role) -> LiveSession:
    site = make_site()
    make_live_model()
    user = make_user(Role.CLINICIAN, *roles, site=site)
    session = session_open(user=user, site=site, holder=uuid4())
    speak(session, SOUND)
    utterances_keep(session=session, entries=[sure(0), doubtful(1)])
    return session


def correct(session: LiveSession, index: int, text: str):
    return utterance_correct(user=session.user, session=session, index=index, text=text)


def test_it_stands_beside_what_was_heard_and_every_version_is_kept():
    session = dictated()
    correct(session, 0, "病人血壓一百四十五")
    row = correct(session, 0, " 病人血壓一百五十 ")
    row.refresh_from_db()
    assert (row.text, row.corrected_text) == ("病人血壓一百四十", "病人血壓一百五十")
    assert [one["text"] for one in row.corrections] == ["病人血壓一百四十五", "病人血壓一百五十"]
    entries = Entry.objects.filter(verb="live_utterance_corrected")
    assert [entry.detail["version"] for entry in entries.order_by("id")] == [1, 2]
    assert "血壓" not in str([entry.detail for entry in entries])


def test_during_the_session_it_is_sent_to_the_queue_as_a_suggestion(asked):
    session = dictated()
    correct(session, 0, "病人血壓一百五十")
    assert asked == [(Job.SESSION_GROW, session.pk)]
    session_grow(session=session)
    segment = Segment.objects.get(uuid=session.utterances.get(index=0).uuid)
    assert segment.hypothesis.text == "病人血壓一百四十"  # the draft stays the model's
    suggestion = segment.hypotheses.exclude(pk=segment.hypothesis_id).get()
    assert (suggestion.text, suggestion.asked_by) == ("病人血壓一百五十", session.user)
    assert not Label.objects.exists()


def test_after_the_session_it_reaches_the_segment_at_once():
    session = dictated()
    session_store(session=ended(session))
    correct(session, 1, "病人心電圖正常")
    correct(session, 1, "病人心電圖正常")
    assert Hypothesis.objects.filter(asked_by=session.user).count() == 1


def test_of_somebody_who_may_correct_it_is_a_label_and_its_origin_comes_from_the_difference():
    session = dictated(Role.EXPERT)
    session_store(session=ended(session))
    correct(session, 0, "病人血壓一百五十")
    correct(session, 1, "病人心電圖有異常")  # what was heard was right
    labels = {label.segment.start_ms: label for label in Label.objects.select_related("segment")}
    assert labels[500].text == "病人血壓一百五十"
    assert labels[500].origin != labels[3500].origin
    correct(session, 0, "病人血壓一百六十")
    assert Label.objects.filter(segment__start_ms=500).count() == 2


def test_a_correction_from_before_the_storing_is_a_label_afterwards():
    session = dictated(Role.EXPERT)
    correct(session, 0, "病人血壓一百五十")
    session_store(session=ended(session))
    assert Label.objects.get().text == "病人血壓一百五十"


@pytest.mark.parametrize("step", ["recording_grow", "recording_complete"])
def test_a_correction_that_comes_while_the_queue_is_filled_is_not_forgotten(monkeypatch, step):
    session = dictated()
    fill = getattr(growing, step)

    def meanwhile(**known):
        correct(session, 1, "病人心電圖正常")
        return fill(**known)

    monkeypatch.setattr(growing, step, meanwhile)
    if step == "recording_grow":
        session_grow(session=session)
    else:
        session_store(session=ended(session))
    assert Hypothesis.objects.get(asked_by=session.user).text == "病人心電圖正常"


def test_what_its_speaker_has_made_of_it_in_the_queue_since_stands():
    session = dictated(Role.EXPERT)
    session_grow(session=session)
    correct(session, 1, "病人心電圖正常")
    segment = Segment.objects.select_related("recording__site").get()
    label_submit(user=session.user, segment=segment, text="病人心電圖無異常", version=1, active_edit_ms=0)
    session_store(session=ended(session))
    segment.refresh_from_db()
    assert newest_label(segment).text == "病人心電圖無異常"


def test_what_an_expert_holds_or_has_corrected_gets_a_suggestion_only():
    session = dictated(Role.EXPERT)
    session_store(session=ended(session))
    expert = make_user(Role.EXPERT, site=session.site)
    first, second = Segment.objects.select_related("recording__site", "hypothesis").order_by("start_ms")[:2]
    segment_claim(user=expert, segment=first)
    label_submit(user=expert, segment=second, text="病人心電圖正常", version=0, active_edit_ms=0)
    correct(session, 0, "病人血壓一百五十")
    correct(session, 1, "病人心電圖異常")
    assert Label.objects.get().author == expert
    assert Hypothesis.objects.filter(asked_by=session.user).count() == 2


def test_without_consent_it_stays_in_the_session(asked):
    session = dictated()
    LiveSession.objects.update(consent=LiveConsent.OFF)
    correct(session, 0, "病人血壓一百五十")
    assert asked == []
    session_store(session=ended(session))
    assert correct(session, 0, "病人血壓一百六十").corrected_text == "病人血壓一百六十"
    assert not Segment.objects.exists()


def test_nobody_corrects_what_is_not_theirs_or_not_there():
    session = dictated()
    stranger = make_user(Role.CLINICIAN, site=session.site)
    with pytest.raises(NotFound):
        utterance_correct(user=stranger, session=session, index=0, text="別人")
    with pytest.raises(NotFound):
        correct(session, 7, "沒有")
    with pytest.raises(DomainError) as refused:
        correct(session, 0, "  ")
    assert refused.value.code == "empty_text"
    utterances_keep(session=session, entries=[UtteranceEntry(2, 6500, 8500)])
    with pytest.raises(Conflict):
        correct(session, 2, "太早")


def test_a_text_that_is_heard_again_leaves_the_correction():
    session = dictated()
    correct(session, 0, "病人血壓一百五十")
    utterances_keep(session=session, entries=[heard(0, "病人", 500)])
    assert session.utterances.get(index=0).corrected_text == "病人血壓一百五十"
