"""No model may be proven by what it was trained on. Asked when a run or a search is asked for, resumed and
started: an evaluation set may be frozen at any time between."""

from pathlib import Path

from django.utils.translation import gettext as _

from base.errors import DomainError
from base.storage import data_path
from speech import manifest
from training.models import DatasetSnapshot, SpeechModel
from training.pipeline.config import PipelineConfig, RunInputs
from training.pipeline.held_out import HeldOut
from training.selectors.held_out import held_out, held_out_manifests
from training.selectors.lineage import ancestors


def refuse_leaks(snapshot: DatasetSnapshot, base_model: SpeechModel) -> None:
    """Raises DomainError `snapshot_leaks`: an evaluation set holds some of the snapshot, or of what the base
    and those before it were trained on."""
    frozen = held_out()
    if leaks := _leaks(frozen, snapshot):
        message = _("%(count)s utterances of this snapshot stand in an evaluation set now; build a new one.")
        raise DomainError("snapshot_leaks", message % {"count": leaks})
    for model in ancestors(base_model):
        if model.run and (leaks := _leaks(frozen, model.run.snapshot)):
            message = _(
                "%(model)s was trained on %(count)s utterances that stand in an evaluation set now; "
                "start from another model."
            )
            raise DomainError("snapshot_leaks", message % {"model": model, "count": leaks})


def refuse_replay_leaks(config: PipelineConfig, inputs: RunInputs) -> None:
    """Of a run that is gone on with: its replay speech was sifted by the sets of its time. Raises DomainError
    `replay_leaks`."""
    replay = Path(inputs.data_root) / config.replay_manifest
    if not config.replay_share or not replay.is_file():
        return
    frozen_since = set(held_out_manifests()) - set(inputs.held_out)
    if leaks := HeldOut.read(map(data_path, frozen_since)).leaks(manifest.read(replay)):
        message = _(
            "%(count)s utterances of the replay speech stand in an evaluation set that was frozen since; "
            "start again from the beginning."
        )
        raise DomainError("replay_leaks", message % {"count": leaks})


def _leaks(frozen: HeldOut, snapshot: DatasetSnapshot) -> int:
    return frozen.leaks(manifest.read(data_path(snapshot.manifest_path)))
