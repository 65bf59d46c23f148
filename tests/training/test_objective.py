"""Distillation holds the model close to the base on general speech, and there alone."""

import torch

from tests.training.test_train import prepared, trainer_of
from training.pipeline.batches import Step


def general_and_own(trainer):
    cuts = trainer.store.cuts
    general = [i for i, cut in enumerate(cuts) if cut.replay][:3]
    own = [i for i, cut in enumerate(cuts) if not cut.replay][:3]
    return general, own


def aim_and_entropy(trainer, indices):
    batch = trainer.store.batch([trainer.store.frames_of(i) for i in indices], indices, 300)
    trainer.model.eval()
    with torch.no_grad():
        return (float(value) for value in trainer.objective.summed(trainer.model, batch))


def test_only_general_speech_is_held_and_only_once_the_model_has_moved(tmp_path, tiny_base):
    run = prepared(tmp_path, tiny_base, augment=False, distill_weight=2.0, method="lora")
    trainer = trainer_of(run)
    general, own = general_and_own(trainer)
    aim, entropy = aim_and_entropy(trainer, general)
    assert abs(aim - entropy) < 1e-3
    trainer.model.train()
    for number in range(3):
        indices = tuple(own)
        trainer.step(Step(indices, 300, sum(trainer.store.cuts[i].tokens for i in indices)), number)
    aim, entropy = aim_and_entropy(trainer, general)
    assert aim > entropy + 1e-3
    aim, entropy = aim_and_entropy(trainer, own)
    assert aim == entropy


def distance_after_training(tmp_path, tiny_base, weight):
    run = prepared(tmp_path / str(weight), tiny_base, augment=False, distill_weight=weight, method="full")
    trainer = trainer_of(run)
    for number, step in zip(range(20), trainer.plan.steps(), strict=False):
        trainer.step(step, number)
    general, _ = general_and_own(trainer)
    batch = trainer.store.batch([trainer.store.frames_of(i) for i in general], general, 300)
    trainer.model.eval()
    with torch.no_grad():
        ours = trainer.objective._logits(trainer.model, batch)
        with trainer.method.base_only():
            base = trainer.objective._logits(trainer.model, batch)
    return float((ours - base).abs().mean())


def test_a_heavier_weight_keeps_closer_to_the_base(tmp_path, tiny_base):
    near, far = (distance_after_training(tmp_path, tiny_base, weight) for weight in (20.0, 0.0))
    assert near < 0.8 * far
