"""Precision, memory and processes."""

from typing import ClassVar, Literal

from training.pipeline.config.knobs import Knobs, _, knob


class MachineKnobs(Knobs):
    title: ClassVar[str] = _("Precision and machines")

    precision: Literal["auto", "bf16", "fp32"] = knob(
        "auto", _("auto: bf16 autocast on an accelerator, fp32 on a CPU.")
    )
    attention: Literal["sdpa", "eager"] = knob("sdpa", _("How attention is computed."))
    activation_checkpointing: bool = knob(
        False, _("Computes activations again in the backward pass: less memory, a third more time.")
    )
    fused_optimizer: bool = knob(
        False, _("AdamW in one kernel: faster on accelerators; no: the same arithmetic everywhere.")
    )
    strategy: Literal["ddp", "zero2"] = knob(
        "ddp", _("How processes share the work: DDP, or DeepSpeed ZeRO-2 with the optimizer in main memory.")
    )
    checkpoint_every_steps: int = knob(50, _("Steps between two checkpoints."), "steps", ge=1)
    log_every_steps: int = knob(5, _("Steps between two points of the curve."), "steps", ge=1)
