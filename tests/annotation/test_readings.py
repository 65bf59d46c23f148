"""Blind readings: hidden in the queue, never the author's own, and the label stays what it was."""

import itertools
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role, User
from annotation.models import (
    Draft,
    GoldItem,
    Label,
    Reading,
    ReadingPurpose,
    ReadingStatus,
    Segment,
    SegmentStatus,
    Verdict,
)
from annotation.selectors.readings import reading_in_hand
from annotation.services import reading_lots
from annotation.services.gold import gold_declare, gold_retire
from annotation.services.labels import draft_save, label_submit
from annotation.services.queue import segment_claim_next
from annotation.services.reading_results import reading_mark_unusable, reading_submit
from annotation.services.readings import (
    reading_heartbeat,
    reading_release,
    reading_skip,
)
from annotation.texts.lots import lot
from audit.models import Entry
from base.errors import Conflict, DomainError
from tests.annotation.blind import blind_claim
from tests.factories import Cast, make_label, make_recording, make_segment, make_user

HEARD, SAID = "病人主訴頭通兩天", "病人主訴頭痛兩天"


@pytest.fixture(autouse=True)
def every_time(monkeypatch, settings) -> None:
    """The lot falls on every label, and a reading is due after each."""
    monkeypatch.setattr(reading_lots, "lot", lambda key: 0.0)
    settings.AUSCULT_GOLD_SHARE = 0.0


@pytest.fixture
def second(cast: Cast) -> User:
    """Another expert, who has corrected something already: nobody's first segment is a blind one."""
    user = make_user(Role.EXPERT, site=cast.site)
    make_label(make_segment(make_recording(cast.site), text="好"), author=user)
    return user


@pytest.fixture
def segment(cast: Cast) -> Segment:
    """Corrected by the cast's annotator."""
    row = make_segment(make_recording(cast.site), text=HEARD)
    label_submit(user=cast.annotator, segment=row, text=SAID, version=0, active_edit_ms=4000)
    return row


def claim(user: User) -> Reading:
    served = blind_claim(user)
    assert served is not None
    reading = reading_in_hand(user, served)
    assert reading is not None
    return reading


def read(user: User, text: str) -> Reading:
    return reading_submit(user=user, reading=claim(user), text=text, active_edit_ms=3000)


def test_a_corrected_segment_comes_again_as_it_was_first_seen(segment: Segment, second: User) -> None:
    served = segment_claim_next(user=second)
    assert served == segment
    assert (served.status, served.version, served.claimed_by) == (SegmentStatus.CLAIMED, 0, second)
    assert served.hypothesis.text == HEARD
    segment.refresh_from_db()
    assert (segment.status, segment.version) == (SegmentStatus.DONE, 1)


def test_the_author_never_reads_their_own_text(segment: Segment, cast: Cast) -> None:
    assert blind_claim(cast.annotator) is None


def test_what_a_blind_reader_marks_as_private_is_marked_in_the_label(segment: Segment, second: User) -> None:
    mark = {"start": 0, "end": 2, "kind": "name"}
    reading = reading_submit(
        user=second, reading=claim(second), text="病人主訴頭通三天了", active_edit_ms=3000, phi=[mark]
    )
    label = segment.labels.get()
    assert (label.text, label.phi) == (SAID, [mark])
    again = reading_submit(
        user=second, reading=reading, text="病人主訴頭通三天了", active_edit_ms=3000, phi=[mark]
    )
    assert again == reading and segment.labels.get().phi == [mark]


def test_marks_of_a_blind_readers_draft_count_where_the_submit_says_nothing_of_marks(
    segment: Segment, second: User
) -> None:
    mark = {"start": 0, "end": 2, "kind": "name"}
    reading = claim(second)
    draft_save(user=second, segment=segment, text=HEARD, base_version=0, active_edit_ms=0, phi=[mark])
    reading_submit(user=second, reading=reading, text=HEARD, active_edit_ms=3000)
    assert segment.labels.get().phi == [mark]


def test_nobody_elsewhere_reads_it(segment: Segment, cast: Cast) -> None:
    make_label(make_segment(make_recording(), text="好"), author=cast.outsider)
    assert blind_claim(cast.outsider) is None


def test_the_first_segment_of_a_new_person_is_never_a_blind_one(segment: Segment, cast: Cast) -> None:
    assert blind_claim(make_user(Role.EXPERT, site=cast.site)) is None


