"""What people wrote: drafts, versions, conflicts with both texts, review. Nothing typed is lost."""

from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from annotation.models import Draft, Label, LabelStatus, Segment, SegmentStatus
from annotation.selectors import approved_labels
from annotation.services.labels import draft_save, label_review, label_submit
from annotation.services.queue import segment_claim, segment_claim_next, segment_mark_unusable
from audit.models import Entry
from base.errors import Conflict, DomainError, Forbidden
from tests.factories import Cast, make_recording, make_segment, make_user

LONG_AGO = timezone.now() - timedelta(hours=1)


@pytest.fixture
def segment(cast: Cast) -> Segment:
    return make_segment(make_recording(cast.site), text="病人主訴頭通兩天", priority=0.5)


@pytest.fixture
def held(cast: Cast, segment: Segment) -> Segment:
    return segment_claim(user=cast.annotator, segment=segment)


def submit(cast: Cast, segment: Segment, text: str = "病人主訴頭痛兩天", version: int = 0, **fields) -> Label:
    values = {"user": cast.annotator, "active_edit_ms": 7000, **fields}
    return label_submit(segment=segment, text=text, version=version, **values)


def refused(code: str, cast: Cast, segment: Segment, **fields) -> Conflict:
    with pytest.raises(Conflict) as refusal:
        submit(cast, segment, **fields)
    assert refusal.value.code == code
    return refusal.value


def test_a_submitted_label_finishes_the_segment(cast: Cast, held: Segment) -> None:
    label = submit(cast, held)
    held.refresh_from_db()
    assert (held.status, held.version, held.claimed_by) == (SegmentStatus.DONE, 1, None)
    assert (label.version, label.author, label.active_edit_ms) == (1, cast.annotator, 7000)
    assert label.hypothesis == held.hypothesis
    assert label.status == LabelStatus.APPROVED
    entry = Entry.objects.get(verb="label_submitted")
    assert (entry.actor, entry.site) == (cast.annotator, cast.site)
    assert "頭痛" not in str(entry.detail)


@pytest.mark.parametrize(
    ("text", "errors", "origin"),
    [
        ("病人主訴頭通兩天", 0, "accepted"),
        ("病人主訴頭通兩天。", 0, "accepted"),
        ("病人主訴頭痛兩天", 1, "edited"),
        ("病人主訴頭痛三天了", 3, "edited"),
    ],
)
def test_errors_removed_and_origin_come_from_the_difference(
    cast: Cast, held: Segment, text: str, errors: int, origin: str
) -> None:
    label = submit(cast, held, text)
    assert (label.errors_removed, label.origin) == (errors, origin)


def test_without_a_draft_of_the_model_a_label_is_typed(cast: Cast) -> None:
    segment = make_segment(make_recording(cast.site), text="")
    label = submit(cast, segment_claim(user=cast.annotator, segment=segment), "有發燒")
    assert (label.origin, label.errors_removed) == ("typed", 3)


def test_the_text_is_tidied_but_stays_the_persons(cast: Cast, held: Segment) -> None:
    label = submit(cast, held, "  給 Metformin  ５００ mg,\n每日兩次\x00\ud800 ")
    assert label.text == "給 Metformin 500 mg, 每日兩次"


@pytest.mark.parametrize("text", ["", "   \n ", "\u3000"])
def test_an_empty_text_is_refused_with_a_way_out(cast: Cast, held: Segment, text: str) -> None:
    with pytest.raises(DomainError) as refusal:
        submit(cast, held, text)
    assert refusal.value.code == "empty_text"
    held.refresh_from_db()
    assert held.status == SegmentStatus.CLAIMED


def test_a_text_without_end_is_refused(cast: Cast, held: Segment) -> None:
    with pytest.raises(DomainError) as refusal:
        submit(cast, held, "字" * 10_001)
    assert refusal.value.code == "text_too_long"


