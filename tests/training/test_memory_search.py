"""The largest pass that fits is found by trying."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.training.test_train import prepared, trainer_of
from training.pipeline import train
from training.pipeline.features import FeatureStore
from training.pipeline.memory_search import KEPT, LEAST_S, DoesNotFitError, fits_on, largest_that_fits
from training.pipeline.processes import StopFlag


@given(st.floats(LEAST_S, 5000), st.floats(LEAST_S, 4000))
def test_what_is_found_fits_and_is_not_far_from_the_edge(edge_s, most_s):
    found = largest_that_fits(lambda seconds: seconds <= edge_s, most_s)
    assert found <= min(edge_s, most_s)
    assert found >= min(most_s, KEPT * edge_s * 0.8, edge_s) or found == LEAST_S


def test_a_device_that_takes_nothing_is_told_with_what_helps():
    with pytest.raises(DoesNotFitError, match="load_in_8bit"):
        largest_that_fits(lambda seconds: False, 100)


def test_out_of_memory_on_an_accelerator_means_that_it_does_not_fit():
    def one_pass(seconds):
        if seconds > 50:
            raise torch.cuda.OutOfMemoryError("no more")

    assert 40 < largest_that_fits(fits_on(torch.device("cuda"), one_pass), 400) <= 50


def test_zero_seconds_are_searched_for_kept_and_leave_no_trace(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, micro_batch_s=0.0)
    trainer = trainer_of(run)
    before = torch.get_rng_state()
    trainer.find_micro_batch()
    assert torch.equal(before, torch.get_rng_state())
    assert all(value.grad is None for value in trainer.trainable)
    assert LEAST_S <= trainer.loader.micro_batch_s <= run.config.batch_s
    trainer.loader.micro_batch_s = 5.0
    (tmp_path / "saved").mkdir()
    train.train(trainer, tmp_path / "saved", FeatureStore(run.path / "prepare", "dev"), StopFlag())
    again = trainer_of(run)
    assert again.restore(tmp_path / "saved/checkpoint.pt") == run.config.max_steps
    assert again.loader.micro_batch_s == trainer.loader.micro_batch_s