def test_whoever_has_a_segment_in_hand_finishes_it_first(segment: Segment, second: User) -> None:
    in_hand = make_segment(segment.recording, 2000, 3000, text="草稿", status=SegmentStatus.CLAIMED)
    Segment.objects.filter(pk=in_hand.pk).update(claimed_by=second, lease_expires_at=timezone.now())
    assert segment_claim_next(user=second) == in_hand


def test_a_reading_leaves_the_label_alone_and_is_kept_beside_it(segment: Segment, second: User) -> None:
    draft_save(user=second, segment=segment, text="病", base_version=0, active_edit_ms=10)
    reading = read(second, SAID)
    assert (reading.status, reading.text, reading.active_edit_ms) == (ReadingStatus.DONE, SAID, 3000)
    assert (reading.unit, reading.errors, reading.length) == ("cer", 0, 8)
    assert reading.verdict == Verdict.AGREED
    # The draft had one wrong character, the label none.
    assert (reading.truth_length, reading.draft_errors, reading.text_errors) == (8, 1, 0)
    assert list(Label.objects.filter(segment=segment).values_list("version", "text")) == [(1, SAID)]
    assert not Draft.objects.exists()
    entry = Entry.objects.get(verb="reading_submitted")
    assert SAID not in str(entry.detail)
    assert blind_claim(second) is None  # once


def test_a_pair_that_lies_too_far_apart_is_disputed(segment: Segment, second: User) -> None:
    reading = read(second, HEARD)
    assert reading.verdict == Verdict.DISPUTED
    assert reading.truth_length is None  # nobody knows yet who is right


def test_a_difference_below_the_bound_is_no_dispute(segment: Segment, second: User, settings) -> None:
    settings.AUSCULT_AGREEMENT_BOUND = 0.2
    assert read(second, HEARD).verdict == Verdict.AGREED


def test_a_label_that_changed_meanwhile_is_not_disputed(segment: Segment, second: User, cast: Cast) -> None:
    reading = claim(second)
    label_submit(user=cast.reviewer, segment=segment, text="病人頭痛", version=1, active_edit_ms=0)
    done = reading_submit(user=second, reading=reading, text=HEARD, active_edit_ms=0)
    assert (done.verdict, done.errors) == (Verdict.OVERTAKEN, 1)


def test_the_same_submit_sent_twice_is_kept_once(segment: Segment, second: User) -> None:
    reading = claim(second)
    for _ in range(2):
        reading_submit(user=second, reading=reading, text=HEARD, active_edit_ms=0)
    with pytest.raises(Conflict) as refusal:
        reading_submit(user=second, reading=reading, text="別的", active_edit_ms=0)
    told = {name: refusal.value.detail[name] for name in ("yours", "theirs", "version")}
    assert told == {"yours": "別的", "theirs": HEARD, "version": 1}
    assert Entry.objects.filter(verb="reading_submitted").count() == 1


def test_an_empty_text_is_refused_and_unusable_is_disputed(segment: Segment, second: User) -> None:
    reading = claim(second)
    with pytest.raises(DomainError) as refusal:
        reading_submit(user=second, reading=reading, text="  ", active_edit_ms=0)
    assert refusal.value.code == "empty_text"
    done = reading_mark_unusable(user=second, reading=reading, reason="no_speech")
    assert (done.verdict, done.rate) == (Verdict.DISPUTED, 1.0)
    segment.refresh_from_db()
    assert segment.status == SegmentStatus.DONE


def test_released_it_waits_for_the_next_and_skipped_it_waits_for_others(
    segment: Segment, second: User, cast: Cast
) -> None:
    reading_release(user=second, reading=claim(second))
    reading_skip(user=second, reading=claim(second))
    assert blind_claim(second) is None
    make_label(make_segment(segment.recording, 5000, 6000, text="好"), author=cast.reviewer)
    assert claim(cast.reviewer).segment == segment


def test_a_closed_laptop_keeps_nobody_from_reading_and_loses_no_text(
    segment: Segment, second: User, cast: Cast
) -> None:
    gone = claim(second)
    make_label(make_segment(segment.recording, 5000, 6000, text="好"), author=cast.reviewer)
    assert blind_claim(cast.reviewer) is None
    Reading.objects.update(lease_expires_at=timezone.now() - timedelta(hours=1))
    assert read(cast.reviewer, SAID).verdict == Verdict.AGREED
    gone.refresh_from_db()
    assert gone.status == ReadingStatus.LAPSED
    reading_heartbeat(user=second, reading=gone)
    late = reading_submit(user=second, reading=gone, text=HEARD, active_edit_ms=0)
    assert (late.text, late.verdict) == (HEARD, Verdict.DISPUTED)


