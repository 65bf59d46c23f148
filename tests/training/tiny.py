"""A tiny random Whisper with its own tokenizer, and tones to feed it: made in a second, used as any base."""

import json
from pathlib import Path

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    GenerationConfig,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)
from transformers.models.whisper.tokenization_whisper import LANGUAGES

from speech import manifest
from speech.audio import write_flac
from speech.manifest import Utterance
from training.pipeline.config import EvaluationInput, PipelineConfig, RunInputs
from training.pipeline.folder import RunFolder

SENTENCES = (
    "病人服用 Metformin",
    "血壓偏高",
    "主訴胸痛三天",
    "建議做 CT 檢查",
    "每日服藥兩次",
    "今天天氣很好",
    "type two diabetes",
    "請打開窗戶",
)
END, START = "<|endoftext|>", "<|startoftranscript|>"
QUICK = {
    "strengths": [],  # of eight tones none can be spared
    "max_steps": 20,
    "init_r": 4,
    "target_r": 2,
    "delta_t": 2,
    "batch_s": 8.0,
    "micro_batch_s": 8.0,
    "learning_rate": 2e-2,
    "lora_alpha": 32.0,
    "checkpoint_every_steps": 8,
    "log_every_steps": 2,
    "window_proof_utterances": 0,
    "max_new_tokens": 8,
    "augment_copies": 0,
    "bootstrap_draws": 50,
}


def make_base(folder: Path, mels: int = 80) -> Path:
    """A Whisper of 60 thousand parameters with a window of 10 s, saved as any base is."""
    tokenizer = _tokenizer()
    ids = tokenizer.convert_tokens_to_ids
    end = ids(END)
    config = WhisperConfig(
        vocab_size=len(tokenizer),
        d_model=16,
        encoder_layers=1,
        decoder_layers=1,
        encoder_attention_heads=2,
        decoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_ffn_dim=32,
        max_source_positions=500,
        max_target_positions=64,
        num_mel_bins=mels,
        init_std=0.2,  # at the usual 0.02 no adapter could move the logits of so small a model
        pad_token_id=end,
        bos_token_id=end,
        eos_token_id=end,
        decoder_start_token_id=ids(START),
        suppress_tokens=[],
        begin_suppress_tokens=[],
    )
    torch.manual_seed(0)
    model = WhisperForConditionalGeneration(config)
    model.generation_config = GenerationConfig(
        decoder_start_token_id=ids(START),
        bos_token_id=end,
        eos_token_id=end,
        pad_token_id=end,
        lang_to_id={f"<|{code}|>": ids(f"<|{code}|>") for code in LANGUAGES},
        task_to_id={"transcribe": ids("<|transcribe|>"), "translate": ids("<|translate|>")},
        no_timestamps_token_id=ids("<|notimestamps|>"),
        prev_sot_token_id=ids("<|startofprev|>"),
        is_multilingual=True,
        max_length=64,
        max_initial_timestamp_index=50,
        return_timestamps=False,
        suppress_tokens=list(range(ids(START), len(tokenizer))),
        begin_suppress_tokens=[],
        alignment_heads=[[0, 0]],
    )
    extractor = WhisperFeatureExtractor(feature_size=mels, chunk_length=10)
    model.save_pretrained(folder)
    WhisperProcessor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(folder)
    extractor.save_pretrained(folder)
    (folder / "auscult.json").write_text(json.dumps({"variable_window": True, "name": "tiny"}))
    return folder


def _tokenizer() -> WhisperTokenizer:
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    learner.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    learner.train_from_iterator(
        SENTENCES, trainers.BpeTrainer(vocab_size=300, initial_alphabet=sorted(alphabet), show_progress=False)
    )
    model = json.loads(learner.to_str())["model"]
    merges = [tuple(merge) for merge in model["merges"]]
    tokenizer = WhisperTokenizer(
        vocab=model["vocab"], merges=merges, unk_token=END, bos_token=END, eos_token=END, pad_token=END
    )
    special = [END, START, *(f"<|{code}|>" for code in LANGUAGES), "<|translate|>", "<|transcribe|>"]
    special += ["<|startoflm|>", "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>"]
    tokenizer.add_tokens(
        [AddedToken(t, special=True, normalized=False) for t in special], special_tokens=True
    )
    stamps = [f"<|{index * 0.02:.2f}|>" for index in range(1501)]
    tokenizer.add_tokens([AddedToken(t, special=False, normalized=False) for t in stamps])
    return tokenizer


def make_utterances(root: Path, count: int = 8, prefix: str = "u", speakers: int = 4) -> list[Utterance]:
    """Tones of 0.8 to 2.5 s, one file each, a sentence and a speaker to each."""
    utterances = []
    for index in range(count):
        duration_ms = 800 + 240 * (index % 8)
        time_s = np.arange(duration_ms * 16) / 16_000
        tone = 0.3 * np.sin(2 * np.pi * (200 + 40 * index) * time_s).astype(np.float32)
        path = root / f"{prefix}{index}.flac"
        root.mkdir(parents=True, exist_ok=True)
        write_flac(path, tone)
        text, speaker = SENTENCES[index % len(SENTENCES)], f"s{index % speakers}"
        utterances.append(Utterance(path.name, 0, duration_ms, text, speaker, f"{prefix}{index}"))
    return utterances


def make_run(folder: Path, base: Path, sets: int = 1, **overrides: object) -> RunFolder:
    """A run folder with eight tones to learn and a set of four to be scored on."""
    root = folder / "data"
    manifest_path = root / "train.jsonl"
    own = make_utterances(root)
    manifest.write(manifest_path, own)
    replay = make_utterances(root, 4, "r")
    manifest.write(root / "replay.jsonl", replay)
    evaluation_sets = []
    for number in range(sets):
        manifest.write(root / f"set{number}.jsonl", make_utterances(root, 4, f"e{number}-"))
        kind = ("medical", "general")[number % 2]
        evaluation_sets.append(EvaluationInput(str(number), f"{kind} set", kind, f"set{number}.jsonl"))
    config = PipelineConfig.from_dict({**QUICK, "replay_manifest": "replay.jsonl", **overrides})
    inputs = RunInputs(
        run_id="run",
        name="a run",
        data_root=str(root),
        base_ref=str(base),
        train_manifest=str(manifest_path),
        dataset_sha256="0" * 64,
        models_folder=str(folder / "models"),
        runs_csv=str(folder / "runs.csv"),
        evaluation_sets=tuple(evaluation_sets),
    )
    return RunFolder.create(folder / "run", config, inputs)
