"""Tells the trackers of a run what its curve says, through the callbacks of transformers.

Our loop is no Trainer, so the callbacks are driven from here: begun with all knobs, told every point of
the curve, ended with the error rates. A tracker that breaks is dropped with a line in the log: what it
shows also stands in the run's folder, and nobody's training ends because a server is away.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from training.pipeline.config import ConfigError
from training.pipeline.folder import RunFolder
from training.pipeline.processes import Stopped, World
from training.pipeline.trackers import TRACKERS, Kind, Place

logger = logging.getLogger(__name__)
Listener = Callable[[Mapping[str, Any]], None]
FOLDER = "tracking"
# Names that transformers' callbacks sort under "eval".
_EVALUATED = {"dev_loss": "eval_loss", "dev_cer": "eval_cer"}


@dataclass(frozen=True, slots=True)
class Arguments:
    """What the callbacks read of a Trainer's arguments."""

    run_name: str
    output_dir: str
    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        return dict(self.values)

    def to_json_string(self) -> str:
        return json.dumps(self.values, ensure_ascii=False, indent=1)


@dataclass(slots=True)
class Tracker:
    """One tracker from its start to its end; silent once it has failed."""

    name: str
    kind: Kind
    place: Place
    arguments: Arguments
    _callback: Any = None
    _state: Any = field(default=None, repr=False)

    def start(self) -> None:
        """Raises whatever the tracker raises: before training starts, that is worth stopping for."""
        from transformers import TrainerControl, TrainerState

        self.place.folder.mkdir(parents=True, exist_ok=True)
        self._state = TrainerState(is_world_process_zero=True)
        self._callback = self.kind.start(self.place)
        self._callback.on_train_begin(self.arguments, self._state, TrainerControl())
        self.kind.begun(self.place)

    def tell(self, point: Mapping[str, Any]) -> None:
        """A point of the curve: `step`, and figures by name."""
        if self._callback is None:
            return
        self._state.global_step = int(point["step"])
        figures = {_EVALUATED.get(name, name): value for name, value in point.items() if name != "step"}
        try:
            self._callback.on_log(self.arguments, self._state, None, logs=figures)
        except Exception:  # a foreign program at the edge of this one
            logger.exception("the tracker %s failed; training goes on without it", self.name)
            self._callback = None

    def end(self) -> None:
        if self._callback is None:
            return
        try:
            self._callback.on_train_end(self.arguments, self._state, None)
            self.kind.end(self.place)
        except Exception:
            logger.exception("the tracker %s did not end well", self.name)
        self._callback = None


@contextmanager
def listeners(folder: RunFolder, world: World) -> Iterator[list[Listener]]:
    """The trackers of the run, begun; ended when the block is left in whatever way."""
    trackers = trackers_of(folder) if world.is_first else []
    try:
        for tracker in trackers:
            try:
                tracker.start()
            except Stopped:
                raise
            except Exception as error:
                logger.exception("the tracker %s did not start", tracker.name)
                reason = str(error).strip().split("\n")[0] or type(error).__name__
                raise ConfigError(
                    "trackers", f"The tracker {tracker.name} did not start: {reason}"
                ) from error
        yield [tracker.tell for tracker in trackers]
    finally:
        for tracker in trackers:
            tracker.end()


def trackers_of(folder: RunFolder) -> list[Tracker]:
    inputs = folder.inputs
    known = {"run_id", "base_ref", "dataset_sha256", "git_commit"}
    values = {name: value for name, value in inputs.as_dict().items() if name in known}
    arguments = Arguments(inputs.name, str(folder.path), {**folder.config.as_dict(), **values})
    place = Place(folder.path / FOLDER, inputs.run_id, folder.config.tracking_uri)
    return [Tracker(name, TRACKERS[name], place, arguments) for name in dict.fromkeys(folder.config.trackers)]


def tell_scores(folder: RunFolder, summary: Mapping[str, Any]) -> None:
    """The error rates of a finished run, at its last step. What fails here is only logged."""
    point = {"step": summary["train"]["steps"], **score_figures(summary["evaluate"]["scores"])}
    for tracker in trackers_of(folder):
        try:
            tracker.start()
        except Stopped:
            raise
        except Exception:
            logger.exception("the tracker %s was not told the scores", tracker.name)
            continue
        tracker.tell(point)
        tracker.end()


def score_figures(scores: list[dict[str, Any]]) -> dict[str, float]:
    """{'eval_cer_<set>': corpus CER of the new model, 'eval_base_cer_<set>': of its base}."""
    figures = {}
    for score in scores:
        name = re.sub(r"[^\w.-]+", "_", score["set_name"], flags=re.ASCII).strip("_") or score["set"]
        subject = "eval_cer" if score["subject"] == "model" else "eval_base_cer"
        figures[f"{subject}_{name}"] = float(score["corpus"])
    return figures
