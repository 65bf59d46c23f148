"""Addresses of annotation."""

from django.urls import path

from annotation.views import correction, media, outcome, recordings, review, segments

urlpatterns = [
    path("recordings/", recordings.recording_list, name="recording_list"),
    path("recordings/upload/", recordings.recording_upload, name="recording_upload"),
    path("recordings/<uuid:uuid>/", recordings.recording_detail, name="recording_detail"),
    path("recordings/<uuid:uuid>/retry/", recordings.recording_try_again, name="recording_retry"),
    path("recordings/<uuid:uuid>/waveform.svg", media.recording_waveform, name="recording_waveform"),
    path("correct/", correction.correct_next, name="correct_next"),
    path("correct/skipped/", segments.skipped_bring_back, name="skipped_bring_back"),
    path("correct/<uuid:uuid>/", correction.correct_segment, name="correct_segment"),
    path("correct/<uuid:uuid>/draft/", correction.segment_draft, name="segment_draft"),
    path("correct/<uuid:uuid>/discard/", correction.segment_discard, name="segment_discard"),
    path("correct/<uuid:uuid>/heartbeat/", correction.segment_beat, name="segment_heartbeat"),
    path("correct/<uuid:uuid>/submit/", correction.segment_submit, name="segment_submit"),
    path("correct/<uuid:uuid>/skip/", segments.segment_pass_over, name="segment_skip"),
    path("correct/<uuid:uuid>/unusable/", segments.segment_set_aside, name="segment_unusable"),
    path("correct/<uuid:uuid>/release/", segments.segment_give_back, name="segment_release"),
    path("correct/<uuid:uuid>/reopen/", segments.segment_bring_back, name="segment_reopen"),
    path("outcome/", outcome.outcome, name="outcome"),
    path("outcome.csv", outcome.outcome_csv, name="outcome_csv"),
    path("review/", review.review_list, name="review_list"),
    path("review/<uuid:uuid>/", review.review_decide, name="review_decide"),
    path("segments/<uuid:uuid>/audio.wav", media.segment_audio, name="segment_audio"),
    path("segments/<uuid:uuid>/peaks.json", media.segment_peaks, name="segment_peaks"),
]
