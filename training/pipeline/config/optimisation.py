"""How long and how fast it learns. Steps are optimizer steps."""

from typing import ClassVar

from training.pipeline.config.knobs import Knobs, _, knob


class OptimisationKnobs(Knobs):
    title: ClassVar[str] = _("Optimisation")

    seed: int = knob(0, _("Seed of everything that is drawn."), ge=0)
    learning_rate: float = knob(1.5e-3, _("Peak of the learning rate."), gt=0, lt=0.1)
    weight_decay: float = knob(0.0, _("AdamW's decoupled weight decay."), ge=0)
    warmup_share: float = knob(0.06, _("Share of the steps in which the rate rises."), ge=0, lt=1)
    final_lr_share: float = knob(0.05, _("The rate at the end, as a share of its peak."), ge=0, le=1)
    grad_clip: float = knob(1.0, _("Largest norm of the gradient."), gt=0)
    max_steps: int = knob(600, _("Steps, where `epochs` is 0."), "steps", ge=10)
    epochs: float = knob(0.0, _("Above 0: times over the data, in place of `max_steps`."), ge=0)
    distill_weight: float = knob(
        0.0, _("Weight of staying close to the base on general speech (KL divergence of its words)."), ge=0
    )
    mwer_steps: int = knob(
        0, _("Last stage: steps on the expected character errors of an N-best list; 0: none."), "steps", ge=0
    )
    mwer_beams: int = knob(4, _("Hypotheses in each N-best list."), ge=2, le=16)
    mwer_learning_rate: float = knob(1e-5, _("Rate of the last stage."), gt=0, lt=0.01)
