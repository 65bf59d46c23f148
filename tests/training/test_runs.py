"""The life of a run: asked for, claimed once, followed, cancelled, lost, resumed, done."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from accounts.models import Role
from base.errors import Conflict, DomainError, Forbidden
from base.storage import data_path
from tests.factories import make_cast, make_model, make_site, make_user
from tests.training.rows import PlayedProcess, finished_result, freeze, make_run, make_set, make_snapshot
from training.models import Run, RunStatus
from training.pipeline.folder import MARK, RunFolder
from training.selectors.access import runs_for_user
from training.selectors.evaluations import comparisons_of, produced_by
from training.selectors.runs import log_tail
from training.services import execution
from training.services.execution import run_execute
from training.services.runs import run_cancel, run_create, run_resume, runs_mark_interrupted
from training.services.speech_models import model_register

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def every_line_is_written(monkeypatch):
    monkeypatch.setattr(execution, "WRITE_EVERY_S", 0.0)


def told(**fields):
    return MARK + json.dumps(fields) + "\n"


TRAINING = told(stage="train", step=7, total_steps=20, loss=1.25, eta_s=30)


def after(run):
    run.refresh_from_db()
    return run


def lost(run, **values):
    """The row as a killed worker leaves it."""
    past = timezone.now() - timedelta(seconds=61)
    Run.objects.filter(pk=run.pk).update(**{"status": RunStatus.RUNNING, "heartbeat_at": past, **values})


def test_a_run_that_ends_well_registers_its_model_and_both_scores():
    medical = make_set()
    run = make_run()
    process = PlayedProcess(
        ["hello\n", TRAINING, told(stage="train", state="done", seconds=12.5), "bye\n"], code=0
    )
    data_path(run.folder).mkdir(parents=True)
    (data_path(run.folder) / "result.json").write_text(json.dumps(finished_result(run, medical)))
    run_execute(run=run, start=process)
    assert after(run).status == RunStatus.DONE
    assert (run.step, run.total_steps, run.loss) == (7, 20, 1.25)
    assert run.stage_seconds == {"train": 12.5}
    assert run.rank_pattern == {"encoder.layers.0.fc1": 3}
    assert run.produced.parent == run.base_model and run.produced.variable_window
    (comparison,) = comparisons_of(run)
    assert (comparison.before.corpus_cer, comparison.after.corpus_cer) == (0.6, 0.2)
    assert comparison.relative_improvement == pytest.approx(2 / 3)
    assert log_tail(run) == "hello\nbye\n"
    assert process.ended


def test_the_subprocess_gets_everything_it_needs_in_its_folder():
    medical = make_set()
    run = make_run(max_steps=33)
    process = PlayedProcess([told(error="enough")], code=1)
    run_execute(run=run, start=process)
    folder = RunFolder.open(process.folder)
    assert folder.config.max_steps == 33
    assert folder.inputs.base_ref == run.base_model.ref
    assert [(one.id, one.kind, one.score_base) for one in folder.inputs.evaluation_sets] == [
        (str(medical.uuid), "medical", True)
    ]


def test_the_base_is_not_scored_twice_on_the_same_set():
    medical = make_set()
    first, second = make_run(), make_run()
    data_path(first.folder).mkdir(parents=True)
    (data_path(first.folder) / "result.json").write_text(json.dumps(finished_result(first, medical)))
    run_execute(run=first, start=PlayedProcess([TRAINING]))
    process = PlayedProcess([told(error="enough")], code=1)
    run_execute(run=second, start=process)
    assert not RunFolder.open(process.folder).inputs.evaluation_sets[0].score_base
    other = make_run(max_new_tokens=20)
    run_execute(run=other, start=process)
    assert RunFolder.open(process.folder).inputs.evaluation_sets[0].score_base


def test_a_run_that_was_repeated_has_the_model_of_the_first():
    medical = make_set()
    first, second = make_run(), make_run()
    for run in (first, second):
        model_register(run=run, result=finished_result(run, medical, model="/models/the same weights"))
    assert produced_by(first) == produced_by(second) == first.produced
    assert [one.after.model for one in comparisons_of(second)] == [first.produced]
    assert produced_by(make_run(base=first.produced)) is None


def test_a_run_is_executed_once_however_often_it_is_delivered():
    run = make_run()
    run_execute(run=run, start=PlayedProcess([told(error="enough")], code=1))
    again = PlayedProcess([TRAINING])
    run_execute(run=run, start=again)
    assert not again.ended and not hasattr(again, "folder")


def test_an_error_is_told_in_one_sentence():
    run = make_run()
    run_execute(run=run, start=PlayedProcess([TRAINING, told(error="No utterance is left.")], code=1))
    assert (after(run).status, run.error) == (RunStatus.FAILED, "No utterance is left.")


def test_a_subprocess_that_never_spoke_has_failed_with_its_last_words():
    run = make_run()
    run_execute(run=run, start=PlayedProcess(["ModuleNotFoundError: torch\n"], code=1))
    assert after(run).status == RunStatus.FAILED and "ModuleNotFoundError" in run.error


def test_a_subprocess_that_was_killed_leaves_a_run_to_resume():
    run = make_run()
    run_execute(run=run, start=PlayedProcess([TRAINING], code=-9))
    assert after(run).status == RunStatus.INTERRUPTED
    run_resume(user=None, run=run)
    assert after(run).status == RunStatus.QUEUED


def test_a_pool_process_whose_worker_was_killed_stops_what_it_started(monkeypatch):
    run = make_run()
    parents = iter([100, 100, 1, 1, 1, 1, 1])
    monkeypatch.setattr(execution.os, "getppid", lambda: next(parents))
    process = PlayedProcess([TRAINING] * 5)
    run_execute(run=run, start=process)
    assert process.asked_to_stop
    assert after(run).status == RunStatus.INTERRUPTED


def test_a_worker_that_is_shut_down_leaves_a_run_to_resume():
    run = make_run()
    process = PlayedProcess([TRAINING, TRAINING])

    def shut_down():
        raise SystemExit

    process.before_each = shut_down
    with pytest.raises(SystemExit):
        run_execute(run=run, start=process)
    assert after(run).status == RunStatus.INTERRUPTED and process.ended


def test_cancel_stops_a_running_run():
    run = make_run()
    process = PlayedProcess([TRAINING] * 5)
    process.before_each = lambda: Run.objects.filter(pk=run.pk, status=RunStatus.RUNNING).update(
        status=RunStatus.CANCELLING
    )
    run_execute(run=run, start=process)
    assert process.asked_to_stop
    assert after(run).status == RunStatus.CANCELLED


def test_cancel_ends_a_waiting_run_at_once_and_an_ended_one_never():
    run = make_run()
    run_cancel(user=None, run=run)
    assert after(run).status == RunStatus.CANCELLED
    with pytest.raises(Conflict, match="not running"):
        run_cancel(user=None, run=run)


def test_a_worker_that_was_killed_is_noticed_by_its_silence():
    run, alive = make_run(), make_run()
    lost(run)
    lost(alive, heartbeat_at=timezone.now())
    assert runs_mark_interrupted() == 1
    assert after(run).status == RunStatus.INTERRUPTED and "resume" in run.error.lower()
    assert after(alive).status == RunStatus.RUNNING


def test_an_attempt_that_lost_its_claim_stops_and_writes_nothing_more():
    run = make_run()
    process = PlayedProcess([TRAINING] * 5, code=0)

    def taken_by_another():
        Run.objects.filter(pk=run.pk).update(claim=None, status=RunStatus.QUEUED, step=0)

    process.before_each = taken_by_another
    run_execute(run=run, start=process)
    assert process.asked_to_stop
    assert (after(run).status, run.step) == (RunStatus.QUEUED, 0)


def test_a_knob_that_makes_no_sense_is_refused_before_anything_is_queued():
    snapshot = make_snapshot()
    with pytest.raises(DomainError, match="init_r"):
        run_create(user=None, snapshot=snapshot, base_model=make_model(), overrides={"target_r": 99})
    assert not Run.objects.exists()


def test_a_set_frozen_after_the_snapshot_blocks_it():
    site = make_site()
    snapshot = make_snapshot(site)
    freeze(snapshot)
    with pytest.raises(DomainError, match="evaluation set now"):
        run_create(user=None, snapshot=snapshot, base_model=make_model())


def test_only_engineers_and_site_administrators_of_the_site_see_and_steer_runs():
    cast = make_cast()
    run = make_run(cast.site)
    administrator = make_user(Role.SITE_ADMIN, site=cast.site)
    elsewhere = make_user(Role.ENGINEER)
    assert {run} == set(runs_for_user(cast.engineer)) == set(runs_for_user(administrator))
    for user in (cast.annotator, cast.reviewer, cast.clinician, cast.outsider, elsewhere):
        assert not runs_for_user(user).exists()
        with pytest.raises(Forbidden):
            run_cancel(user=user, run=run)
        with pytest.raises(Forbidden):
            run_create(user=user, snapshot=run.snapshot, base_model=run.base_model)
    run_cancel(user=cast.engineer, run=run)


def test_what_is_of_all_sites_is_for_those_who_work_at_all_sites():
    everywhere = make_user(superuser=True)
    cast = make_cast()
    run = make_run(None)
    assert run in runs_for_user(everywhere)
    assert run not in runs_for_user(cast.engineer)
