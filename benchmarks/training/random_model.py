"""A Whisper of turbo's size with random weights and another model's tokens: for speed, not for sense."""

import json
from pathlib import Path

import torch
from transformers import (
    AutoProcessor,
    WhisperConfig,
    WhisperFeatureExtractor,
    WhisperForConditionalGeneration,
)

TURBO = {"d_model": 1280, "encoder_layers": 32, "decoder_layers": 4, "heads": 20, "ffn": 5120, "mels": 128}


def random_model(folder: Path, tokens_of: str, size: dict[str, int] | None = None) -> str:
    """-> the folder, as a ref. `size` has the keys of TURBO."""
    size = size or TURBO
    processor = AutoProcessor.from_pretrained(tokens_of)
    model = WhisperForConditionalGeneration.from_pretrained(tokens_of)
    config = WhisperConfig(
        **{
            **json.loads(model.config.to_json_string(use_diff=False)),
            "d_model": size["d_model"],
            "encoder_layers": size["encoder_layers"],
            "decoder_layers": size["decoder_layers"],
            "encoder_attention_heads": size["heads"],
            "decoder_attention_heads": size["heads"],
            "encoder_ffn_dim": size["ffn"],
            "decoder_ffn_dim": size["ffn"],
            "num_mel_bins": size["mels"],
        }
    )
    torch.manual_seed(0)
    random = WhisperForConditionalGeneration(config)
    random.generation_config = model.generation_config
    random.save_pretrained(folder)
    processor.feature_extractor = WhisperFeatureExtractor(feature_size=size["mels"])
    processor.save_pretrained(folder)
    processor.feature_extractor.save_pretrained(folder)
    return str(folder)
