"""An evaluation set may be frozen at any time: what it holds is not trained on from then on."""

import logging
from dataclasses import replace

import pytest

from base.errors import DomainError
from speech import manifest
from speech.manifest import Utterance
from tests.factories import make_model
from tests.training import tiny
from tests.training.rows import PlayedProcess, freeze, make_run, make_search, make_set, make_snapshot
from training.models import Run, RunStatus, Search, SpeechModel
from training.pipeline import normalize
from training.pipeline.config import RunInputs
from training.pipeline.folder import MARK, RunFolder
from training.services.execution import inputs_of, run_execute
from training.services.runs import run_create, run_resume
from training.services.search_execution import search_execute
from training.services.searches import search_resume

SENTENCE = "evaluation set now"


def never(folder):
    raise AssertionError(f"{folder} was started")


def taught(run):
    return SpeechModel.objects.create(
        name="taught", kind="merged", ref=f"fake:{run.uuid}", run=run, parent=run.base_model
    )


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "execute"), [(make_run, run_execute), (make_search, search_execute)])
def test_a_set_frozen_while_it_waited_ends_it_before_it_starts(make, execute, caplog):
    row = make()
    freeze(row.snapshot)
    execute(**{type(row).__name__.lower(): row}, start=never)
    row.refresh_from_db()
    assert row.status == RunStatus.FAILED and SENTENCE in row.error and row.claim is None
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("make", "resume", "rows"), [(make_run, run_resume, Run), (make_search, search_resume, Search)]
)
def test_a_set_frozen_while_it_was_stopped_refuses_its_resumption(make, resume, rows):
    row = make()
    rows.objects.filter(pk=row.pk).update(status=RunStatus.INTERRUPTED)
    freeze(row.snapshot)
    with pytest.raises(DomainError, match=SENTENCE):
        resume(user=None, **{rows.__name__.lower(): row})
    row.refresh_from_db()
    assert row.status == RunStatus.INTERRUPTED


@pytest.mark.django_db
def test_a_set_frozen_after_it_was_resumed_ends_it_too():
    run = make_run()
    Run.objects.filter(pk=run.pk).update(status=RunStatus.INTERRUPTED)
    run_resume(user=None, run=run)
    freeze(run.snapshot)
    run_execute(run=run, start=never)
    run.refresh_from_db()
    assert run.status == RunStatus.FAILED and SENTENCE in run.error


@pytest.mark.django_db
def test_a_model_that_was_taught_what_is_frozen_now_is_not_continued():
    first = make_run()
    second = make_run(base=taught(first))
    grandchild = taught(second)
    freeze(first.snapshot)
    third = make_snapshot()  # built after the set was frozen: itself free of it
    for base in (second.base_model, grandchild):
        with pytest.raises(DomainError, match="start from another model") as refused:
            run_create(user=None, snapshot=third, base_model=base)
        assert refused.value.code == "snapshot_leaks"
    assert run_create(user=None, snapshot=third, base_model=make_model()).status == RunStatus.QUEUED


@pytest.mark.django_db
def test_a_run_and_a_search_are_told_of_every_active_set():
    first, second, retired = make_set(), make_set("general"), make_set()
    retired.active = False
    retired.save()
    for row in (make_run(), make_search()):
        inputs = inputs_of(row)
        assert inputs.held_out == (first.manifest_path, second.manifest_path)
        assert RunInputs.from_dict(inputs.as_dict()) == inputs


@pytest.mark.django_db
@pytest.mark.parametrize(("make", "execute"), [(make_run, run_execute), (make_search, search_execute)])
def test_replay_speech_that_was_frozen_since_ends_what_is_gone_on_with(make, execute, tmp_path):
    replay = tmp_path / "replay.jsonl"
    manifest.write(replay, [Utterance("r.flac", 0, 1000, "今天天氣很好", "r", "r")])
    row = make(**overrides_of(make, replay_manifest=str(replay)))
    name, process = type(row).__name__.lower(), PlayedProcess([MARK + "{}\n"], code=-9)
    for _twice in range(2):
        execute(**{name: row}, start=process)
        row.refresh_from_db()
        assert row.status == RunStatus.INTERRUPTED
        type(row).objects.update(status=RunStatus.QUEUED)
    make_set("general", texts=("今天天氣很好",))
    execute(**{name: row}, start=never)
    row.refresh_from_db()
    assert row.status == RunStatus.FAILED and "frozen since" in row.error


def overrides_of(make, **knobs):
    return knobs if make is make_run else {"overrides": knobs}


def test_replay_speech_of_an_evaluation_set_is_left_out_and_counted(tmp_path, caplog):
    run = tiny.make_run(tmp_path, tmp_path, replay_share=0.5)
    replay = manifest.read(run.data_root / "replay.jsonl")
    frozen = [replace(replay[0], speaker="x"), replace(replay[1], text="沒有人說過")]
    manifest.write(run.data_root / "frozen.jsonl", frozen)
    inputs = RunInputs.from_dict({**run.inputs.as_dict(), "held_out": ("frozen.jsonl",)})
    with caplog.at_level(logging.INFO):
        result = normalize.run(RunFolder.create(run.path, run.config, inputs))
    assert result["replay_utterances"] == 2
    assert result["replay_dropped"] == {"text_in_evaluation_set": 1, "speaker_in_evaluation_set": 1}
    kept = manifest.read(run.path / "normalize" / "replay.jsonl")
    assert [one.id for one in kept] == [one.id for one in replay[2:]]
    assert "2 replay utterances stand in an evaluation set" in caplog.text
