"""A run on the real pipeline, as a worker does it: a torchrun subprocess on the tiny base, to its end."""

import csv
import json
import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from base.storage import data_path
from tests.factories import make_site
from tests.training.rows import make_approved
from tests.training.tiny import QUICK, make_utterances
from training.models import Run, RunStatus, SpeechModel, SpeechModelKind
from training.pipeline.config import STAGES
from training.selectors.evaluations import comparisons_of
from training.selectors.runs import curve_of, log_tail
from training.services import execution
from training.services.datasets import evaluation_set_freeze, snapshot_build
from training.services.execution import run_execute
from training.services.pipeline_process import PipelineProcess
from training.services.runs import run_create, run_resume

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


class KilledInTraining(PipelineProcess):
    """SIGKILL to the training process itself once it has trained ten steps, as the kernel does it."""

    def lines(self, every_s):
        for line in super().lines(every_s):
            if line and '"stage": "train", "step": 10,' in line:
                for child in children_of(self._process.pid):
                    os.kill(child, signal.SIGKILL)
            yield line


class WatchedProcess(PipelineProcess):
    """Calls `seen` with every line."""

    seen = staticmethod(lambda line: None)

    def lines(self, every_s):
        for line in super().lines(every_s):
            self.seen(line or "")
            yield line


def children_of(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def run(tiny_base, tmp_path, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setattr(execution, "WRITE_EVERY_S", 0.2)
    base = SpeechModel.objects.create(
        name="tiny", kind=SpeechModelKind.BASE, ref=str(tiny_base), variable_window=True
    )
    for kind in ("medical", "general"):
        rows = make_utterances(tmp_path / kind, 4, f"{kind}-{tmp_path.name}")
        evaluation_set_freeze(
            name=kind, kind=kind, utterances=[_said_by_nobody_else(row) for row in rows], root=tmp_path / kind
        )
    site = make_site()
    for text in ("病人服用藥物", "血壓偏高三天", "主訴頭痛兩次", "建議回診檢查"):
        make_approved(site, text)
    snapshot = snapshot_build(user=None, site=site)
    overrides = {
        **QUICK,
        "max_steps": 40,
        "strengths": [0.5, 1.0],
        "window_proof_utterances": 4,
        "trackers": ["tensorboard"],
    }
    return run_create(user=None, snapshot=snapshot, base_model=base, overrides=overrides, name="tiny run")


def _said_by_nobody_else(row):

    return replace(row, speaker=f"held {row.speaker}", text=f"凍結 {row.text}")


@pytest.mark.parametrize("processes", [1, 2])
def test_a_training_process_killed_in_the_middle_is_resumed_to_the_end(run, processes, settings):
    settings.AUSCULT_TRAIN_PROCESSES = processes
    run_execute(run=run, start=KilledInTraining)
    run.refresh_from_db()
    assert run.status == RunStatus.INTERRUPTED, log_tail(run)
    before = curve_of(run)
    checkpoint = data_path(run.folder) / "train/checkpoint.pt"
    assert checkpoint.exists() and not (data_path(run.folder) / "train.json").exists()

    run_resume(user=None, run=run)
    run_execute(run=run)
    run.refresh_from_db()
    assert run.status == RunStatus.DONE, run.error + log_tail(run)
    after = curve_of(run)
    assert [point["step"] for point in after] == list(range(2, 41, 2))
    kept = [point for point in before if point["step"] <= 8]
    assert kept == after[: len(kept)]
    _check_what_came_of_it(run)


def _check_what_came_of_it(run):
    assert set(run.stage_seconds) == set(STAGES)
    assert sum(run.rank_pattern.values()) == 2 * len(run.rank_pattern)
    model = run.produced
    folder = Path(model.ref)
    assert folder.parent == data_path("models") and folder.name == model.sha256[:16]
    assert json.loads((folder / "auscult.json").read_text())["variable_window"] == model.variable_window
    assert data_path(model.adapter_path).joinpath("adapter_config.json").exists()
    comparisons = comparisons_of(run)
    assert [one.evaluation_set.kind for one in comparisons] == ["medical", "general"]
    assert all(one.before and one.after for one in comparisons)
    with data_path("runs.csv").open(newline="") as stream:
        row = {row["run"]: row for row in csv.DictReader(stream)}[str(run.uuid)]
    assert row["config_max_steps"] == "40" and row["trainable_parameters"] == str(run.trainable_parameters)
    told = [path.read_bytes() for path in (data_path(run.folder) / "tracking/tensorboard").iterdir()]
    assert sum(b"train/loss" in each for each in told) == 2  # two attempts, one run
    assert any(b"eval/cer_medical" in each for each in told)
    assert float(row["model_medical_corpus"]) == pytest.approx(comparisons[0].after.corpus_cer)


def test_cancel_stops_the_subprocess_after_a_checkpoint(run):
    def cancel_in_training(line):
        if '"stage": "train", "step": 4,' in line:
            Run.objects.filter(pk=run.pk).update(status=RunStatus.CANCELLING)

    WatchedProcess.seen = staticmethod(cancel_in_training)
    run_execute(run=run, start=WatchedProcess)
    run.refresh_from_db()
    assert run.status == RunStatus.CANCELLED, log_tail(run)
    assert (data_path(run.folder) / "train/checkpoint.pt").exists()
    assert not (data_path(run.folder) / "train.json").exists()
