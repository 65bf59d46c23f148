"""The sound behind a score: one utterance of an evaluation set."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.cache import cache_control
from django.views.decorators.http import require_safe

from base.errors import NotFound
from base.ranges import ranged
from base.storage import data_path
from speech import manifest
from speech.audio import AudioDecodeError, wav_bytes
from training.selectors.utterances import utterance_of
from training.views.loading import evaluation_set_of


@require_safe
@cache_control(private=True, max_age=3600)  # frozen; "private": no proxy may keep a patient's voice
def evaluation_audio(request: HttpRequest, uuid: UUID) -> HttpResponse:
    """`?utterance=<id>`: as WAV, with ranges."""
    evaluation_set = evaluation_set_of(request.user, uuid)
    utterance = utterance_of(evaluation_set, request.GET.get("utterance", ""))
    try:
        samples = manifest.load_audio(utterance, data_path(""))
    except AudioDecodeError as error:
        raise NotFound("no_audio", _("The sound of this utterance cannot be read.")) from error
    return ranged(request, wav_bytes(samples), "audio/wav")
