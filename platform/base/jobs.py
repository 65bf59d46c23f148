"""The whole data flow as names. A lower floor asks for work of a higher one by name, never by import."""

from functools import partial
from pathlib import Path

from celery import current_app
from django.conf import settings
from django.db import models, transaction


class Job(models.TextChoices):
    """Each job takes one primary key and may run twice without harm. The value is the Celery task's name.

    SESSIONS_TIDY takes none: the clock asks for it, every hour (CELERY_BEAT_SCHEDULE).
    """

    RECORDING_NORMALISE = "annotation.recording_normalise"  # Recording: original -> FLAC, peaks
    RECORDING_SEGMENT = "annotation.recording_segment"  # Recording: FLAC -> segments
    RECORDING_LISTEN = "annotation.recording_listen"  # Recording: FLAC -> where speech is in older segments
    RECORDING_DRAFT = "inference.recording_draft"  # Recording: segments -> hypotheses, priorities
    SEGMENT_DRAFT = "inference.segment_draft"  # Segment: part of a split or merge -> hypothesis
    CALIBRATION_REFIT = "annotation.calibration_refit"  # Site: corrections -> trust in drafts, priorities
    RUN_EXECUTE = "training.run_execute"  # Run: snapshot -> model -> evaluations
    SEARCH_EXECUTE = "training.search_execute"  # Search: snapshot -> trials, judged by CER
    PROMOTION_REDRAFT = "inference.promotion_redraft"  # Promotion: uncorrected segments -> new hypotheses
    LABELS_RECHECK = "inference.labels_recheck"  # Site: labels that the live model contradicts
    SESSION_GROW = "inference.session_grow"  # LiveSession under way: uncertain utterances -> queue
    SESSION_STORE = "inference.session_store"  # LiveSession: spooled audio -> Recording
    SESSIONS_TIDY = "inference.sessions_tidy"  # what nobody holds is ended, what is due is deleted


GPU_JOBS = {
    Job.RECORDING_DRAFT,
    Job.SEGMENT_DRAFT,
    Job.RUN_EXECUTE,
    Job.SEARCH_EXECUTE,
    Job.PROMOTION_REDRAFT,
    Job.LABELS_RECHECK,
}


def enqueue_on_commit(job: Job, pk: int) -> None:
    """Hand `pk` to a worker once the row is visible to it."""
    transaction.on_commit(partial(_enqueue, job, pk))


def _enqueue(job: Job, pk: int) -> None:
    if job.value not in current_app.tasks:  # only a worker looks for tasks by itself; a web process asks here
        current_app.loader.import_default_modules()
    queue = "gpu" if job in GPU_JOBS else "cpu"
    current_app.tasks[job.value].apply_async(args=[pk], queue=queue)


def jobs_are_lost() -> bool:
    """Whether a job that was at work when the last worker was killed has to be asked for again.

    A server hands it out once more by itself. The folder of a single machine does not; as long as jobs
    wait in it nothing is asked for twice.
    """
    folder = settings.CELERY_BROKER_TRANSPORT_OPTIONS.get("data_folder_in")
    return folder is not None and not any(Path(str(folder)).glob("*.msg"))
