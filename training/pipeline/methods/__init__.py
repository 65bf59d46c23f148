"""What of a model is trained, and how it comes out: a class for each method (docs/adr/0018)."""

from training.pipeline.config import PipelineConfig
from training.pipeline.methods.adalora import AdaLora
from training.pipeline.methods.interface import Method
from training.pipeline.methods.lora import Lora
from training.pipeline.methods.weights import Weights

__all__ = ["Method", "method_for"]


def method_for(config: PipelineConfig) -> Method:
    """Not yet on a model: `attach` does that."""
    if config.method == "adalora":
        return AdaLora(config)
    return Lora(config) if config.method == "lora" else Weights(config)
