"""Reads of annotation. What the floors above may build on is named here."""

from annotation.selectors.labels import approved_labels
from annotation.selectors.queue import queue_summary
from annotation.selectors.recordings import recordings_for_user
from annotation.selectors.segments import segment_context, segments_for_user, uncorrected_segments

__all__ = [
    "approved_labels",
    "queue_summary",
    "recordings_for_user",
    "segment_context",
    "segments_for_user",
    "uncorrected_segments",
]
