"""What no model may be trained on: what the active evaluation sets hold."""

from base.storage import data_path
from training.models import EvaluationSet
from training.pipeline.held_out import HeldOut


def held_out() -> HeldOut:
    return HeldOut.read(data_path(path) for path in held_out_manifests())


def held_out_manifests() -> tuple[str, ...]:
    """Under DATA_DIR."""
    active = EvaluationSet.objects.filter(active=True)
    return tuple(active.order_by("pk").values_list("manifest_path", flat=True))
