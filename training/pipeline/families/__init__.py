"""The model families that are trained: one class each, chosen by the checkpoint's own `model_type`."""

from typing import Any

from speech.model_type import model_type_of
from training.pipeline.families.interface import Family, LabelMaker
from training.pipeline.families.parakeet import ParakeetCtc, ParakeetTdt
from training.pipeline.families.whisper import Whisper

__all__ = ["Family", "LabelMaker", "UnsupportedBaseError", "family_named", "family_of", "family_of_model"]

_FAMILIES: tuple[Family, ...] = (Whisper(), ParakeetCtc(), ParakeetTdt())


class UnsupportedBaseError(ValueError):
    """The base is of no family that is trained here; the message names those that are."""


def family_of(ref: str) -> Family:
    """Of a local folder or a hub id. Raises UnsupportedBaseError."""
    model_type = model_type_of(ref)
    for family in _FAMILIES:
        if family.model_type == model_type:
            return family
    what = f"is a {model_type} model" if model_type else "has no config.json that can be read"
    known = ", ".join(family.model_type for family in _FAMILIES)
    raise UnsupportedBaseError(f"The base {ref} {what}; what can be trained: {known}.")


def family_named(model_type: str) -> Family:
    return next(family for family in _FAMILIES if family.model_type == model_type)


def family_of_model(model: Any) -> Family:
    """Of a model in memory, with or without adapters on it."""
    return family_named(model.config.model_type)
