"""What a run starts from: a base as it was delivered (fresh), or with what earlier runs have taught it (continued).

A pruned AdaLoRA adapter that is loaded to be trained further erases itself without a word
(docs/adr/0018): so the old adapters are merged in fp32, and a new one is put on top.
"""

from pathlib import Path

from transformers import WhisperForConditionalGeneration

from training.pipeline.adapter import load_base, load_lora
from training.pipeline.config import RunInputs


def load_start(inputs: RunInputs) -> WhisperForConditionalGeneration:
    """In fp32, every earlier adapter merged in, the oldest first."""
    model = load_base(inputs.weights_ref or inputs.base_ref)
    for adapter in inputs.earlier_adapters:
        model = load_lora(model, Path(adapter)).merge_and_unload(safe_merge=True)
    return model
