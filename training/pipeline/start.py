"""What a run starts from: a base as delivered (fresh), or with what earlier runs taught it (continued).

A pruned AdaLoRA adapter that is loaded to be trained further erases itself without a word (docs/adr/0018):
so the old adapters are merged in fp32, and a new one is put on top.
"""

import logging
import tempfile
from pathlib import Path
from typing import Any

from transformers import BitsAndBytesConfig

from training.pipeline.adapter import load_base, load_lora
from training.pipeline.config import RunInputs


def load_start(inputs: RunInputs, attention: str = "sdpa") -> Any:
    """In fp32, every earlier adapter merged in, the oldest first."""
    model = load_base(inputs.weights_ref or inputs.base_ref, attention)
    for adapter in inputs.earlier_adapters:
        model = load_lora(model, Path(adapter)).merge_and_unload(safe_merge=True)
    return model


def load_start_in_8bit(inputs: RunInputs, attention: str = "sdpa") -> Any:
    """The same, its linear layers in 8 bits: to be trained on, never to be merged into."""
    logging.getLogger("bitsandbytes").setLevel(logging.ERROR)  # a line for each layer of each pass otherwise
    quantised = BitsAndBytesConfig(load_in_8bit=True)
    if not inputs.earlier_adapters:
        ref = inputs.weights_ref or inputs.base_ref
        return load_base(ref, attention, quantization_config=quantised)
    with tempfile.TemporaryDirectory() as folder:
        load_start(inputs).save_pretrained(folder)
        return load_base(folder, attention, quantization_config=quantised)
