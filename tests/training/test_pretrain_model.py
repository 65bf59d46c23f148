"""The loop, the exported folder and the measurements, on a model trained for two steps."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoProcessor, GenerationConfig, WhisperForConditionalGeneration

from speech.whisper_window import allow_short_windows
from training.pretrain.alignment import HeadScore, choose_heads, score_heads
from training.pretrain.corpus import Curriculum
from training.pretrain.decode import transcribe
from training.pretrain.export import MAX_WEIGHT_BYTES, export
from training.pretrain.loop import LoopConfig, Pretraining
from training.pretrain.measure import character_error_rate, make_test_set
from training.pretrain.model import MAX_PARAMETERS, build_model
from training.pretrain.tokenizer import train_tokenizer

CONFIG = LoopConfig(
    steps=2, warmup_steps=1, loader_processes=0, curriculum=Curriculum(batch_rows=2, longest=((0, 4),))
)


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(["今天早上去學校", "病人有 sign DNR", "the patient has fever"] * 5)


def make_training(tokenizer, config: LoopConfig = CONFIG) -> Pretraining:
    torch.manual_seed(0)
    return Pretraining(build_model(tokenizer, d_model=64, encoder_layers=1), tokenizer, config)


def test_the_bundled_size_is_within_its_limit(tokenizer):
    model = build_model(tokenizer)
    assert 3_000_000 < sum(p.numel() for p in model.parameters()) <= MAX_PARAMETERS
    with pytest.raises(ValueError, match="parameters"):
        build_model(tokenizer, d_model=512)


def test_two_steps_train_and_are_logged(tokenizer, tmp_path):
    training = make_training(tokenizer)
    before = training.model.model.encoder.conv1.weight.clone()
    seen = []
    training.run(tmp_path, lambda state: seen.append(state.step))
    assert seen == [2]
    assert not torch.equal(before, training.model.model.encoder.conv1.weight)
    assert (tmp_path / "state.pt").exists()


def test_a_stopped_run_goes_on_where_it_was(tokenizer, tmp_path):
    first = make_training(tokenizer)
    first.run(tmp_path)
    second = make_training(tokenizer, replace(CONFIG, steps=4))
    second.restore(tmp_path / "state.pt")
    assert second.step == 2
    for one, two in zip(first.model.state_dict().values(), second.model.state_dict().values(), strict=True):
        assert torch.equal(one, two)
    moments = [state["exp_avg"] for state in second.optimizer.state.values()]
    assert moments and any(moment.abs().sum() > 0 for moment in moments)
    second.run(tmp_path)
    assert second.step == 4


def test_the_learning_rate_warms_up_and_comes_down(tokenizer):
    training = make_training(tokenizer, LoopConfig(steps=1000, warmup_steps=100))
    rates = []
    for step in (0, 50, 100, 500, 1000):
        training.step = step
        rates.append(training.learning_rate())
    assert rates[0] < rates[1] < rates[2] > rates[3] > rates[4]
    assert rates[4] == pytest.approx(training.config.final_learning_rate)


def test_the_folder_loads_in_any_whisper_runtime(tokenizer, tmp_path):
    model = make_training(tokenizer).model.eval()
    export(model, tokenizer, tmp_path / "base")
    names = {path.name for path in (tmp_path / "base").iterdir()}
    assert names >= {
        "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "vocab.json",
        "merges.txt", "processor_config.json", "preprocessor_config.json", "auscult.json",
    }  # fmt: skip
    assert (tmp_path / "base" / "model.safetensors").stat().st_size < MAX_WEIGHT_BYTES
    loaded = WhisperForConditionalGeneration.from_pretrained(tmp_path / "base", dtype=torch.float32)
    features = torch.randn(1, 80, 3000)
    ids = torch.tensor([[1, 2, 3]])
    with torch.no_grad():
        expected = model(input_features=features, decoder_input_ids=ids).logits
        got = loaded.eval()(input_features=features, decoder_input_ids=ids).logits
    assert torch.allclose(expected, got, atol=0.05)
    processor = AutoProcessor.from_pretrained(tmp_path / "base")
    assert processor.tokenizer("病人 DNR").input_ids == tokenizer("病人 DNR").input_ids
    assert json.loads((tmp_path / "base" / "auscult.json").read_text())["variable_window"] is True


def test_the_generation_settings_are_complete(tokenizer, tmp_path):
    export(make_training(tokenizer).model, tokenizer, tmp_path / "base")
    settings = GenerationConfig.from_pretrained(tmp_path / "base")
    ids = tokenizer.convert_tokens_to_ids
    assert settings.lang_to_id["<|zh|>"] == ids("<|zh|>")
    assert settings.lang_to_id["<|en|>"] == ids("<|en|>")
    assert settings.task_to_id["transcribe"] == ids("<|transcribe|>")
    assert settings.no_timestamps_token_id == ids("<|notimestamps|>")
    assert settings.prev_sot_token_id == ids("<|startofprev|>")
    assert settings.is_multilingual
    assert settings.alignment_heads
    assert settings.eos_token_id not in settings.suppress_tokens


def test_every_cross_attention_head_is_scored(tokenizer):
    scores = score_heads(make_training(tokenizer).model, tokenizer, sentences=2)
    assert {(score.layer, score.head) for score in scores} == {(0, 0), (1, 0)}
    assert all(0.0 <= score.hit_rate <= 1.0 for score in scores)


def test_heads_that_only_blur_are_left_out():
    scores = [HeadScore(1, 2, 0.9), HeadScore(0, 1, 0.89), HeadScore(0, 0, 0.85)]
    assert choose_heads(scores) == [[1, 2], [0, 1]]


def test_texts_come_back_in_the_order_given(tokenizer):
    model = allow_short_windows(make_training(tokenizer).model.eval())
    model.generation_config.max_length = 8
    tests = make_test_set("general", 3)
    together = transcribe(model, tokenizer, tests.waveforms, full_window=True, batch_size=2)
    alone = [transcribe(model, tokenizer, [one], full_window=True)[0] for one in tests.waveforms]
    assert together == alone


def test_the_test_set_is_frozen():
    one, two = (make_test_set("demo_clinical", 3) for _ in range(2))
    assert one.texts == two.texts
    for first, second in zip(one.waveforms, two.waveforms, strict=True):
        np.testing.assert_array_equal(first, second)


def test_the_error_rate_ignores_case_and_spaces_only():
    assert character_error_rate(["有 sign DNR"], ["有Sign dnr"]) == 0.0
    assert character_error_rate(["三點五"], ["三五"]) == pytest.approx(1 / 3)
