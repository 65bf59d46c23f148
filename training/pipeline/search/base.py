"""What all trials share: the normalised and prepared stages, made once, and what they are judged on.

No knob of the search changes what is prepared, so trials read one array.
"""

import random
from pathlib import Path

from speech import manifest
from speech.manifest import Utterance
from training.pipeline.config import PipelineConfig
from training.pipeline.features import FeatureStore
from training.pipeline.folder import RunFolder, emit
from training.pipeline.normalize import EmptyDatasetError
from training.pipeline.prepare import split
from training.pipeline.processes import StopFlag, World
from training.pipeline.runner import run_one
from training.pipeline.search.request import BASE, SearchRequest
from training.pipeline.stages import STAGES

EVALUATION = "evaluation.jsonl"
_SHARES = (0.05, 0.1, 0.2, 0.35, 0.49)  # of held-out speech, tried in turn
_LEAST = 10  # utterances; fewer would judge nothing


def prepared(folder: Path, request: SearchRequest, stop: StopFlag) -> RunFolder:
    """Normalised and prepared, with a set to judge on; what is done already is kept.

    Raises EmptyDatasetError where no speaker can be spared.
    """
    base = _folder(folder / BASE, request)
    normalize, prepare = STAGES[:2]
    if not base.is_done(normalize.name):
        run_one(normalize, base, World(), stop)
    if not base.is_done(prepare.name):
        base = _with_enough_held_out(base, request)
        run_one(prepare, base, World(), stop)
    if not (base.path / EVALUATION).exists():
        manifest.write(base.path / EVALUATION, _drawn(base, request))
    return base


def evaluation_set(base: RunFolder) -> list[Utterance]:
    return manifest.read(base.path / EVALUATION)


def _folder(path: Path, request: SearchRequest) -> RunFolder:
    if (path / "request.json").exists():
        return RunFolder.open(path)
    # Replay is prepared if any trial asks for it: without a share it would be left out.
    share = max([request.config.replay_share, *(point["replay_share"] for point in request.points)])
    config = PipelineConfig.from_dict({**request.config.as_dict(), "replay_share": share})
    return RunFolder.create(path, config, request.inputs)


def _with_enough_held_out(base: RunFolder, request: SearchRequest) -> RunFolder:
    """By whole speakers, as any run does it, but so many that something can be measured on them."""
    own = manifest.read(base.path / "normalize" / "train.jsonl")
    wanted = max(1, min(request.budget.evaluation_utterances, _LEAST, len(own) // 4))
    for share in sorted({base.config.dev_share, *_SHARES}):
        train, dev = split(own, share, base.config.seed)
        if share >= base.config.dev_share and train and len(dev) >= wanted:
            config = PipelineConfig.from_dict({**base.config.as_dict(), "dev_share": share})
            return RunFolder.create(base.path, config, base.inputs)
    raise EmptyDatasetError(
        "A search holds out whole speakers to measure on, and too few are left: label a second speaker."
    )


def _drawn(base: RunFolder, request: SearchRequest) -> list[Utterance]:
    held_out = {cut.id for cut in FeatureStore(base.path / "prepare", "dev").cuts}
    own = manifest.read(base.path / "normalize" / "train.jsonl")
    pool = [one for one in own if one.id in held_out]
    count = min(len(pool), request.budget.evaluation_utterances)
    emit(stage="prepare", doing=f"{count} utterances to judge on")
    return random.Random(request.budget.seed).sample(pool, count)
