"""Merging the adapter, and proving what came of it."""

from typing import ClassVar

from training.pipeline.config.knobs import Knobs, _, knob


class ProofKnobs(Knobs):
    title: ClassVar[str] = _("Merge and proof")

    # Between the base and the whole of the change lies a model that forgets far less and has learned nearly
    # as much (Wortsman et al. 2022, arXiv 2109.01903; docs/experiments.md).
    adapter_strength: float = knob(
        0.7, _("Share of the learned change that is kept where none are tried."), gt=0, le=1
    )
    strengths: tuple[float, ...] = knob(
        (0.5, 0.75, 1.0),
        _("Shares that are tried on held-out speech; the best one is kept. One alone is kept as it is."),
    )
    general_margin: float = knob(
        0.005, _("How much worse (CER) held-out general speech may be heard by the share that is kept."), ge=0
    )
    held_share: float = knob(
        0.08, _("Share of the sentences that is held out to try the shares on."), gt=0, lt=0.5
    )
    merge_tolerance: float = knob(
        2e-3, _("Largest difference of logits, adapter against merged model, both in fp32."), gt=0
    )
    eval_batch: int = knob(16, _("Utterances decoded at once."), ge=1)
    max_new_tokens: int = knob(200, _("Longest hypothesis."), "tokens", ge=1)
    bootstrap_draws: int = knob(1000, _("Draws for the intervals by speaker."), ge=10)
    window_proof_utterances: int = knob(48, _("Utterances decoded both ways to prove short windows."), ge=0)
    window_proof_margin: float = knob(0.01, _("How much worse (CER) short windows may be."), ge=0)
