"""Resources of the annotation tests."""

from collections.abc import Iterator

import pytest

from base import jobs
from base.jobs import Job
from tests.factories import Cast, make_cast


@pytest.fixture
def cast(db: None) -> Cast:
    return make_cast()


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Job, int]]]:
    """What was asked of the workers, instead of doing it."""
    made: list[tuple[Job, int]] = []
    monkeypatch.setattr(jobs, "_enqueue", lambda job, pk: made.append((job, pk)))
    yield made


@pytest.fixture(autouse=True)
def own_data_folder(settings: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Each test its own DATA_DIR, so that it can say what lies on the disk."""
    settings.DATA_DIR = tmp_path_factory.mktemp("data")  # type: ignore[attr-defined]
