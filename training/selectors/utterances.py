"""One utterance of a frozen set, by its id."""

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

from django.utils.translation import gettext as _

from base.errors import NotFound
from base.storage import data_path
from speech import manifest
from speech.manifest import Utterance
from training.models import EvaluationSet


def utterance_of(evaluation_set: EvaluationSet, id: str) -> Utterance:
    """Raises NotFound."""
    utterance = _by_id(data_path(evaluation_set.manifest_path)).get(id)
    if utterance is None:
        raise NotFound("utterance_unknown", _("There is no such utterance in this evaluation set."))
    return utterance


@lru_cache(maxsize=4)  # a frozen manifest never changes, and a page of players asks for it twenty times
def _by_id(path: Path) -> Mapping[str, Utterance]:
    return {utterance.id: utterance for utterance in manifest.read(path)}
