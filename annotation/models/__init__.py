"""Rows of annotation."""

from annotation.models.calibrations import CalibrationFit
from annotation.models.doubts import DoubtState, LabelDoubt
from annotation.models.fixes import WordFix
from annotation.models.gold import GoldItem
from annotation.models.hypotheses import Hypothesis
from annotation.models.keys import PersonalKeys
from annotation.models.labels import Draft, Label, LabelMode, LabelStatus, PhiKind, Skip
from annotation.models.readings import Reading, ReadingPurpose, ReadingStatus, Verdict
from annotation.models.recordings import Recording, RecordingSource, RecordingStatus
from annotation.models.segments import Segment, SegmentStatus, UnusableReason
from annotation.models.terms import LexiconRevision, Term, TermKind

__all__ = [
    "CalibrationFit",
    "DoubtState",
    "Draft",
    "GoldItem",
    "Hypothesis",
    "Label",
    "LabelDoubt",
    "LabelMode",
    "LabelStatus",
    "LexiconRevision",
    "PersonalKeys",
    "PhiKind",
    "Reading",
    "ReadingPurpose",
    "ReadingStatus",
    "Recording",
    "RecordingSource",
    "RecordingStatus",
    "Segment",
    "SegmentStatus",
    "Skip",
    "Term",
    "TermKind",
    "UnusableReason",
    "Verdict",
    "WordFix",
]
