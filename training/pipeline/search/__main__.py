"""python -m training.pipeline.search <search folder>"""

import argparse
import logging
import sys
import time
from pathlib import Path

from transformers import logging as transformers_logging

from training.pipeline.folder import emit
from training.pipeline.processes import EXIT_STOPPED, StopFlag, Stopped, end_process
from training.pipeline.runner import EXIT_FAILED
from training.pipeline.search.base import prepared
from training.pipeline.search.cluster import local_ray, share_of
from training.pipeline.search.request import SearchRequest

logger = logging.getLogger(__name__)
NO_RAY = "Ray is not installed where the worker runs: pip install -c constraints.txt '.[cluster]'"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m training.pipeline.search", description=__doc__)
    parser.add_argument("folder", type=Path, help="the search's folder, with its request.json")
    path = parser.parse_args(arguments).folder.resolve()
    logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(asctime)s %(levelname)s %(message)s")
    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()
    stop = StopFlag()
    stop.install()
    try:
        search(path, stop)
    except Stopped:
        emit(stopped=True)
        return EXIT_STOPPED
    except Exception as error:  # the edge of the process: detail to the log, one sentence to the person
        logger.exception("the search failed")
        is_ray = isinstance(error, ModuleNotFoundError) and error.name == "ray"
        emit(error=NO_RAY if is_ray else str(error).strip().split("\n")[0] or type(error).__name__)
        return EXIT_FAILED
    return 0


def search(folder: Path, stop: StopFlag) -> None:
    request = SearchRequest.read(folder)
    prepared(folder, request, stop)
    emit(stage="search", state="started")
    started = time.monotonic()
    share = share_of(request.budget)
    with local_ray(share) as storage:
        stop.install()  # Ray has put its own handlers in place
        stop.raises = False
        from training.pipeline.search.study import study

        study(folder, request, share, storage, stop)
    emit(stage="search", state="done", seconds=round(time.monotonic() - started, 1))


if __name__ == "__main__":
    end_process(main())
