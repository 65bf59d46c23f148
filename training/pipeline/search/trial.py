"""One trial: an ordinary training with its own knobs, judged by CER at every rung. Knows nothing of Ray.

Its schedules (learning rate, AdaLoRA's ranks) are those of the whole budget, so that what stands at a rung
is what a run to the end would have there, whatever is decided then.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from speech import metrics
from speech.metrics import ErrorCount
from training.pipeline.config import PipelineConfig
from training.pipeline.evaluate import decode, options_of
from training.pipeline.families import family_of_model
from training.pipeline.features import FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.processes import StopFlag, join_world
from training.pipeline.search import results
from training.pipeline.search.base import evaluation_set
from training.pipeline.search.request import BASE, SearchRequest, trial_folder
from training.pipeline.train import train, trainer_for
from training.pipeline.weights import card_of

Tell = Callable[[int, float, float, float], None]  # (steps done, CER, loss per token, seconds so far)


def run_trial(folder: Path, number: int, tell: Tell) -> None:
    """To the end, or until `tell` does not come back. Goes on from the last checkpoint where there is one."""
    request = SearchRequest.read(folder)
    config = request.config_of(number)
    base = RunFolder.open(folder / BASE)
    own = RunFolder.create(trial_folder(folder, number), config, base.inputs)
    share(base, own)
    target = own.path / "train"
    target.mkdir(exist_ok=True)
    dev, unwatched = (FeatureStore(own.path / "prepare", "dev") for _ in range(2))
    unwatched.cuts = []  # the loss is asked at the rungs, not at every checkpoint
    trainer = trainer_for(own, join_world())

    def judge(done: int) -> None:
        known = results.reported_step(results.read(folder), number)
        if done in request.budget.milestones and done > known:
            cer = cer_of(trainer.model, base, config)
            tell(done, cer, trainer.dev_loss(dev), trainer.seconds)

    train(trainer, target, unwatched, StopFlag(), on_checkpoint=judge)


def share(base: RunFolder, own: RunFolder) -> None:
    """The base's stages as the trial's own: relative links, so that the data folder may move."""
    for stage in ("normalize", "prepare"):
        for name in (stage, f"{stage}.json"):
            link = own.path / name
            if not link.is_symlink():
                link.symlink_to(Path("..") / ".." / BASE / name)


def cer_of(model: Any, base: RunFolder, config: PipelineConfig) -> float:
    """Of the model as it is, decoded as the product decodes. It trains on afterwards."""
    ref = base.inputs.base_ref
    whisper = model.get_base_model() if hasattr(model, "get_base_model") else model
    is_variable = bool(card_of(ref).get("variable_window"))
    recognizer = family_of_model(whisper).recognizer(whisper, ref, is_variable)
    try:
        model.eval()
        options = options_of(config, "speech" if is_variable else "padded")
        heard = decode(
            recognizer, evaluation_set(base), base.data_root, options, config.eval_batch, "a trial"
        )
    finally:
        model.train()
    return metrics.total(bounded(one.count) for one in heard).rate


def bounded(count: ErrorCount) -> ErrorCount:
    """No more errors than if nothing had been heard: live, text that goes in circles is not shown.

    One such utterance of thirty may have more characters than all of them were said to have.
    """
    if count.errors <= count.reference_length:
        return count
    return ErrorCount(deletions=count.reference_length, reference_length=count.reference_length)
