"""Rows for tests: plain functions with defaults, so that a test names only what it is about.

`make_user(Role.EXPERT, site=site)` gives a membership; a user made without a role is the outsider.
"""

import hashlib
import json
from dataclasses import dataclass
from itertools import count

import numpy as np
import soundfile

from accounts.models import Membership, Role, Site, User
from annotation.models import (
    Hypothesis,
    Label,
    LabelStatus,
    Recording,
    RecordingSource,
    RecordingStatus,
    Segment,
    SegmentStatus,
    Term,
)
from base.storage import data_path, written_whole
from speech.text import normalise
from training.models import Promotion, SpeechModel, SpeechModelKind

SAMPLE_RATE_HZ = 16_000
PASSWORD = "password"
_number = count(1)


def make_site(name: str | None = None, slug: str | None = None) -> Site:
    number = next(_number)
    return Site.objects.create(name=name or f"Site {number}", slug=slug or f"site-{number}")


def make_user(
    *roles: Role | str, site: Site | None = None, username: str | None = None, superuser: bool = False
) -> User:
    """A person with `roles` at `site` (a new site when none is named); logs in with PASSWORD."""
    create = User.objects.create_superuser if superuser else User.objects.create_user
    user = create(username=username or f"user-{next(_number)}", password=PASSWORD)
    if roles:
        site = site or make_site()
    for role in roles:
        Membership.objects.create(user=user, site=site, role=Role(role))
    return user


def make_tone(duration_ms: int = 1000, frequency_hz: float = 220.0, level: float = 0.3) -> np.ndarray:
    """float32 mono 16 kHz, shape (samples,). A tone is not speech: VAD finds nothing in it."""
    times_s = np.arange(duration_ms * SAMPLE_RATE_HZ // 1000) / SAMPLE_RATE_HZ
    return (level * np.sin(2 * np.pi * frequency_hz * times_s)).astype(np.float32)


def make_recording(
    site: Site | None = None,
    *,
    audio: bool = False,
    samples: np.ndarray | None = None,
    duration_ms: int = 10_000,
    status: str = RecordingStatus.DRAFTED,
    source: str = RecordingSource.UPLOAD,
    title: str | None = None,
    speaker: str = "",
    **fields: object,
) -> Recording:
    """A row; with `audio=True` or `samples` also its FLAC and peaks on disk."""
    number = next(_number)
    digest = hashlib.sha256(f"recording {number}".encode()).hexdigest()
    if audio and samples is None:
        samples = make_tone(duration_ms)
    if samples is not None:
        duration_ms = len(samples) * 1000 // SAMPLE_RATE_HZ
        fields = {**_write_audio(samples, digest), **fields}
    return Recording.objects.create(
        site=site or make_site(),
        status=status,
        source=source,
        title=title or f"recording {number}.wav",
        speaker=speaker,
        original_sha256=digest,
        duration_ms=duration_ms,
        **fields,
    )


def _write_audio(samples: np.ndarray, digest: str) -> dict[str, object]:
    audio, peaks = f"test-audio/{digest}.flac", f"test-audio/{digest}.json"
    with written_whole(data_path(audio)) as path:
        soundfile.write(path, samples, SAMPLE_RATE_HZ, format="FLAC")
    bins = np.array_split(np.abs(samples), max(1, len(samples) * 50 // SAMPLE_RATE_HZ))
    values = [int(127 * float(part.max(initial=0))) for part in bins]
    data_path(peaks).write_text(json.dumps(values))
    return {"audio_path": audio, "peaks_path": peaks, "original_path": audio}


def make_segment(
    recording: Recording | None = None,
    start_ms: int = 0,
    end_ms: int = 1000,
    *,
    text: str | None = None,
    status: str = SegmentStatus.OPEN,
    index: int | None = None,
    **fields: object,
) -> Segment:
    """An open segment; with `text` it also gets a hypothesis that heard it."""
    recording = recording or make_recording()
    if index is None:
        index = recording.segments.count()
    segment = Segment.objects.create(
        recording=recording,
        site=recording.site,
        index=index,
        start_ms=start_ms,
        end_ms=end_ms,
        status=status,
        **fields,
    )
    if text is not None:
        make_hypothesis(segment, text)
    return segment


def make_hypothesis(
    segment: Segment | None = None, text: str = "病人主訴頭痛", *, current: bool = True, **fields: object
) -> Hypothesis:
    """One hypothesis; `current` makes it the segment's own. Words share the segment's time evenly."""
    segment = segment or make_segment()
    step_ms = segment.duration_ms // max(1, len(text))
    words = [
        {"text": char, "start_ms": at * step_ms, "end_ms": (at + 1) * step_ms, "probability": 0.9}
        for at, char in enumerate(text)
    ]
    values: dict[str, object] = {
        "words": words,
        "tokens": [[char, -0.1] for char in text],
        "avg_logprob": -0.1,
        "no_speech_prob": 0.01,
        "compression_ratio": 1.0,
        "language": "zh",
        "model_ref": "fake:test",
        "normaliser_version": "test",
        **fields,
    }
    hypothesis = Hypothesis.objects.create(segment=segment, text=text, **values)
    if current:
        segment.hypothesis = hypothesis
        segment.save(update_fields=["hypothesis"])
    return hypothesis


def make_label(
    segment: Segment | None = None,
    text: str = "病人主訴頭痛",
    *,
    author: User | None = None,
    status: str = LabelStatus.APPROVED,
    **fields: object,
) -> Label:
    """The next version of the segment's text; the segment becomes DONE."""
    segment = segment or make_segment()
    segment.version += 1
    segment.status = SegmentStatus.DONE
    segment.save(update_fields=["version", "status"])
    return Label.objects.create(
        segment=segment,
        version=segment.version,
        text=text,
        author=author or make_user(Role.EXPERT, site=segment.recording.site),
        hypothesis=segment.hypothesis,
        status=status,
        **fields,
    )


def make_term(text: str = "Metformin", *, site: Site | None = None, **fields: object) -> Term:
    """A row as `annotation.services.terms` would leave it, without pinyin unless it is given."""
    return Term.objects.create(site=site or make_site(), text=text, key=normalise(text), **fields)


@dataclass(frozen=True)
class Cast:
    """The people of every story: four with one role each at `site`, one from somewhere else."""

    site: Site
    annotator: User
    reviewer: User
    engineer: User
    clinician: User
    outsider: User


def make_cast(site: Site | None = None) -> Cast:
    site = site or make_site()
    return Cast(
        site=site,
        annotator=make_user(Role.EXPERT, site=site),
        reviewer=make_user(Role.REVIEWER, site=site),
        engineer=make_user(Role.ENGINEER, site=site),
        clinician=make_user(Role.CLINICIAN, site=site),
        outsider=make_user(Role.EXPERT, site=make_site()),
    )


def make_model(ref: str = "fake:病人血壓一百四十", *, parent: SpeechModel | None = None) -> SpeechModel:
    """A model of the registry; without a promotion it serves nobody."""
    model, _ = SpeechModel.objects.get_or_create(
        ref=ref, defaults={"name": ref[:40], "kind": SpeechModelKind.BASE, "parent": parent}
    )
    return model


def make_live_model(ref: str = "fake:病人血壓一百四十", site: Site | None = None) -> SpeechModel:
    """A model that is live at `site` (everywhere when none is named)."""
    model = make_model(ref)
    Promotion.objects.filter(site=site, current=True).update(current=False)
    Promotion.objects.create(model=model, site=site)
    return model
