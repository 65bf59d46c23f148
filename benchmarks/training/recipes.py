"""The two recipes, each in a process of its own: `python -m benchmarks.training.recipes stock|ours <job>`.

Stock: transformers' Seq2SeqTrainer as its Whisper example uses it (examples/pytorch/speech-recognition,
run_speech_recognition_seq2seq.py): features of 30 s computed beforehand, a collator that pads labels, AdamW,
linear schedule; without activation checkpointing, which would make it slower. Both fine-tune all weights.
Prints one JSON line: seconds of the training loop, seconds of speech that went through it, peak memory.
"""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import Dataset
from transformers import AutoProcessor, Seq2SeqTrainer, Seq2SeqTrainingArguments

from speech import manifest
from training.pipeline import merge, normalize, prepare, train
from training.pipeline.adapter import load_base
from training.pipeline.config import PipelineConfig, RunInputs
from training.pipeline.features import IGNORED
from training.pipeline.folder import RunFolder, read_json
from training.pipeline.meter import peak_memory_mb
from training.pipeline.processes import StopFlag, World

WARMUP_SHARE = 0.1


class Padded(Dataset[dict[str, Any]]):
    """Log-mel features of the full window in a file, as the example's cached dataset keeps them."""

    def __init__(self, folder: Path, base_ref: str, config: PipelineConfig) -> None:
        processor = AutoProcessor.from_pretrained(base_ref)
        rows = manifest.read(folder / "train.jsonl")
        labels = prepare.Labels(processor, load_base(base_ref).config, config)
        self._labels = [[*labels.prefix, *labels.ids(row.text)] for row in rows]
        self._features: Any = None
        for number, row in enumerate(rows):
            samples = manifest.load_audio(row, folder)
            features = processor.feature_extractor(samples, sampling_rate=16_000).input_features[0]
            if self._features is None:
                shape = (len(rows), *features.shape)
                self._features = np.memmap(folder / "padded.f32", np.float32, "w+", shape=shape)
            self._features[number] = features

    def __len__(self) -> int:
        return len(self._labels)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return {"input_features": self._features[index], "labels": self._labels[index]}


def collate(rows: Sequence[dict[str, Any]]) -> dict[str, torch.Tensor]:
    """Labels padded with what the loss ignores; the first token is cut, the model puts it back."""
    labels = [row["labels"][1:] for row in rows]
    length = max(map(len, labels))
    return {
        "input_features": torch.from_numpy(np.stack([row["input_features"] for row in rows])),
        "labels": torch.tensor([[*one, *[IGNORED] * (length - len(one))] for one in labels]),
    }


def stock(folder: Path, job: dict[str, Any]) -> dict[str, float]:
    base_ref, is_cuda = job["base_ref"], torch.cuda.is_available()
    config = PipelineConfig.from_dict(job["config"])
    data = Padded(folder, base_ref, config)
    model = load_base(base_ref)
    arguments = Seq2SeqTrainingArguments(
        output_dir=str(folder / "stock"),
        per_device_train_batch_size=job["batch"],
        learning_rate=config.learning_rate,
        warmup_steps=round(WARMUP_SHARE * job["epochs"] * len(data) / job["batch"]),
        num_train_epochs=job["epochs"],
        bf16=is_cuda,
        use_cpu=not is_cuda,
        save_strategy="no",
        eval_strategy="no",
        logging_strategy="no",
        report_to=[],
        remove_unused_columns=False,
        disable_tqdm=True,
        seed=config.seed,
    )
    trainer = Seq2SeqTrainer(model=model, args=arguments, train_dataset=data, data_collator=collate)
    seconds = trainer.train().metrics["train_runtime"]
    merge.save(model, base_ref, folder / "stock" / "model")
    return {"seconds": seconds, "peak_memory_mb": peak_memory_mb(model.device)}


def ours(folder: Path, job: dict[str, Any]) -> dict[str, float]:
    config = PipelineConfig.from_dict(job["config"])
    run = RunFolder.create(folder / "ours", config, inputs_of(folder, job["base_ref"]))
    run.mark_done("normalize", normalize.run(run))
    run.mark_done("prepare", prepare.run(run))
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    result = train.run(run, World(device=device), StopFlag())
    run.mark_done("train", result)
    found = {"seconds": result["train_seconds"], "peak_memory_mb": result["peak_memory_mb"]}
    merge.run(run)  # after the memory was read
    return {**found, "padding_ratio": result["padding_ratio"], "mfu": result["model_flop_utilisation"]}


def inputs_of(folder: Path, base_ref: str) -> RunInputs:
    return RunInputs(
        run_id="bench",
        name="bench",
        data_root=str(folder),
        base_ref=base_ref,
        train_manifest=str(folder / "train.jsonl"),
        dataset_sha256="",
        models_folder=str(folder / "models"),
        runs_csv=str(folder / "runs.csv"),
    )


if __name__ == "__main__":
    recipe, path = sys.argv[1:]
    job = read_json(Path(path))
    print(json.dumps({"stock": stock, "ours": ours}[recipe](Path(path).parent, job)))
