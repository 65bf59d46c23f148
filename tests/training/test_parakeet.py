"""Parakeet on the same loop: one loss in any layout, pruning, export, merge, resume; the knobs refused."""

import json
from dataclasses import replace

import pytest
import torch
from transformers import AutoConfig, AutoProcessor, ParakeetForCTC

from speech import manifest
from speech.audio import read_flac
from tests.training.test_methods import logits
from tests.training.test_train import prepared, trainer_of
from tests.training.tiny import make_run, make_utterances
from tests.training.tiny_parakeet import make_ctc, make_tdt
from training.pipeline import adapter, merge, prepare, train
from training.pipeline.adapter import load_base
from training.pipeline.batches import Step
from training.pipeline.config import ConfigError
from training.pipeline.families import family_of
from training.pipeline.families.parakeet_labels import positions_of
from training.pipeline.families.settle import settled
from training.pipeline.features import FeatureStore
from training.pipeline.methods import method_for
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.normalize import EmptyDatasetError
from training.pipeline.processes import StopFlag, Stopped, World

MAKERS = {"ctc": make_ctc, "tdt": make_tdt}
METHODS = {
    "adalora": {},
    "lora": {"method": "lora"},
    "full": {"method": "full", "learning_rate": 1e-3},
    "layers": {"method": "layers", "learning_rate": 1e-3, "encoder_layers": 1, "decoder_layers": -1},
}


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    torch.set_num_threads(1)
    return {name: make(tmp_path_factory.mktemp(name)) for name, make in MAKERS.items()}


@pytest.fixture(params=MAKERS)
def base(request, bases):
    return bases[request.param]


def run_of(tmp_path, base, **overrides):
    return settled(prepared(tmp_path, base, **{"augment": False, **overrides}))


def trained(run, folder="train"):
    trainer = trainer_of(run)
    (run.path / folder).mkdir(exist_ok=True)
    train.train(trainer, run.path / folder, FeatureStore(run.path / "prepare", "dev"), StopFlag())
    return trainer


def test_it_learns_and_adalora_prunes_to_its_target(tmp_path, base):
    run = run_of(tmp_path, base, max_steps=60, batch_s=40.0, micro_batch_s=40.0)
    result = train.run(run, World(), StopFlag())
    assert len(result["rank_pattern"]) == 2 * (4 + 2 * 2)  # a layer: q, k, v, o and two feed-forwards of two
    assert result["rank_total"] == run.config.target_r * len(result["rank_pattern"])
    assert len(set(result["rank_pattern"].values())) > 1
    losses = [json.loads(line)["loss"] for line in (run.path / "train/curve.jsonl").read_text().splitlines()]
    assert losses[-1] < losses[0] - 0.8


