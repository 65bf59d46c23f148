"""Trackers are told what the curve says, never stop a training, and send nothing anywhere by themselves."""

import csv
import json
import os
import socket
from importlib.util import find_spec

import pytest

from tests.training.tiny import make_run
from training.pipeline import normalize, prepare, runner, trackers, tracking, train
from training.pipeline.config import ConfigError, PipelineConfig
from training.pipeline.processes import StopFlag, World

SCORES = [
    {"subject": "model", "set": "0", "set_name": "medical set", "corpus": 0.25},
    {"subject": "base", "set": "0", "set_name": "medical set", "corpus": 0.5},
]
SUMMARY = {"train": {"steps": 20}, "evaluate": {"scores": SCORES}}


class Played:
    """A tracker that only remembers; `fails_at` is the step at which it breaks."""

    def __init__(self, fails_at=None):
        self.told, self.begun, self.ended, self.fails_at = [], None, 0, fails_at

    def on_train_begin(self, arguments, state, control):
        self.begun = arguments.to_dict()

    def on_log(self, arguments, state, control, logs):
        if state.global_step == self.fails_at:
            raise ConnectionError("the server is away")
        self.told.append({"step": state.global_step, **logs})

    def on_train_end(self, arguments, state, control):
        self.ended += 1


@pytest.fixture
def play(monkeypatch):
    """Puts a played tracker in place of MLflow."""

    def put(start, needs=()):
        monkeypatch.setattr(trackers, "TRACKERS", {"mlflow": trackers.Kind(dict(needs), start)})
        monkeypatch.setattr(tracking, "TRACKERS", trackers.TRACKERS)

    return put


@pytest.fixture
def environment(monkeypatch):
    """What a tracker puts into the environment is gone after the test; nothing is reached from it."""
    before = dict(os.environ)
    connect = socket.socket.connect

    def only_here(self, address):
        assert self.family == socket.AF_UNIX or address[0] in ("127.0.0.1", "localhost", "::1"), address
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", only_here)
    yield monkeypatch
    for name in set(os.environ) - set(before):
        del os.environ[name]
    os.environ.update(before)


def trained(tmp_path, tiny_base, **overrides):
    run = make_run(tmp_path, tiny_base, **overrides)
    run.mark_done("normalize", normalize.run(run))
    run.mark_done("prepare", prepare.run(run))
    train.run(run, World(), StopFlag())
    return run


def points_of(run):
    return [json.loads(line) for line in (run.path / "train/curve.jsonl").read_text().splitlines()]


