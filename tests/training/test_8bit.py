"""An adapter trained over a base in 8 bits, merged on the same base in fp32."""

import importlib.util
from pathlib import Path

import pytest
import torch
from torch.nn.functional import cross_entropy
from transformers import WhisperProcessor

from benchmarks.decode import takes
from speech import manifest
from speech.audio import write_flac
from speech.backends.whisper import WhisperRecognizer
from speech.manifest import Utterance
from speech.metrics import cer, total
from speech.recognizer import DecodeOptions, load
from tests.training.ranks import prepared, train_here, trained_by
from tests.training.tiny import make_run
from training.pipeline import merge, normalize, prepare, train
from training.pipeline.adapter import load_base
from training.pipeline.config import PRESETS
from training.pipeline.features import IGNORED, FeatureStore
from training.pipeline.folder import RunFolder
from training.pipeline.methods.interface import trained_parameters
from training.pipeline.processes import StopFlag, World
from training.pipeline.start import load_start, load_start_in_8bit

pytestmark = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None,
    reason="bitsandbytes is not installed (extra train-extra)",
)
LOW_VRAM = {name: PRESETS["low-vram-8bit"][name] for name in ("precision", "activation_checkpointing")}
BUNDLED = Path(__file__).resolve().parents[2] / "models" / "auscult-base"
SPOKEN = {
    "replay_manifest": "",
    "max_steps": 30,
    "target_r": 8,
    "lora_alpha": 32.0,
    "learning_rate": 1e-3,
    "batch_s": 60.0,
    "micro_batch_s": 60.0,
    "max_new_tokens": 100,
}
METHODS = {
    "lora": {"method": "lora"},
    "adalora": {},
    "lora, as in the preset": {"method": "lora", **LOW_VRAM},
}


def run_of(folder, base, method, **overrides):
    return prepared(folder, base, load_in_8bit=True, augment=False, **{**METHODS[method], **overrides})


def batch_of(run):
    store = FeatureStore(run.path / "prepare", "train")
    return store.batch([store.frames_of(i) for i in range(8)], range(8), 280)


def trained(run):
    trainer = train.trainer_for(run, World())
    (run.path / "train").mkdir()
    train.train(trainer, run.path / "train", FeatureStore(run.path / "prepare", "dev"), StopFlag())
    return trainer


@pytest.mark.parametrize("method", METHODS)
def test_what_was_learned_over_8_bits_holds_on_the_float_base(tmp_path, tiny_base, method):
    run = run_of(tmp_path, tiny_base, method, max_steps=60)
    trainer = trained(run)
    assert torch.int8 in {value.dtype for value in trainer.model.parameters()}
    assert all(value.dtype == torch.float32 for value in trained_parameters(trainer.model).values())
    trainer.method.export(run.path / "train/adapter")
    assert merge.run(run)["logit_difference_fp32"] < 1e-4
    merged = load_base(str(run.path / "merge/model"))
    assert {value.dtype for value in merged.parameters()} == {torch.float32}

    batch = batch_of(run)
    models = {"8 bits": trainer.model, "merged": merged, "base": load_base(str(tiny_base))}
    logits = {name: merge._logits(model.eval(), batch) for name, model in models.items()}
    entropy = {
        name: float(cross_entropy(one.flatten(0, 1), batch.targets.flatten(), ignore_index=IGNORED))
        for name, one in logits.items()
    }
    learned, kept = entropy["base"] - entropy["8 bits"], entropy["base"] - entropy["merged"]
    assert learned > 0.5
    assert kept > 0.75 * learned  # the adapter also learned to mend some of the rounding


@pytest.mark.parametrize("method", METHODS)
def test_a_resumed_run_equals_an_uninterrupted_one_to_the_last_bit(tmp_path, tiny_base, method):
    whole = train_here(run_of(tmp_path / "whole", tiny_base, method), World())
    cut = run_of(tmp_path / "cut", tiny_base, method)
    train_here(cut, World(), stop_after=8)
    resumed = train_here(cut, World())
    assert len(resumed["passes"]) == 12
    assert resumed["digest"] == whole["digest"]


def test_a_continued_run_starts_in_8_bits_with_the_old_adapter_merged_in_fp32(tmp_path, tiny_base):
    first = run_of(tmp_path, tiny_base, "lora")
    trained(first).method.export(first.path / "train/adapter")
    merge.run(first)
    values = first.inputs.as_dict() | {"earlier_adapters": [str(first.adapter)]}
    again = RunFolder.create(tmp_path / "again", first.config, type(first.inputs).from_dict(values))
    batch = batch_of(first)
    models = {
        "float": load_start(again.inputs),
        "8 bits": load_start_in_8bit(again.inputs),
        "base": load_base(str(tiny_base)),
    }
    logits = {name: merge._logits(model.eval(), batch) for name, model in models.items()}
    by_rounding = (logits["8 bits"] - logits["float"]).abs().mean()
    assert 0 < by_rounding < 0.2 * (logits["float"] - logits["base"]).abs().mean()


@pytest.mark.slow
def test_two_processes_over_8_bits_end_alike(tmp_path, tiny_base):
    [(first, second)] = trained_by(2, run_of(Path(tmp_path), tiny_base, "adalora", **LOW_VRAM))
    assert first["digest"] == second["digest"]
    assert first["pattern"] == second["pattern"] != ""


@pytest.mark.slow
@pytest.mark.skipif(
    not (BUNDLED / "model.safetensors").is_file(), reason=f"needs the bundled model {BUNDLED}"
)
def test_the_character_errors_are_those_of_the_8_bit_model_and_fewer_than_the_bases(tmp_path):
    run = make_run(tmp_path, BUNDLED, method="lora", load_in_8bit=True, augment=False, **SPOKEN)
    spoken, rows = takes(16), []
    for index, take in enumerate(spoken):
        write_flac(run.data_root / f"said{index}.flac", take.samples)
        ms = len(take.samples) // 16
        rows.append(Utterance(f"said{index}.flac", 0, ms, take.text, f"s{index % 4}", f"said{index}"))
    manifest.write(Path(run.inputs.train_manifest), rows)
    run.mark_done("normalize", normalize.run(run))
    run.mark_done("prepare", prepare.run(run))
    trainer = trained(run)
    trainer.method.export(run.path / "train/adapter")
    merge.run(run)
    in_8_bits = trainer.model.eval().get_base_model()
    heard_by = {
        "base": load(str(BUNDLED)),
        "8 bits": WhisperRecognizer("8 bits", in_8_bits, WhisperProcessor.from_pretrained(BUNDLED)),
        "merged": load(str(run.path / "merge/model")),
    }
    options = DecodeOptions(window="speech", word_times=False)
    samples, rates = [take.samples for take in spoken], {}
    for name, recognizer in heard_by.items():
        heard = zip(spoken, recognizer.transcribe(samples, options), strict=True)
        rates[name] = total(cer(take.text, one.text) for take, one in heard).rate
    assert rates["merged"] == pytest.approx(rates["8 bits"], abs=0.02)
    assert rates["merged"] < rates["base"]
