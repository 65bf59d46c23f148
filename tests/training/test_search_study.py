"""The study with a real Ray: ASHA's decisions, a killed trial, a search that goes on, no open port."""

import os
import signal
import time
from importlib.util import find_spec

import pytest

from tests.training.studies import make_search, start
from training.pipeline.search import results
from training.pipeline.search.request import Budget, SearchRequest, trial_folder
from training.pipeline.search.results import DONE, FAILED, RESTARTED, RUNNING, STOPPED, Report

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(find_spec("ray") is None, reason="Ray is not installed (the extra `cluster`)"),
]
LOOPBACK = {"127.0.0.1", "::1", "::ffff:127.0.0.1"}
PATIENCE_S = 300


def ended(process):
    output, _ = process.communicate(timeout=PATIENCE_S)
    return output


def wait_for(condition, process):
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert process.poll() is None, process.stdout.read()
        assert time.monotonic() < deadline, "nothing came"
        time.sleep(0.05)


def descendants(process):
    import psutil

    return [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]


def listening(process):
    import psutil

    found = set()
    for one in descendants(process):
        try:
            sockets = one.net_connections(kind="inet")
        except psutil.Error:  # it has just ended
            continue
        found |= {(one.name(), socket.laddr.ip) for socket in sockets if socket.status == psutil.CONN_LISTEN}
    return found


def trainers(process):
    return [one for one in descendants(process) if one.name().startswith("ray::ImplicitF")]


def losses(folder, number):
    return (trial_folder(folder, number) / "train" / "curve.jsonl").read_text()


def test_a_killed_trial_goes_on_and_nothing_listens_outside_loopback(tiny_base, tmp_path):
    folder = make_search(tmp_path / "a", tiny_base, stop_early=False, trials=2, steps=60, rungs=2)
    process = start(folder)
    checkpoint = trial_folder(folder, 0) / "train" / "checkpoint.pt"
    wait_for(checkpoint.exists, process)
    ports = listening(process)
    (trainer,) = trainers(process)
    os.kill(trainer.pid, signal.SIGKILL)
    output = ended(process)
    assert process.returncode == 0, output
    assert ports and {address for _, address in ports} <= LOOPBACK
    reports = results.read(folder)
    assert results.states(reports) == {0: DONE, 1: DONE}
    assert [one.trial for one in reports if one.state == RESTARTED] == [0]
    steps = [one.step for one in reports if one.trial == 0 and one.cer is not None]
    assert steps == SearchRequest.read(folder).budget.milestones
    undisturbed = make_search(tmp_path / "b", tiny_base, stop_early=False, trials=2, steps=60, rungs=2)
    other = start(undisturbed)
    assert ended(other) and other.returncode == 0
    assert losses(folder, 0) == losses(undisturbed, 0)


def test_a_search_that_was_stopped_goes_on_where_it_was(tiny_base, tmp_path):
    folder = make_search(tmp_path, tiny_base, stop_early=False, steps=60, rungs=2)
    process = start(folder)
    wait_for(lambda: results.states(results.read(folder)).get(0) == DONE, process)
    process.send_signal(signal.SIGTERM)
    output = ended(process)
    assert process.returncode == 75 and '"stopped": true' in output
    before = results.read(folder)
    assert len(results.states(before)) < 3 or DONE not in {results.states(before).get(n) for n in (1, 2)}
    again = start(folder)
    assert ended(again) and again.returncode == 0
    reports = results.read(folder)
    assert reports[: len(before)] == before
    assert results.states(reports) == {0: DONE, 1: DONE, 2: DONE}
    told = [(one.trial, one.step) for one in reports if one.cer is not None]
    assert len(told) == len(set(told)) == 6


def test_of_all_at_the_first_rung_the_lowest_losses_go_on(tmp_path):
    from training.pipeline.search.study import keep_best

    budget = Budget(trials=5, steps=90, reduction_factor=3)
    for number, loss in enumerate((1.5, 0.9, 1.2, 0.8)):
        results.add(tmp_path, Report(number, 10, 0.5, 1.0, RUNNING, loss=loss))
    results.add(tmp_path, Report(4, 0, None, 0.0, FAILED))
    keep_best(tmp_path, budget)
    states = {0: STOPPED, 1: RUNNING, 2: STOPPED, 3: RUNNING, 4: FAILED}
    assert results.states(results.read(tmp_path)) == states
    results.add(tmp_path, Report(1, 30, 0.4, 3.0, RUNNING, loss=2.0))
    keep_best(tmp_path, budget)
    assert results.states(results.read(tmp_path)) == states


def test_as_many_go_on_as_train_at_a_time_but_half_of_all_at_most(tmp_path):
    from training.pipeline.search.study import keep_best

    for number in range(6):
        results.add(tmp_path, Report(number, 10, 0.5, 1.0, RUNNING, loss=number))
    keep_best(tmp_path, Budget(trials=6, steps=90, reduction_factor=3), concurrent=8)
    assert [n for n, state in results.states(results.read(tmp_path)).items() if state == RUNNING] == [0, 1, 2]


def test_a_fresh_scheduler_decides_as_the_old_one_would_have(tmp_path):
    from training.pipeline.search.study import remember, scheduler_of

    budget = Budget(steps=90, reduction_factor=3)
    for report in (
        Report(0, 10, 0.9, 1.0, RUNNING, loss=3.0),  # the first rung is not the scheduler's
        Report(1, 10, 0.9, 1.0, RUNNING, loss=2.9),
        Report(0, 30, 0.9, 3.0, RUNNING, loss=1.0),  # its CER is worse for now, but it learns faster
        Report(1, 30, 0.2, 3.0, RUNNING, loss=2.0),  # the search died before this decision reached its trial
    ):
        results.add(tmp_path, report)
    scheduler = scheduler_of(budget)
    remember(scheduler, tmp_path, budget)
    assert results.states(results.read(tmp_path)) == {0: RUNNING, 1: STOPPED}

    class Newcomer:
        trial_id = "new"

    scheduler.on_trial_add(None, Newcomer)
    assert scheduler.on_trial_result(None, Newcomer, {"step": 30, "loss": 1.5}) == "STOP"


def test_a_search_in_which_every_trial_fails_says_why_in_one_line(tiny_base, tmp_path):
    folder = make_search(tmp_path, tiny_base, trials=2, overrides={"target_modules": ["no_such_layer"]})
    process = start(folder)
    output = ended(process)
    assert process.returncode == 1
    assert '@@{"error": ' in output and "no_such_layer" in output.split('@@{"error": ')[1]
