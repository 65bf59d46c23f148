"""What every section of the configuration is made of: a default, a unit and one sentence for each knob."""

from typing import Any, ClassVar

from pydantic import BaseModel, ConfigDict, Field


class Knobs(BaseModel):
    """One section: frozen, and unknown names are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    title: ClassVar[str] = ""


def knob(default: Any, sentence: str, unit: str = "", **bounds: Any) -> Any:
    """A field; `bounds` are pydantic's (gt, ge, lt, le)."""
    if isinstance(default, bool):
        bounds["strict"] = True  # a word is no yes
    return Field(default, description=sentence, json_schema_extra={"unit": unit}, **bounds)


def _(sentence: str) -> str:
    """Marks a sentence for the catalogue; the page translates it."""
    return sentence
