"""Every family goes the whole way, from labels to a recorded model that is decoded; others are refused."""

import csv
import json
from pathlib import Path

import pytest
import torch

from speech import recognizer
from speech.audio import read_flac
from speech.recognizer import ModelLoadError
from tests.training.tiny import make_base, make_run
from tests.training.tiny_parakeet import make_ctc, make_tdt
from training.pipeline import runner
from training.pipeline.config import ConfigError
from training.pipeline.families import UnsupportedBaseError, family_of
from training.pipeline.families.settle import settled
from training.pipeline.folder import RunFolder
from training.pipeline.processes import StopFlag

BASES = {
    "parakeet_ctc": make_ctc,
    "parakeet_tdt": make_tdt,
    "whisper, 128 mels": lambda folder: make_base(folder, mels=128),
}


@pytest.fixture(params=BASES)
def base(request, tmp_path):
    torch.set_num_threads(1)
    return BASES[request.param](tmp_path / "base")


def test_it_goes_from_labels_to_a_recorded_model_that_is_decoded(tmp_path, base):
    run = make_run(tmp_path, base, sets=2, window_proof_utterances=4, augment_copies=1)
    runner.run_all(RunFolder.open(run.path), StopFlag())
    result = json.loads((run.path / "result.json").read_text())
    assert result["train"]["rank_total"] == run.config.target_r * len(result["train"]["rank_pattern"]) > 0
    assert result["merge"]["logit_difference_fp32"] < 1e-4
    scores = result["evaluate"]["scores"]
    assert [(one["subject"], one["kind"]) for one in scores] == [
        (subject, kind) for subject in ("model", "base") for kind in ("medical", "general")
    ]
    has_window = family_of(str(base)).has_window
    assert bool(result["evaluate"]["window_proof"].get("utterances")) == has_window
    model = recognizer.load(result["model"])
    assert (model.__class__ is recognizer.load(str(base)).__class__) and Path(
        result["model"]
    ).parent.name == "models"
    rows = [json.loads(line) for line in Path(scores[0]["results"]).read_text().splitlines()]
    heard = model.transcribe([read_flac(run.data_root / f"{row['id']}.flac") for row in rows])
    own = family_of(str(base))
    in_memory = own.recognizer(own.load(result["model"]).eval(), result["model"])
    same = recognizer.load(
        result["model"], backend="transformers"
    )  # eight bits may round a random model apart
    sound = [read_flac(run.data_root / "u0.flac")]
    assert in_memory.transcribe(sound)[0].text == same.transcribe(sound)[0].text
    if not has_window:
        assert [one.text for one in heard] == [row["hypothesis"] for row in rows]
    with Path(run.inputs.runs_csv).open(newline="") as stream:
        recorded = next(csv.DictReader(stream))
    assert ("out_proj" in recorded["config_target_modules"]) == has_window
    assert ("o_proj" in recorded["config_target_modules"].split()) != has_window


def test_a_model_that_was_tuned_is_tuned_again(tmp_path):
    base = make_ctc(tmp_path / "base")
    first = make_run(tmp_path / "first", base, max_steps=10)
    runner.run_all(first, StopFlag())
    model = json.loads((first.path / "result.json").read_text())["model"]
    again = make_run(tmp_path / "again", Path(model), max_steps=10)
    runner.run_all(again, StopFlag())
    assert (
        json.loads((again.path / "result.json").read_text())["train"]["rank_total"]
        == 2 * 2 * (4 + 2 * 2)  # target_r, layers, linear layers of each
    )


def folder_of(tmp_path, text):
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / "config.json").write_text(text)
    return folder


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('{"model_type": "wav2vec2"}', "is a wav2vec2 model"),
        # Its loss needs torchaudio, which is not installed here.
        ('{"model_type": "parakeet_rnnt"}', "is a parakeet_rnnt model"),
        ("no json", "has no config.json that can be read"),
    ],
)
def test_another_family_is_refused_before_the_first_stage(tmp_path, text, sentence):
    run = make_run(tmp_path, folder_of(tmp_path, text))
    with pytest.raises(UnsupportedBaseError, match=sentence) as refused:
        runner.run_all(run, StopFlag())
    assert "whisper, parakeet_ctc, parakeet_tdt" in str(refused.value)
    assert not run.is_done("normalize")


def test_the_recogniser_says_which_parakeets_it_decodes(tmp_path):
    with pytest.raises(ModelLoadError, match="parakeet_rnnt"):
        recognizer.load(str(folder_of(tmp_path, '{"model_type": "parakeet_rnnt"}')))


@pytest.mark.parametrize(
    ("overrides", "sentence"),
    [
        ({"target_modules": ["q_proj", "linear1"]}, "no layer of the model is named linear1"),
        ({"target_modules": ["conv1"]}, "conv1 is a Conv1d"),
        ({"target_modules": ["conv1"], "adapt_encoder": False}, "no layer of its decoder is named conv1"),
    ],
)
def test_a_whisper_has_no_such_linear_layer(tmp_path, tiny_base, overrides, sentence):
    with pytest.raises(ConfigError, match=sentence):
        settled(make_run(tmp_path, tiny_base, **overrides))


def test_a_whisper_keeps_its_configuration(tmp_path, tiny_base):
    run = make_run(tmp_path, tiny_base, method="lora", adapt_encoder=False, padded_share=0.5)
    assert settled(run) == run