def test_a_stale_save_gets_both_texts_and_overwrites_nothing(cast: Cast, held: Segment) -> None:
    submit(cast, held, "病人主訴頭痛兩天")
    conflict = refused("stale_version", cast, held, text="病人主訴喉嚨痛", user=cast.reviewer)
    told = {name: conflict.detail[name] for name in ("yours", "theirs", "base", "version", "author")}
    assert told == {
        "yours": "病人主訴喉嚨痛",
        "theirs": "病人主訴頭痛兩天",
        "base": "病人主訴頭通兩天",
        "version": 1,
        "author": cast.annotator.username,
    }
    assert [label.text for label in Label.objects.all()] == ["病人主訴頭痛兩天"]


def test_the_same_submit_sent_twice_gives_the_same_label(cast: Cast, held: Segment) -> None:
    """The answer was lost on the way: the page sends again, and is in no conflict with itself."""
    assert submit(cast, held) == submit(cast, held)
    assert Label.objects.count() == 1


def test_an_expired_lease_is_no_obstacle_while_nobody_else_came(cast: Cast, held: Segment) -> None:
    Segment.objects.update(lease_expires_at=LONG_AGO)
    assert submit(cast, held).version == 1


def test_whoever_lost_the_segment_is_told_so_and_keeps_the_text(cast: Cast, held: Segment) -> None:
    Segment.objects.update(lease_expires_at=LONG_AGO)
    assert segment_claim_next(user=cast.reviewer) == held
    conflict = refused("held_by_other", cast, held, text="病人主訴頭痛")
    assert conflict.detail == {"yours": "病人主訴頭痛", "theirs": "病人主訴頭通兩天", "version": 0}


def test_a_segment_that_the_closing_page_gave_back_can_still_be_submitted(
    cast: Cast, segment: Segment
) -> None:
    assert segment.status == SegmentStatus.OPEN
    assert submit(cast, segment).version == 1


def test_an_unusable_or_undrafted_segment_takes_no_label(cast: Cast, held: Segment) -> None:
    segment_mark_unusable(user=cast.annotator, segment=held, reason="cut")
    assert refused("unusable", cast, held).detail["yours"] == "病人主訴頭痛兩天"
    refused("not_ready", cast, make_segment(held.recording, status=SegmentStatus.WAITING))


def test_only_editors_of_the_site_may_write(cast: Cast, segment: Segment) -> None:
    for person in (cast.engineer, cast.clinician, cast.outsider):
        with pytest.raises(Forbidden):
            submit(cast, segment, user=person)
        with pytest.raises(Forbidden):
            draft_save(user=person, segment=segment, text="字", base_version=0, active_edit_ms=0)


def test_a_corrected_segment_can_be_corrected_again_and_keeps_its_history(cast: Cast, held: Segment) -> None:
    submit(cast, held, "病人主訴頭痛兩天")
    submit(cast, held, "病人主訴頭痛兩天半", version=1, user=cast.reviewer)
    texts = Label.objects.order_by("version").values_list("version", "text", "author__username")
    assert list(texts) == [
        (1, "病人主訴頭痛兩天", cast.annotator.username),
        (2, "病人主訴頭痛兩天半", cast.reviewer.username),
    ]
    assert [label.version for label in approved_labels()] == [2]


@pytest.mark.parametrize(("sent", "kept"), [(-5, 0), (10**12, 4 * 3600 * 1000)])
def test_a_clock_that_makes_no_sense_is_cut(cast: Cast, held: Segment, sent: int, kept: int) -> None:
    assert submit(cast, held, active_edit_ms=sent).active_edit_ms == kept


# --- drafts ---


def save(cast: Cast, segment: Segment, text: str, base_version: int = 0, **fields) -> Draft:
    values = {"user": cast.annotator, "active_edit_ms": 1000, **fields}
    return draft_save(segment=segment, text=text, base_version=base_version, **values)