def test_the_curve_is_a_table_too_and_needs_no_tracker(tmp_path, tiny_base):
    run = trained(tmp_path, tiny_base)
    with (run.path / "train/curve.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    points = points_of(run)
    assert [int(row["step"]) for row in rows] == [point["step"] for point in points]
    assert [row["loss"] for row in rows] == [str(point.get("loss", "")) for point in points]
    assert not (run.path / "tracking").exists()


def test_a_resumed_table_holds_no_point_that_was_dropped(tmp_path):
    path = tmp_path / "curve.jsonl"
    path.write_text("".join(json.dumps({"step": step, "loss": 1.0}) + "\n" for step in (5, 10, 15)))
    curve = train.Curve(path, done=10)
    curve.add_dev(12, 0.5)
    lines = (tmp_path / "curve.csv").read_text().splitlines()
    assert lines == ["step,loss,dev_loss", "5,1.0,", "10,1.0,", "12,,0.5"]


def test_a_tracker_is_told_all_knobs_every_point_and_the_scores(tmp_path, tiny_base, play):
    made = []
    play(lambda place: made.append(Played()) or made[-1])
    run = trained(tmp_path, tiny_base, trackers=["mlflow"], dev_share=0.25)
    tracker = made[0]
    assert tracker.begun["max_steps"] == 20 and tracker.begun["dataset_sha256"] == "0" * 64
    assert [told["step"] for told in tracker.told] == [point["step"] for point in points_of(run)]
    assert "gradient_norm" in tracker.told[0] and any("eval_loss" in told for told in tracker.told)
    assert tracker.ended == 1
    tracking.tell_scores(run, SUMMARY)
    assert made[1].told == [{"step": 20, "eval_cer_medical_set": 0.25, "eval_base_cer_medical_set": 0.5}]
    assert made[1].ended == 1


def test_a_tracker_that_breaks_does_not_break_the_training(tmp_path, tiny_base, play, caplog):
    broken = Played(fails_at=6)
    play(lambda place: broken)
    run = trained(tmp_path, tiny_base, trackers=["mlflow"])
    assert [told["step"] for told in broken.told] == [2, 4]
    assert points_of(run)[-1]["step"] == 20
    assert "training goes on without it" in caplog.text


def test_a_tracker_that_does_not_start_stops_the_run_with_a_sentence(tmp_path, tiny_base, play):
    def refuse(place):
        raise ConnectionError("no route to host")

    play(refuse)
    with pytest.raises(ConfigError, match="mlflow did not start: no route to host"):
        trained(tmp_path, tiny_base, trackers=["mlflow"])
    tracking.tell_scores(make_run(tmp_path / "b", tiny_base, trackers=["mlflow"]), SUMMARY)  # only logged


def test_a_tracker_that_is_not_installed_is_refused_before_anything_is_done(tmp_path, tiny_base, play):
    play(lambda place: Played(), {("no_such_module",): "no-such-package"})
    run = make_run(tmp_path, tiny_base, trackers=["mlflow"])
    with pytest.raises(ConfigError, match="mlflow needs the package no-such-package"):
        runner.run_all(run, StopFlag())
    assert not run.is_done("normalize")


@pytest.mark.parametrize(
    ("overrides", "word"),
    [
        ({"trackers": ["comet"]}, "trackers must be"),
        ({"tracking_uri": "http://tracking.hospital"}, "name mlflow"),
        ({"trackers": ["mlflow"], "tracking_uri": "/some/where"}, "must begin with"),
    ],
)
def test_a_wrong_tracker_or_place_is_refused(overrides, word):
    with pytest.raises(ConfigError, match=word):
        PipelineConfig.from_dict(overrides)


def test_tensorboard_has_the_points_and_the_scores(tmp_path, tiny_base, environment):
    if not (find_spec("tensorboard") or find_spec("tensorboardX")):
        pytest.skip("neither tensorboard nor tensorboardX is installed")
    run = trained(tmp_path, tiny_base, trackers=["tensorboard"], dev_share=0.25)
    tracking.tell_scores(run, SUMMARY)
    written = b"".join(file.read_bytes() for file in (run.path / "tracking/tensorboard").iterdir())
    for name in (b"train/loss", b"train/learning_rate", b"eval/loss", b"eval/cer_medical_set", b"init_r"):
        assert name in written


@pytest.mark.parametrize("scheme", ["", "file:"])
def test_mlflow_keeps_one_run_in_the_folder_over_two_attempts(tmp_path, tiny_base, environment, scheme):
    mlflow = pytest.importorskip("mlflow", reason="mlflow-skinny is not installed")
    pytest.importorskip("alembic", reason="alembic is not installed")
    environment.chdir(tmp_path)
    uri = f"file:{tmp_path}/store" if scheme else ""
    run = trained(tmp_path, tiny_base, trackers=["mlflow"], tracking_uri=uri)
    tracking.tell_scores(run, SUMMARY)
    mlflow.set_tracking_uri(uri or f"sqlite:///{run.path}/tracking/mlflow.db")
    (found,) = mlflow.search_runs(search_all_experiments=True, output_format="list")
    assert found.data.params["init_r"] == "4"
    assert found.data.metrics["eval_cer_medical_set"] == 0.25
    assert found.data.metrics["loss"] == points_of(run)[-1].get("loss", found.data.metrics["loss"])
    assert found.info.status == "FINISHED"
    assert not (tmp_path / "mlruns").exists()


def test_wandb_writes_an_offline_run_into_the_folder(tmp_path, tiny_base, environment):
    pytest.importorskip("wandb", reason="wandb is not installed")
    run = trained(tmp_path, tiny_base, trackers=["wandb"])
    tracking.tell_scores(run, SUMMARY)
    files = list((run.path / "tracking").rglob("*.wandb"))
    assert files and all("offline" in str(file) for file in files)
    assert os.environ["WANDB_MODE"] == "offline"
