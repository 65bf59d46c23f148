"""What a choice needs beyond the runtime set: asked before anything is computed, without importing it."""

from importlib.util import find_spec

from training.pipeline.config import PipelineConfig


class MissingPackageError(Exception):
    """One sentence: the knob, the package, where it comes from."""


def require_packages(config: PipelineConfig) -> None:
    if config.load_in_8bit:
        require_package("bitsandbytes", "load_in_8bit")
    if config.strategy == "zero2":
        require_package("deepspeed", "strategy zero2")


def require_package(package: str, choice: str, extra: str = "train-extra") -> None:
    if find_spec(package) is None:
        raise MissingPackageError(
            f"{choice} needs the package {package}, which is not installed here: it comes with the "
            f"extra {extra}."
        )
