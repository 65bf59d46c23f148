"""What an engineer sets before a search starts: the budget, and both ends of every knob."""

from collections.abc import Iterator
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from training.forms import field_of
from training.models import SpeechModel
from training.pipeline.config import PRESETS, ConfigError, PipelineConfig
from training.pipeline.search.request import Budget
from training.pipeline.search.space import SearchSpace

_KNOBS = {
    "learning_rate": _("Learning rate"),
    "init_r": _("Rank at the start"),
    "target_r": _("Mean rank at the end"),
    "lora_alpha": _("Scale (alpha)"),
    "lora_dropout": _("Dropout in the adapter"),
    "augmentation": _("Strength of augmentation (times the widths of the masks)"),
    "replay_share": _("Share of general speech (against forgetting)"),
}
_BUDGET_WORDS = {
    "trials": _("Trials"),
    "steps": _("Steps of a whole trial"),
    "rungs": _("Rungs"),
    "reduction_factor": _("Reduction factor"),
    "stop_early": _("Stop poor trials early"),
    "evaluation_utterances": _("Utterances that CER is measured on"),
    "concurrent": _("Trials at the same time (0: as many as there are cores)"),
    "seed": _("Seed"),
}
_BUDGET = ("trials", "steps", "evaluation_utterances", "concurrent")


class SearchForm(forms.Form):
    """Every field may stay empty: then the default holds, which is shown in it."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    base_model = forms.ModelChoiceField(
        SpeechModel.objects.none(),
        label=_("Start from"),
        required=False,
        to_field_name="uuid",
        empty_label=_("what is live now"),
    )
    preset = forms.ChoiceField(label=_("Preset"), required=False, choices=[(name, name) for name in PRESETS])

    def __init__(self, *args: Any, models: QuerySet[SpeechModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_model"].queryset = models  # type: ignore[attr-defined]
        for name, info in Budget.model_fields.items():
            self.fields[name] = field_of(name, info)
            self.fields[name].label = _BUDGET_WORDS[name]
        for name, words in _KNOBS.items():
            own = SearchSpace().range(name)
            for end, value, label in (("low", own.low, _("{}: from")), ("high", own.high, _("{}: to"))):
                field = forms.FloatField(label=format_lazy(label, words), required=False)
                field.widget.attrs |= {"placeholder": f"{value:g}", "step": "any"}
                self.fields[f"{name}_{end}"] = field

    def main_fields(self) -> list[BoundField]:
        return [self[name] for name in ("name", "base_model", "preset", *_BUDGET)]

    def knob_fields(self) -> Iterator[tuple[BoundField, BoundField]]:
        """(low, high) of each knob."""
        for name in _KNOBS:
            yield self[f"{name}_low"], self[f"{name}_high"]

    def more_fields(self) -> list[BoundField]:
        return [self[name] for name in Budget.model_fields if name not in _BUDGET]

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        overrides = dict(PRESETS.get(values.get("preset") or "", {}))
        budget = {name: values[name] for name in Budget.model_fields if values.get(name) not in (None, "")}
        values |= {"overrides": overrides, "budget": budget, "space": self._space(values)}
        try:
            Budget.from_dict(budget)
            SearchSpace.from_dict(values["space"], PipelineConfig.from_dict(overrides))
        except ConfigError as error:
            self.add_error(self._field_of(error.field), str(error))
        return values

    def asked(self) -> dict[str, Any]:
        """What search_create takes."""
        names = ("name", "base_model", "overrides", "budget", "space")
        return {name: self.cleaned_data[name] for name in names}

    def _space(self, values: dict[str, Any]) -> dict[str, Any]:
        space = {}
        for name in _KNOBS:
            own = SearchSpace().range(name)
            low, high = values.get(f"{name}_low"), values.get(f"{name}_high")
            space[name] = {"low": own.low if low is None else low, "high": own.high if high is None else high}
        return space

    def _field_of(self, knob: str) -> str | None:
        return next((name for name in (knob, f"{knob}_low") if name in self.fields), None)
