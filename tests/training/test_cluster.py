"""Training on a Ray cluster: the same stage, the same adapter as under torchrun."""

import importlib.util
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from tests.training import test_whole_run
from tests.training.ranks import prepared
from tests.training.tiny import make_run
from training.models import RunStatus
from training.pipeline import cluster, packages
from training.pipeline.cluster import ClusterTooSmallError, StopFile
from training.pipeline.config import STAGES
from training.pipeline.folder import MARK, RunFolder
from training.pipeline.packages import MissingPackageError
from training.pipeline.processes import EXIT_STOPPED, StopFlag
from training.pipeline.tail import copied_to_stdout
from training.selectors.runs import curve_of, log_tail
from training.services import pipeline_process
from training.services.execution import run_execute

needs_ray = pytest.mark.skipif(
    importlib.util.find_spec("ray") is None, reason="ray is not installed (extra cluster)"
)
waiting = test_whole_run.run  # the fixture: a run of the product that nobody has taken up
BY_RAY = ["-m", "training.pipeline.cluster"]
BY_TORCHRUN = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]


def process(*arguments):
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


STEPS = 200  # seconds, so that a signal finds them under way


def told(lines):
    return [json.loads(line[len(MARK) :]) for line in lines if line.startswith(MARK)]


@needs_ray
@pytest.mark.slow
def test_two_workers_of_a_local_cluster_make_the_adapter_that_torchrun_makes(tmp_path, tiny_base):
    """Asked to stop on the way and taken up again: the driver passes both on."""
    run = make_run(tmp_path / "ray", tiny_base, max_steps=STEPS)
    driver, said = process(*BY_RAY, run.path, "--workers", 2), []
    for line in driver.stdout:
        said.append(line)
        if '"step": 4,' in line and '"train"' in line:
            driver.send_signal(signal.SIGTERM)
    assert driver.wait(60) == EXIT_STOPPED, "".join(said)
    assert told(said)[-1] == {"stopped": True}
    assert (run.path / "train/checkpoint.pt").exists() and not run.is_done("train")

    again = process(*BY_RAY, run.path, "--workers", 2)
    output = again.communicate(timeout=300)[0]
    assert again.returncode == 0, output
    training = [one for one in told(output.splitlines()) if one.get("stage") == "train"]
    steps = [one["step"] for one in training if "step" in one]
    assert steps and min(steps) > 4 and max(steps) == STEPS
    assert run.result("train")["processes"] == 2 and run.is_done("record")
    assert not (run.path / "train" / cluster.STORAGE).exists()

    other = make_run(tmp_path / "torchrun", tiny_base, max_steps=STEPS)
    by_torchrun = process(*BY_TORCHRUN, "-m", "training.pipeline", other.path)
    assert by_torchrun.communicate(timeout=300)[0] and by_torchrun.returncode == 0
    ours, theirs = (load_file(one.path / "train/adapter/adapter_model.safetensors") for one in (run, other))
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(value, theirs[name]) for name, value in ours.items())


@needs_ray
@pytest.mark.slow
@pytest.mark.django_db
def test_the_product_trains_on_a_cluster_when_the_setting_says_so(waiting, settings):
    run = waiting
    settings.AUSCULT_TRAIN_CLUSTER, settings.AUSCULT_TRAIN_PROCESSES = "local", 2
    run_execute(run=run)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE, run.error + log_tail(run)
    assert [point["step"] for point in curve_of(run)] == list(range(2, 41, 2))
    assert set(run.stage_seconds) == set(STAGES)
    assert run.produced is not None


@needs_ray
@pytest.mark.slow
def test_what_a_worker_says_of_bad_input_reaches_the_person(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base)
    (run.path / "prepare/train.f16").unlink()
    driver = process(*BY_RAY, run.path, "--workers", 1)
    output = driver.communicate(timeout=300)[0]
    assert driver.returncode == 1
    assert "train.f16" in told(output.splitlines())[-1]["error"]


def test_without_ray_it_is_refused_with_the_extra_that_brings_it(tmp_path, tiny_base, monkeypatch):
    run = make_run(tmp_path, tiny_base)
    monkeypatch.setattr(packages, "find_spec", lambda name: None)
    with pytest.raises(MissingPackageError, match=r"ray.* extra cluster"):
        cluster.run_all(RunFolder.open(run.path), StopFlag(), 2, "")
    assert not run.is_done("normalize")


def test_more_workers_than_the_cluster_has_are_refused_and_not_waited_for():
    assert cluster._uses_gpu({"CPU": 8, "GPU": 2}, 2)
    assert not cluster._uses_gpu({"CPU": 2}, 2)
    with pytest.raises(ClusterTooSmallError, match=r"3 workers .* 2 GPUs"):
        cluster._uses_gpu({"CPU": 8, "GPU": 2}, 3)


def test_a_stop_asked_for_here_is_seen_by_who_opens_the_same_file(tmp_path):
    here, there = StopFile(tmp_path / "stop"), StopFile(tmp_path / "stop")
    assert not there.is_set
    here.is_set = True
    assert there.is_set


def test_lines_of_another_process_come_out_whole_and_in_order(tmp_path, capsys):
    path = tmp_path / "said"
    with copied_to_stdout(path), path.open("w", encoding="utf-8") as stream:
        for text in ("@@{} 病", "人\n", "second\n"):
            stream.write(text)
            stream.flush()
    assert capsys.readouterr().out == "@@{} 病人\nsecond\n"


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        ("", ["torch.distributed.run", "--nproc-per-node 3"]),
        ("local", ["training.pipeline.cluster", "--workers 3"]),
        ("head:6379", ["training.pipeline.cluster", "--workers 3 --address head:6379"]),
    ],
)
def test_one_setting_chooses_between_torchrun_and_a_cluster(settings, named, expected):
    settings.AUSCULT_TRAIN_CLUSTER, settings.AUSCULT_TRAIN_PROCESSES = named, 3
    command = " ".join(pipeline_process.command_of(Path("/runs/one")))
    assert all(part in command for part in expected) and "/runs/one" in command
    assert ("--address" in command) == (named == "head:6379")
