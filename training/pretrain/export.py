"""Writes the model folder that every Whisper runtime can load: fp16 weights, tokenizer, configurations."""

import copy
import json
import shutil
from pathlib import Path

from transformers import (
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
    WhisperProcessor,
    WhisperTokenizer,
)

MAX_WEIGHT_BYTES = 12_000_000
LONGEST_UTTERANCE_MS = 10_000


def export(model: WhisperForConditionalGeneration, tokenizer: WhisperTokenizer, folder: Path) -> None:
    """Replace the model files in `folder` (its README stays); written beside and renamed file by file."""
    fresh = folder.with_name(folder.name + ".new")
    shutil.rmtree(fresh, ignore_errors=True)
    half = WhisperForConditionalGeneration(copy.deepcopy(model.config))
    half.load_state_dict(model.state_dict())
    half.generation_config = model.generation_config
    half.half().save_pretrained(fresh)
    extractor = WhisperFeatureExtractor()
    WhisperProcessor(feature_extractor=extractor, tokenizer=tokenizer).save_pretrained(fresh)
    # Beyond what the processor writes: CTranslate2 and older runtimes look for these names.
    extractor.save_pretrained(fresh)
    tokenizer.save_vocabulary(str(fresh))
    # Trained on windows of the utterance's own length: the recogniser need not pad to 30 s.
    # Of single sentences: what is longer is cut at its pauses.
    card = {
        "name": folder.name,
        "variable_window": True,
        "longest_utterance_ms": LONGEST_UTTERANCE_MS,
        "lineage": [],
    }
    (fresh / "auscult.json").write_text(json.dumps(card, indent=2) + "\n", encoding="utf-8")
    weights = (fresh / "model.safetensors").stat().st_size
    if weights > MAX_WEIGHT_BYTES:
        raise ValueError(f"{weights} bytes of weights, the repository takes {MAX_WEIGHT_BYTES}")
    folder.mkdir(parents=True, exist_ok=True)
    # The weights last: whoever sees them sees the configuration that belongs to them.
    for path in sorted(fresh.iterdir(), key=lambda path: path.name == "model.safetensors"):
        path.chmod(0o644)  # safetensors writes for its owner only
        path.replace(folder / path.name)
    fresh.rmdir()
