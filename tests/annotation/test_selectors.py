"""Who sees what, what stands around a segment, what is left to do, what training may read."""

from datetime import timedelta

from django.utils import timezone

from accounts.models import Role
from annotation.models import Label, LabelStatus, RecordingSource, SegmentStatus
from annotation.selectors import (
    approved_labels,
    queue_summary,
    recordings_for_user,
    segment_context,
    segments_for_user,
    uncorrected_segments,
)
from annotation.selectors.labels import labels_for_review
from annotation.services.queue import segment_skip
from tests.factories import (
    Cast,
    make_hypothesis,
    make_label,
    make_recording,
    make_segment,
    make_site,
    make_user,
)


def test_people_see_the_recordings_of_their_sites(cast: Cast) -> None:
    here, _elsewhere = make_recording(cast.site), make_recording()
    for person in (cast.annotator, cast.reviewer, cast.engineer):
        assert list(recordings_for_user(person)) == [here]
    assert list(recordings_for_user(cast.outsider)) == []
    assert recordings_for_user(make_user(superuser=True)).count() == 2


def test_a_clinician_sees_only_what_they_dictated_themselves(cast: Cast) -> None:
    own = make_recording(cast.site, uploaded_by=cast.clinician, source=RecordingSource.LIVE)
    make_recording(cast.site)
    assert list(recordings_for_user(cast.clinician)) == [own]
    cast.clinician.memberships.all().delete()
    assert list(recordings_for_user(cast.clinician)) == []


def test_two_roles_at_a_site_do_not_show_a_recording_twice(cast: Cast) -> None:
    make_recording(cast.site)
    both = make_user(Role.EXPERT, Role.REVIEWER, site=cast.site)
    assert recordings_for_user(both).count() == 1


def test_segments_are_for_editors_unless_other_roles_are_named(cast: Cast) -> None:
    segment = make_segment(make_recording(cast.site))
    assert list(segments_for_user(cast.annotator)) == [segment]
    assert list(segments_for_user(cast.engineer)) == []
    assert list(segments_for_user(cast.engineer, Role.ENGINEER)) == [segment]
    assert list(segments_for_user(cast.outsider)) == []


def test_the_context_is_the_newest_label_or_else_the_draft(cast: Cast) -> None:
    recording = make_recording(cast.site)
    before, here, after = (
        make_segment(recording, 1000 * i, 1000 * (i + 1), text=f"草稿{i}") for i in range(3)
    )
    make_label(before, "改過", author=cast.annotator)
    make_label(before, "又改過", author=cast.annotator)
    context = segment_context(here)
    assert (context.previous.text, context.next.text) == ("又改過", "草稿2")
    assert segment_context(after).next is None
    assert segment_context(make_segment(make_recording(cast.site))).previous is None


def test_the_queue_in_figures(cast: Cast) -> None:
    recording = make_recording(cast.site)
    for status in (SegmentStatus.OPEN, SegmentStatus.CLAIMED, SegmentStatus.WAITING):
        make_segment(recording, status=status, expected_seconds=10)
    passed_over = make_segment(recording, expected_seconds=10)
    segment_skip(user=cast.annotator, segment=passed_over)
    make_segment(make_recording(), expected_seconds=99)
    for _ in range(2):
        make_label(make_segment(recording), author=cast.annotator, active_edit_ms=5000, errors_removed=2)
    Label.objects.filter(pk=Label.objects.latest("pk").pk).update(
        created_at=timezone.now() - timedelta(days=2)
    )
    assert queue_summary(cast.annotator) == {
        "open": 2,
        "done": 2,
        "skipped": 1,
        "expected_seconds_left": 20.0,
        "my_active_ms_today": 5000,
        "my_errors_removed_today": 2,
        "my_labels_today": 1,
    }
    assert queue_summary(cast.reviewer)["open"] == 3
    assert queue_summary(cast.engineer)["open"] == 0


def test_a_skip_is_forgotten_once_somebody_has_corrected_the_segment(cast: Cast) -> None:
    segment = make_segment(make_recording(cast.site), expected_seconds=10)
    segment_skip(user=cast.annotator, segment=segment)
    make_label(segment, author=cast.reviewer)
    summary = queue_summary(cast.annotator)
    assert (summary["open"], summary["skipped"], summary["expected_seconds_left"]) == (0, 0, 0.0)


def test_training_reads_the_newest_approved_version_of_corrected_segments(cast: Cast) -> None:
    recording = make_recording(cast.site)
    twice = make_segment(recording)
    make_label(twice, "第一版")
    newest = make_label(twice, "第二版")
    make_label(twice, "等待審核", status=LabelStatus.SUBMITTED)
    make_label(make_segment(recording), "退回", status=LabelStatus.REJECTED)
    reopened = make_label(make_segment(recording))
    reopened.segment.status = SegmentStatus.UNUSABLE
    reopened.segment.save()
    elsewhere = make_label(make_segment(make_recording()), "別處")
    assert list(approved_labels()) == [newest, elsewhere]
    assert list(approved_labels(cast.site)) == [newest]
    assert list(approved_labels(make_site())) == []


def test_reading_labels_takes_one_query(cast: Cast, django_assert_num_queries) -> None:
    recording = make_recording(cast.site)
    for _ in range(3):
        make_label(make_segment(recording, text="草稿"))
    with django_assert_num_queries(1):
        rows = [
            (label.text, label.segment.recording.site.slug, label.hypothesis.text, str(label.author))
            for label in approved_labels()
        ]
    assert len(rows) == 3


def test_a_new_model_drafts_what_nobody_corrected(cast: Cast) -> None:
    recording = make_recording(cast.site)
    segments = {
        status: make_segment(recording, 1000 * at, 1000 * (at + 1), status=status)
        for at, status in enumerate(SegmentStatus.values)
    }
    elsewhere = make_segment(make_recording())
    free = [segments[status] for status in (SegmentStatus.WAITING, SegmentStatus.OPEN, SegmentStatus.CLAIMED)]
    assert list(uncorrected_segments(cast.site)) == free
    assert list(uncorrected_segments()) == [*free, elsewhere]


def test_reviewers_see_what_waits_at_their_sites(cast: Cast) -> None:
    waiting = make_label(make_segment(make_recording(cast.site)), status=LabelStatus.SUBMITTED)
    make_label(make_segment(make_recording()), status=LabelStatus.SUBMITTED)
    assert list(labels_for_review(cast.reviewer)) == [waiting]
    assert list(labels_for_review(cast.annotator)) == []


def test_an_older_hypothesis_does_not_show_in_the_context(cast: Cast) -> None:
    recording = make_recording(cast.site)
    one, two = (make_segment(recording, 1000 * i, 1000 * (i + 1), text="舊") for i in range(2))
    make_hypothesis(two, "新")
    assert segment_context(one).next.text == "新"