# --- lots ---


def test_a_segment_is_read_twice_at_most(segment: Segment, cast: Cast) -> None:
    label_submit(user=cast.reviewer, segment=segment, text="病人頭痛", version=1, active_edit_ms=0)
    assert Reading.objects.count() == 1


def test_the_lot_falls_on_the_share_that_was_asked_for() -> None:
    drawn = sum(lot(f"label {number}") < 0.05 for number in range(20_000))
    assert 900 < drawn < 1100
    assert lot("label 1") == lot("label 1")


def test_readings_are_the_asked_share_of_what_a_person_is_served(cast: Cast, monkeypatch, settings) -> None:
    """With the real lots: 5 % of 400, at gaps that nobody can count on."""
    monkeypatch.setattr(reading_lots, "lot", lot)
    settings.AUSCULT_DOUBLE_SHARE = 0.05
    recording = make_recording(cast.site)
    turns = []
    for number in range(400):
        if ReadingPurpose.DOUBLE in reading_lots.turn_of(user=cast.annotator).due:
            turns.append(number)
            segment = make_segment(recording, text="好", index=2 * number)
            Reading.objects.create(
                segment=segment,
                site=cast.site,
                purpose="double",
                label=make_label(segment, author=cast.reviewer),
                reader=cast.annotator,
                served_at=timezone.now(),
                status=ReadingStatus.DONE,
            )
        make_label(make_segment(recording, text="好", index=2 * number + 1), author=cast.annotator)
    assert 10 <= len(turns) <= 35
    gaps = {after - before for before, after in itertools.pairwise(turns)}
    assert len(gaps) > 4


def test_a_share_of_nothing_turns_it_off(cast: Cast, second: User, settings) -> None:
    settings.AUSCULT_DOUBLE_SHARE = 0.0
    row = make_segment(make_recording(cast.site), text=HEARD)
    label_submit(user=cast.annotator, segment=row, text=SAID, version=0, active_edit_ms=0)
    assert not Reading.objects.exists() and blind_claim(second) is None


# --- gold ---


@pytest.fixture
def gold(segment: Segment, cast: Cast, settings) -> GoldItem:
    settings.AUSCULT_DOUBLE_SHARE, settings.AUSCULT_GOLD_SHARE = 0.0, 0.1
    return gold_declare(user=cast.reviewer, segment=segment)


def test_gold_is_served_to_each_expert_once_and_measured(gold: GoldItem, second: User, cast: Cast) -> None:
    reading = read(second, "病人主訴頭通一天")
    assert (reading.errors, reading.length, reading.verdict) == (2, 8, "")
    assert (reading.draft_errors, reading.text_errors) == (1, 2)
    assert blind_claim(second) is None
    assert blind_claim(cast.annotator) is None  # wrote the text
    assert Label.objects.filter(segment=gold.segment).count() == 1


def test_gold_that_is_put_back_is_served_another_time(gold: GoldItem, second: User) -> None:
    reading_release(user=second, reading=claim(second))
    assert claim(second).gold == gold


def test_gold_is_frozen_and_can_be_retired(gold: GoldItem, second: User, cast: Cast) -> None:
    label_submit(user=cast.reviewer, segment=gold.segment, text="改了", version=1, active_edit_ms=0)
    gold.refresh_from_db()
    assert gold.text == SAID
    gold_retire(user=cast.reviewer, gold=gold)
    assert blind_claim(second) is None
    assert gold_declare(user=cast.reviewer, segment=gold.segment).text == "改了"
    assert claim(second).gold == gold


def test_only_reviewers_declare_gold_and_only_what_is_corrected(segment: Segment, cast: Cast) -> None:
    with pytest.raises(DomainError):
        gold_declare(user=cast.annotator, segment=segment)
    with pytest.raises(Conflict) as refusal:
        gold_declare(user=cast.reviewer, segment=make_segment(segment.recording, 3000, 4000, text="草稿"))
    assert refusal.value.code == "not_corrected"
