"""The trackers that transformers knows how to tell: what each needs, where it writes, how it is ended.

Nothing leaves the machine unless somebody asks: W&B is offline until WANDB_MODE says otherwise, MLflow
writes into the run's folder until `tracking_uri` names a server, and neither sends usage statistics.
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from training.pipeline.config import ConfigError

MLFLOW_RUN = "mlflow-run-id"
EXPERIMENT = "auscult"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a tracker writes: a folder of the run, or MLflow's `uri`; one run stays one run when resumed."""

    folder: Path
    run_id: str
    uri: str = ""

    @property
    def mlflow_uri(self) -> str:
        return self.uri or f"sqlite:///{self.folder.resolve() / 'mlflow.db'}"


@dataclass(frozen=True, slots=True)
class Kind:
    """`needs`: names to import, any of a tuple will do -> what to install. `start` makes the callback."""

    needs: Mapping[tuple[str, ...], str]
    start: Callable[[Place], Any]
    end: Callable[[Place], None] = lambda place: None
    # What has to be noted once the tracker has begun a run of its own.
    begun: Callable[[Place], None] = lambda place: None


def _tensorboard(place: Place) -> Any:
    from transformers.integrations import TensorBoardCallback

    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        from tensorboardX import SummaryWriter  # type: ignore[no-redef]
    folder = place.folder / "tensorboard"
    attempts = len(list(folder.glob("*"))) if folder.exists() else 0
    # Files are named by the second: without a suffix, an attempt could write over the one before.
    return TensorBoardCallback(SummaryWriter(log_dir=str(folder), filename_suffix=f".{attempts}"))


def _mlflow(place: Place) -> Any:
    # The private name is the only way to keep the store from making ./mlruns in the working directory.
    _set_if_unset(_MLFLOW_SERVER_ARTIFACT_ROOT=str(place.folder / "mlflow-files"))
    _set_if_unset(MLFLOW_EXPERIMENT_NAME=EXPERIMENT, MLFLOW_HTTP_REQUEST_MAX_RETRIES="2")
    _set_if_unset(MLFLOW_HTTP_REQUEST_TIMEOUT="10")
    os.environ |= {"MLFLOW_DISABLE_TELEMETRY": "true", "HF_MLFLOW_LOG_ARTIFACTS": "0"}
    if place.uri.startswith("file:"):
        os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"  # refused since 3.x without a word of consent
    known = place.folder / MLFLOW_RUN
    if known.exists():
        os.environ["MLFLOW_RUN_ID"] = known.read_text(encoding="utf-8").strip()
    import mlflow
    from transformers.integrations import MLflowCallback

    mlflow.set_tracking_uri(place.mlflow_uri)
    return MLflowCallback()


def _mlflow_begun(place: Place) -> None:
    import mlflow

    run = mlflow.active_run()
    if run is not None:
        (place.folder / MLFLOW_RUN).write_text(run.info.run_id, encoding="utf-8")


def _mlflow_end(place: Place) -> None:
    import mlflow

    mlflow.flush_async_logging()
    mlflow.end_run()
    os.environ.pop("MLFLOW_RUN_ID", None)


def _wandb(place: Place) -> Any:
    _set_if_unset(WANDB_MODE="offline", WANDB_PROJECT=EXPERIMENT, WANDB_DIR=str(place.folder))
    # One id over all attempts; no source code, console text, machine figures or weights beside the curve.
    os.environ |= {
        "WANDB_RUN_ID": place.run_id,
        "WANDB_RESUME": "allow",
        "WANDB_SILENT": "true",
        "WANDB_CONSOLE": "off",
        "WANDB_DISABLE_CODE": "true",
        "WANDB_DISABLE_GIT": "true",
        "WANDB_X_DISABLE_STATS": "true",
        "WANDB_X_DISABLE_META": "true",
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_LOG_MODEL": "false",
        "WANDB_WATCH": "false",
    }
    from transformers.integrations import WandbCallback

    return WandbCallback()


def _wandb_end(place: Place) -> None:
    import wandb

    wandb.finish()


TRACKERS: Mapping[str, Kind] = {
    "tensorboard": Kind({("tensorboard", "tensorboardX"): "tensorboardX"}, _tensorboard),
    "mlflow": Kind(
        {("mlflow",): "mlflow-skinny", ("sqlalchemy",): "SQLAlchemy", ("alembic",): "alembic"},
        _mlflow,
        _mlflow_end,
        _mlflow_begun,
    ),
    "wandb": Kind({("wandb",): "wandb"}, _wandb, _wandb_end),
}


def require(names: tuple[str, ...]) -> None:
    """Raises ConfigError that names the first package a wanted tracker lacks. Imports none of them."""
    for name in names:
        for modules, package in TRACKERS[name].needs.items():
            if not any(find_spec(module) for module in modules):
                raise ConfigError(
                    "trackers", f"The tracker {name} needs the package {package}: pip install {package}."
                )


def _set_if_unset(**values: str) -> None:
    for name, value in values.items():
        os.environ.setdefault(name, value)
