"""What an engineer sets before a run starts: the main knobs by name, any other as JSON."""

import json
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from training.models import SpeechModel
from training.pipeline.config import ConfigError, PipelineConfig

_DEFAULTS = PipelineConfig()


class TrainForm(forms.Form):
    """Every field may stay empty: then the default holds, which is shown in it."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    base_model = forms.ModelChoiceField(
        SpeechModel.objects.none(),
        label=_("Start from"),
        required=False,
        to_field_name="uuid",
        empty_label=_("what is live now"),
    )
    max_steps = forms.IntegerField(label=_("Steps"), required=False)
    learning_rate = forms.FloatField(label=_("Learning rate"), required=False)
    batch_s = forms.FloatField(label=_("Seconds of speech in a step"), required=False)
    replay_share = forms.FloatField(label=_("Share of general speech (against forgetting)"), required=False)
    init_r = forms.IntegerField(label=_("Rank at the start"), required=False)
    target_r = forms.IntegerField(label=_("Mean rank at the end"), required=False)
    seed = forms.IntegerField(label=_("Seed"), required=False)
    other = forms.JSONField(
        initial=dict,
        label=_("Other knobs, as JSON"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    KNOBS = ("max_steps", "learning_rate", "batch_s", "replay_share", "init_r", "target_r", "seed")

    def __init__(self, *args: Any, models: QuerySet[SpeechModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_model"].queryset = models  # type: ignore[attr-defined]
        for knob in self.KNOBS:
            self.fields[knob].widget.attrs["placeholder"] = str(getattr(_DEFAULTS, knob))
        self.fields["other"].widget.attrs["placeholder"] = json.dumps({"epochs": 4.0, "augment": False})

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        overrides = {knob: values[knob] for knob in self.KNOBS if values.get(knob) is not None}
        other = values.get("other") or {}
        if not isinstance(other, dict):
            self.add_error("other", _("Write it as {“knob”: value}."))
            other = {}
        values["overrides"] = {**overrides, **other}
        try:
            PipelineConfig.from_dict(values["overrides"])
        except ConfigError as error:
            self.add_error(None, str(error))
        return values
