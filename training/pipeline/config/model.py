"""What of the model is trained, and how."""

from typing import ClassVar, Literal

from training.pipeline.config.knobs import Knobs, _, knob

Method = Literal["adalora", "lora", "full", "layers"]
EVERY_LINEAR = ("q_proj", "k_proj", "v_proj", "out_proj", "fc1", "fc2")


class ModelKnobs(Knobs):
    title: ClassVar[str] = _("Model and adapter")

    method: Method = knob(
        "adalora",
        _("AdaLoRA moves rank where it is needed, LoRA keeps it; full trains all, layers the chosen ones."),
    )
    target_modules: tuple[str, ...] = knob(
        EVERY_LINEAR, _("Linear layers that get an adapter; attention only: q_proj, v_proj."), min_length=1
    )
    adapt_encoder: bool = knob(
        True, _("No: the encoder stays as it is, and what it makes of un-augmented speech is kept.")
    )
    cache_encoder: bool = knob(
        True,
        _("With an encoder that stays as it is, no masks and padded_share 0: its output is computed once."),
    )
    # The effective scale of AdaLoRA is lora_alpha / init_r (8) and stays so after pruning: at 1 the zero
    # singular values keep the gradients small for hundreds of steps (docs/experiments.md).
    init_r: int = knob(24, _("AdaLoRA: rank at the start."), ge=1)
    target_r: int = knob(12, _("AdaLoRA: mean rank at the end. LoRA: its rank."), ge=1)
    lora_alpha: float = knob(192.0, _("Scale: alpha / init_r for AdaLoRA, alpha / target_r for LoRA."), gt=0)
    lora_dropout: float = knob(
        0.0, _("Share of the adapter's inputs that are dropped in training."), ge=0, lt=1
    )
    tinit_share: float = knob(0.15, _("AdaLoRA: share of the steps before pruning begins."), ge=0)
    tfinal_share: float = knob(0.35, _("AdaLoRA: share of the steps after pruning has ended."), gt=0)
    delta_t: int = knob(10, _("AdaLoRA: steps between two allocations of rank."), "steps", ge=1)
    orth_reg_weight: float = knob(0.1, _("AdaLoRA: weight of the orthogonality penalty."), ge=0)
    encoder_layers: int = knob(0, _("Layers method: this many encoder layers from the top; -1: all."), ge=-1)
    decoder_layers: int = knob(-1, _("Layers method: this many decoder layers from the top; -1: all."), ge=-1)
    load_in_8bit: bool = knob(
        False, _("The frozen base in 8 bits (bitsandbytes); it is merged on a base loaded again in fp32.")
    )
