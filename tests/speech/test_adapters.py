"""Adapters over one base: each row hears with its own, as a model with that adapter merged in would."""

import json
import shutil
import threading
from pathlib import Path

import numpy as np
import pytest
from transformers import WhisperConfig, WhisperForConditionalGeneration

from speech.backends import adapters, ctranslate2, whisper
from speech.backends.adapters import AdaptedWhisper, UnknownAdapterError
from speech.recognizer import DecodeOptions, ModelLoadError
from speech.types import Hypothesis
from tests.speech.tiny_whisper import save_tiny_whisper
from tests.speech.tones import make_noise

peft = pytest.importorskip("peft")

OPTIONS = DecodeOptions(window="padded", max_new_tokens=6)
SITES = ("surgery", "cardiology")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_tiny_whisper(tmp_path_factory.mktemp("tiny"))


@pytest.fixture(scope="module")
def lora(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    made = {}
    for rank, site in zip((2, 4), SITES, strict=True):
        config = peft.LoraConfig(r=rank, target_modules=["q_proj", "v_proj", "fc1"], init_lora_weights=False)
        model = peft.get_peft_model(WhisperForConditionalGeneration.from_pretrained(folder), config)
        made[site] = tmp_path_factory.mktemp(site)
        model.save_pretrained(made[site])
    return made


@pytest.fixture
def bank(folder: Path, lora: dict[str, Path]) -> AdaptedWhisper:
    loaded = adapters.load(str(folder), device="cpu")
    for site, path in lora.items():
        loaded.load(site, path)
    return loaded


def make_batch() -> list[np.ndarray]:
    return [make_noise(seconds, 0.1, seed) for seed, seconds in enumerate((1.0, 2.0, 1.5))]


def assert_alike(ours: Hypothesis, theirs: Hypothesis) -> None:
    assert ours.text == theirs.text
    assert [t.logprob for t in ours.tokens] == pytest.approx([t.logprob for t in theirs.tokens], abs=1e-3)
    assert [w.start_ms for w in ours.words] == [w.start_ms for w in theirs.words]


def test_each_row_hears_as_the_merged_model_would(bank: AdaptedWhisper, folder: Path, lora: dict[str, Path]):
    batch = make_batch()
    heard = bank.transcribe(batch, OPTIONS, adapters=["surgery", "", "cardiology"])
    merged = [
        whisper.load(str(folder), adapter=str(lora["surgery"]), device="cpu"),
        whisper.load(str(folder), device="cpu"),
        whisper.load(str(folder), adapter=str(lora["cardiology"]), device="cpu"),
    ]
    for samples, one, model in zip(batch, heard, merged, strict=True):
        assert_alike(one, model.transcribe([samples], OPTIONS)[0])
    assert len({one.avg_logprob for one in bank.transcribe([batch[0]] * 3, OPTIONS, [*SITES, ""])}) == 3


def test_one_is_dropped_and_one_replaced_while_others_serve(bank: AdaptedWhisper, lora: dict[str, Path]):
    batch = make_batch()[:1]
    cardiology = bank.transcribe(batch, OPTIONS, ["cardiology"])[0]
    bank.drop("surgery")
    bank.drop("surgery")
    assert bank.names == ("cardiology",)
    with pytest.raises(UnknownAdapterError):
        bank.transcribe(batch, OPTIONS, ["surgery"])
    assert_alike(bank.transcribe(batch, OPTIONS, ["cardiology"])[0], cardiology)
    bank.load("surgery", lora["cardiology"])
    assert_alike(bank.transcribe(batch, OPTIONS, ["surgery"])[0], cardiology)
    bank.load("surgery", lora["surgery"])
    assert bank.transcribe(batch, OPTIONS, ["surgery"])[0].avg_logprob != cardiology.avg_logprob


def test_without_any_adapter_it_is_the_base_again(bank: AdaptedWhisper, folder: Path, lora: dict[str, Path]):
    batch = make_batch()[:1]
    plain = whisper.load(str(folder), device="cpu").transcribe(batch, OPTIONS)[0]
    assert_alike(bank.transcribe(batch, OPTIONS)[0], plain)
    for site in SITES:
        bank.drop(site)
    assert_alike(bank.transcribe(batch, OPTIONS)[0], plain)
    bank.load("surgery", lora["surgery"])
    assert bank.transcribe(batch, OPTIONS, ["surgery"])[0].avg_logprob != plain.avg_logprob


def test_sessions_with_several_adapters_share_it(bank: AdaptedWhisper):
    batch = make_batch()[:2]
    expected = {site: bank.transcribe(batch, OPTIONS, [site, site]) for site in SITES}
    heard: dict[str, list[Hypothesis]] = {}

    def work(site: str) -> None:
        heard[site] = bank.transcribe(batch, OPTIONS, [site, site])

    threads = [threading.Thread(target=work, args=(site,)) for site in SITES]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert {site: [one.text for one in own] for site, own in heard.items()} == {
        site: [one.text for one in own] for site, own in expected.items()
    }


def test_what_is_no_plain_lora_is_refused(bank: AdaptedWhisper, tmp_path: Path):
    with pytest.raises(ModelLoadError, match="no readable adapter_config"):
        bank.load("nothing", tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "ADALORA"}')
    with pytest.raises(ModelLoadError, match="ADALORA adapter; only plain LoRA"):
        bank.load("rough", tmp_path)
    (tmp_path / "adapter_config.json").write_text('{"peft_type": "LORA", "target_modules": ["q_proj"]}')
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        bank.load("empty", tmp_path)
    assert bank.names == SITES
    assert bank.transcribe(make_batch()[:1], OPTIONS, ["surgery"])


@pytest.fixture(scope="module")
def misfits(folder: Path, lora: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders that PEFT refuses only after it has changed the model."""
    made = {kind: tmp_path_factory.mktemp(kind) for kind in ("wider", "cut", "layernorm")}
    config = WhisperConfig.from_pretrained(folder)
    config.encoder_ffn_dim *= 2
    options = peft.LoraConfig(target_modules=["q_proj", "v_proj", "fc1"], init_lora_weights=False)
    peft.get_peft_model(WhisperForConditionalGeneration(config), options).save_pretrained(made["wider"])
    for kind in ("cut", "layernorm"):
        shutil.copytree(lora["surgery"], made[kind], dirs_exist_ok=True)
    weights = made["cut"] / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:500])
    told = json.loads((made["layernorm"] / "adapter_config.json").read_text())
    told |= {"target_modules": ["q_proj", "final_layer_norm"], "init_lora_weights": False}
    (made["layernorm"] / "adapter_config.json").write_text(json.dumps(told))
    return made


@pytest.mark.parametrize("kind", ["wider", "cut", "layernorm"])
@pytest.mark.parametrize("others", [(), ("surgery",)], ids=["as the first", "as the second"])
def test_a_refused_adapter_changes_nothing_for_the_others(
    kind: str, others: tuple[str, ...], folder: Path, lora: dict[str, Path], misfits: dict[str, Path]
):
    bank, batch = adapters.load(str(folder), device="cpu"), make_batch()[:1]
    for site in others:
        bank.load(site, lora[site])
    before = {name: bank.transcribe(batch, OPTIONS, [name])[0] for name in ("", *others)}
    parameters = {name for name, _ in bank._base.model.named_parameters()}
    with pytest.raises(ModelLoadError, match="could not be loaded"):
        bank.load("misfit", misfits[kind])
    assert bank.names == others
    for name, own in before.items():
        assert_alike(bank.transcribe(batch, OPTIONS, [name])[0], own)
    left = {name for name, _ in bank._base.model.named_parameters()} - parameters
    assert not [name for name in left if "lora_" in name]
    bank.load("cardiology", lora["cardiology"])
    assert bank.transcribe(batch, OPTIONS, ["cardiology"])[0].avg_logprob != before[""].avg_logprob
    assert_alike(bank.transcribe(batch, OPTIONS)[0], before[""])


def test_ctranslate2_serves_an_adapter_merged_in(folder: Path, lora, tmp_path: Path, monkeypatch):
    monkeypatch.setenv("AUSCULT_DATA_DIR", str(tmp_path))
    batch = make_batch()[:2]
    ours = ctranslate2.load(str(folder), str(lora["surgery"]), device="cpu", compute_type="float32")
    theirs = whisper.load(str(folder), adapter=str(lora["surgery"]), device="cpu")
    for one, other in zip(ours.transcribe(batch, OPTIONS), theirs.transcribe(batch, OPTIONS), strict=True):
        assert one.text == other.text
        assert one.avg_logprob == pytest.approx(other.avg_logprob, abs=1e-3)
