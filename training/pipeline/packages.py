"""What a choice needs beyond the runtime set: asked before anything is computed, without importing it."""

from importlib.util import find_spec

from training.pipeline.config import PipelineConfig


class MissingPackageError(Exception):
    """One sentence: the knob, the package, where it comes from."""


def require_packages(config: PipelineConfig) -> None:
    needed = {
        "load_in_8bit": ("bitsandbytes", config.load_in_8bit),
        "strategy zero2": ("deepspeed", config.strategy == "zero2"),
    }
    for choice, (package, is_chosen) in needed.items():
        if is_chosen and find_spec(package) is None:
            raise MissingPackageError(
                f"{choice} needs the package {package}, which is not installed here: it comes with "
                "the extra train-extra."
            )
