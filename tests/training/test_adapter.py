"""From AdaLoRA to plain LoRA to one merged model: nothing is lost on the way."""

import json

import pytest
import torch
from peft import PeftModel
from peft.tuners.lora import LoraModel
from safetensors.torch import load_file

from tests.training.test_train import prepared, trainer_of
from training.pipeline import adapter, merge, train
from training.pipeline.features import FeatureStore
from training.pipeline.processes import StopFlag, World


@pytest.fixture
def trained(tmp_path, tiny_base):
    """A trainer that has finished, in its run."""
    run = prepared(tmp_path, tiny_base, augment=False)
    (run.path / "train").mkdir()
    trainer = trainer_of(run)
    train.train(trainer, run.path / "train", FeatureStore(run.path / "prepare", "dev"), StopFlag())
    return run, trainer


def probe_of(run):
    store = FeatureStore(run.path / "prepare", "train")
    return store.batch([store.frames_of(i) for i in range(4)], range(4), 200)


def test_adalora_plain_lora_and_merged_model_say_the_same(trained, tmp_path):
    run, trainer = trained
    probe = probe_of(run)
    rows = adapter.export_lora(trainer.model, tmp_path / "lora")
    loaded = adapter.load_lora(adapter.load_base(run.inputs.base_ref).eval(), tmp_path / "lora")
    base = merge._logits(adapter.load_base(run.inputs.base_ref).eval(), probe)
    adalora = merge._logits(trainer.model.eval(), probe)
    lora = merge._logits(loaded, probe)
    merged = merge._logits(loaded.merge_and_unload(safe_merge=True), probe)
    assert (adalora - base).abs().max() > 0.05
    assert (adalora - lora).abs().max() < 1e-5
    assert (lora - merged).abs().max() < 1e-5
    assert sum(rows.values()) == run.config.target_r * len(rows)


def test_the_exported_adapter_has_exactly_the_rows_that_live(trained, tmp_path):
    run, trainer = trained
    rows = adapter.export_lora(trainer.model, tmp_path / "lora")
    assert rows == adapter.ranks(trainer.model) == adapter.pattern_ranks(trainer.model)
    model = PeftModel.from_pretrained(adapter.load_base(run.inputs.base_ref), str(tmp_path / "lora"))
    stored = {
        name.split(".lora_A")[0].removeprefix("base_model.model."): value
        for name, value in model.named_parameters()
        if ".lora_A." in name
    }
    for name, count in rows.items():
        assert stored[name].shape[0] == max(1, count)
        assert count or not stored[name].any()


def test_the_merged_folder_is_a_model_with_its_card(trained):
    run, trainer = trained
    adapter.export_lora(trainer.model, run.path / "train" / "adapter")
    result = merge.run(run)
    assert result["logit_difference_fp32"] < 1e-5
    assert result["logit_difference_fp16"] < 0.05
    folder = run.path / "merge" / "model"
    card = json.loads((folder / "auscult.json").read_text())
    assert card["variable_window"] and card["lineage"] == ["tiny"] and card["name"] == "a run"
    assert {"model.safetensors", "tokenizer.json", "generation_config.json", "preprocessor_config.json"} <= {
        file.name for file in folder.iterdir()
    }
    assert {tensor.dtype for tensor in _weights(folder)} == {torch.float16}


def test_a_merge_that_changes_what_is_said_is_refused(trained, monkeypatch):
    run, trainer = trained
    adapter.export_lora(trainer.model, run.path / "train" / "adapter")
    original = LoraModel.merge_and_unload

    def forgets_the_adapter(self, *args, **kwargs):
        with torch.no_grad():
            for name, value in self.named_parameters():
                if "lora_B" in name:
                    value.mul_(0.5)
        return original(self, *args, **kwargs)

    monkeypatch.setattr(LoraModel, "merge_and_unload", forgets_the_adapter)
    with pytest.raises(merge.MergeError, match="differs from the adapter"):
        merge.run(run)


def test_a_run_continued_from_a_merged_model_keeps_its_ranks(trained, tmp_path):
    run, trainer = trained
    adapter.export_lora(trainer.model, run.path / "train" / "adapter")
    merge.run(run)
    second = prepared(tmp_path / "second", run.path / "merge" / "model")
    result = train.run(second, World(), StopFlag())
    assert result["rank_total"] == second.config.target_r * len(result["rank_pattern"]) > 0
    merge.run(second)
    card = json.loads((second.path / "merge" / "model" / "auscult.json").read_text())
    assert card["lineage"] == ["tiny", "a run"]


def _weights(folder):
    return load_file(folder / "model.safetensors").values()


def test_half_of_the_change_lies_half_way(trained, tmp_path):
    _run, trainer = trained
    adapter.export_lora(trainer.model, tmp_path / "whole")
    merge.write_scaled(tmp_path / "whole", tmp_path / "half", 0.5)
    whole, half = (load_file(tmp_path / name / "adapter_model.safetensors") for name in ("whole", "half"))
    for name, value in whole.items():
        expected = 0.5 * value if ".lora_A." in name else value
        assert torch.allclose(half[name], expected, atol=1e-7)
