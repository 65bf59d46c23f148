"""What a worker does with a search: as with a run (execution.py), in a process that starts Ray."""

import sys
from pathlib import Path

from audit.services import entry_add
from base.storage import data_path
from training.models import RunStatus, Search
from training.pipeline.config import PipelineConfig
from training.pipeline.folder import REQUEST
from training.pipeline.search.request import Budget, SearchRequest
from training.services.execution import Mine, Start, attempt, inputs_of
from training.services.leaks import refuse_replay_leaks
from training.services.pipeline_process import PipelineProcess


class SearchProcess(PipelineProcess):
    """`python -m training.pipeline.search <folder>`."""

    def command(self, folder: Path) -> list[str]:
        return [sys.executable, "-m", "training.pipeline.search", str(folder)]


def search_execute(*, search: Search, start: Start = SearchProcess) -> None:
    """Runs it to an end of some kind. A search that is not waiting is left alone."""
    attempt(search, start, _folder_of, _finish)


def _finish(mine: Mine, folder: Path) -> None:
    if mine.end(RunStatus.DONE):
        entry_add(actor=mine.row.created_by, verb="search_finished", target=mine.row)


def _folder_of(search: Search) -> Path:
    """The request is written once: a resumed search goes on with what it was asked."""
    path = data_path(search.folder)
    if (path / REQUEST).exists():
        asked = SearchRequest.read(path)
        refuse_replay_leaks(asked.config, asked.inputs)
    else:
        path.mkdir(parents=True, exist_ok=True)
        config = PipelineConfig.from_dict(search.config)
        budget = Budget.from_dict(search.budget)
        SearchRequest(config, inputs_of(search), budget, tuple(search.points)).write(path)
    return path
