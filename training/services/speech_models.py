"""The registry of models: the base that was delivered, and what runs have made of it."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from audit.services import entry_add
from base.errors import DomainError
from base.storage import data_path
from training.models import Evaluation, EvaluationSet, Promotion, Run, SpeechModel, SpeechModelKind
from training.pipeline.weights import card_of, sha256_of_weights

_WEIGHTS = "weights_sha256"


def base_model_register() -> SpeechModel:
    """The model of AUSCULT_BASE_MODEL, known and, where nothing is live yet, live everywhere.

    A base that was replaced in its place gets its new hash; its old scores no longer count.
    Raises DomainError `base_model_missing`.
    """
    ref = settings.AUSCULT_BASE_MODEL
    path = Path(ref)
    if path.is_dir():
        ref = str(path.resolve())
    elif path.is_absolute() or ref.startswith("."):
        raise DomainError("base_model_missing", _("There is no model folder %(ref)s.") % {"ref": ref})
    card = card_of(ref)
    values = {
        "name": card.get("name") or Path(ref).name,
        "sha256": sha256_of_weights(Path(ref)),
        "variable_window": bool(card.get("variable_window")),
    }
    with transaction.atomic():
        model, created = SpeechModel.objects.update_or_create(
            ref=ref, defaults=values, create_defaults={**values, "kind": SpeechModelKind.BASE}
        )
        if created:
            entry_add(actor=None, verb="base_model_registered", target=model, ref=ref)
        if not Promotion.objects.filter(site=None, current=True).exists():
            Promotion.objects.create(model=model)
    return model


@transaction.atomic
def model_register(*, run: Run, result: dict[str, Any]) -> SpeechModel:
    """The merged model of a finished run with its scores and those of its base. Twice is once."""
    model, created = SpeechModel.objects.get_or_create(
        ref=result["model"],
        defaults={
            "name": str(run),
            "kind": SpeechModelKind.MERGED,
            "sha256": result["model_sha256"],
            "adapter_path": _relative(result["adapter"]) if result["adapter"] else "",
            "parent": run.base_model,
            "run": run,
            "variable_window": result["evaluate"]["variable_window"],
        },
    )
    if created:
        entry_add(actor=run.created_by, verb="model_registered", target=model, run=str(run.uuid))
    for score in result["evaluate"]["scores"]:
        _evaluation_add(run, model if score["subject"] == "model" else run.base_model, score)
    return model


def _evaluation_add(run: Run, model: SpeechModel, score: dict[str, Any]) -> None:
    extra = {name: score[name] for name in ("mer", "latin_heard", "latin_said", "over_one")}
    Evaluation.objects.get_or_create(
        model=model,
        evaluation_set=EvaluationSet.objects.get(uuid=score["set"]),
        run=run,
        defaults={
            "corpus_cer": score["corpus"],
            "mean_cer": score["mean"],
            "median_cer": score["median"],
            "mean_cer_trimmed": score["mean_trimmed"],
            "median_cer_trimmed": score["median_trimmed"],
            "interval": score["interval"],
            "utterances": score["utterances"],
            "results_path": _relative(score["results"]),
            "settings": {**score["settings"], **extra, _WEIGHTS: model.sha256},
            "normaliser_version": score["normaliser_version"],
        },
    )


def _relative(path: str) -> str:
    return str(Path(path).resolve().relative_to(data_path("").resolve()))


def read_result(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "result.json").read_text(encoding="utf-8"))
