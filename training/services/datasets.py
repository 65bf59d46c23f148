"""Snapshots of approved labels, and evaluation sets: manifests named by their hash, never changed."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.models import Site, User
from annotation.models import Label
from annotation.selectors.labels import approved_labels
from annotation.selectors.phi import tagged_segments
from audit.services import entry_add
from base.errors import Conflict, DomainError
from base.storage import data_path, keep
from speech import manifest
from speech.manifest import Utterance
from speech.text import NORMALISER_VERSION, normalise
from training.models import DatasetSnapshot, EvaluationSet
from training.selectors.access import require_trainer
from training.selectors.held_out import held_out

SNAPSHOTS, EVALUATION_SETS, EVALUATION_AUDIO = "datasets", "evaluation-sets", "evaluation-audio"
_CHUNK_BYTES = 1 << 20


def snapshot_build(*, user: User | None, site: Site | None = None) -> DatasetSnapshot:
    """The approved labels of now (of all sites when none is named), without what evaluation sets hold.

    The same content gives the snapshot that exists. Raises DomainError `empty_snapshot`.
    """
    require_trainer(user, site)
    utterances, excluded = _trainable(approved_labels(site))
    if not utterances:
        raise DomainError("empty_snapshot", _why_empty(excluded))
    path, digest = _write(SNAPSHOTS, utterances)
    values = {
        "site": site,
        "created_by": user,
        "manifest_path": path,
        "utterances": len(utterances),
        "duration_ms": sum(one.duration_ms for one in utterances),
        "excluded": dict(excluded),
        "normaliser_version": NORMALISER_VERSION,
    }
    with transaction.atomic():
        snapshot, created = DatasetSnapshot.objects.get_or_create(sha256=digest, defaults=values)
        if created:
            entry_add(
                actor=user, verb="snapshot_built", target=snapshot, site=site, utterances=len(utterances)
            )
    return snapshot


def evaluation_set_freeze(
    *,
    name: str,
    kind: str,
    utterances: Sequence[Utterance],
    root: Path,
    user: User | None = None,
) -> EvaluationSet:
    """Keeps copies of the sound and the references for good. The same set twice gives the one that exists.

    Raises DomainError `empty_evaluation_set`, Conflict `evaluation_set_frozen` for other content.
    """
    require_trainer(user, None)
    if not utterances:
        raise DomainError("empty_evaluation_set", _("An evaluation set needs at least one utterance."))
    path, digest = _write(EVALUATION_SETS, _with_kept_audio(utterances, root))
    values = {
        "kind": kind,
        "sha256": digest,
        "manifest_path": path,
        "utterances": len(utterances),
        "duration_ms": sum(one.duration_ms for one in utterances),
    }
    with transaction.atomic():
        frozen, created = EvaluationSet.objects.get_or_create(name=name, defaults=values)
        if not created and (frozen.sha256, frozen.kind) != (digest, kind):
            raise Conflict(
                "evaluation_set_frozen",
                _("The evaluation set %(name)s is frozen; give the new one another name.") % {"name": name},
            )
        if created:
            entry_add(actor=user, verb="evaluation_set_frozen", target=frozen, utterances=len(utterances))
    return frozen


def _trainable(labels: Iterable[Label]) -> tuple[list[Utterance], Counter[str]]:
    """-> (what may be trained on, how many may not by reason)."""
    frozen = held_out()
    private = tagged_segments()
    utterances: list[Utterance] = []
    excluded: Counter[str] = Counter()
    for label in labels:
        recording = label.segment.recording
        reason = frozen.why(speaker=recording.speaker, text=label.text)
        if not normalise(label.text):
            reason = "no_text"
        elif not recording.audio_path:
            reason = "no_audio"
        elif label.segment_id in private:
            # Neither the words nor the voice that says them may be learned.
            reason = "tells_who_it_is"
        if reason:
            excluded[reason] += 1
            continue
        utterances.append(
            Utterance(
                audio_path=recording.audio_path,
                start_ms=label.segment.start_ms,
                end_ms=label.segment.end_ms,
                text=label.text,
                # A speaker nobody named is taken to speak in one recording only.
                speaker=recording.speaker or f"recording:{recording.uuid}",
                id=str(label.segment.uuid),
                source="human",
            )
        )
    return utterances, excluded


def _why_empty(excluded: Counter[str]) -> str:
    if not excluded:
        return _("There is no approved label yet. Correct some segments first.")
    return _("None of the %(count)s approved labels may be trained on (%(reasons)s).") % {
        "count": sum(excluded.values()),
        "reasons": ", ".join(f"{reason} {count}" for reason, count in excluded.items()),
    }


def _with_kept_audio(utterances: Sequence[Utterance], root: Path) -> list[Utterance]:
    """Paths relative to DATA_DIR, of copies stored by content: the originals may go or change."""
    stored: dict[Path, str] = {}
    kept = []
    for one in utterances:
        source = Path(root) / one.audio_path
        if source not in stored:
            with source.open("rb") as stream:
                chunks = iter(partial(stream.read, _CHUNK_BYTES), b"")
                stored[source] = keep(chunks, EVALUATION_AUDIO, source.suffix)[0]
        kept.append(replace(one, audio_path=stored[source]))
    return kept


def _write(folder: str, utterances: Iterable[Utterance]) -> tuple[str, str]:
    """-> (path under DATA_DIR, SHA-256). The file is named by its content."""
    root = data_path(folder)
    root.mkdir(parents=True, exist_ok=True)
    temporary = root / f".new-{uuid4().hex}.jsonl"
    try:
        digest = manifest.write(temporary, utterances)
        temporary.replace(root / f"{digest}.jsonl")
    finally:
        temporary.unlink(missing_ok=True)
    return f"{folder}/{digest}.jsonl", digest
