"""Rows of annotation."""

from annotation.models.calibrations import CalibrationFit
from annotation.models.hypotheses import Hypothesis
from annotation.models.labels import Draft, Label, LabelStatus, Skip
from annotation.models.recordings import Recording, RecordingSource, RecordingStatus
from annotation.models.segments import Segment, SegmentStatus, UnusableReason

__all__ = [
    "CalibrationFit",
    "Draft",
    "Hypothesis",
    "Label",
    "LabelStatus",
    "Recording",
    "RecordingSource",
    "RecordingStatus",
    "Segment",
    "SegmentStatus",
    "Skip",
    "UnusableReason",
]
