"""Runs the stages that are not done yet, in order, and tells how it ended: by a line and by an exit code."""

import argparse
import logging
import sys
import time
from collections.abc import Callable
from pathlib import Path

from transformers import logging as transformers_logging

from training.pipeline.families.settle import settled
from training.pipeline.folder import RunFolder, emit
from training.pipeline.packages import require_packages
from training.pipeline.processes import EXIT_STOPPED, StopFlag, Stopped, World, join_world, leave_world
from training.pipeline.stages import STAGES, Stage
from training.pipeline.trackers import require

logger = logging.getLogger(__name__)
EXIT_FAILED = 1


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.pipeline", description=__doc__)
    parser.add_argument("folder", type=Path, help="the run's folder, with its request.json")
    path = parser.parse_args(arguments).folder
    stop = StopFlag()
    return reported(lambda: run_all(RunFolder.open(path), stop), stop)


def reported(run: Callable[[], None], stop: StopFlag) -> int:
    """-> exit code. `stop` receives the signals of the process while it runs."""
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    stop.install()
    try:
        run()
    except Stopped:
        emit(stopped=True)
        return EXIT_STOPPED
    except Exception as error:  # the edge of the process: detail to the log, one sentence to the person
        logger.exception("the run failed")
        emit(error=str(error).strip().split("\n")[0] or type(error).__name__)
        return EXIT_FAILED
    return 0


def run_all(folder: RunFolder, stop: StopFlag) -> None:
    require(folder.config.trackers)
    require_packages(folder.config)
    folder = settled(folder)
    world = join_world()
    try:
        for stage in STAGES:
            if not folder.is_done(stage.name) and (world.is_first or stage.on_every_process):
                run_one(stage, folder, world, stop)
            if stage.name in {"prepare", "train"}:
                # The others wait for prepared data, train along, and have nothing to do after that.
                world.wait_for_all()
            if stage.name == "train" and not world.is_first:
                return
    finally:
        leave_world(world)


def run_one(stage: Stage, folder: RunFolder, world: World, stop: StopFlag) -> None:
    started = time.monotonic()
    if world.is_first:
        emit(stage=stage.name, state="started")
    result = stage.run(folder, world, stop) if stage.on_every_process else stage.run(folder)
    if world.is_first:
        seconds = round(time.monotonic() - started, 1)
        folder.mark_done(stage.name, {**result, "seconds": seconds})
        emit(stage=stage.name, state="done", seconds=seconds)
        logger.info("%s took %.1f s", stage.name, seconds)
