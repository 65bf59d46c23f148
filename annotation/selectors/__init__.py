"""Reads of annotation. What the floors above may build on is named here."""

from annotation.selectors.doubts import segments_to_hear_again
from annotation.selectors.labels import approved_labels
from annotation.selectors.recordings import recordings_for_user
from annotation.selectors.segments import segment_context, segments_for_user, uncorrected_segments
from annotation.selectors.summary import queue_summary

__all__ = [
    "approved_labels",
    "queue_summary",
    "recordings_for_user",
    "segment_context",
    "segments_for_user",
    "segments_to_hear_again",
    "uncorrected_segments",
]
