"""Where a model comes from: the base at its root, and the adapters that were merged on the way."""

from base.storage import data_path
from training.models import SpeechModel


def what_it_starts_from(model: SpeechModel) -> tuple[str, tuple[str, ...]]:
    """-> (ref of the weights, adapters under DATA_DIR, the oldest first): together this model, in fp32.

    Where an adapter is gone, or the weights themselves were trained, its own fp16 weights are the start.
    """
    adapters: list[str] = []
    at = model
    while at.adapter_path and at.parent and data_path(at.adapter_path).is_dir():
        adapters.insert(0, at.adapter_path)
        at = at.parent
    return at.ref, tuple(adapters)


def ancestors(model: SpeechModel) -> list[SpeechModel]:
    """The oldest first, the model itself last."""
    line = [model]
    while line[0].parent:
        line.insert(0, line[0].parent)
    return line
