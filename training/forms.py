"""What an engineer sets before a run starts: a form made of the configuration itself, section by section."""

from collections.abc import Iterator, Mapping
from typing import Any, get_args, get_origin

from django import forms
from django.db.models import QuerySet
from django.forms.boundfield import BoundField
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from pydantic.fields import FieldInfo

from training.models import SpeechModel
from training.pipeline.config import PRESETS, SECTIONS, ConfigError, PipelineConfig

# What is set most often, in words; every other knob goes by its name.
_MAIN = {
    "method": _("Method"),
    "max_steps": _("Steps"),
    "learning_rate": _("Learning rate"),
    "batch_s": _("Seconds of speech in a step"),
    "replay_share": _("Share of general speech (against forgetting)"),
    "init_r": _("Rank at the start"),
    "target_r": _("Mean rank at the end"),
    "seed": _("Seed"),
}

HEARD_SEED = 1


class TrainForm(forms.Form):
    """Every knob may stay empty: then the preset's value holds, or the default, which is shown in it."""

    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    base_model = forms.ModelChoiceField(
        SpeechModel.objects.none(),
        label=_("Start from"),
        required=False,
        to_field_name="uuid",
        empty_label=_("what is live now"),
        help_text=_(
            "A base: a fresh run. A tuned model: it is continued, a new adapter on top of the old ones."
        ),
    )
    preset = forms.ChoiceField(label=_("Preset"), required=False, choices=[(name, name) for name in PRESETS])

    def __init__(self, *args: Any, models: QuerySet[SpeechModel], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["base_model"].queryset = models  # type: ignore[attr-defined]
        for name, info in PipelineConfig.model_fields.items():
            self.fields[name] = field_of(name, info)

    def main_fields(self) -> list[BoundField]:
        return [self[name] for name in ("name", "base_model", "preset", *_MAIN)]

    def sections(self) -> Iterator[tuple[Any, list[BoundField]]]:
        """(title, fields) of what is seldom changed."""
        for section in SECTIONS:
            fields = [self[name] for name in section.model_fields if name not in _MAIN]
            yield _(section.title), fields  # type: ignore[misc]

    def presets(self) -> dict[str, Mapping[str, str]]:
        """What each preset puts in place of the defaults, for the page to show."""
        return {
            name: {knob: _shown(value) for knob, value in (PipelineConfig().as_dict() | dict(values)).items()}
            for name, values in PRESETS.items()
        }

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        typed = {
            name: values[name] for name in PipelineConfig.model_fields if values.get(name) not in (None, "")
        }
        values["overrides"] = {**PRESETS.get(values.get("preset") or "", {}), **typed}
        try:
            PipelineConfig.from_dict(values["overrides"])
        except ConfigError as error:
            self.add_error(error.field if error.field in self.fields else None, str(error))
        return values


class HearForm(forms.Form):
    """How augmentation is to be listened to. Empty: the defaults of a run."""

    seed = forms.IntegerField(label=_("Seed"), min_value=0, max_value=2**31 - 1, required=False)
    noise_snr_min_db = forms.FloatField(label=_("Loudest noise (dB under the speech)"), required=False)
    noise_snr_max_db = forms.FloatField(label=_("Softest noise (dB under the speech)"), required=False)
    noise_folder = forms.CharField(
        label=_("Folder of noise"),
        help_text=_("Under the data folder; empty: synthetic noise."),
        required=False,
    )
    rir_folder = forms.CharField(
        label=_("Folder of impulse responses"),
        help_text=_("Under the data folder; empty: simulated rooms."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            default = PipelineConfig.model_fields[name].default if name != "seed" else HEARD_SEED
            field.widget.attrs["placeholder"] = _shown(default)

    def knobs(self) -> dict[str, Any]:
        """What was set, by the names of the knobs."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name != "seed" and value not in (None, "")
        }


def field_of(name: str, info: FieldInfo) -> forms.Field:
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    unit = str(extra.get("unit") or "")
    common: dict[str, Any] = {
        "label": _MAIN.get(name) or (format_lazy("{} ({})", name, unit) if unit else name),
        "help_text": _(info.description or ""),
        "required": False,
    }
    kind, default = info.annotation, _shown(info.default)
    if kind is bool:
        words = {"true": _("yes"), "false": _("no")}
        choices = [("", words[default]), *words.items()]
        field: forms.Field = forms.TypedChoiceField(
            choices=choices, coerce=lambda word: word == "true", **common
        )
    elif options := get_args(kind) if get_origin(kind) is not tuple else ():
        field = forms.ChoiceField(choices=[("", default), *((one, one) for one in options)], **common)
    elif kind is int:
        field = forms.IntegerField(**common)
    elif kind is float:
        field = forms.FloatField(**common)
    else:
        field = _Several(**common) if get_origin(kind) is tuple else forms.CharField(**common)
    field.widget.attrs |= {"placeholder": default, "data-knob": name}
    return field


class _Several(forms.CharField):
    """Several values with commas between them; what is no number is left for the configuration to refuse."""

    def clean(self, value: Any) -> list[str] | None:  # type: ignore[override]
        return [word.strip() for word in super().clean(value).split(",") if word.strip()] or None


def _shown(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