def test_loss_and_gradients_are_the_same_in_one_pass_or_in_eight(tmp_path, base):
    results = {}
    for passes, micro_batch_s in {1: 100.0, 8: 2.6}.items():
        run = run_of(tmp_path / str(passes), base, micro_batch_s=micro_batch_s, grad_clip=1e9)
        trainer, kept = trainer_of(run), {}
        whole = Step(tuple(range(8)), 260, sum(cut.tokens for cut in trainer.store.cuts[:8]))
        assert len(trainer.loader.take(whole, 0)) == passes
        for layer in adapter.adapted_layers(trainer.model).values():
            layer.lora_E[adapter.NAME].data.fill_(0.3)
        trainer.optimizer.step = lambda of=trainer, into=kept: into.update(
            {name: value.grad.clone() for name, value in trained_parameters(of.model).items()}
        )
        results[passes] = trainer.step(whole, 0), kept
    (one, gradients), (eight, others) = results[1], results[8]
    assert one.cross_entropy == pytest.approx(eight.cross_entropy, rel=1e-5)
    assert one.gradient_norm == pytest.approx(eight.gradient_norm, rel=1e-4)
    for name, gradient in gradients.items():
        torch.testing.assert_close(gradient, others[name], rtol=1e-3, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_what_was_trained_comes_out_merged(tmp_path, base, method):
    run = run_of(tmp_path, base, **METHODS[method])
    trainer = trained(run)
    before, after = logits(load_base(str(base)), run), logits(trainer.model, run)
    assert (after - before).abs().max() > 0.01
    trainer.method.export(run.path / "train/adapter")
    whole = method_for(run.config).merged(load_base(str(base)), run.path / "train/adapter", 1.0)
    assert (logits(whole, run) - after).abs().max() < 1e-4
    result = merge.run(run)
    assert result["logit_difference_fp32"] < 1e-4 and result["logit_difference_fp16"] < 0.1
    stored = json.loads((run.path / "merge/model/config.json").read_text())
    assert stored["encoder_config"]["layerdrop"] == 0.1  # what training leaves aside is not lost


@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path, base, method):
    run = run_of(tmp_path, base, **METHODS[method])
    whole, stop, interrupted = trained(run, "whole"), StopFlag(), trainer_of(run)
    step = interrupted.step

    def and_then_sigterm(one, number):
        stop.is_set = number + 1 == 9
        return step(one, number)

    interrupted.step = and_then_sigterm
    (run.path / "cut").mkdir()
    with pytest.raises(Stopped):
        train.train(interrupted, run.path / "cut", FeatureStore(run.path / "prepare", "dev"), stop)
    torch.manual_seed(99)
    theirs = trained_parameters(trained(run, "cut").model)
    assert max((v - theirs[n]).abs().max().item() for n, v in trained_parameters(whole.model).items()) == 0.0


def test_dropout_of_the_base_is_drawn_alike_after_a_resume(tmp_path):
    base = make_ctc(tmp_path / "base", dropout=0.1, attention_dropout=0.1, activation_dropout=0.1)
    run = run_of(tmp_path, base, max_steps=12, checkpoint_every_steps=5)
    whole = trained(run, "whole")
    (run.path / "cut").mkdir()
    interrupted, stop = trainer_of(run), StopFlag()
    stop.is_set = True
    with pytest.raises(Stopped):
        train.train(interrupted, run.path / "cut", FeatureStore(run.path / "prepare", "dev"), stop)
    theirs = trained_parameters(trained(run, "cut").model)
    assert all(torch.equal(v, theirs[n]) for n, v in trained_parameters(whole.model).items())


@pytest.mark.parametrize(
    "overrides", [{"activation_checkpointing": True}, {"attention": "eager"}, {"micro_batch_s": 0}]
)
def test_memory_is_saved_as_with_any_base(tmp_path, base, overrides):
    plain = trained(run_of(tmp_path / "plain", base, max_steps=10, batch_s=8.0))
    saving = trained(run_of(tmp_path / "saving", base, max_steps=10, batch_s=8.0, **overrides))
    theirs = trained_parameters(saving.model)
    for name, value in trained_parameters(plain.model).items():
        torch.testing.assert_close(value, theirs[name], rtol=1e-2, atol=1e-3)


def test_the_loss_is_that_of_the_class_itself(tmp_path, base):
    run = run_of(tmp_path, base)
    store = FeatureStore(run.path / "prepare", "train")
    family, model = family_of(str(base)), load_base(str(base)).eval()
    batch = store.batch([store.frames_of(i) for i in (0, 5)], (0, 5), 260)
    inputs = family.inputs(batch, torch.device("cpu"))
    ours = family.loss(model, model(**inputs).logits, batch)
    alone = []
    for index in (0, 5):
        one = store.batch([store.frames_of(index)], (index,), 260)
        model.config.ctc_loss_reduction = "sum"
        theirs = model(**family.inputs(one, torch.device("cpu")), labels=one.targets).loss
        # Of a transducer the class gives the mean over the tokens of an utterance.
        alone.append(theirs if isinstance(model, ParakeetForCTC) else theirs * store.cuts[index].tokens)
    torch.testing.assert_close(ours, sum(alone), rtol=1e-5, atol=1e-4)