def test_a_draft_is_one_row_for_each_person(cast: Cast, held: Segment) -> None:
    save(cast, held, "病")
    save(cast, held, "病人", active_edit_ms=2000)
    save(cast, held, "患者", user=cast.reviewer)
    drafts = {draft.author: (draft.text, draft.active_edit_ms) for draft in Draft.objects.all()}
    assert drafts == {cast.annotator: ("病人", 2000), cast.reviewer: ("患者", 1000)}


def test_a_forgotten_tab_does_not_overwrite_a_newer_draft(cast: Cast, held: Segment) -> None:
    save(cast, held, "新的", base_version=1)
    with pytest.raises(Conflict) as refusal:
        save(cast, held, "舊的", base_version=0)
    assert refusal.value.code == "stale_draft"
    assert refusal.value.detail["yours"] == "舊的" and refusal.value.detail["theirs"] == "新的"
    assert Draft.objects.get().text == "新的"


def test_submitting_clears_the_draft_and_a_late_autosave_does_not_bring_it_back(
    cast: Cast, held: Segment
) -> None:
    save(cast, held, "病人主訴")
    save(cast, held, "別人的", user=cast.reviewer)
    submit(cast, held)
    assert [draft.author for draft in Draft.objects.all()] == [cast.reviewer]
    with pytest.raises(Conflict):
        save(cast, held, "病人主訴")
    assert Draft.objects.count() == 1


def test_a_draft_is_kept_when_somebody_else_has_submitted(cast: Cast, held: Segment) -> None:
    """Only the submit is a conflict; what is typed until then must not be lost."""
    submit(cast, held)
    draft = save(cast, held, "我的看法", user=cast.reviewer)
    assert (draft.text, draft.base_version) == ("我的看法", 0)


# --- review ---


def test_where_review_is_required_a_label_waits_for_it(cast: Cast, held: Segment, settings) -> None:
    settings.AUSCULT_REVIEW_REQUIRED = True
    label = submit(cast, held)
    assert label.status == LabelStatus.SUBMITTED and not approved_labels().exists()
    label_review(user=cast.reviewer, label=label, approve=True)
    assert label.status == LabelStatus.APPROVED and label.reviewed_by == cast.reviewer
    assert list(approved_labels()) == [label]
    assert Entry.objects.filter(verb="label_approved", actor=cast.reviewer).exists()


def test_a_rejected_segment_goes_back_to_the_queue(cast: Cast, held: Segment) -> None:
    label = label_review(user=cast.reviewer, label=submit(cast, held), approve=False)
    held.refresh_from_db()
    assert (held.status, held.version) == (SegmentStatus.OPEN, 1)
    assert not approved_labels().exists()
    label_review(user=cast.reviewer, label=label, approve=True)
    held.refresh_from_db()
    assert held.status == SegmentStatus.DONE and list(approved_labels()) == [label]


def test_when_a_second_version_is_rejected_the_first_one_stands(cast: Cast, held: Segment) -> None:
    first = submit(cast, held)
    second = submit(cast, held, "亂寫", version=1)
    label_review(user=cast.reviewer, label=second, approve=False)
    held.refresh_from_db()
    assert held.status == SegmentStatus.DONE
    assert list(approved_labels()) == [first]


def test_only_reviewers_review_and_decide_once(cast: Cast, held: Segment, settings) -> None:
    label = submit(cast, held)
    for person in (cast.annotator, cast.engineer, cast.outsider):
        with pytest.raises(Forbidden):
            label_review(user=person, label=label, approve=False)
    with pytest.raises(Conflict) as refusal:
        label_review(user=cast.reviewer, label=label, approve=True)
    assert refusal.value.code == "already_decided"


def test_nobody_reviews_their_own_label_where_two_people_are_required(cast: Cast, held, settings) -> None:
    settings.AUSCULT_REVIEW_REQUIRED = True
    both = make_user(Role.EXPERT, Role.REVIEWER, site=cast.site)
    Segment.objects.update(claimed_by=both)
    label = submit(cast, held, user=both)
    with pytest.raises(Forbidden) as refusal:
        label_review(user=both, label=label, approve=True)
    assert refusal.value.code == "own_label"
