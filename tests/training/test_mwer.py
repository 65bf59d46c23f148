"""The last stage: expected character errors over an N-best list go down."""

import pytest

from tests.training.test_train import prepared, trainer_of
from training.pipeline import mwer, train
from training.pipeline.features import FeatureStore
from training.pipeline.processes import StopFlag, World


@pytest.mark.parametrize("method", ["lora", "adalora"])
def test_expected_errors_fall_and_ranks_stay(tmp_path, tiny_base, method):
    run = prepared(
        tmp_path,
        tiny_base,
        method=method,
        augment=False,
        mwer_steps=25,
        mwer_learning_rate=5e-3,
        mwer_beams=4,
    )
    trainer = trainer_of(run)
    (run.path / "train").mkdir()
    train.train(trainer, run.path / "train", FeatureStore(run.path / "prepare", "dev"), StopFlag())
    risks = mwer.fine_tune(trainer, run.inputs.base_ref)
    assert len(risks) == 25
    assert sum(risks[-8:]) < 0.9 * sum(risks[:8])
    rows = trainer.method.export(run.path / "train/adapter")  # AdaLoRA: raises unless still pruned
    assert sum(rows.values()) == run.config.target_r * len(rows)


def test_the_hypotheses_of_a_list_differ_and_end_once(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, method="lora", augment=False)
    trainer = trainer_of(run)
    batch = trainer.store.batch([trainer.store.frames_of(0)], [0], 200)
    found = mwer.n_best(trainer, batch)
    assert len({tuple(row) for row in found}) == len(found) > 1
    assert all(row.count(trainer.store.pad_id) <= 1 for row in found)
    assert all(row[: len(trainer.store.prefix)] != trainer.store.prefix for row in found)


def test_the_stage_runs_when_asked_and_tells_what_it_did(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, method="lora", augment=False, mwer_steps=2)
    result = train.run(run, World(), StopFlag())
    assert len(result["expected_errors"]) == 2
    assert train.run(prepared(tmp_path / "none", tiny_base), World(), StopFlag())["expected_errors"] == []
