"""What stands in a snapshot's manifest: its facts, a page of its utterances, one of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from statistics import median

from django.core.cache import cache
from django.utils.translation import gettext as _

from base.errors import NotFound
from base.storage import data_path
from speech import manifest
from speech.manifest import Utterance
from training.models import DatasetSnapshot

_KEPT_S = 3600


@dataclass(frozen=True, slots=True)
class SnapshotFacts:
    speakers: int
    shortest_ms: int
    median_ms: int
    longest_ms: int


def facts_of(snapshot: DatasetSnapshot) -> SnapshotFacts:
    """Counted once and kept: a snapshot never changes."""
    key = f"snapshot-facts-{snapshot.sha256}"
    facts = cache.get(key)
    if facts is None:
        utterances = list(_each(snapshot))
        lengths = sorted(one.duration_ms for one in utterances)
        speakers = {one.speaker for one in utterances}
        facts = SnapshotFacts(len(speakers), lengths[0], round(median(lengths)), lengths[-1])
        cache.set(key, facts, _KEPT_S)
    return facts


def utterances_of(snapshot: DatasetSnapshot, first: int, count: int) -> list[tuple[int, Utterance]]:
    """(number, utterance) from number `first` on; the first of all is 1."""
    return list(islice(enumerate(_each(snapshot), start=1), max(0, first - 1), max(0, first - 1) + count))


def utterance_of(snapshot: DatasetSnapshot, number: int) -> Utterance:
    """Raises NotFound."""
    found = utterances_of(snapshot, number, 1) if number > 0 else []
    if not found:
        words = _("This snapshot has no utterance number %(number)s; it holds %(count)s.")
        raise NotFound("utterance_unknown", words % {"number": number, "count": snapshot.utterances})
    return found[0][1]


def _each(snapshot: DatasetSnapshot) -> Iterator[Utterance]:
    path = data_path(snapshot.manifest_path)
    if not path.exists():
        raise NotFound("no_manifest", _("The manifest of this snapshot is not on this machine any more."))
    return manifest.each(path)
