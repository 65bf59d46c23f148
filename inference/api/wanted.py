"""What a request for a transcription asks for: OpenAI's form fields, checked."""

import json

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _

from inference.api.hints import require_short
from inference.api.problems import BadRequest
from speech.languages import language_code
from speech.vad import DEFAULT_OPTIONS, VadOptions

FORMATS = ("json", "text", "srt", "vtt", "verbose_json")


class TranscriptionForm(forms.Form):
    """`temperature` is taken and not used: decoding here is greedy and checks itself."""

    model = forms.CharField(required=False)
    language = forms.CharField(required=False)
    prompt = forms.CharField(required=False, max_length=4000)
    response_format = forms.ChoiceField(choices=[(name, name) for name in FORMATS], required=False)
    temperature = forms.FloatField(required=False, min_value=0, max_value=1)
    stream = forms.BooleanField(required=False)  # "false" and "0" are false

    def clean_response_format(self) -> str:
        return self.cleaned_data["response_format"] or "json"

    def clean_language(self) -> str:
        try:
            return language_code(self.cleaned_data["language"])
        except ValueError as error:
            raise forms.ValidationError(str(error)) from error


class Wanted:
    """The fields of one request. Raises BadRequest, which names the field."""

    def __init__(self, request: HttpRequest) -> None:
        form = TranscriptionForm(request.POST)
        if not form.is_valid():
            field, problems = next(iter(form.errors.items()))
            raise BadRequest("invalid_value", f"{field}: {problems[0]}", param=field)
        fields = form.cleaned_data
        self.model: str = fields["model"]
        self.language: str = fields["language"]
        self.prompt: str = fields["prompt"]
        self.format: str = fields["response_format"]
        self.stream: bool = fields["stream"]
        self.granularities = _several(request, "timestamp_granularities", {"word", "segment"})
        self.logprobs = "logprobs" in _several(request, "include", {"logprobs"})
        self.keywords = tuple(request.POST.getlist("keywords[]") + request.POST.getlist("keywords"))
        require_short((*self.keywords, self.prompt), param="keywords")
        self.vad = _vad(request.POST.get("chunking_strategy", "auto"))

    @property
    def words(self) -> bool:
        return "word" in self.granularities


def _several(request: HttpRequest, name: str, known: set[str]) -> frozenset[str]:
    """Clients send `name[]` several times, or `name`."""
    values = frozenset(request.POST.getlist(f"{name}[]") + request.POST.getlist(name))
    unknown = sorted(values - known)
    if unknown:
        message = _("%(name)s: “%(value)s” is not known here; choose from %(known)s.")
        what = {"name": name, "value": unknown[0], "known": ", ".join(sorted(known))}
        raise BadRequest("invalid_value", message % what, param=name)
    return values


def _vad(strategy: str) -> VadOptions:
    """ "auto", or {"type": "server_vad", ...} as JSON."""
    if strategy in {"", "auto"}:
        return DEFAULT_OPTIONS
    try:
        given = json.loads(strategy)
        threshold = float(given.get("threshold", DEFAULT_OPTIONS.threshold))
        silence_ms = int(given.get("silence_duration_ms", DEFAULT_OPTIONS.min_silence_ms))
        padding_ms = int(given.get("prefix_padding_ms", DEFAULT_OPTIONS.pad_ms))
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        message = 'chunking_strategy is "auto" or an object of type server_vad.'
        raise BadRequest("invalid_value", message, param="chunking_strategy") from error
    if not 0 < threshold < 1 or not 0 < silence_ms <= 10_000 or not 0 <= padding_ms <= 2000:
        message = "chunking_strategy: a threshold between 0 and 1, times in milliseconds."
        raise BadRequest("invalid_value", message, param="chunking_strategy")
    return VadOptions(
        threshold=threshold,
        end_threshold=min(threshold, DEFAULT_OPTIONS.end_threshold),
        min_silence_ms=silence_ms,
        pad_ms=padding_ms,
    )
