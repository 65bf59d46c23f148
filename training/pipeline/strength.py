"""Stage 4: how much of the learned change is kept, tried on speech that was held out, never on a frozen set.

Between the base and the whole of the change lies a model that forgets far less and has learned nearly as much
(Wortsman et al. 2022, arXiv 2109.01903). Chosen: the lowest error on the hospital's own speech among those
that hear general speech at most a margin worse than the base.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from speech import manifest, metrics
from speech.manifest import Utterance
from training.pipeline.evaluate import decode, options_of
from training.pipeline.families import family_of_model
from training.pipeline.folder import RunFolder
from training.pipeline.methods import method_for
from training.pipeline.prepare import GENERAL, OWN
from training.pipeline.start import load_start

WINDOW = "speech"


@dataclass(frozen=True, slots=True)
class Tried:
    """CER on held-out speech at one share of the change; 0 is the base."""

    strength: float
    own: float
    general: float | None


def run(folder: RunFolder) -> dict[str, Any]:
    config = folder.config
    own = _held(folder, OWN)
    if not config.strengths or not own:
        reason = "there is too little speech to hold any out" if config.strengths else "none are to be tried"
        return {"strength": config.adapter_strength, "tried": [], "reason": reason}
    general = _held(folder, GENERAL)
    tried = [_try(folder, strength, own, general) for strength in (0.0, *sorted(config.strengths))]
    chosen = choose(tried, config.general_margin)
    return {
        "strength": chosen.strength,
        "tried": [asdict(one) for one in tried],
        "utterances": {"own": len(own), "general": len(general)},
        "reason": "",
    }


def choose(tried: Sequence[Tried], margin: float) -> Tried:
    """`tried` begins with the base. Where none keeps within the margin, the one that forgets least."""
    base, candidates = tried[0], tried[1:]
    allowed = [
        one
        for one in candidates
        if one.general is None or base.general is None or one.general <= base.general + margin
    ]
    if allowed:
        return min(allowed, key=lambda one: (one.own, one.strength))
    return min(candidates, key=lambda one: (one.general, one.strength))


def _try(folder: RunFolder, strength: float, own: list[Utterance], general: list[Utterance]) -> Tried:
    model = load_start(folder.inputs).eval()
    if strength:
        model = method_for(folder.config).merged(model, folder.path / "train" / "adapter", strength)
    recogniser = family_of_model(model).recognizer(model, folder.inputs.base_ref, True)
    options = options_of(folder.config, WINDOW if folder.config.padded_share < 1 else "padded")

    def cer(utterances: list[Utterance]) -> float:
        doing = f"{strength:g} of the change"
        heard = decode(recogniser, utterances, folder.data_root, options, folder.config.eval_batch, doing)
        return round(metrics.total(one.count for one in heard).rate, 5)

    return Tried(strength, cer(own), cer(general) if general else None)


def _held(folder: RunFolder, name: str) -> list[Utterance]:
    path = folder.path / "prepare" / name
    return manifest.read(path) if path.exists() else []
