"""Corrections teach the queue: a fit is stored, what is open is ranked anew, the page shows both."""

import csv
import io

import numpy as np
import pytest

from annotation.models import CalibrationFit, Label, Segment, SegmentStatus
from annotation.ranking import priority
from annotation.selectors.calibrations import knowledge_of, newest_fit, words_to_mark
from annotation.services import calibrations
from annotation.services.calibrations import calibration_refit, segments_rerank
from annotation.services.labels import label_submit
from annotation.services.queue import segment_claim_next
from base.jobs import Job
from tests.factories import Cast, make_hypothesis, make_label, make_recording, make_segment

SPOKEN = "病人主訴胸口悶痛三天了請安排檢查"


def corrected_site(cast: Cast, recordings: int = 6, seed: int = 0) -> None:
    """Words said to be 90 % sure are right, those of 60 % are wrong."""
    rng = np.random.default_rng(seed)
    for _ in range(recordings):
        recording = make_recording(cast.site)
        for index in range(5):
            segment = make_segment(recording, 3000 * index, 3000 * index + 2500, index=index)
            said = rng.choice(list(SPOKEN), 10)
            doubtful = rng.random(10) < 0.3
            heard = "".join("錯" if d else c for c, d in zip(said, doubtful, strict=True))
            words = [
                {"text": c, "start_ms": 200 * i, "end_ms": 200 * i + 200, "probability": 0.6 if d else 0.9}
                for i, (c, d) in enumerate(zip(heard, doubtful, strict=True))
            ]
            make_hypothesis(segment, heard, words=words)
            make_label(
                segment,
                "".join(said),
                author=cast.annotator,
                active_edit_ms=9000,
                errors_removed=int(doubtful.sum()),
            )


def test_a_refit_is_stored_and_ranks_what_is_open_anew(cast: Cast) -> None:
    corrected_site(cast)
    waiting = make_segment(make_recording(cast.site), 0, 4000, text=SPOKEN[:8], status=SegmentStatus.OPEN)
    held = make_segment(make_recording(cast.site), 0, 4000, text=SPOKEN[:8], status=SegmentStatus.CLAIMED)
    fit = calibration_refit(site=cast.site)
    assert fit is not None and fit.labels == 30 and fit.words == 300
    assert fit.ece < fit.ece_raw and fit.auc > 0.95
    assert fit.paces[str(cast.annotator.pk)]
    waiting.refresh_from_db()
    held.refresh_from_db()
    # Words of 90 % are right here: less is to be removed than the recogniser feared.
    assert 0 < waiting.expected_errors < 0.1 * 8
    assert waiting.priority > 0 and held.priority == 0
    assert newest_fit(cast.site.pk, "fake:test") == fit
    assert knowledge_of(cast.site.pk, "a newer model").calibration == fit.calibration


def test_too_few_corrections_change_nothing(cast: Cast) -> None:
    corrected_site(cast, recordings=1)
    assert calibration_refit(site=cast.site) is None
    assert not CalibrationFit.objects.exists()


def test_another_sites_corrections_teach_nothing_here(cast: Cast) -> None:
    corrected_site(cast)
    other = make_recording().site
    assert calibration_refit(site=other) is None
    calibration_refit(site=cast.site)
    assert newest_fit(other.pk, "fake:test") is None


def test_only_words_that_can_be_told_are_marked(cast: Cast) -> None:
    corrected_site(cast)
    fit = calibration_refit(site=cast.site)
    assert fit is not None and fit.mark_from is not None
    segment = Label.objects.select_related("segment__hypothesis").first().segment
    shown = words_to_mark(segment, fit)
    for word, before in zip(shown, segment.hypothesis.words, strict=True):
        assert (word["probability"] is not None) == (before["probability"] == 0.6)
    fit.mark_from = None
    assert {word["probability"] for word in words_to_mark(segment, fit)} == {None}
    assert words_to_mark(segment, None) == segment.hypothesis.words


def test_a_rerank_never_parts_a_recording(cast: Cast, monkeypatch) -> None:
    monkeypatch.setattr(calibrations, "_BATCH", 2)
    monkeypatch.setattr(priority, "is_drawn_by_lot", lambda key: False)  # the lot says nothing of twins
    for _ in range(2):
        recording = make_recording(cast.site)
        for index in range(3):
            make_segment(recording, 2000 * index, 2000 * index + 1500, index=index, text="好的謝謝醫師")
    assert segments_rerank(site=cast.site) == 6
    twins = Segment.objects.filter(reasons__0__isnull=False).order_by("recording_id", "index")
    seen = [[r["count"] for r in s.reasons if r["code"] == "seen_before"] for s in twins]
    assert sorted(seen[:3]) == sorted(seen[3:]) == [[], [1], [2]]


def test_every_fiftieth_label_asks_for_a_refit(
    cast: Cast, asked: list, monkeypatch, django_capture_on_commit_callbacks
) -> None:
    monkeypatch.setattr(calibrations, "REFIT_EVERY", 1)
    make_segment(make_recording(cast.site), 0, 2000, text=SPOKEN[:6])
    segment = segment_claim_next(user=cast.annotator)
    assert segment is not None
    with django_capture_on_commit_callbacks(execute=True):
        label_submit(user=cast.annotator, segment=segment, text=SPOKEN[:6], version=0, active_edit_ms=4000)
    assert asked == [(Job.CALIBRATION_REFIT, cast.site.pk)]


def test_the_outcome_page_shows_time_errors_and_trust(cast: Cast, client) -> None:
    corrected_site(cast)
    calibration_refit(site=cast.site)
    client.force_login(cast.reviewer)
    page = client.get("/outcome/").content.decode()
    assert cast.annotator.username in page and "<svg" in page
    assert "Learned from 30 corrections: 300 words" in page


def test_an_expert_sees_only_their_own_work(cast: Cast, client) -> None:
    corrected_site(cast, recordings=1)
    client.force_login(cast.outsider)
    assert cast.annotator.username not in client.get("/outcome/").content.decode()
    client.force_login(cast.clinician)
    assert client.get("/outcome/").status_code == 403


def test_the_outcome_is_a_table_to_take_away(cast: Cast, client) -> None:
    corrected_site(cast, recordings=2)
    lot = Segment.objects.first()
    lot.reasons = [{"code": "random_sample"}]
    lot.save()
    client.force_login(cast.reviewer)
    answer = client.get("/outcome.csv").content.decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(answer)))
    assert {row["arm"] for row in rows} == {"by_lot", "ranked"}
    assert sum(int(row["labels"]) for row in rows) == 10
    assert sum(int(row["active_ms"]) for row in rows) == 90_000
    assert all(float(row["active_per_audio"]) == pytest.approx(3.6) for row in rows)