def test_features_are_those_of_a_batch_of_the_extractor_and_positions_those_of_the_encoder(tmp_path, base):
    run = run_of(tmp_path, base)
    store = FeatureStore(run.path / "prepare", "train")
    batch = store.batch([store.frames_of(i) for i in (0, 7)], (0, 7), 300)
    samples = [read_flac(run.data_root / f"{store.cuts[i].id}.flac") for i in (0, 7)]
    extractor = AutoProcessor.from_pretrained(base).feature_extractor
    made = extractor(samples, sampling_rate=16_000, return_tensors="pt")
    frames = made.input_features.shape[1]
    assert made.attention_mask.sum(-1).tolist() == batch.frames.tolist()
    assert (batch.features[:, :frames] - made.input_features).abs().max() < 5e-3  # kept in fp16
    model = load_base(str(base))
    lengths = torch.arange(9, 400)
    theirs = model._get_subsampling_output_length(lengths)
    assert torch.equal(positions_of(lengths, model.config.encoder_config).int(), theirs)


def test_the_statistics_of_the_base_are_what_it_is_normalised_with_and_stay(tmp_path, base):
    run = run_of(tmp_path, base, method="full", learning_rate=1e-3)
    model = trained(run).model
    before, now = (dict(one.named_buffers()) for one in (load_base(str(base)), model))
    compared = [name for name in before if "running_" in name]
    assert model.training and len(compared) == 4
    assert all(torch.equal(before[name], now[name]) for name in compared)
    assert not any(one.training for one in model.modules() if isinstance(one, torch.nn.BatchNorm1d))


@pytest.mark.parametrize(
    ("knob", "overrides"),
    [
        ("padded_share", {"padded_share": 0.5}),
        ("distill_weight", {"distill_weight": 0.1}),
        ("mwer_steps", {"mwer_steps": 5}),
        ("adapt_encoder", {"adapt_encoder": False}),
        ("decoder_layers", {"method": "layers", "decoder_layers": 2}),
        ("target_modules", {"target_modules": ["q_proj", "out_proj"]}),
        ("target_modules", {"target_modules": ["q_proj", "depthwise_conv"]}),
    ],
)
def test_a_knob_that_it_cannot_follow_is_refused_by_name(tmp_path, base, knob, overrides):
    with pytest.raises(ConfigError, match=knob) as refused:
        settled(make_run(tmp_path, base, **overrides))
    assert refused.value.field == knob


def test_a_label_that_its_vocabulary_or_ctc_cannot_write_is_left_out(tmp_path, bases):
    config = make_run(tmp_path, bases["ctc"]).config
    one = make_utterances(tmp_path / "sound", 1)[0]
    makers = {
        name: family_of(str(base)).labels(
            AutoProcessor.from_pretrained(base), AutoConfig.from_pretrained(base), config
        )
        for name, base in bases.items()
    }
    dense = replace(one, text="病人 " * 6)  # 0.8 s are ten positions
    assert makers["ctc"].writes(one.text) and makers["ctc"].has_time(one)
    assert not makers["ctc"].writes("囧") and not makers["tdt"].writes("囧")
    assert makers["ctc"].writes(dense.text) and not makers["ctc"].has_time(dense)
    assert makers["tdt"].has_time(dense)  # it may emit several tokens in one position


def test_nothing_to_learn_is_said_in_one_sentence(tmp_path, base):
    run = make_run(tmp_path, base)
    (run.path / "normalize").mkdir()
    manifest.write(run.path / "normalize/train.jsonl", [replace(make_utterances(tmp_path, 1)[0], text="囧")])
    manifest.write(run.path / "normalize/replay.jsonl", [])
    with pytest.raises(EmptyDatasetError, match="not in its vocabulary"):
        prepare.run(run)
